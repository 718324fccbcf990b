/**
 * Disturbance is what others do to the air at one station's place: bursts that come and go by chance (two states, Gilbert and Elliott)
 * and those that a plan puts at a time. It answers one question, what share of the frames that arrive now is lost.
 *
 * The chain is looked at only when a frame arrives: what happened in between follows from how long it was, exactly.
 */

/** Bursts by chance: Wi-Fi and microwave ovens near a station. */
export interface BurstPlan {
  /** Mean lengths of the good and the bad times, in milliseconds. */
  goodMillis: number;
  badMillis: number;
  /** Share of frames lost in a bad time, and in a good one. */
  badLoss: number;
  goodLoss?: number;
}

/** Fitted, by trying half a dozen, to the one figure there is: Espressif's 214 kbit/s in an open environment, 555 in a shielded box. How
 * long bursts are, and how bad, that figure does not say. */
export const NEIGHBOURS: BurstPlan = { goodMillis: 150, badMillis: 150, badLoss: 0.8, goodLoss: 0.1 };

/** A disturbance at a time: from `from` until `until` (microseconds of the air's clock) that share is lost. */
export interface Jamming {
  from: number;
  until: number;
  loss: number;
  /** Whom it reaches; everybody if left out. */
  ids?: readonly string[];
  /** Which channels it reaches; all if left out. */
  channels?: readonly number[];
}

export class Disturbance {
  private readonly plan: BurstPlan | undefined;
  private readonly random: () => number;
  private readonly jammings: Jamming[] = [];
  private isBad = false;
  private lookedAt = -1;

  constructor(plan: BurstPlan | undefined, random: () => number) {
    this.plan = plan;
    this.random = random;
  }

  add(jamming: Jamming): void {
    this.jammings.push(jamming);
  }

  /** Share of frames that are lost here and now, 0 to 1. */
  loss(now: number, channel: number): number {
    let passes = this.plan === undefined ? 1 : 1 - this.burstLoss(this.plan, now);
    for (let i = this.jammings.length - 1; i >= 0; i--) {
      const jamming = this.jammings[i] as Jamming;
      if (jamming.until <= now) this.jammings.splice(i, 1);
      else if (jamming.from <= now && (jamming.channels?.includes(channel) ?? true)) passes *= 1 - jamming.loss;
    }
    return 1 - passes;
  }

  private burstLoss(plan: BurstPlan, now: number): number {
    const badInTheLongRun = plan.badMillis / (plan.badMillis + plan.goodMillis);
    // How much of what was known is still known: 1 just now, 0 long ago.
    const known =
      this.lookedAt < 0 ? 0 : Math.exp((-(now - this.lookedAt) / 1000) * (1 / plan.goodMillis + 1 / plan.badMillis));
    const bad = badInTheLongRun + ((this.isBad ? 1 : 0) - badInTheLongRun) * known;
    if (known < 1) this.isBad = this.random() < bad;
    this.lookedAt = now;
    return this.isBad ? plan.badLoss : (plan.goodLoss ?? 0);
  }
}
