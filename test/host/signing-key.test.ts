/** The key that signs programs: what is used up is on the disk before a signature leaves. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SignatureCheck } from "#shared/update/signature.ts";
import { ONE_TIME_KEYS } from "#host/update/lms.ts";
import { readUpdateKey, signNext, UPDATE_KEY_FILE } from "#host/update/signing-key.ts";
import { temporaryDirectory } from "./built.ts";

const directory = temporaryDirectory();
const path = join(directory.path, UPDATE_KEY_FILE);
let key = "";
beforeAll(() => {
  key = readUpdateKey(directory.path);
});
afterAll(() => directory.remove());

const sha256 = (bytes: string): string => createHash("sha256").update(bytes, "latin1").digest().toString("latin1");
const read = (): { used: number; serial: number } => JSON.parse(readFileSync(path, "utf8"));

function isGood(signature: Buffer, text: string): boolean {
  const check = new SignatureCheck(
    Buffer.from(key, "hex").toString("latin1"),
    signature.toString("latin1"),
    text,
    sha256,
  );
  for (;;) {
    const verdict = check.step();
    if (verdict !== undefined) return verdict;
  }
}

test("the key is for this user alone, and its public half stays the same", () => {
  expect(key).toMatch(/^[0-9a-f]{112}$/);
  expect(readUpdateKey(directory.path)).toBe(key);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("each signature has a serial and a one-time key of its own, used up on the disk before it leaves", () => {
  const numbers: number[] = [];
  for (let round = 1; round <= 3; round++) {
    const before = read();
    const { serial, signature } = signNext(directory.path, (next) => {
      // What signs this text is used up already.
      expect(read()).toMatchObject({ used: before.used + 1, serial: next });
      return `text ${next}`;
    });
    expect(serial).toBe(before.serial + 1);
    numbers.push(signature.readUInt32BE(0));
    expect(isGood(signature, `text ${serial}`)).toBe(true);
    expect(isGood(signature, `text ${serial + 1}`)).toBe(false);
  }
  expect(new Set(numbers).size).toBe(3);
});

test("a key that is used up, or damaged, is refused with what to do, and never made anew in silence", () => {
  const whole = readFileSync(path, "utf8");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(whole), used: ONE_TIME_KEYS }));
  expect(() => signNext(directory.path, String)).toThrow(/has made its 1024 signatures: remove it/);
  writeFileSync(path, whole.slice(0, 1000));
  expect(() => signNext(directory.path, String)).toThrow(/cannot be read as a key: remove it/);
  expect(() => readUpdateKey(directory.path)).toThrow(/cannot be read as a key/);
  expect(existsSync(path)).toBe(true);
  writeFileSync(path, whole);
});
