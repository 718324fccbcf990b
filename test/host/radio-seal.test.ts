import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { NODE_SEAL } from "#host/radio-seal.ts";
import { seeded } from "../shared/world.ts";

const bytes = (hex: string): string => Buffer.from(hex, "hex").toString("latin1");
const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");
const count = (from: number, to: number): string =>
  String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, i) => from + i));

/** CCM from single AES blocks, step by step as RFC 3610 has it: tag of 8, nonce of 13, so lengths have 2 bytes. */
function slowCcm(key: string, nonce: string, header: string, plain: string): string {
  const aes = (block: Buffer): Buffer => {
    const cipher = createCipheriv("aes-128-ecb", Buffer.from(key, "latin1"), null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]);
  };
  const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
  const short = (n: number): string => String.fromCharCode(n >> 8, n & 255);
  const padded = (text: string): string => text + "\0".repeat((16 - (text.length % 16)) % 16);
  const flags = (header.length > 0 ? 64 : 0) + ((8 - 2) / 2) * 8 + 1;
  const told =
    String.fromCharCode(flags) +
    nonce +
    short(plain.length) +
    (header.length > 0 ? padded(short(header.length) + header) : "") +
    padded(plain);
  let tag: Buffer = Buffer.alloc(16);
  for (let i = 0; i < told.length; i += 16) tag = aes(xor(Buffer.from(told.slice(i, i + 16), "latin1"), tag));
  const stream = (i: number): Buffer => aes(Buffer.from(String.fromCharCode(1) + nonce + short(i), "latin1"));
  let sealed = "";
  for (let i = 0; i < plain.length; i += 16) {
    sealed += xor(Buffer.from(plain.slice(i, i + 16), "latin1"), stream(i / 16 + 1)).toString("latin1");
  }
  return sealed + xor(tag, stream(0)).toString("latin1").slice(0, 8);
}

/** RFC 3610, section 8, packet vectors 1 to 6: nonce, length of the header, last byte of the text, what comes of it. */
const VECTORS = [
  ["00000003020100a0a1a2a3a4a5", 8, 0x1e, "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"],
  ["00000004030201a0a1a2a3a4a5", 8, 0x1f, "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916"],
  ["00000005040302a0a1a2a3a4a5", 8, 0x20, "51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5"],
  ["00000006050403a0a1a2a3a4a5", 12, 0x1e, "a28c6865939a9a79faaa5c4c2a9d4a91cdac8c96c861b9c9e61ef1"],
  ["00000007060504a0a1a2a3a4a5", 12, 0x1f, "dcf1fb7b5d9e23fb9d4e131253658ad86ebdca3e51e83f077d9c2d93"],
  ["00000008070605a0a1a2a3a4a5", 12, 0x20, "6fc1b011f006568b5171a42d953d469b2570a4bd87405a0443ac91cb94"],
] as const;

test("seals and opens the published vectors of CCM that have our sizes", () => {
  const key = count(0xc0, 0xcf);
  for (const [nonce, headerBytes, last, sealed] of VECTORS) {
    const header = count(0, headerBytes - 1);
    const plain = count(headerBytes, last);
    expect(hex(NODE_SEAL.seal(key, bytes(nonce), header, plain))).toBe(sealed);
    expect(hex(slowCcm(key, bytes(nonce), header, plain))).toBe(sealed);
    expect(NODE_SEAL.open(key, bytes(nonce), header, bytes(sealed))).toBe(plain);
  }
});

test("agrees with CCM built from single blocks for every length that a datagram can have", () => {
  const random = seeded(1);
  const some = (length: number): string =>
    String.fromCharCode(...Array.from({ length }, () => Math.floor(random() * 256)));
  for (let length = 0; length <= 230; length++) {
    const [key, nonce, header, plain] = [some(16), some(13), some(12), some(length)];
    const sealed = NODE_SEAL.seal(key, nonce, header, plain);
    expect(hex(sealed)).toBe(hex(slowCcm(key, nonce, header, plain)));
    expect(NODE_SEAL.open(key, nonce, header, sealed)).toBe(plain);
  }
});

test("opens nothing that was changed by one bit, in key, nonce, header, text or tag, and nothing shorter than a tag", () => {
  const parts = ["k".repeat(16), "n".repeat(13), "h".repeat(12)] as [string, string, string];
  const sealed = NODE_SEAL.seal(...parts, "plain");
  const all = [...parts, sealed] as [string, string, string, string];
  expect(NODE_SEAL.open(...all)).toBe("plain");
  let tried = 0;
  for (let part = 0; part < 4; part++) {
    const text = all[part] as string;
    for (let bit = 0; bit < text.length * 8; bit++) {
      const at = bit >> 3;
      const wrong = [...all] as [string, string, string, string];
      wrong[part] =
        text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (bit & 7))) + text.slice(at + 1);
      expect(NODE_SEAL.open(...wrong)).toBe(undefined);
      tried += 1;
    }
  }
  expect(tried).toBe((16 + 13 + 12 + 13) * 8);
  for (let length = 0; length < sealed.length; length++) {
    expect(NODE_SEAL.open(...parts, sealed.slice(0, length))).toBe(undefined);
  }
});

test("a text of no bytes is sealed by its tag alone", () => {
  const sealed = NODE_SEAL.seal("k".repeat(16), "n".repeat(13), "header", "");
  expect(sealed.length).toBe(8);
  expect(NODE_SEAL.open("k".repeat(16), "n".repeat(13), "header", sealed)).toBe("");
});

test("computes the published vectors of HMAC-SHA256", () => {
  expect(hex(NODE_SEAL.mac("\x0b".repeat(20), "Hi There"))).toBe(
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  );
  expect(hex(NODE_SEAL.mac("Jefe", "what do ya want for nothing?"))).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});
