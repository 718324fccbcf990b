/**
 * Checks a signature that only hashes: LMS with LM-OTS (RFC 8554), LMS_SHA256_M32_H10 over LMOTS_SHA256_N32_W4, as the update of a program is signed
 * (docs/adr/0012-signed-programs.md). All that it needs of the machine is SHA-256, which every chip has.
 *
 * Texts are bytes. It takes some 500 hashes, so it goes step by step, at most 15 of them each: a chip has other things to do between them.
 */

/** Of a public key: two types, the identifier of the key, the root of its tree. Spec: RFC 8554, 5.3. */
export const KEY_BYTES = 56;
/** Hash chains of a one-time key. Spec: RFC 8554, 4.1. */
const CHAINS = 67;
/** Longest chain: four bits of the hash go into each. */
const CHAIN_STEPS = 15;
/** Levels of the tree of one-time keys: 1024 of them. */
const LEVELS = 10;
const HASH_BYTES = 32;
/** Where the parts of a signature begin: number of the one-time key, its type, a random text, chains; the tree's type, the way to its root. */
const RANDOM_AT = 8;
const CHAINS_AT = 40;
const TREE_AT = 2184;
const WAY_AT = 2188;
export const SIGNATURE_BYTES = 2508;

const TREE_TYPE = "\0\0\0\x06";
const ONE_TIME_TYPE = "\0\0\0\x03";

export type Sha256 = (bytes: string) => string;

/** Two bytes, the high one first. */
function u16(value: number): string {
  return String.fromCharCode(value >> 8, value & 255);
}

function u32(value: number): string {
  return u16(value >> 16) + u16(value & 65535);
}

export class SignatureCheck {
  private readonly signature: string;
  private readonly sha256: Sha256;
  /** The key's identifier, which is in each hash. */
  private readonly id: string;
  private readonly rootHash: string;
  /** Of the one-time key. */
  private number: number;
  /** Where each chain of the signature stands. */
  private digits: number[];
  private ends: string[];

  constructor(key: string, signature: string, message: string, sha256: Sha256) {
    this.signature = signature;
    this.sha256 = sha256;
    this.id = key.substr(8, 16);
    this.rootHash = key.substr(24);
    this.number = signature.charCodeAt(2) * 256 + signature.charCodeAt(3);
    this.digits = [];
    this.ends = [];
    const isOurs =
      key.length === KEY_BYTES &&
      signature.length === SIGNATURE_BYTES &&
      key.substr(0, 8) === TREE_TYPE + ONE_TIME_TYPE &&
      signature.substr(4, 4) === ONE_TIME_TYPE &&
      signature.substr(TREE_AT, 4) === TREE_TYPE &&
      signature.substr(0, 2) === "\0\0" &&
      this.number < 1 << LEVELS;
    if (isOurs) this.digits = digitsOf(sha256(this.prefix(0x8181) + signature.substr(RANDOM_AT, HASH_BYTES) + message));
  }

  /** Goes on; undefined while there is more to do, then whether the signature is good. */
  step(): boolean | undefined {
    if (this.digits.length !== CHAINS) return false;
    const chain = this.ends.length;
    if (chain < CHAINS) {
      const head = this.prefix(chain);
      let hash = this.signature.substr(CHAINS_AT + chain * HASH_BYTES, HASH_BYTES);
      for (let at = this.digits[chain] as number; at < CHAIN_STEPS; at++) {
        hash = this.sha256(head + String.fromCharCode(at) + hash);
      }
      this.ends.push(hash);
      return undefined;
    }
    return this.climb() === this.rootHash;
  }

  /** What begins each hash of the one-time key. */
  private prefix(what: number): string {
    return this.id + u32(this.number) + u16(what);
  }

  /** From the one-time key to the root of the tree. */
  private climb(): string {
    let node = this.number + (1 << LEVELS);
    const leaf = this.sha256(this.prefix(0x8080) + this.ends.join(""));
    let hash = this.sha256(this.id + u32(node) + u16(0x8282) + leaf);
    for (let level = 0; level < LEVELS; level++) {
      const beside = this.signature.substr(WAY_AT + level * HASH_BYTES, HASH_BYTES);
      const both = (node & 1) === 0 ? hash + beside : beside + hash;
      node >>= 1;
      hash = this.sha256(this.id + u32(node) + u16(0x8383) + both);
    }
    return hash;
  }
}

/** Four bits for each chain, and the sum of what they lack, so that no digit can be raised without another one sinking. */
export function digitsOf(hash: string): number[] {
  const digits: number[] = [];
  let sum = 0;
  for (let i = 0; i < HASH_BYTES; i++) {
    const byte = hash.charCodeAt(i);
    digits.push(byte >> 4, byte & 15);
    sum += 2 * CHAIN_STEPS - (byte >> 4) - (byte & 15);
  }
  digits.push((sum >> 8) & 15, (sum >> 4) & 15, sum & 15);
  return digits;
}
