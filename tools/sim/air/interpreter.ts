/**
 * Interpreter is the JavaScript of a simulated board: it does one thing at a time, in the order in which they came, and each takes its
 * time. What a handler asks of the world happens when it is through. A stall holds it, and what comes in waits.
 */
import type { AirClock } from "./clock.ts";

interface Job {
  /** It cannot begin before. */
  readyAt: number;
  micros: number;
  isFrame: boolean;
  run: () => void;
}

export class Interpreter {
  private readonly clock: AirClock;
  private readonly jobs: Job[] = [];
  private frames = 0;
  private isBusy = false;
  private beganAt = 0;
  private stalledUntil = 0;
  private life = 0;

  constructor(clock: AirClock) {
    this.clock = clock;
  }

  /** Frames that wait to be taken up. */
  framesWaiting(): number {
    const head = this.jobs[0];
    return head?.isFrame && this.isBusy && this.beganAt <= this.clock.now ? this.frames - 1 : this.frames;
  }

  add(readyAt: number, micros: number, isFrame: boolean, run: () => void): void {
    this.jobs.push({ readyAt, micros, isFrame, run });
    if (isFrame) this.frames += 1;
    if (!this.isBusy) this.begin();
  }

  stall(micros: number): void {
    this.stalledUntil = Math.max(this.stalledUntil, this.clock.now + micros);
    const head = this.jobs[0];
    if (head !== undefined && this.beganAt > this.clock.now) this.beganAt = Math.max(this.beganAt, this.stalledUntil);
  }

  /** The power is off: nothing of it happens. */
  clear(): void {
    this.life += 1;
    this.jobs.length = 0;
    this.frames = 0;
    this.isBusy = false;
    this.stalledUntil = 0;
  }

  private begin(): void {
    const job = this.jobs[0] as Job;
    const { life } = this;
    this.isBusy = true;
    this.beganAt = Math.max(this.clock.now, job.readyAt, this.stalledUntil);
    this.clock.at(this.beganAt + job.micros, () => this.end(life));
  }

  private end(life: number): void {
    if (life !== this.life) return;
    if (this.clock.now < this.stalledUntil) return this.clock.at(this.stalledUntil, () => this.end(life));
    const job = this.jobs.shift() as Job;
    if (job.isFrame) this.frames -= 1;
    job.run();
    if (life !== this.life) return;
    this.isBusy = false;
    if (this.jobs.length > 0) this.begin();
  }
}
