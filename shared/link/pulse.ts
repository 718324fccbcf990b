/**
 * Pulse watches one link: is the other side alive, and how much have we handed to its socket that it has not taken.
 *
 * Any frame counts as life. After a third of the timeout in silence it says to ask; after the timeout, that the link is dead.
 * A link up that is never silent is asked once in a timeout all the same: answers tell the root's clock, and that may be set.
 * It is looked at in sweeps, so a finding comes at most one sweep late.
 */
import { LINK_ASK_AFTER, LINK_TIMEOUT, RADIO_SLOWNESS } from "../limits.ts";
import { after, type Instant } from "../units.ts";

export class Pulse {
  /** Bytes handed to the socket since it last ran empty. */
  handedBytes: number;
  private heardAt: Instant;
  /** When the first `?ping` without an answer was said; 0 if there is none. */
  private askedAt: Instant;
  private askAt: Instant;
  private slowness: number;

  /** By radio the hop itself watches its other end: the link is asked more seldom, for the time mostly. */
  constructor(now: Instant, isByRadio: boolean) {
    this.slowness = isByRadio ? RADIO_SLOWNESS : 1;
    this.handedBytes = 0;
    this.heardAt = now;
    this.askedAt = 0 as Instant;
    this.askAt = after(now, LINK_TIMEOUT * this.slowness);
  }

  heard(now: Instant): void {
    this.heardAt = now;
  }

  /** `!ping` came: the time since the first `?ping` without an answer, or -1 if there is none. Never too short. */
  answered(now: Instant): number {
    const askedAt = this.askedAt;
    this.askedAt = 0 as Instant;
    return askedAt > 0 ? now - askedAt : -1;
  }

  /** What to do about this link now. `isForTime`: it leads up, where the time is known. */
  check(now: Instant, isForTime: boolean): "fine" | "ask" | "dead" {
    const silence = (now - this.heardAt) / this.slowness;
    if (silence >= LINK_TIMEOUT) return "dead";
    if (silence < LINK_ASK_AFTER && (!isForTime || now < this.askAt)) return "fine";
    this.askAt = after(now, LINK_TIMEOUT * this.slowness);
    if (this.askedAt === 0) this.askedAt = now;
    return "ask";
  }
}
