/**
 * The key that signs programs: `update.key` in the data directory, readable for this user alone. Boards have its public half in `sapline.json`.
 *
 * Guarantee: no one-time key signs twice, as long as this file is not put back from a copy: that one is used up is on the disk before a signature leaves.
 * For the same reason there must be one such file, on one machine. Serials rise with each signature and are never given twice either.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { makeDirectory, withLock, writeFileAtomic } from "../file.ts";
import { Trouble } from "../trouble.ts";
import { IDENTIFIER_BYTES, leavesOf, ONE_TIME_KEYS, publicKeyOf, RANDOM_BYTES, SEED_BYTES, sign } from "./lms.ts";

export const UPDATE_KEY_FILE = "update.key";
const HASH_BYTES = 32;

const hexSchema = (bytes: number) => v.pipe(v.string(), v.regex(/^[0-9a-f]+$/), v.length(bytes * 2));
const fileSchema = v.strictObject({
  seed: hexSchema(SEED_BYTES),
  identifier: hexSchema(IDENTIFIER_BYTES),
  /** One-time keys that are used up. */
  used: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(ONE_TIME_KEYS)),
  /** The last one given. */
  serial: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Of the tree of one-time keys, base64: no secret, but a second's work. */
  leaves: v.string(),
});
type KeyFile = v.InferOutput<typeof fileSchema>;

export interface Signed {
  serial: number;
  signature: Buffer;
}

function readKey(path: string): KeyFile {
  try {
    return v.parse(fileSchema, JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new Trouble(
        `there is no ${path}, so no program can be signed: sapline init makes one, and so does the root`,
      );
    throw new Trouble(
      `${path} cannot be read as a key: remove it, start the root, and give every board the new updateKey by cable`,
    );
  }
}

function leaves({ leaves }: KeyFile): Buffer[] {
  const bytes = Buffer.from(leaves, "base64");
  return Array.from({ length: ONE_TIME_KEYS }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
}

/** Makes the key if there is none. Takes a second or two then. Throws `Trouble` if the file cannot be written. */
export function makeUpdateKey(directory: string): void {
  const path = join(directory, UPDATE_KEY_FILE);
  if (existsSync(path)) return;
  makeDirectory(directory);
  const secret = { seed: randomBytes(SEED_BYTES), identifier: randomBytes(IDENTIFIER_BYTES) };
  const file: KeyFile = {
    seed: secret.seed.toString("hex"),
    identifier: secret.identifier.toString("hex"),
    used: 0,
    serial: 0,
    leaves: Buffer.concat(leavesOf(secret)).toString("base64"),
  };
  withLock(path, () => {
    if (!existsSync(path)) writeFileAtomic(path, `${JSON.stringify(file)}\n`, 0o600);
  });
}

/** What boards have as `updateKey`, in hexadecimal; made if there is none. Throws `Trouble`. */
export function readUpdateKey(directory: string): string {
  makeUpdateKey(directory);
  const file = readKey(join(directory, UPDATE_KEY_FILE));
  return publicKeyOf(Buffer.from(file.identifier, "hex"), leaves(file)).toString("hex");
}

/** Signs what `textOf` makes of the next serial. Throws `Trouble` if the key is used up. */
export function signNext(directory: string, textOf: (serial: number) => string): Signed {
  makeUpdateKey(directory);
  const path = join(directory, UPDATE_KEY_FILE);
  let taken: { file: KeyFile; number: number; serial: number } | undefined;
  withLock(path, () => {
    const file = readKey(path);
    if (file.used >= ONE_TIME_KEYS)
      throw new Trouble(
        `the key in ${path} has made its ${ONE_TIME_KEYS} signatures: remove it, start the root, and give every board the new updateKey by cable`,
      );
    const serial = file.serial + 1;
    writeFileAtomic(path, `${JSON.stringify({ ...file, used: file.used + 1, serial })}\n`, 0o600);
    taken = { file, number: file.used, serial };
  });
  const { file, number, serial } = taken as unknown as { file: KeyFile; number: number; serial: number };
  const secret = { seed: Buffer.from(file.seed, "hex"), identifier: Buffer.from(file.identifier, "hex") };
  const message = Buffer.from(textOf(serial), "latin1");
  return { serial, signature: sign(secret, leaves(file), number, randomBytes(RANDOM_BYTES), message) };
}
