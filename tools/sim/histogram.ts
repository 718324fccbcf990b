/**
 * Histogram counts whole numbers from 0 up in buckets that grow with them: quantiles of millions of latencies in some kilobytes.
 *
 * Guarantee: a quantile is at most a 64th too large, and never too small. Numbers from 2^31 up count as 2^31 - 1.
 */

/** Below this each number has a bucket of its own; above, each doubling has half as many. */
const EXACT = 128;
const PER_DOUBLING = EXACT / 2;
const DOUBLINGS = 31 - 7;

export class Histogram {
  count = 0;
  most = 0;
  readonly buckets = new Uint32Array(EXACT + DOUBLINGS * PER_DOUBLING);

  add(value: number): void {
    const whole = Math.min(Math.max(0, Math.floor(value)), 0x7fffffff);
    this.count += 1;
    if (whole > this.most) this.most = whole;
    const place = placeOf(whole);
    this.buckets[place] = (this.buckets[place] as number) + 1;
  }

  addAll(other: Histogram): void {
    this.addCounts(other.buckets, other.most);
  }

  /** Adds what is in the buckets of another one, whose largest number is `most`. */
  addCounts(buckets: Uint32Array | undefined, most: number): void {
    this.most = Math.max(this.most, most);
    for (let i = 0; i < this.buckets.length; i++) {
      const more = buckets?.[i] ?? 0;
      this.count += more;
      this.buckets[i] = (this.buckets[i] as number) + more;
    }
  }

  /** The number below or at which this share (0 to 1) of all is; 0 if there is none. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.count));
    for (let place = 0; place < this.buckets.length; place++) {
      left -= this.buckets[place] as number;
      if (left <= 0) return Math.min(this.most, largestAt(place));
    }
    return this.most;
  }
}

function placeOf(whole: number): number {
  if (whole < EXACT) return whole;
  const doubling = 31 - Math.clz32(whole) - 7;
  return EXACT + doubling * PER_DOUBLING + (whole >>> (doubling + 1)) - PER_DOUBLING;
}

/** The largest number that counts in that bucket. */
function largestAt(place: number): number {
  if (place < EXACT) return place;
  const doubling = Math.floor((place - EXACT) / PER_DOUBLING);
  const within = ((place - EXACT) % PER_DOUBLING) + PER_DOUBLING;
  return (within + 1) * 2 ** (doubling + 1) - 1;
}
