/**
 * The install key: 16 bytes that make the nodes of one tree by radio. It is written as 32 hexadecimal digits, in the configuration, or in a file of
 * the data directory that only this user can read. It is never printed.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory, writeFileAtomic } from "../file.ts";
import { Trouble } from "../trouble.ts";

export const INSTALL_KEY_FILE = "radio.key";
const KEY_BYTES = 16;

/** The key as a byte string, or undefined if these are no 32 hexadecimal digits. */
export function parseInstallKey(digits: string): string | undefined {
  return /^[0-9a-f]{32}$/i.test(digits) ? Buffer.from(digits, "hex").toString("latin1") : undefined;
}

/** The key of the data directory; `isNew` if there was none, and it was made. Throws `Trouble` if the file holds something else. */
export function readOrMakeInstallKey(directory: string): { key: string; path: string; isNew: boolean } {
  const path = join(directory, INSTALL_KEY_FILE);
  try {
    const key = parseInstallKey(readFileSync(path, "utf8").trim());
    if (key === undefined)
      throw new Trouble(
        `${path} must hold ${KEY_BYTES * 2} hexadecimal digits: restore it, or give every board a new key`,
      );
    return { key, path, isNew: false };
  } catch (error) {
    if (error instanceof Trouble) throw error;
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw new Trouble(`cannot read ${path}: ${(error as Error).message}`);
  }
  const bytes = randomBytes(KEY_BYTES);
  makeDirectory(directory);
  writeFileAtomic(path, `${bytes.toString("hex")}\n`, 0o600);
  return { key: bytes.toString("latin1"), path, isNew: true };
}
