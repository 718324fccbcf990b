/**
 * Wire is one TCP connection between a node and its parent: frames in order, each way with latency and a width, a socket that runs
 * empty, a reader that may pause, and the ways in which it ends: closed, cut and noticed early, late or never, or silent.
 *
 * Guarantee, as TCP's: a frame arrives whole, once and after the ones before it, or the connection is gone for both some day.
 */
import type { LinkId } from "#shared/units.ts";
import type { LinkPlan } from "./plan.ts";
import type { Happening } from "./queue.ts";

export interface WireOwner {
  readonly id: string;
  readonly life: number;
  readonly isUp: boolean;
  /** A frame has come. */
  frameCame(link: LinkId, text: string): void;
  socketEmpty(link: LinkId): void;
  linkEnded(link: LinkId): void;
}

/** The world, as far as a wire needs it. */
export interface WireWorld {
  readonly now: number;
  later(millis: number, run: () => void): void;
  at(moment: number, happening: Happening): void;
  /** Whether a frame from that end vanishes on its way. */
  vanishes(from: WireEnd, text: string): boolean;
  /** How it is now. */
  linkAlong(wire: Wire): LinkPlan;
  /** A frame has come to that end, or would have. */
  arrivedAt(to: WireEnd, text: string, sentAt: number): void;
  lostAt(to: WireEnd, text: string, sentAt: number): void;
}

/** Whoever closes a link to somebody who does not answer hears that it is closed after this long, in milliseconds. */
export const CLOSE_TIMEOUT = 10_000;

/** What a receiver's kernel takes while its program does not read. Source: lwIP's TCP_WND on ESP32, 5744. */
export const WINDOW_BYTES = 5744;

/** One end of a wire. It is put into the queue for the moment in which its socket may have run empty. */
export class WireEnd implements Happening {
  readonly wire: Wire;
  other!: WireEnd;
  /** The process; its life, for one that died hears nothing more. */
  readonly owner: WireOwner;
  readonly link: LinkId;
  /** Until when what was handed to the socket is on its way. */
  sentUntil = 0;
  /** When the kernel has taken all of it, and the socket is empty for the program. Below 0: it has. */
  emptyAt = -1;
  /** When the last of what is under way from this end arrives. */
  lastArrival = 0;
  /** Frames that arrived while this end does not read. */
  unread: Frame[] | undefined = undefined;
  unreadBytes = 0;
  isPaused = false;
  /** This end has closed it or heard of its end. */
  isGone = false;
  private readonly life: number;

  constructor(wire: Wire, owner: WireOwner, link: LinkId) {
    this.wire = wire;
    this.owner = owner;
    this.link = link;
    this.life = owner.life;
  }

  isListening(): boolean {
    return !this.isGone && this.isOwnerLive();
  }

  isOwnerLive(): boolean {
    return this.owner.isUp && this.owner.life === this.life;
  }

  happen(): void {
    // More was handed over since: there is another such moment for that.
    if (this.emptyAt > this.wire.now()) return;
    this.emptyAt = -1;
    this.wire.socketMayBeEmpty(this);
  }
}

/** A frame under way. */
export class Frame implements Happening {
  readonly to: WireEnd;
  readonly text: string;
  readonly sentAt: number;
  private readonly isLost: boolean;

  constructor(to: WireEnd, text: string, sentAt: number, isLost: boolean) {
    this.to = to;
    this.text = text;
    this.sentAt = sentAt;
    this.isLost = isLost;
  }

  happen(): void {
    this.to.wire.arrive(this, this.isLost);
  }
}

/**
 * What happens all the time looks at the wire and at the end it is about, not at the other end nor at the process there: where there are
 * thousands of them, each look at something else is a wait for memory.
 */
export class Wire {
  readonly child: WireEnd;
  readonly parent: WireEnd;
  /** Nothing passes any more, in neither direction, but for what an orderly close sent before. */
  isCut = false;
  /** It ends at the root. */
  readonly isLast: boolean;
  protected readonly world: WireWorld;

  constructor(world: WireWorld, child: WireOwner, childLink: LinkId, parent: WireOwner, parentLink: LinkId) {
    this.world = world;
    this.isLast = parent.id === "root";
    this.child = new WireEnd(this, child, childLink);
    this.parent = new WireEnd(this, parent, parentLink);
    this.child.other = this.parent;
    this.parent.other = this.child;
  }

