/**
 * Trickle says when to beacon: often after a change, ever less in peace (RFC 6206, without suppression: a beacon also tells link quality).
 * Each interval has one beacon, at a random moment of its second half, or sooner if somebody asks.
 */
import { after, type Instant, type Random } from "../units.ts";
import { BEACON_EVERY_MAX, BEACON_EVERY_MIN } from "./tree-limits.ts";

export class Trickle {
  private chance: Random;
  /** Length of the interval under way; 0 before the first reset. */
  private interval: number;
  private endAt: Instant;
  private fireAt: Instant | undefined;

  constructor(random: Random) {
    this.chance = random;
    this.interval = 0;
    this.endAt = 0 as Instant;
    this.fireAt = undefined;
  }

  /** Something changed. While the interval is the shortest already, more changes do not make it shorter. */
  reset(now: Instant): void {
    if (this.interval !== BEACON_EVERY_MIN) this.begin(BEACON_EVERY_MIN, now);
  }

  /** The beacon of this interval is wanted by then. */
  hurry(at: Instant): void {
    if (this.fireAt !== undefined && at < this.fireAt) this.fireAt = at;
  }

  /** Whether to beacon now. True once per interval. */
  isDue(now: Instant): boolean {
    if (this.fireAt === undefined || now < this.fireAt) return false;
    this.begin(Math.min(2 * this.interval, BEACON_EVERY_MAX), now > this.endAt ? now : this.endAt);
    return true;
  }

  wakeAt(): Instant | undefined {
    return this.fireAt;
  }

  private begin(every: number, from: Instant): void {
    this.interval = every;
    this.endAt = after(from, every);
    this.fireAt = after(from, Math.floor(every * (1 + this.chance()) * 0.5));
  }
}
