/** Later is the part of a queue that is not due soon: moments in a binary heap, what is due in each in the order in which it was put in. */
import { type Happening, NOTHING } from "./queue.ts";

interface Moment {
  at: number;
  due: Happening[];
}

export class Later {
  /** The earliest moment, or Infinity. */
  firstAt = Infinity;
  private readonly heap: Moment[] = [];
  private readonly moments = new Map<number, Moment>();
  /** Of the earliest moment, so many were taken out. */
  private passed = 0;

  put(at: number, happening: Happening): void {
    const known = this.moments.get(at);
    if (known !== undefined) {
      known.due.push(happening);
      return;
    }
    const moment = { at, due: [happening] };
    this.moments.set(at, moment);
    this.rise(moment);
    this.firstAt = (this.heap[0] as Moment).at;
  }

  /** The earliest. Call when there is one. */
  take(): Happening {
    const first = this.heap[0] as Moment;
    const happening = first.due[this.passed] as Happening;
    first.due[this.passed] = NOTHING;
    this.passed += 1;
    if (this.passed === first.due.length) {
      this.passed = 0;
      this.moments.delete(first.at);
      this.sink(this.heap.pop() as Moment);
      this.firstAt = this.heap[0]?.at ?? Infinity;
    }
    return happening;
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
