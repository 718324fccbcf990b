/**
 * Session is the hop to one neighbour, from the joining that gave it a key to its end: frames go in, datagrams come out, and the other way.
 *
 * Guarantee: what `send` took arrives at the other end whole, in order and once, or the session is lost, whatever the radio loses,
 * repeats, or claims. What is not from the peer, in this session, and for the first time is counted and changes nothing.
 * It owns no radio: the transmitter asks `next` when a datagram may go, and tells by `sent` what became of it.
 */
import { count, type Counters } from "../table.ts";
import { after, type Instant, type LinkId, type Random, sooner } from "../units.ts";
import { ArqReceiver, ArqSender, type Report, type Slot } from "./arq.ts";
import { ACK, DATA, emptyHeader, type Header, headerBytes, NO_PATH, PULL } from "./header.ts";
import {
  ACK_AFTER,
  ACK_FAILS_MAX,
  COUNTER_MAX,
  FAIL_DOUBLINGS_MAX,
  HEADER_BYTES,
  PACKET_TIME,
  PULL_EVERY,
  SESSION_SILENCE,
  SESSION_TIMEOUT,
  WINDOW,
  WINDOW_SLEEPY,
} from "./limits.ts";
import { Cutter, Joiner } from "./parcel.ts";
import { Replay } from "./replay.ts";
import { type Mac, macBytes, nonceOf, type Seal } from "./seal.ts";

/** What became of a transmission: "unknown" if its callback never came. */
export type Outcome = "ok" | "fail" | "no memory" | "unknown";

/** No news of an ack that is held back: at once. */
const AT_ONCE = 0 as Instant;

export class Session {
  readonly peer: Mac;
  readonly epoch: number;
  /** The link that TreeNode knows it by (see hop.ts); 0 while it knows of none. */
  link: LinkId;
  /** Frames that there is no room for yet. */
  waiting: string[];
  /** TreeNode waits for `drained`. */
  isOwing: boolean;
  isPaused: boolean;
  /** Of an offer: the child's nonce and ours, and when it ends. */
  asked: string;
  nonce: string;
  until: Instant;
  /** Of a parent: the life in which it took us. */
  life: string;
  /** What each header says of our way up. */
  pathCost: number;
  /** What each header says of the network: see `netOf`. */
  net: number;
  /** When something authentic was last heard; undefined before. */
  heardAt: Instant | undefined;
  counters: Counters;
  /** The peer has said that it is. */
  isOver: boolean;
  private key: string;
  private ownBytes: string;
  private peerBytes: string;
  private seal: Seal;
  private chance: Random;
  private isSleepy: boolean;
  private head: Header;
  private replay: Replay;
  private cutter: Cutter;
  private joiner: Joiner;
  private sender: ArqSender;
  private receiver: ArqReceiver;
  /** When the peer should have an ack. */
  private ackAt: Instant | undefined;
  /** Sends that failed, in a row. */
  private fails: number;
  /** Datagrams of data since the last that asked for an ack. */
  private unasked: number;
  private toldCredits: number;
  /** What the last datagram carried: a slot, or, if undefined, an ack. */
  private flying: Slot | undefined;

  constructor(peer: Mac, own: Mac, key: string, epoch: number, seal: Seal, random: Random, isSleepy: boolean) {
    this.peer = peer;
    this.epoch = epoch;
    this.link = 0 as LinkId;
    this.waiting = [];
    this.isOwing = false;
    this.isPaused = false;
    this.asked = "";
    this.nonce = "";
    this.until = 0 as Instant;
    this.life = "";
    this.pathCost = NO_PATH;
    this.net = 0;
    this.heardAt = undefined;
    this.counters = {};
    this.isOver = false;
    this.key = key;
    this.ownBytes = macBytes(own);
    this.peerBytes = macBytes(peer);
    this.seal = seal;
    this.chance = random;
    this.isSleepy = isSleepy;
    this.head = emptyHeader(DATA, 0, epoch);
    this.replay = new Replay();
    this.cutter = new Cutter();
    this.joiner = new Joiner();
    this.sender = new ArqSender(isSleepy ? WINDOW_SLEEPY : WINDOW, random);
    this.receiver = new ArqReceiver(this.joiner);
    this.ackAt = undefined;
    this.fails = 0;
    this.unasked = 0;
    this.toldCredits = WINDOW;
    this.flying = undefined;
  }

