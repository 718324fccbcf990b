/**
 * What the drivers of sensors have in common: one measurement at a time, not more often than the sensor can bear, nothing that blocks, and faults that
 * are counted and told. A measurement ends with a reading or with the reason why there is none; there is no value for "it failed".
 *
 * It does not keep readings: what a program does not report is gone.
 */

/** Takes a sentence for people, such as `kitchen.log`. */
export type Tell = (text: string) => void;

/** What is added to a rest that is the whole interval, in milliseconds, so that it is surely over. Chosen. */
const SLACK = 50;

/** One measurement under way. */
export class Measurement<Reading> {
  private finish: (reading: Reading | undefined, why: string) => void;

  constructor(finish: (reading: Reading | undefined, why: string) => void) {
    this.finish = finish;
  }

  /** Goes on after `wait` milliseconds. What `step` throws is the reason of a failure. */
  later(wait: number, step: () => void): void {
    setTimeout(() => this.attempt(step), wait);
  }

  /** Goes on now. */
  attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.failed(error instanceof Error ? error.message : String(error));
    }
  }

  done(reading: Reading): void {
    this.finish(reading, "");
  }

  failed(why: string): void {
    this.finish(undefined, why);
  }
}

export class Sensor<Reading> {
  /** How many measurements have failed since the start. */
  faults: number;
  /** Why the last measurement failed; "" if it did not. */
  fault: string;
  private name: string;
  private begin: (measurement: Measurement<Reading>) => void;
  private rest: number;
  private tell: Tell;
  private isMeasuring: boolean;
  private isResting: boolean;

  /**
   * `begin` starts a measurement; whatever happens, it must lead to `done` or `failed`. From the beginning of one to that of the next, and before the first, there are
   * at least `rest` milliseconds. `tell` hears when it begins to fail, when it fails for another reason, and when it works again.
   */
  constructor(name: string, rest: number, tell: Tell, begin: (measurement: Measurement<Reading>) => void) {
    this.faults = 0;
    this.fault = "";
    this.name = name;
    this.rest = rest;
    this.tell = tell;
    this.begin = begin;
    this.isMeasuring = false;
    this.isResting = false;
  }

  /** Measures once. `take` gets the reading, if there is one. False if a measurement is under way, or the sensor rests. */
  measure(take: (reading: Reading) => void): boolean {
    if (this.isMeasuring || this.isResting) return false;
    this.isMeasuring = true;
    this.isResting = true;
    setTimeout(() => {
      this.isResting = false;
    }, this.rest);
    let isOver = false;
    const measurement = new Measurement<Reading>((reading, why) => {
      if (isOver) return;
      isOver = true;
      this.isMeasuring = false;
      this.judge(why);
      // In a turn of its own: what the program does with it is neither the sensor's fault, nor on top of this stack.
      if (reading !== undefined) setTimeout(() => take(reading), 0);
    });
    measurement.attempt(() => this.begin(measurement));
    return true;
  }

  /** Measures now, as far as the sensor need not rest first, and then every `wait` milliseconds. */
  every(wait: number, take: (reading: Reading) => void): void {
    this.schedule(this.rest, wait > this.rest ? wait : this.rest + SLACK, take);
  }

  private schedule(first: number, wait: number, take: (reading: Reading) => void): void {
    setTimeout(() => {
      this.schedule(wait, wait, take);
      this.measure(take);
    }, first);
  }

  private judge(why: string): void {
    if (why !== "") this.faults += 1;
    if (why === this.fault) return;
    this.fault = why;
    this.tell(this.name + (why === "" ? ": works again" : ": " + why));
  }
}
