/** `sapline token add|list|revoke`. */
import { resolve } from "node:path";
import type { Settings } from "../settings.ts";
import { TokenFile } from "../tokens.ts";
import { formatTable } from "./output.ts";

export function addToken(settings: Settings, id: string, isReplacing: boolean): void {
  process.stdout.write(`${new TokenFile(resolve(settings.data)).add(id, isReplacing)}\n`);
}

export function listTokens(settings: Settings, isJson: boolean): void {
  const tokens = new TokenFile(resolve(settings.data));
  tokens.refresh();
  const rows = tokens.list();
  if (isJson) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else
    process.stdout.write(
      formatTable(
        ["NODE", "CREATED"],
        rows.map(({ id, created }) => [id, created]),
      ),
    );
}

export function revokeToken(settings: Settings, id: string): void {
  new TokenFile(resolve(settings.data)).revoke(id);
  process.stderr.write(`the token of ${id} has ended; a running root cuts it within two seconds\n`);
}