  /** Takes a frame to be sent. False if there is no room now, or if it is empty or longer than PARCEL_BYTES_MAX. */
  send(bytes: string): boolean {
    return this.cutter.add(bytes);
  }

  /** Whether all that was sent has been handed to the window: there is room for more. */
  isDrained(): boolean {
    return this.cutter.held === 0;
  }

  /** Frames that came and were not taken yet. */
  get arrived(): readonly string[] {
    return this.joiner.inbox;
  }

  /** The frames that came, in order. While nobody takes them the peer's credits run out, and it waits. */
  takeInbox(): string[] {
    const frames = this.joiner.take();
    if (this.toldCredits < WINDOW && frames.length > 0) this.ackAt = AT_ONCE;
    return frames;
  }

  takeReports(): Report[] {
    const reports = this.sender.reports;
    if (reports.length > 0) this.sender.reports = [];
    return reports;
  }

  /** A datagram from the peer's address, of type DATA or ACK, its header parsed. */
  heard(header: Header, datagram: string, now: Instant): void {
    const counters = this.counters;
    if (header.epoch !== this.epoch) return count(counters, "radio other session");
    if (header.form > ACK || this.joiner.isBroken) return count(counters, "radio malformed");
    if (!this.replay.isFresh(header.counter)) return count(counters, "radio replayed");
    const clear = datagram.substr(0, HEADER_BYTES);
    const payload = this.seal.open(this.key, nonceOf(this.peerBytes, clear), clear, datagram.substr(HEADER_BYTES));
    if (payload === undefined) return count(counters, "radio forged");
    const isNewest = header.counter > this.replay.newest;
    this.replay.note(header.counter);
    this.heardAt = now;
    // Mostly one sends and the other has nothing under way.
    if (isNewest && this.sender.slots.length > 0) this.acknowledged(header, now);
    else if (isNewest) this.credited(header.credits, now);
    if ((header.marks & PULL) !== 0) this.ackAt = now;
    if (header.form === ACK) {
      if (payload !== "") this.isOver = true;
      return;
    }
    if (!this.receiver.take(header.seq, payload, header.frag, counters)) this.ackAt = now;
    else if (this.ackAt === undefined) this.ackAt = after(now, ACK_AFTER);
  }

  /** The datagram to transmit now, if there is one. Each has a new counter; `sent` must follow before the next. */
  next(now: Instant): string | undefined {
    const head = this.head;
    const sender = this.sender;
    const cutter = this.cutter;
    if (head.counter === COUNTER_MAX) return undefined;
    const isOverdue = sender.isOverdue(now);
    let slot = sender.again(now);
    if (!slot) {
      if (cutter.held > 0 && sender.hasRoom()) slot = sender.open(cutter.cut(), cutter.frag, now);
      else if (!isOverdue && !this.isAckDue(now)) return undefined;
    }
    head.counter += 1;
    let isAsking = isOverdue;
    if (!slot) {
      head.form = ACK;
      head.seq = this.replay.newest & 255;
      head.frag = 0;
    } else {
      sender.goes(slot, head.counter);
      head.form = DATA;
      head.seq = slot.seq;
      head.frag = slot.frag;
      // The last one before we have to wait for an ack asks for it.
      const isLast = sender.missing === 0 && (cutter.held === 0 || !sender.hasRoom());
      this.unasked += 1;
      isAsking = this.unasked === PULL_EVERY || (isLast && (cutter.held > 0 || slot.sends > 1 || this.isSleepy));
    }
    this.flying = slot;
    return this.datagram(!slot ? "" : slot.payload, isAsking);
  }

