/**
 * The time of the simulated air: whole microseconds, from a queue of what will happen. Either an own one, that is stepped alone, or
 * that of a World, which counts milliseconds.
 */
import { Queue } from "../queue.ts";

export interface AirClock {
  /** Microseconds since the beginning, a whole number. */
  readonly now: number;
  /** Has `run` called at that moment, which is not before now. */
  at(micros: number, run: () => void): void;
}

/** A queue of its own. */
export class MicroClock implements AirClock {
  now = 0;
  private readonly queue = new Queue();

  /** How many things have happened. */
  get taken(): number {
    return this.queue.taken;
  }

  at(micros: number, run: () => void): void {
    if (!(micros >= this.now)) throw new Error(`nothing can happen at ${micros} us: it is ${this.now} us`);
    this.queue.put(micros, { happen: run });
  }

  /** Plays on for so many microseconds. */
  run(micros: number): void {
    const end = this.now + micros;
    for (let at = this.queue.nextAt; at !== undefined && at <= end; at = this.queue.nextAt) {
      this.now = at;
      this.queue.take().happen();
    }
    this.now = end;
  }

  /** Plays on while something holds, at most for so many microseconds; whether it then holds no more. */
  runWhile(holds: () => boolean, boundMicros: number): boolean {
    const end = this.now + boundMicros;
    while (holds()) {
      const at = this.queue.nextAt;
      if (at === undefined || at > end) return false;
      this.now = at;
      this.queue.take().happen();
    }
    return true;
  }
}

/** The clock of a World: its queue takes fractions of milliseconds, and one microsecond is the same fraction whoever computes it. */
export class WorldClock implements AirClock {
  private readonly world: { readonly now: number; readonly queue: Queue };

  constructor(world: { readonly now: number; readonly queue: Queue }) {
    this.world = world;
  }

  get now(): number {
    return Math.round(this.world.now * 1000);
  }

  at(micros: number, run: () => void): void {
    // A moment of the world may lie between two microseconds: nothing happens before it.
    this.world.queue.put(Math.max(micros / 1000, this.world.now), { happen: run });
  }
}
