/**
 * TreeClock knows the root's time: the node's monotonic clock plus an offset learnt from an answer that carried `now`.
 * Half the round trip is added. A slower round trip never replaces a quicker one's offset, unless that has
 * grown old (clocks drift) or cannot be right any more (the root's clock was set).
 */
import type { Instant, UnixMillis } from "../units.ts";
import { isUnix } from "../wire/message.ts";

/** An offset older than this gives way to any newer one, in milliseconds. Chosen: 50 ppm of drift in it are 30 ms. */
const OFFSET_AGE_MAX = 600000;
/** What two clocks drift apart in that time, in milliseconds, doubled. Chosen. */
const DRIFT_MAX = 60;

export class TreeClock {
  private offset: number | undefined;
  private roundTrip: number;
  private learntAt: number;

  constructor() {
    this.offset = undefined;
    this.roundTrip = 0;
    this.learntAt = 0;
  }

  /** `rootNow`: the root's clock as told; `roundTrip`: how long ago it was asked for, in milliseconds. Nonsense is ignored. */
  learn(rootNow: unknown, roundTrip: number, now: Instant): void {
    if (!isUnix(rootNow)) return;
    const offset = rootNow + roundTrip / 2 - now;
    const isOld = this.offset === undefined || now - this.learntAt > OFFSET_AGE_MAX;
    if (!isOld && roundTrip > this.roundTrip && !this.hasJumped(offset, roundTrip)) return;
    this.offset = offset;
    this.roundTrip = roundTrip;
    this.learntAt = now;
  }

  /** The root's clock at a moment of ours, or undefined while nobody has told it. */
  unix(at: Instant): UnixMillis | undefined {
    return this.offset === undefined ? undefined : (Math.floor(at + this.offset) as UnixMillis);
  }

  /** Each offset is wrong by half its round trip at the most. Where two cannot both be right, the root's clock was set. */
  private hasJumped(offset: number, roundTrip: number): boolean {
    return Math.abs(offset - (this.offset as number)) > (roundTrip + this.roundTrip) / 2 + DRIFT_MAX;
  }
}
