/** Which seal the stand-in gets, and what the open one is worth. That the others are AES-128-CCM and HMAC is in radio-contract.ts. */
import "./engine-globals.ts";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { sealOf } from "#firmware/ports/seal.ts";

Object.assign((globalThis as unknown as { E: object }).E, {
  CRC32: (text: string) => crc32(Buffer.from(text, "latin1")),
});

const KEY = "k".repeat(16);
const NONCE = "n".repeat(13);

test("a build without AES-CCM gets no seal, and a sentence that says what to do", () => {
  expect(() => sealOf(false)).toThrow(/no AES-CCM.*docs\/espnow-build\.md.*radio\.open/);
});

test("one that is told to go without opens what is whole, and refuses what is damaged or of another key", () => {
  const seal = sealOf(true);
  for (const plain of ["", "x", "\0\xff".repeat(115)]) {
    const sealed = seal.seal(KEY, NONCE, "header", plain);
    expect(sealed.length).toBe(plain.length + 8);
    expect(seal.open(KEY, NONCE, "header", sealed)).toBe(plain);
    expect(seal.open(KEY, NONCE, "Header", sealed)).toBeUndefined();
    expect(seal.open("K" + KEY.slice(1), NONCE, "header", sealed)).toBeUndefined();
    expect(seal.open(KEY, NONCE, "header", sealed.slice(0, -1))).toBeUndefined();
    expect(seal.open(KEY, NONCE, "header", sealed.slice(1))).toBeUndefined();
  }
  expect(seal.open(KEY, NONCE, "", "")).toBeUndefined();
  expect(seal.mac(KEY, "a")).toHaveLength(32);
  expect(seal.mac(KEY, "a")).not.toBe(seal.mac(KEY, "b"));
});
