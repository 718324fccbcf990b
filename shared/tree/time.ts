/**
 * TreeClock knows the root's time: the node's monotonic clock plus an offset learnt from an answer that carried `now`.
 * Half the round trip is added. A slower round trip never replaces a quicker one's offset, unless that has grown old: clocks drift.
 */
import type { Instant, UnixMillis } from "../units.ts";

/** An offset older than this gives way to any newer one, in milliseconds. Chosen: 50 ppm of drift in it are 30 ms. */
const OFFSET_AGE_MAX = 600000;

export class TreeClock {
  private offset: number | undefined;
  private roundTrip: number;
  private learntAt: number;

  constructor() {
    this.offset = undefined;
    this.roundTrip = 0;
    this.learntAt = 0;
  }

  learn(rootNow: unknown, roundTrip: number, now: Instant): void {
    if (typeof rootNow !== "number" || !(rootNow > 0)) return;
    const isOld = this.offset === undefined || now - this.learntAt > OFFSET_AGE_MAX;
    if (!isOld && roundTrip > this.roundTrip) return;
    this.offset = Math.floor(rootNow + roundTrip / 2 - now);
    this.roundTrip = roundTrip;
    this.learntAt = now;
  }

  /** The root's clock at a moment of ours, or undefined while nobody has told it. */
  unix(at: Instant): UnixMillis | undefined {
    return this.offset === undefined ? undefined : ((at + this.offset) as UnixMillis);
  }
}
