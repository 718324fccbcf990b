/**
 * Queue is what will happen in a simulated world: earliest first, and of one moment in the order in which it was put in. That order
 * alone decides, so the same world always goes the same way. A binary heap: large trees have ten thousand things waiting.
 */

interface Waiting {
  at: number;
  order: number;
  run: () => void;
}

export class Queue {
  /** How many happenings were taken out. */
  taken = 0;
  private readonly heap: Waiting[] = [];
  private order = 0;

  get size(): number {
    return this.heap.length;
  }

  /** The moment of the earliest, or undefined. */
  get nextAt(): number | undefined {
    return this.heap[0]?.at;
  }

  put(at: number, run: () => void): void {
    const heap = this.heap;
    const waiting = { at, order: ++this.order, run };
    let place = heap.length;
    heap.push(waiting);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (isSooner(heap[above] as Waiting, waiting)) break;
      heap[place] = heap[above] as Waiting;
      place = above;
    }
    heap[place] = waiting;
  }

  /** The earliest. Call when there is one. */
  take(): () => void {
    const heap = this.heap;
    const first = heap[0] as Waiting;
    const last = heap.pop() as Waiting;
    this.taken += 1;
    if (heap.length === 0) return first.run;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isSooner(heap[below + 1] as Waiting, heap[below] as Waiting)) below += 1;
      if (isSooner(last, heap[below] as Waiting)) break;
      heap[place] = heap[below] as Waiting;
      place = below;
    }
    heap[place] = last;
    return first.run;
  }
}

function isSooner(a: Waiting, b: Waiting): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
