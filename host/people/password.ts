/**
 * Passwords of people as scrypt hashes. Unlike tokens, people choose them, so guessing must be dear: some 200 ms and 32 MiB each.
 *
 * Bounded: one is worked out at a time, and past `WAITING_MAX` a check is refused, so that strangers cannot fill the memory.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/**
 * Cost of scrypt: 2^15 blocks of 8 × 128 bytes, three times. Chosen: what OWASP advises at 32 MiB, and no burden on a small PC.
 * Each hash says what it cost, so that this can grow. Only tests make it less.
 */
export const passwordCost = { log: 15, block: 8, parallel: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Checks that wait for their turn. Chosen: seconds of work. */
export const WAITING_MAX = 8;
/** Shortest and longest password, in characters. Chosen: NIST's least, and more than anybody types. */
export const PASSWORD_CHARS_MIN = 8;
export const PASSWORD_CHARS_MAX = 200;

let waiting = 0;
let turn: Promise<unknown> = Promise.resolve();

/** "scrypt:15:8:3:SALT:HASH". */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const { log, block, parallel } = passwordCost;
  const hash = await derive(password, salt, log, block, parallel);
  return ["scrypt", log, block, parallel, salt.toString("base64url"), hash.toString("base64url")].join(":");
}

/**
 * Whether it is the password that was hashed. For a name that there is not (`stored` undefined) it takes as long and says no.
 * Undefined if too many wait.
 */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean | undefined> {
  if (waiting >= WAITING_MAX) return undefined;
  const [kind, logCost, block, parallel, salt = "", hash = ""] = (stored ?? "").split(":");
  const isKnown = kind === "scrypt";
  const found = await derive(
    password.slice(0, PASSWORD_CHARS_MAX),
    isKnown ? Buffer.from(salt, "base64url") : randomBytes(SALT_BYTES),
    isKnown ? Number(logCost) : passwordCost.log,
    isKnown ? Number(block) : passwordCost.block,
    isKnown ? Number(parallel) : passwordCost.parallel,
  );
  const wanted = Buffer.from(hash, "base64url");
  return isKnown && wanted.length === HASH_BYTES && timingSafeEqual(found, wanted);
}

/** A password that nobody has to think of: 20 letters and digits in fours, 100 random bits, none that looks like another. */
export function randomPassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789R";
  const text = [...randomBytes(20)].map((byte) => letters[byte % 32]).join("");
  return (text.match(/.{4}/g) as string[]).join("-");
}

function derive(password: string, salt: Buffer, logCost: number, block: number, parallel: number): Promise<Buffer> {
  waiting++;
  const work = turn.then(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        const options = { N: 2 ** logCost, r: block, p: parallel, maxmem: 256 * 2 ** logCost * block };
        scrypt(password.normalize("NFC"), salt, HASH_BYTES, options, (error, hash) =>
          error === null ? resolve(hash) : reject(error),
        );
      }),
  );
  turn = work.catch(() => {});
  return work.finally(() => waiting--);
}
