/**
 * FarWire is the half of a wire that is in this part of a world, while the other half is in another. Each half keeps what its own end
 * has sent and not read, and says by letters what the other has to know; a letter takes as long as the shortest frame.
 *
 * So a cut comes to the other end that much later, and what was past the cut by then still arrives.
 */
import type { LinkId } from "#shared/units.ts";
import { CLOSE_TIMEOUT, Frame, tell, Wire, WINDOW_BYTES, type WireEnd, type WireOwner } from "../wire.ts";
import { LETTER } from "./letter.ts";
import type { PartWorld } from "./part-world.ts";

/** Stands for a process in another part. */
export class FarOwner implements WireOwner {
  readonly id: string;
  readonly life = 0;
  readonly isUp = true;

  constructor(id: string) {
    this.id = id;
  }

  frameCame(): void {}
  socketEmpty(): void {}
  linkEnded(): void {}
}

export class FarWire extends Wire {
  readonly number: number;
  /** The part of the other half. */
  readonly part: number;
  private readonly here: PartWorld;
  /** The end that is in this part, and what stands for the other. */
  private readonly near: WireEnd;
  private readonly far: WireEnd;

  constructor(
    here: PartWorld,
    number: number,
    part: number,
    child: WireOwner,
    childLink: LinkId,
    parent: WireOwner,
    parentLink: LinkId,
  ) {
    super(here, child, childLink, parent, parentLink);
    this.here = here;
    this.number = number;
    this.part = part;
    const isChildHere = parent instanceof FarOwner;
    this.near = isChildHere ? this.child : this.parent;
    this.far = isChildHere ? this.parent : this.child;
  }

  protected override carry(_from: WireEnd, at: number, text: string, isLost: boolean): void {
    if (isLost) this.here.lostAt(this.far, text, this.here.now);
    else this.here.post(this.part, LETTER.frame, at, this.number, this.here.now, 0, 0, text);
  }

  /** A frame has come. */
  came(text: string, sentAt: number): void {
    const before = this.near.unreadBytes;
    this.arrive(new Frame(this.near, text, sentAt, false), false);
    if (before <= WINDOW_BYTES && this.near.unreadBytes > WINDOW_BYTES) this.sayUnread();
  }

  override close(from: WireEnd): void {
    from.isGone = true;
    this.here.forget(this);
    const { latencyMillis } = this.here.linkAlong(this);
    const soonest = this.here.now + this.here.lookahead;
    const at = Math.max(from.sentUntil + latencyMillis, from.lastArrival, soonest);
    this.here.post(this.part, LETTER.close, at, this.number, 0, 0, 0, "");
    this.here.later(at - this.here.now, () => {
      this.here.later(this.isCut ? CLOSE_TIMEOUT : latencyMillis, () => {
        if (from.isOwnerLive()) from.owner.linkEnded(from.link);
      });
      this.isCut = true;
    });
  }

  /** The other end has closed it, and all that it sent before is here. */
  closedByFar(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.tellNear();
  }

  override cut(childNotice: number, parentNotice: number): void {
    const [nearNotice, farNotice] =
      this.near === this.child ? [childNotice, parentNotice] : [parentNotice, childNotice];
    this.isCut = true;
    if (nearNotice >= 0) this.here.later(nearNotice, () => this.tellNear());
    const { now, lookahead } = this.here;
    this.here.post(this.part, LETTER.cut, now + lookahead, this.number, now, farNotice, 0, "");
  }

  /** It was cut elsewhere, at that moment. */
  cutByFar(at: number, notice: number): void {
    this.isCut = true;
    if (notice >= 0) this.here.later(Math.max(0, at + notice - this.here.now), () => this.tellNear());
  }

  /** So many bytes wait at the other end. */
  unreadThere(bytes: number): void {
    this.far.unreadBytes = bytes;
    this.socketMayBeEmpty(this.near);
  }

  protected override readOn(at: WireEnd): void {
    const before = at.unreadBytes;
    super.readOn(at);
    if (before > 0) this.sayUnread();
  }

  private sayUnread(): void {
    const { now, lookahead } = this.here;
    this.here.post(this.part, LETTER.unread, now + lookahead, this.number, this.near.unreadBytes, 0, 0, "");
  }

  private tellNear(): void {
    tell(this.near);
    if (this.near.isGone) this.here.forget(this);
  }
}
