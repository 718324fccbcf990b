/** Chance from a seed: the same seed gives the same numbers, everywhere. mulberry32: small, and good enough to pick faults. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random = (): number => {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };

  /** A whole number from `least` to `most`, both inclusive. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error("nothing to pick from");
    return items[Math.floor(this.random() * items.length)] as T;
  }

  /** Whether something that happens in this share of cases happens now. */
  happens(share: number): boolean {
    return this.random() < share;
  }

  /** Another source, that depends on this one's seed alone. */
  fork(): Chance {
    return new Chance(this.between(0, 0xffffffff));
  }
}
