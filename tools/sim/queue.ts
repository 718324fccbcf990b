/**
 * Queue is what will happen in a simulated world: earliest first, and of one moment in the order in which it was put in. That order
 * alone decides, so the same world always goes the same way. What is due in one moment waits in one list, and only moments are
 * sorted, in a binary heap: large trees have tens of things in each millisecond.
 */

/** What waits: an object rather than a function, so that what happens all the time needs no closure. */
export interface Happening {
  happen(): void;
}

interface Moment {
  at: number;
  due: Happening[];
}

export class Queue {
  /** How many happenings were taken out. */
  taken = 0;
  size = 0;
  private readonly heap: Moment[] = [];
  private readonly moments = new Map<number, Moment>();
  /** Of the earliest moment, so many were taken out. */
  private passed = 0;

  /** The moment of the earliest, or undefined. */
  get nextAt(): number | undefined {
    return this.heap[0]?.at;
  }

  put(at: number, happening: Happening): void {
    this.size += 1;
    const known = this.moments.get(at);
    if (known !== undefined) {
      known.due.push(happening);
      return;
    }
    const moment = { at, due: [happening] };
    // One that comes before the earliest: what is left of that one waits on.
    const first = this.heap[0];
    if (first !== undefined && at < first.at) this.forgetPassed(first);
    this.moments.set(at, moment);
    this.rise(moment);
  }

  /** The earliest. Call when there is one. */
  take(): Happening {
    const first = this.heap[0] as Moment;
    const happening = first.due[this.passed] as Happening;
    this.passed += 1;
    this.taken += 1;
    this.size -= 1;
    if (this.passed === first.due.length) {
      this.passed = 0;
      this.moments.delete(first.at);
      this.sink(this.heap.pop() as Moment);
    }
    return happening;
  }

  private forgetPassed(moment: Moment): void {
    moment.due.splice(0, this.passed);
    this.passed = 0;
  }

  private rise(moment: Moment): void {
    const heap = this.heap;
    let place = heap.length;
    heap.push(moment);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if ((heap[above] as Moment).at < moment.at) break;
      heap[place] = heap[above] as Moment;
      place = above;
    }
    heap[place] = moment;
  }

  /** Puts `last` into the place of the first, and then as far down as it belongs. */
  private sink(last: Moment): void {
    const heap = this.heap;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && (heap[below + 1] as Moment).at < (heap[below] as Moment).at) below += 1;
      if (last.at < (heap[below] as Moment).at) break;
      heap[place] = heap[below] as Moment;
      place = below;
    }
    heap[place] = last;
  }
}
