/** The signature of programs, against RFC 8554's own vector, and against whoever changes a bit. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { vectorParts } from "./vector.ts";
import { HashBlock, HEAD_BYTES } from "#host/update/hash-block.ts";
import { leavesOf, ONE_TIME_KEYS, publicKeyOf, sign } from "#host/update/lms.ts";
import { KEY_BYTES, SIGNATURE_BYTES, SignatureCheck } from "#shared/update/signature.ts";

const sha256 = (bytes: string): string => createHash("sha256").update(bytes, "latin1").digest().toString("latin1");

const vector = vectorParts();
const part = (name: string): Buffer => vector.get(name) as Buffer;
const secret = { seed: part("seed"), identifier: part("key").subarray(8, 24) };

interface Verdict {
  isGood: boolean;
  steps: number;
}

function check(key: Buffer, signature: Buffer, message: Buffer): Verdict {
  const [k, s, m] = [key, signature, message].map((bytes) => bytes.toString("latin1")) as [string, string, string];
  const checking = new SignatureCheck(k, s, m, sha256);
  for (let steps = 1; ; steps++) {
    const isGood = checking.step();
    if (isGood !== undefined) return { isGood, steps };
  }
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

test("hashes a block as Node does", () => {
  const block = new HashBlock();
  for (let round = 0; round < 256; round++) {
    const text = createHash("sha512")
      .update(String(round))
      .digest()
      .subarray(0, HEAD_BYTES + 32);
    text[HEAD_BYTES - 1] = round;
    block.begin(text, text.subarray(HEAD_BYTES));
    block.next(round);
    expect(block.read().toString("hex")).toBe(createHash("sha256").update(text).digest("hex"));
  }
});

test("takes the signature of RFC 8554, in steps of one chain each", () => {
  expect(part("key").length).toBe(KEY_BYTES);
  expect(part("signature").length).toBe(SIGNATURE_BYTES);
  expect(check(part("key"), part("signature"), part("message"))).toEqual({ isGood: true, steps: 68 });
});

test("makes the key and the signature of RFC 8554 from its seed, to the byte", () => {
  const leaves = leavesOf(secret);
  expect(leaves.length).toBe(ONE_TIME_KEYS);
  expect(publicKeyOf(secret.identifier, leaves).toString("hex")).toBe(part("key").toString("hex"));
  const random = part("signature").subarray(8, 40);
  expect(sign(secret, leaves, 3, random, part("message")).toString("hex")).toBe(part("signature").toString("hex"));
  for (const number of [0, 1, ONE_TIME_KEYS - 1]) {
    expect(check(part("key"), sign(secret, leaves, number, random, Buffer.from("x")), Buffer.from("x")).isGood).toBe(
      true,
    );
  }
});

test("refuses the signature with any one bit changed, in it, in the key or in what is signed", () => {
  const [key, signature, message] = [part("key"), part("signature"), part("message")];
  for (let bit = 0; bit < message.length * 8; bit += 37)
    expect(check(key, signature, flipped(message, bit)).isGood).toBe(false);
  for (let bit = 0; bit < key.length * 8; bit += 5)
    expect(check(flipped(key, bit), signature, message).isGood).toBe(false);
  for (let bit = 0; bit < signature.length * 8; bit += 101) {
    expect(check(key, flipped(signature, bit), message).isGood, `bit ${bit}`).toBe(false);
  }
});

test("refuses at once what is no signature: too short, too long, of another kind, of no key", () => {
  const [key, signature, message] = [part("key"), part("signature"), part("message")];
  const refused = { isGood: false, steps: 1 };
  expect(check(key, signature.subarray(1), message)).toEqual(refused);
  expect(check(key, Buffer.concat([signature, Buffer.alloc(1)]), message)).toEqual(refused);
  expect(check(key, Buffer.alloc(0), message)).toEqual(refused);
  expect(check(Buffer.alloc(0), signature, message)).toEqual(refused);
  for (const bit of [0, 18, 4 * 8, 2184 * 8]) expect(check(key, flipped(signature, bit), message)).toEqual(refused);
});