  /** A frame from one end. */
  send(from: WireEnd, text: string): void {
    const world = this.world;
    const { latencyMillis, bytesPerSecond, socketBytes } = world.linkAlong(this);
    const kernelMillis = socketBytes === undefined ? 0 : Math.floor(millisOf(socketBytes, bytesPerSecond));
    const start = Math.max(world.now, from.sentUntil);
    from.sentUntil = start + Math.ceil(millisOf(text.length, bytesPerSecond));
    const emptyAt = Math.max(world.now, from.sentUntil - kernelMillis);
    if (emptyAt !== from.emptyAt) {
      from.emptyAt = emptyAt;
      world.at(emptyAt, from);
    }
    const isLost = world.vanishes(from, text);
    // The latency of now: a link that grows quicker does not let frames overtake, for both ends' frames are queued by `sentUntil`.
    from.lastArrival = Math.max(from.sentUntil + latencyMillis, from.lastArrival);
    this.carry(from, from.lastArrival, text, isLost);
  }

  /** A frame is under way, and comes to the other end at that moment. */
  protected carry(from: WireEnd, at: number, text: string, isLost: boolean): void {
    this.world.at(at, new Frame(from.other, text, this.world.now, isLost));
  }

  arrive(frame: Frame, isLost: boolean): void {
    const to = frame.to;
    if (isLost || this.isCut || !to.isListening()) {
      this.world.lostAt(to, frame.text, frame.sentAt);
    } else if (to.isPaused || to.unreadBytes > 0) {
      (to.unread ??= []).push(frame);
      to.unreadBytes += frame.text.length;
    } else this.hand(frame);
  }

  now(): number {
    return this.world.now;
  }

  pause(at: WireEnd): void {
    at.isPaused = true;
  }

  resume(at: WireEnd): void {
    at.isPaused = false;
    this.world.later(0, () => this.readOn(at));
  }

  /**
   * An orderly end from one side: what it sent before still arrives, then the other end hears of it. Sockets tell the one that
   * closes too, much later: when the other end has answered, or does not.
   */
  close(from: WireEnd): void {
    from.isGone = true;
    const to = from.other;
    const { latencyMillis } = this.world.linkAlong(this);
    const leavesAt = Math.max(from.sentUntil, this.world.now);
    const arrivesAt = Math.max(leavesAt + latencyMillis, from.lastArrival);
    const echo = (): void => {
      if (from.isOwnerLive()) from.owner.linkEnded(from.link);
    };
    this.world.later(arrivesAt - this.world.now, () => {
      this.world.later(this.isCut ? CLOSE_TIMEOUT : latencyMillis, echo);
      if (this.isCut) return;
      this.isCut = true;
      tell(to);
    });
  }

  /** It breaks: each end hears of it that much later; -1: never. */
  cut(childNotice: number, parentNotice: number): void {
    this.isCut = true;
    if (childNotice >= 0) this.world.later(childNotice, () => tell(this.child));
    if (parentNotice >= 0) this.world.later(parentNotice, () => tell(this.parent));
  }

  socketMayBeEmpty(from: WireEnd): void {
    const isFull = from.other.unreadBytes > WINDOW_BYTES;
    if (this.isCut || isFull || !from.isListening() || this.world.now < from.emptyAt) return;
    from.owner.socketEmpty(from.link);
  }

  private hand(frame: Frame): void {
    const { to } = frame;
    this.world.arrivedAt(to, frame.text, frame.sentAt);
    to.owner.frameCame(to.link, frame.text);
  }

  protected readOn(at: WireEnd): void {
    while (!at.isPaused && at.unreadBytes > 0 && at.isListening()) {
      const frame = at.unread?.shift() as Frame;
      at.unreadBytes -= frame.text.length;
      this.hand(frame);
    }
    this.socketMayBeEmpty(at.other);
  }
}

/** An end hears that the wire is no more. */
export function tell(end: WireEnd): void {
  if (!end.isListening()) return;
  end.isGone = true;
  end.owner.linkEnded(end.link);
}

function millisOf(bytes: number, bytesPerSecond: number | undefined): number {
  return bytesPerSecond === undefined ? 0 : (bytes * 1000) / bytesPerSecond;
}
