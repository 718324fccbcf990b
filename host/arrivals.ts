/**
 * Arrivals is what came down and was not looked at yet: a bounded queue with one end for `for await`.
 *
 * Down is best effort, so it squashes and discards: the newest desired value of an entity replaces the one before, an action that
 * has waited longer than its life is dropped, and what does not fit is refused, which is counted by the caller.
 */
import { ACT_TTL } from "#shared/limits.ts";

/** What comes down to a program. */
export type Arrival =
  /** Do it once, then call `answer`. */
  | { kind: "act"; id: string; eid: string; value: unknown }
  /** What an entity should be; say `!update` with the same `rev` when it is. */
  | { kind: "set"; eid: string; value: unknown; rev: number }
  /** Any other event. */
  | { kind: "event"; event: { [key: string]: unknown } };

/** Events that wait for the program. Chosen: seconds of a busy way down. */
export const ARRIVALS_MAX = 1000;

export class Arrivals {
  private readonly now: () => number;
  private readonly queue: { arrival: Arrival; at: number }[] = [];
  private readonly takers: ((result: IteratorResult<Arrival, undefined>) => void)[] = [];
  private isEnded = false;

  /** `now` in milliseconds, monotonic. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** False if there is no room. */
  put(arrival: Arrival): boolean {
    const taker = this.takers.shift();
    if (taker !== undefined) {
      taker({ done: false, value: arrival });
      return true;
    }
    if (arrival.kind === "set") {
      const older = this.queue.find((one) => one.arrival.kind === "set" && one.arrival.eid === arrival.eid);
      if (older !== undefined) {
        older.arrival = arrival;
        return true;
      }
    }
    if (this.queue.length >= ARRIVALS_MAX) return false;
    this.queue.push({ arrival, at: this.now() });
    return true;
  }

  take(): Promise<IteratorResult<Arrival, undefined>> {
    for (;;) {
      const next = this.queue.shift();
      if (next === undefined) break;
      if (next.arrival.kind !== "act" || this.now() - next.at < ACT_TTL)
        return Promise.resolve({ done: false, value: next.arrival });
    }
    if (this.isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.takers.push(resolve));
  }

  /** Whoever waits, or asks later, is told that no more comes. */
  end(): void {
    this.isEnded = true;
    for (const taker of this.takers.splice(0)) taker({ done: true, value: undefined });
  }
}
