import { expect, test } from "vitest";
import {
  ACK,
  BEACON,
  DATA,
  emptyHeader,
  FIRST,
  headerBytes,
  JOIN,
  JOIN_ACK,
  MORE,
  parseHeader,
  PULL,
  SOLICIT,
} from "#shared/radio/header.ts";
import { COUNTER_MAX } from "#shared/radio/limits.ts";
import { macBytes, netOf, nonceOf } from "#shared/radio/seal.ts";
import { PROBE, PROBE_DATAGRAM } from "#shared/radio/tree-limits.ts";
import { seeded } from "../world.ts";
import { OPEN_SEAL } from "#tools/sim/seal.ts";

const REST = "x".repeat(8);

function hex(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}

test("a header has its bytes where the wire has them", () => {
  const header = Object.assign(emptyHeader(ACK, 0x11, 0x99), {
    marks: PULL,
    counter: 0x223344,
    seq: 0x55,
    ack: 0x66,
    sack: 0x77,
    cost: 0x88,
    frag: FIRST | MORE,
    credits: 0xaa,
  });
  expect(hex(headerBytes(header))).toBe("46112233445566778 80c99aa".replace(" ", ""));
  expect(parseHeader(headerBytes(header) + REST)).toEqual(header);
});

test("every header comes back as it was, at the edges of each field and between", () => {
  const random = seeded(2);
  const pick = (max: number): number => [0, max, Math.floor(random() * (max + 1))][Math.floor(random() * 3)] as number;
  for (let i = 0; i < 5000; i++) {
    const header = emptyHeader(pick(15), pick(255), pick(255));
    header.marks = pick(3);
    header.counter = pick(COUNTER_MAX);
    for (const field of ["seq", "ack", "sack", "cost", "frag", "credits"] as const) header[field] = pick(255);
    const bytes = headerBytes(header);
    expect(bytes.length).toBe(12);
    expect(parseHeader(bytes + REST)).toEqual(header);
  }
});

test("takes no datagram that is too short for a header and a tag, too long for the radio, or of another version", () => {
  const bytes = headerBytes(emptyHeader(DATA, 1, 2));
  expect(parseHeader("")).toBe(undefined);
  expect(parseHeader(bytes)).toBe(undefined);
  expect(parseHeader(bytes + "x".repeat(7))).toBe(undefined);
  expect(parseHeader(bytes + "x".repeat(8))).not.toBe(undefined);
  expect(parseHeader(bytes + "x".repeat(238))).not.toBe(undefined);
  expect(parseHeader(bytes + "x".repeat(239))).toBe(undefined);
  for (const version of [0, 2, 3]) {
    expect(parseHeader(String.fromCharCode(version << 6) + bytes.slice(1) + REST)).toBe(undefined);
  }
});

test("a nonce is 13 bytes of sender, session, counter and type", () => {
  const header = emptyHeader(ACK, 1, 0x99);
  header.counter = 0x223344;
  expect(hex(macBytes("02:0a:ff:00:10:0b"))).toBe("020aff00100b");
  expect(hex(nonceOf(macBytes("02:0a:ff:00:10:0b"), headerBytes(header)))).toBe("020aff00100b99223344440000");
});

test("two networks are told apart by a byte of a hash of their key", () => {
  const nets = new Set(Array.from({ length: 64 }, (_, i) => netOf(OPEN_SEAL, "key " + i)));
  expect(nets.size).toBeGreaterThan(40);
  for (const net of nets) expect(net >= 0 && net < 256).toBe(true);
});

test("a probe is the first byte of a header, and of no other form", () => {
  expect(PROBE_DATAGRAM).toBe(headerBytes(emptyHeader(PROBE, 0, 0)).charAt(0));
  expect([DATA, ACK, BEACON, SOLICIT, JOIN, JOIN_ACK]).not.toContain(PROBE);
  expect(parseHeader(PROBE_DATAGRAM)).toBeUndefined();
});
