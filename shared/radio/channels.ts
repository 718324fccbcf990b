/**
 * Channels searches for a way up: the last good channel first, then 1, 6, 11 and the rest. On each it asks, and listens for a moment.
 * Between rounds it rests on the last good one. It backs off, and it never ends: boards that gave up have been the plague of others.
 */
import { after, type Instant, type Random } from "../units.ts";
import {
  CHANNELS,
  SEARCH_AFTER,
  SEARCH_AFTER_MAX,
  SEARCH_ASK_AGAIN,
  SEARCH_DWELL,
  SEARCH_HOME_VISITS,
} from "./tree-limits.ts";

const FIRST = [1, 6, 11];

export class Channels {
  /** Where we are. */
  channel: number;
  private chance: Random;
  private isFixed: boolean;
  /** The last good one. */
  private home: number;
  /** Visits still to come in this round, last first. */
  private plan: number[];
  private stepAt: Instant | undefined;
  private pause: number;

  /** `fixed`: the channel that Wi-Fi dictates, or 0; `last`: where to begin if there is none. */
  constructor(fixed: number, last: number, random: Random) {
    this.chance = random;
    this.isFixed = fixed > 0;
    this.channel = fixed || last;
    this.home = this.channel;
    this.plan = [];
    this.stepAt = undefined;
    this.pause = SEARCH_AFTER;
  }

  /** There is no way up (any more). */
  search(now: Instant): void {
    if (this.stepAt !== undefined) return;
    this.pause = SEARCH_AFTER;
    this.plan = this.round();
    this.stepAt = now;
  }

  /** Somebody here has a way up: this is the channel to come back to. */
  isGood(): void {
    this.home = this.channel;
  }

  /** We have one. */
  found(): void {
    this.home = this.channel;
    this.stepAt = undefined;
  }

  /** Wi-Fi dictates another channel. */
  fix(channel: number): void {
    this.isFixed = channel > 0;
    if (this.isFixed) {
      this.channel = channel;
      this.home = channel;
    }
    if (this.stepAt !== undefined) this.plan = this.round();
  }

  /** The next step, when its time has come: true to ask on `channel`, which may be another now. */
  isToAsk(now: Instant): boolean {
    if (this.stepAt === undefined || now < this.stepAt) return false;
    const next = this.plan.pop();
    if (next !== undefined) {
      this.channel = next;
      const isAgain = this.plan[this.plan.length - 1] === next;
      // Searchers that started together do not ask together for ever.
      this.stepAt = after(now, (isAgain ? SEARCH_ASK_AGAIN : SEARCH_DWELL) * (0.9 + 0.2 * this.chance()));
      return true;
    }
    this.channel = this.home;
    this.plan = this.round();
    this.stepAt = after(now, this.pause * (0.75 + 0.5 * this.chance()));
    this.pause = Math.min(1.5 * this.pause, SEARCH_AFTER_MAX);
    return false;
  }

  wakeAt(): Instant | undefined {
    return this.stepAt;
  }

  private round(): number[] {
    const order: number[] = [];
    for (let i = 0; i < 2 * SEARCH_HOME_VISITS; i++) order.push(this.home);
    for (let i = 0; i < FIRST.length + CHANNELS && !this.isFixed; i++) {
      const channel = i < FIRST.length ? (FIRST[i] as number) : i - FIRST.length + 1;
      if (order.indexOf(channel) < 0) order.push(channel, channel);
    }
    return order.reverse();
  }
}
