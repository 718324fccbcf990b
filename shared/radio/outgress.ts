/**
 * Outgress chooses the way up of a node that has both: WebSocket when it is to be had, the radio otherwise, and back.
 *
 * While the radio is in use it has WebSocket looked for, seldom and more seldom; only when its parent has answered is the radio's
 * link left. Nothing is lost by a change: whatever the root has not acknowledged is said again on the next link.
 */
import { after, type Instant } from "../units.ts";
import { OUTGRESS_PATIENCE, OUTGRESS_TRY_AFTER, OUTGRESS_TRY_AFTER_MAX } from "./tree-limits.ts";

/** "look": see whether the parent answers by WebSocket, and say `found`. "leave": give up the way in use; TreeNode dials again. */
export type Advice = "stay" | "look" | "leave";

export class Outgress {
  /** Whether the way in use is WebSocket. */
  isSocket: boolean;
  /** When WebSocket may be tried, and how long it is put off after that. */
  private tryAt: Instant;
  private wait: number;
  /** When WebSocket is left if nobody joins over it. */
  private leaveAt: Instant;

  constructor() {
    this.isSocket = false;
    this.tryAt = 0 as Instant;
    this.wait = OUTGRESS_TRY_AFTER;
    this.leaveAt = 0 as Instant;
  }

  /** TreeNode dials: whether by WebSocket. It is taken to fail until it is heard to have joined. */
  dial(hasNetwork: boolean, now: Instant): boolean {
    this.isSocket = hasNetwork && now >= this.tryAt;
    if (this.isSocket) this.putOff(now);
    this.leaveAt = after(now, OUTGRESS_PATIENCE);
    return this.isSocket;
  }

  /** To be asked whenever something may have changed. */
  advise(hasNetwork: boolean, isJoined: boolean, now: Instant): Advice {
    if (!hasNetwork || (this.isSocket && isJoined)) {
      // Once it is there (again), WebSocket is tried at once.
      this.tryAt = now;
      this.wait = OUTGRESS_TRY_AFTER;
      this.leaveAt = hasNetwork ? after(now, OUTGRESS_PATIENCE) : now;
    }
    if (this.isSocket) {
      if (now < this.leaveAt) return "stay";
      if (hasNetwork) this.putOff(now);
      this.isSocket = false;
      return "leave";
    }
    if (!hasNetwork || now < this.tryAt) return "stay";
    this.putOff(now);
    return "look";
  }

  /** The parent answers by WebSocket: the next dial goes there. Whether the way in use is to be left for it. */
  found(now: Instant): boolean {
    this.tryAt = now;
    return !this.isSocket;
  }

  wakeAt(hasNetwork: boolean): Instant | undefined {
    return this.isSocket ? this.leaveAt : hasNetwork ? this.tryAt : undefined;
  }

  private putOff(now: Instant): void {
    this.tryAt = after(now, this.wait);
    this.wait = Math.min(2 * this.wait, OUTGRESS_TRY_AFTER_MAX);
  }
}
