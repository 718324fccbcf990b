/**
 * Pulse watches one link: is the other side alive, and how much have we handed to its socket that it has not taken.
 *
 * Any frame counts as life. After a third of the timeout in silence it says to ask; after the timeout, that the link is dead.
 * It is looked at in sweeps, so a finding comes at most one sweep late.
 */
import { LINK_TIMEOUT } from "../limits.ts";
import { after, type Instant } from "../units.ts";

/** How often links are looked at. Chosen: a sixth of the timeout. */
export const SWEEP_EVERY = LINK_TIMEOUT / 6;

export class Pulse {
  /** Bytes handed to the socket since it last ran empty. */
  handedBytes: number;
  private heardAt: Instant;
  private askedAt: Instant | undefined;

  constructor(now: Instant) {
    this.handedBytes = 0;
    this.heardAt = now;
    this.askedAt = undefined;
  }

  heard(now: Instant): void {
    this.heardAt = now;
  }

  /** `!ping` came: the time since the first `?ping` without an answer, or undefined if there is none. Never too short. */
  answered(now: Instant): number | undefined {
    const askedAt = this.askedAt;
    this.askedAt = undefined;
    return askedAt === undefined ? undefined : now - askedAt;
  }

  /** What to do about this link now. */
  check(now: Instant): "fine" | "ask" | "dead" {
    if (now >= after(this.heardAt, LINK_TIMEOUT)) return "dead";
    if (now < after(this.heardAt, LINK_TIMEOUT / 3)) return "fine";
    if (this.askedAt === undefined) this.askedAt = now;
    return "ask";
  }
}