  /** The last datagram: an ack that says something says that this is the end. */
  bye(): string {
    this.head.form = ACK;
    this.head.frag = 0;
    this.head.counter += 1;
    return this.datagram("x", false);
  }

  /** What became of the datagram that `next` gave. */
  sent(outcome: Outcome, now: Instant): void {
    const sender = this.sender;
    const slot = this.flying;
    this.flying = undefined;
    if (slot) slot.sentAt = now;
    if (outcome === "ok" || outcome === "unknown") {
      this.fails = 0;
      // An ack of ours puts off no wait for one of the peer's.
      if (slot ? !slot.isHeld : sender.giveUpAt === undefined && this.isShut()) sender.waitFrom(now);
      return;
    }
    let at = now;
    if (outcome === "fail") {
      const doublings = Math.min(this.fails, FAIL_DOUBLINGS_MAX);
      this.fails += 1;
      at = after(now, PACKET_TIME * (1 + this.chance()) * (1 << doublings));
    } else if (slot) slot.sends -= 1;
    if (slot) sender.miss(slot, at);
    else if (this.ackAt === undefined && this.fails <= ACK_FAILS_MAX) this.ackAt = at;
  }

  isAckDue(now: Instant): boolean {
    return this.ackAt !== undefined && now >= this.ackAt;
  }

  /** When `next` has something, or `isLost` should be asked, if nothing happens before. */
  wakeAt(): Instant | undefined {
    if (this.cutter.held > 0 && this.sender.hasRoom()) return AT_ONCE;
    return sooner(sooner(this.sender.wakeAt(), this.ackAt), this.lostAt());
  }

  /** Whether it is over: the peer hears nothing, or says nothing, or breaks the rules, or the counters have run out. */
  isLost(now: Instant): boolean {
    const at = this.lostAt();
    return (at !== undefined && now >= at) || this.head.counter === COUNTER_MAX || this.joiner.isBroken;
  }

  private lostAt(): Instant | undefined {
    const sender = this.sender;
    const silentAt = this.heardAt === undefined ? undefined : after(this.heardAt, SESSION_SILENCE);
    return sender.slots.length > 0 || this.isShut()
      ? sooner(silentAt, after(sender.provenAt, SESSION_TIMEOUT))
      : silentAt;
  }

  /** Data waits, and the peer takes none. */
  private isShut(): boolean {
    return this.sender.credits === 0 && this.cutter.held > 0;
  }

  private acknowledged(header: Header, now: Instant): void {
    const sender = this.sender;
    // A newest counter is said by its last byte, and was one of ours.
    const counter = this.head.counter;
    const heard = header.form === ACK ? counter - ((counter - header.seq) & 255) : 0;
    if (!sender.acknowledge(header.ack, header.sack, heard, now)) return count(this.counters, "radio malformed");
    this.credited(header.credits, now);
  }

  /** How many the peer takes from the one on that it expects. */
  private credited(credits: number, now: Instant): void {
    const sender = this.sender;
    if (credits > 0 && sender.credits > 0) sender.credits = credits;
    else sender.shut(credits, now);
    if (sender.slots.length === 0 && sender.giveUpAt === undefined && this.isShut()) sender.waitFrom(now);
  }

  private datagram(payload: string, isAsking: boolean): string {
    const head = this.head;
    const credits = this.joiner.credits();
    this.toldCredits = credits;
    this.ackAt = undefined;
    if (isAsking) this.unasked = 0;
    head.marks = isAsking ? PULL : 0;
    head.net = this.net;
    head.cost = this.pathCost;
    head.ack = this.receiver.expected;
    head.sack = this.receiver.sack;
    head.credits = credits;
    const clear = headerBytes(head);
    return clear + this.seal.seal(this.key, nonceOf(this.ownBytes, clear), clear, payload);
  }
}
