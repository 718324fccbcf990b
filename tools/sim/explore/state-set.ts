/**
 * The states met, as 64-bit hashes in open addressing: 12 bytes a place, at most 2/3 full. Each has a number: how many came before.
 * Two states of one hash are taken for one: with n states the chance that this ever happens is about n² / 2^65 (3e-8 for a million).
 */
/** Places of an empty set, a power of two. Chosen: most sets stay small. */
const PLACES_AT_FIRST = 1 << 10;

export class StateSet {
  size: number;
  private high: Uint32Array;
  private low: Uint32Array;
  private numbers: Uint32Array;
  private hashHigh: number;
  private hashLow: number;

  constructor() {
    this.size = 0;
    this.high = new Uint32Array(PLACES_AT_FIRST);
    this.low = new Uint32Array(PLACES_AT_FIRST);
    this.numbers = new Uint32Array(PLACES_AT_FIRST);
    this.hashHigh = 0;
    this.hashLow = 0;
  }

  /** Adds the state that these first `length` numbers are. False if it is known. */
  add(words: Int32Array, length: number): boolean {
    this.hash(words, length);
    const place = this.find(this.hashHigh, this.hashLow);
    if (!this.isEmpty(place)) return false;
    this.high[place] = this.hashHigh;
    this.low[place] = this.hashLow;
    this.numbers[place] = this.size;
    this.size += 1;
    if (this.size * 3 > this.high.length * 2) this.grow();
    return true;
  }

  /** The number of the state that these are, or -1 if it is not known. */
  numberOf(words: Int32Array, length: number): number {
    this.hash(words, length);
    const place = this.find(this.hashHigh, this.hashLow);
    return this.isEmpty(place) ? -1 : (this.numbers[place] as number);
  }

  private hash(words: Int32Array, length: number): void {
    let high = 0x2545f491;
    let low = 0x6c62272e;
    for (let i = 0; i < length; i++) {
      const word = words[i] as number;
      high = Math.imul(high ^ word, 0xcc9e2d51);
      high = Math.imul((high << 15) | (high >>> 17), 5) + 0x6546b64;
      low = Math.imul(low ^ Math.imul(word, 0x85ebca6b), 0x1b873593);
      low = Math.imul((low << 13) | (low >>> 19), 9) ^ (high >>> 16);
    }
    this.hashHigh = mixed(high ^ length);
    // Both zero marks an empty place.
    this.hashLow = mixed(low + high) || 1;
  }

  /** The place of that hash, or the empty one where it belongs. */
  private find(high: number, low: number): number {
    const mask = this.high.length - 1;
    let place = low & mask;
    while (!this.isEmpty(place) && (this.high[place] !== high || this.low[place] !== low)) place = (place + 1) & mask;
    return place;
  }

  private isEmpty(place: number): boolean {
    return this.high[place] === 0 && this.low[place] === 0;
  }

  private grow(): void {
    const { high, low, numbers } = this;
    this.high = new Uint32Array(high.length * 2);
    this.low = new Uint32Array(high.length * 2);
    this.numbers = new Uint32Array(high.length * 2);
    for (let i = 0; i < high.length; i++) {
      if (high[i] === 0 && low[i] === 0) continue;
      const place = this.find(high[i] as number, low[i] as number);
      this.high[place] = high[i] as number;
      this.low[place] = low[i] as number;
      this.numbers[place] = numbers[i] as number;
    }
  }
}

function mixed(hash: number): number {
  let word = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
