/**
 * SHA-256 of exactly 55 bytes, one block of it, with a hash as the last 32 of them: what LMS does a million times to make a key. Node's own costs ten times as
 * much for so little, since each call goes out of JavaScript and makes objects. Same result as `createHash("sha256")`: a test compares them.
 */

/** What goes before the hash. */
export const HEAD_BYTES = 23;
/** What one block holds, its own end (9 bytes) aside. */
const TEXT_BYTES = 55;
const ROUNDS = 64;

/** The first 32 bits of a fraction. */
const bitsOf = (root: number): number => ((root % 1) * 4294967296) | 0;

function primes(howMany: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < howMany; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}

/** FIPS 180-4: from the cube roots of the first 64 primes, and the square roots of the first 8. */
const CONSTANTS = Int32Array.from(primes(ROUNDS), (prime) => bitsOf(Math.cbrt(prime)));
const START = Int32Array.from(primes(8), (prime) => bitsOf(Math.sqrt(prime)));

export class HashBlock {
  private readonly words = new Int32Array(ROUNDS);
  private readonly head = new Int32Array(6);
  private readonly hash = new Int32Array(8);

  /** HEAD_BYTES, the last of which is for `next` to choose; and the hash to begin with. */
  begin(head: Buffer, hash: Buffer): void {
    for (let i = 0; i < 5; i++) this.head[i] = head.readInt32BE(i * 4);
    this.head[5] = head.readUInt16BE(20) << 16;
    for (let i = 0; i < 8; i++) this.hash[i] = hash.readInt32BE(i * 4);
  }

  read(): Buffer {
    const bytes = Buffer.alloc(32);
    for (let i = 0; i < 8; i++) bytes.writeInt32BE(this.hash[i] as number, i * 4);
    return bytes;
  }

  /** The hash of the head with that last byte, and of the hash before. */
  next(last: number): void {
    const { words, hash, head } = this;
    for (let i = 0; i < 5; i++) words[i] = head[i] as number;
    // One byte off, so each word takes from two.
    let before = ((head[5] as number) >>> 8) | last;
    for (let i = 0; i < 8; i++) {
      const word = hash[i] as number;
      words[5 + i] = (before << 8) | (word >>> 24);
      before = word;
    }
    words[13] = (before << 8) | 0x80;
    words[14] = 0;
    words[15] = TEXT_BYTES * 8;
    this.compress();
  }

  private compress(): void {
    const { words, hash } = this;
    for (let i = 16; i < ROUNDS; i++) {
      const x = words[i - 15] as number;
      const y = words[i - 2] as number;
      const first = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const second = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[i] = ((words[i - 16] as number) + first + (words[i - 7] as number) + second) | 0;
    }
    let a = START[0] as number;
    let b = START[1] as number;
    let c = START[2] as number;
    let d = START[3] as number;
    let e = START[4] as number;
    let f = START[5] as number;
    let g = START[6] as number;
    let h = START[7] as number;
    for (let i = 0; i < ROUNDS; i++) {
      const turnE = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + turnE + ((e & f) ^ (~e & g)) + (CONSTANTS[i] as number) + (words[i] as number)) | 0;
      const turnA = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (turnA + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    hash[0] = (START[0] as number) + a;
    hash[1] = (START[1] as number) + b;
    hash[2] = (START[2] as number) + c;
    hash[3] = (START[3] as number) + d;
    hash[4] = (START[4] as number) + e;
    hash[5] = (START[5] as number) + f;
    hash[6] = (START[6] as number) + g;
    hash[7] = (START[7] as number) + h;
  }
}
