/** The vector of RFC 8554 in rfc8554.txt. */
import { readFileSync } from "node:fs";

/** seed, key, message and signature. */
export function vectorParts(): Map<string, Buffer> {
  const lines = readFileSync(new URL("rfc8554.txt", import.meta.url), "utf8").split("\n");
  const parts = new Map<string, string>();
  let name = "";
  for (const line of lines) {
    if (/^[a-z]*[g-z][a-z]*$/.test(line)) name = line;
    else if (/^[0-9a-f]+$/.test(line)) parts.set(name, (parts.get(name) ?? "") + line);
  }
  return new Map([...parts].map(([part, digits]) => [part, Buffer.from(digits, "hex")]));
}
