/**
 * Queue is what will happen in a simulated world: earliest first, and of one moment in the order in which it was put in. That order
 * alone decides, so the same world always goes the same way.
 *
 * What is due within some seconds waits in a ring with a place for each millisecond: nothing is sorted, and nothing but that place is
 * looked at, which counts where tens of thousands of things wait. The rest, and odd moments between two milliseconds, wait in Later.
 */
import { Later } from "./later.ts";

/** What waits: an object rather than a function, so that what happens all the time needs no closure. */
export interface Happening {
  happen(): void;
}

/** Something that happens once, and is seldom enough to be a function. */
export class Once implements Happening {
  private readonly run: () => void;

  constructor(run: () => void) {
    this.run = run;
  }

  happen(): void {
    this.run();
  }
}

/** Where something was taken out. */
export const NOTHING: Happening = { happen: () => {} };

/** Milliseconds that the ring goes round in, a power of two. Chosen: most things come within ten seconds. */
const RING = 16_384;
/** Bits of a word of `marks`. */
const WORD = 32;

export class Queue {
  /** How many happenings were taken out. */
  taken = 0;
  size = 0;
  private readonly ring = emptyRing();
  /** A bit for each place of the ring that has something: an air counts in microseconds, and most of its places are empty. */
  private readonly marks = new Int32Array(RING / WORD);
  private ringSize = 0;
  /** The moment of what was taken last. What is in the ring is less than a round later. */
  private floor = 0;
  /** The first moment in the ring, if there is one; and how much of it was taken. */
  private first = Infinity;
  private passed = 0;
  private readonly later = new Later();

  /** The moment of the earliest, or undefined. */
  get nextAt(): number | undefined {
    if (this.size === 0) return undefined;
    return Math.min(this.first, this.later.firstAt);
  }

  /** Nothing may come before what was taken last. */
  put(at: number, happening: Happening): void {
    if (!(at >= this.floor)) throw new Error(`${at} is past: it is ${this.floor}`);
    this.size += 1;
    if (at - this.floor >= RING || !Number.isInteger(at)) return this.later.put(at, happening);
    const place = at & (RING - 1);
    const due = this.ring[place];
    this.ringSize += 1;
    if (due !== undefined) {
      due.push(happening);
      return;
    }
    this.ring[place] = [happening];
    this.marks[(place / WORD) | 0] = (this.marks[(place / WORD) | 0] as number) | (1 << (place % WORD));
    if (at < this.first) this.first = at;
  }

  /** The earliest. Call when there is one. */
  take(): Happening {
    this.taken += 1;
    this.size -= 1;
    const { first, later } = this;
    // What waits there was put in before anything came so near as to be in the ring.
    if (later.firstAt <= first) {
      this.floor = later.firstAt;
      return later.take();
    }
    const due = this.ring[first & (RING - 1)] as Happening[];
    const happening = due[this.passed] as Happening;
    // Such a list may have become old long before it is dropped, and until then keeps alive, for the collector, all that is in it.
    due[this.passed] = NOTHING;
    this.floor = first;
    this.ringSize -= 1;
    this.passed += 1;
    if (this.passed === due.length) this.goOn();
    return happening;
  }

  /** The first moment is over: looks for the next one. */
  private goOn(): void {
    const { marks } = this;
    const over = this.first & (RING - 1);
    let word = (over / WORD) | 0;
    this.ring[over] = undefined;
    marks[word] = (marks[word] as number) & ~(1 << (over % WORD));
    this.passed = 0;
    if (this.ringSize === 0) {
      this.first = Infinity;
      return;
    }
    // The rest of its word, the words behind it round the ring, and last what is before it in its own.
    let bits = (marks[word] as number) & (-1 << (over % WORD));
    while (bits === 0) {
      word = (word + 1) % marks.length;
      bits = marks[word] as number;
    }
    const next = word * WORD + (WORD - 1 - Math.clz32(bits & -bits));
    this.first += (next - over) & (RING - 1);
  }
}

/** Without holes, and quickly: every small world has one. */
function emptyRing(): (Happening[] | undefined)[] {
  const ring: (Happening[] | undefined)[] = [];
  ring.length = RING;
  return ring.fill(undefined);
}
