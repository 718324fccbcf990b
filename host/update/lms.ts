/**
 * Makes keys and signatures for programs: LMS with LM-OTS (RFC 8554), LMS_SHA256_M32_H10 over LMOTS_SHA256_N32_W4, with the secrets of all one-time keys
 * made from one seed as in the RFC's appendix A. `shared/update/signature.ts` checks them.
 *
 * A one-time key that signs twice gives itself away: who numbers them (signing-key.ts) must see that it never does.
 */
import { createHash } from "node:crypto";
import { digitsOf } from "#shared/update/signature.ts";
import { HashBlock, HEAD_BYTES } from "./hash-block.ts";

/** One-time keys of a key. */
export const ONE_TIME_KEYS = 1024;
const CHAINS = 67;
const CHAIN_STEPS = 15;
const LEVELS = 10;
export const SEED_BYTES = 32;
export const IDENTIFIER_BYTES = 16;
export const RANDOM_BYTES = 32;

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const hashOf = (...parts: Buffer[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const TREE_TYPE = u32(6);
const ONE_TIME_TYPE = u32(3);

export interface LmsSecret {
  /** SEED_BYTES: all secrets are made from it. */
  seed: Buffer;
  /** IDENTIFIER_BYTES, public. */
  identifier: Buffer;
}

/** The hashes of one one-time key's chains. */
class Chain {
  private readonly block = new HashBlock();
  private readonly head = Buffer.alloc(HEAD_BYTES);

  constructor(identifier: Buffer, number: number) {
    identifier.copy(this.head);
    this.head.writeUInt32BE(number, 16);
  }

  /** A chain at that height, from its secret. */
  at(chain: number, height: number, seed: Buffer): Buffer {
    this.head.writeUInt16BE(chain, 20);
    this.block.begin(this.head, seed);
    this.block.next(0xff);
    for (let step = 0; step < height; step++) this.block.next(step);
    return this.block.read();
  }
}

/** The hash at the tree's leaf for one one-time key. */
function leafOf({ seed, identifier }: LmsSecret, number: number): Buffer {
  const chain = new Chain(identifier, number);
  const ends = Array.from({ length: CHAINS }, (_, at) => chain.at(at, CHAIN_STEPS, seed));
  const key = hashOf(identifier, u32(number), u16(0x8080), ...ends);
  return hashOf(identifier, u32(ONE_TIME_KEYS + number), u16(0x8282), key);
}

/** The leaves of the tree: they take a second or two, so whoever signs keeps them. They are no secret. */
export function leavesOf(secret: LmsSecret): Buffer[] {
  return Array.from({ length: ONE_TIME_KEYS }, (_, number) => leafOf(secret, number));
}

/** All nodes of the tree, the root at 1. */
function treeOf(identifier: Buffer, leaves: readonly Buffer[]): Buffer[] {
  const nodes: Buffer[] = [];
  for (const [at, leaf] of leaves.entries()) nodes[ONE_TIME_KEYS + at] = leaf;
  for (let node = ONE_TIME_KEYS - 1; node > 0; node--) {
    nodes[node] = hashOf(identifier, u32(node), u16(0x8383), nodes[2 * node] as Buffer, nodes[2 * node + 1] as Buffer);
  }
  return nodes;
}

export function publicKeyOf(identifier: Buffer, leaves: readonly Buffer[]): Buffer {
  return Buffer.concat([TREE_TYPE, ONE_TIME_TYPE, identifier, treeOf(identifier, leaves)[1] as Buffer]);
}

/** Signs with that one-time key, which must never sign anything else. `random`: RANDOM_BYTES, never used before. */
export function sign(
  secret: LmsSecret,
  leaves: readonly Buffer[],
  number: number,
  random: Buffer,
  message: Buffer,
): Buffer {
  const { seed, identifier } = secret;
  const digits = digitsOf(hashOf(identifier, u32(number), u16(0x8181), random, message).toString("latin1"));
  const chain = new Chain(identifier, number);
  const ends = digits.map((digit, at) => chain.at(at, digit, seed));
  const nodes = treeOf(identifier, leaves);
  const way: Buffer[] = [];
  for (let node = ONE_TIME_KEYS + number, level = 0; level < LEVELS; level++, node >>= 1)
    way.push(nodes[node ^ 1] as Buffer);
  return Buffer.concat([u32(number), ONE_TIME_TYPE, random, ...ends, TREE_TYPE, ...way]);
}
