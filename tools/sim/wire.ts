/**
 * Wire is one TCP connection between a node and its parent: frames in order, each way with latency and a width, a socket that runs
 * empty, a reader that may pause, and the ways in which it ends: closed, cut and noticed early, late or never, or silent.
 *
 * Guarantee, as TCP's: a frame arrives whole, once and after the ones before it, or the connection is gone for both some day.
 */
import type { LinkId } from "#shared/units.ts";

/** Who is at one end. */
export interface WireEnd {
  /** The process; its life, for one that died hears nothing more. */
  owner: WireOwner;
  life: number;
  link: LinkId;
  /** Until when what was handed to the socket is on its way: the socket is empty then. */
  sentUntil: number;
  /** Frames that arrived while this end does not read. */
  unread: { text: string; sentAt: number }[];
  unreadBytes: number;
  isPaused: boolean;
  /** This end has closed it or heard of its end. */
  isGone: boolean;
}

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
  /** Whether this frame vanishes on its way. */
  vanishes(from: string, to: string, text: string): boolean;
  latencyMillis(node: string): number;
  bytesPerSecond(node: string): number;
  frameArrived(from: string, to: string, text: string, sentAt: number): void;
  frameLost(from: string, to: string, text: string, sentAt: number): void;
}

/** Whoever closes a link to somebody who does not answer hears that it is closed after this long, in milliseconds. */
const CLOSE_TIMEOUT = 10_000;

/** What a receiver's kernel takes while its program does not read. Source: lwIP's TCP_WND on ESP32, 5744. */
const WINDOW_BYTES = 5744;

export class Wire {
  readonly child: WireEnd;
  readonly parent: WireEnd;
  /** Nothing passes any more, in neither direction, but for what an orderly close sent before. */
  isCut = false;
  private readonly world: WireWorld;

  constructor(world: WireWorld, child: WireOwner, childLink: LinkId, parent: WireOwner, parentLink: LinkId) {
    this.world = world;
    this.child = end(child, childLink);
    this.parent = end(parent, parentLink);
  }

  /** A frame from one end. */
  send(from: WireEnd, text: string): void {
    const world = this.world;
    const to = this.other(from);
    const sentAt = world.now;
    const start = Math.max(sentAt, from.sentUntil);
    from.sentUntil = start + Math.ceil((text.length * 1000) / world.bytesPerSecond(this.child.owner.id));
    world.later(from.sentUntil - sentAt, () => this.socketMayBeEmpty(from));
    const isLost = world.vanishes(from.owner.id, to.owner.id, text);
    // The latency of now: a link that grows quicker does not let frames overtake, for both ends' frames are queued by `sentUntil`.
    const arrivesAt = Math.max(from.sentUntil + world.latencyMillis(this.child.owner.id), this.lastArrival(to));
    this.noteArrival(to, arrivesAt);
    world.later(arrivesAt - sentAt, () => {
      if (isLost || this.isCut || !isListening(to)) world.frameLost(from.owner.id, to.owner.id, text, sentAt);
      else if (to.isPaused || to.unread.length > 0) {
        to.unread.push({ text, sentAt });
        to.unreadBytes += text.length;
      } else this.hand(from, to, text, sentAt);
    });
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
    const to = this.other(from);
    const latency = this.world.latencyMillis(this.child.owner.id);
    const leavesAt = Math.max(from.sentUntil, this.world.now);
    const arrivesAt = Math.max(leavesAt + latency, this.lastArrival(to));
    const echo = (): void => {
      if (from.owner.isUp && from.owner.life === from.life) from.owner.linkEnded(from.link);
    };
    this.world.later(arrivesAt - this.world.now, () => {
      this.world.later(this.isCut ? CLOSE_TIMEOUT : latency, echo);
      if (this.isCut) return;
      this.isCut = true;
      this.tell(to);
    });
  }

  /** It breaks: each end hears of it that much later; -1: never. */
  cut(childNotice: number, parentNotice: number): void {
    this.isCut = true;
    if (childNotice >= 0) this.world.later(childNotice, () => this.tell(this.child));
    if (parentNotice >= 0) this.world.later(parentNotice, () => this.tell(this.parent));
  }

  other(one: WireEnd): WireEnd {
    return one === this.child ? this.parent : this.child;
  }

  private readonly arrivals = { child: 0, parent: 0 };

  private lastArrival(to: WireEnd): number {
    return to === this.child ? this.arrivals.child : this.arrivals.parent;
  }

  private noteArrival(to: WireEnd, at: number): void {
    if (to === this.child) this.arrivals.child = at;
    else this.arrivals.parent = at;
  }

  private hand(from: WireEnd, to: WireEnd, text: string, sentAt: number): void {
    this.world.frameArrived(from.owner.id, to.owner.id, text, sentAt);
    to.owner.frameCame(to.link, text);
  }

  private readOn(at: WireEnd): void {
    const from = this.other(at);
    while (!at.isPaused && at.unread.length > 0 && isListening(at)) {
      const { text, sentAt } = at.unread.shift() as { text: string; sentAt: number };
      at.unreadBytes -= text.length;
      this.hand(from, at, text, sentAt);
    }
    this.socketMayBeEmpty(from);
  }

  private socketMayBeEmpty(from: WireEnd): void {
    const isFull = this.other(from).unreadBytes > WINDOW_BYTES;
    if (this.isCut || isFull || !isListening(from) || this.world.now < from.sentUntil) return;
    from.owner.socketEmpty(from.link);
  }

  private tell(end: WireEnd): void {
    if (!isListening(end)) return;
    end.isGone = true;
    end.owner.linkEnded(end.link);
  }
}

function isListening(end: WireEnd): boolean {
  return !end.isGone && end.owner.isUp && end.owner.life === end.life;
}

function end(owner: WireOwner, link: LinkId): WireEnd {
  return { owner, life: owner.life, link, sentUntil: 0, unread: [], unreadBytes: 0, isPaused: false, isGone: false };
}
