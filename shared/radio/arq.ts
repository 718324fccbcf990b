/**
 * Arq is selective repeat between two neighbours: ArqSender keeps payloads until the other end has them, ArqReceiver puts them in order.
 *
 * A payload keeps its sequence number; each transmission of it has a counter of its own. Datagrams do not overtake one another on one
 * hop, so when one is known to have arrived, all that were sent before it and are not acknowledged are lost, and go again at once.
 * Only when nothing comes back at all, time decides: then the oldest goes again, and asks for an ack that tells the rest.
 * What the MAC says is a hint: a failure makes a payload go again soon, a success only starts the wait for the ack.
 */
import { count, type Counters } from "../table.ts";
import { after, type Instant, type Random, sooner } from "../units.ts";
import {
  ACK_AFTER,
  ACK_DOUBLINGS_MAX,
  ACK_WAIT_FIRST,
  ACK_WAIT_MAX,
  ACK_WAITS_ALIKE,
  EARLY_MAX,
  REPORTS_MAX,
} from "./limits.ts";
import type { Joiner } from "./parcel.ts";

/** What became of one transmission of data. */
export interface Report {
  acked: boolean;
}

/** A payload under way. */
export interface Slot {
  payload: string;
  frag: number;
  seq: number;
  /** How often it was transmitted, with which counter the last time, and when that had left. */
  sends: number;
  counter: number;
  sentAt: Instant | undefined;
  /** The peer has it, and waits for one before it. */
  isHeld: boolean;
  /** It has to go again. */
  isMissing: boolean;
}

export class ArqSender {
  /** Oldest first; the first one's sequence number is `base`, and it is the one that the peer waits for. */
  slots: Slot[];
  /** What became of transmissions, oldest first. */
  reports: Report[];
  /** When the peer last proved that it hears us, or had nothing to prove. */
  provenAt: Instant;
  /** How many from `base` on the peer takes. */
  credits: number;
  /** How many slots are missing, and when they may go again. */
  missing: number;
  againAt: Instant;
  /** When the wait for any ack is over. */
  giveUpAt: Instant | undefined;
  private base: number;
  private window: number;
  private chance: Random;
  private roundTrip: number;
  /** How many waits in a row were for nothing. */
  private waits: number;

  constructor(window: number, random: Random) {
    this.slots = [];
    this.reports = [];
    this.provenAt = 0 as Instant;
    this.credits = window;
    this.missing = 0;
    this.againAt = 0 as Instant;
    this.giveUpAt = undefined;
    this.base = 0;
    this.window = window;
    this.chance = random;
    this.roundTrip = ACK_WAIT_FIRST - ACK_AFTER;
    this.waits = 0;
  }

  /** Whether one more payload may go. */
  hasRoom(): boolean {
    const under = this.slots.length;
    return under < this.window && under < this.credits;
  }

  /** The oldest that has to go again now. */
  again(now: Instant): Slot | undefined {
    if (this.missing === 0 || now < this.againAt) return undefined;
    let i = 0;
    while (!(this.slots[i] as Slot).isMissing) i += 1;
    return this.slots[i];
  }

  /** Takes a payload in, to go now. Call when there is room. */
  open(payload: string, frag: number, now: Instant): Slot {
    const under = this.slots.length;
    if (under === 0) this.provenAt = now;
    const seq = (this.base + under) & 255;
    const slot = { payload, frag, seq, sends: 0, counter: 0, sentAt: undefined, isHeld: false, isMissing: false };
    this.slots.push(slot);
    return slot;
  }

  /** It goes now. */
  goes(slot: Slot, counter: number): void {
    if (slot.sends > 0) this.report(slot, false);
    slot.sends += 1;
    slot.counter = counter;
    slot.sentAt = undefined;
  }

  /** It is known not to have arrived, or likely: it goes again from `at` on. */
  miss(slot: Slot, at: Instant): void {
    if (slot.isHeld || slot.isMissing) return;
    this.againAt = at;
    slot.isMissing = true;
    this.missing += 1;
  }

  /** Call when time may have come: true if the wait for an ack is over. The oldest then goes again. */
  isOverdue(now: Instant): boolean {
    if (this.giveUpAt === undefined || now < this.giveUpAt) return false;
    this.giveUpAt = undefined;
    this.waits += 1;
    const first = this.slots[0];
    if (first) this.miss(first, now);
    return true;
  }

  /** Starts the wait for an answer of the peer. */
  waitFrom(now: Instant): void {
    const doublings = Math.min(Math.max(0, this.waits - ACK_WAITS_ALIKE), ACK_DOUBLINGS_MAX);
    const wait = (this.roundTrip + ACK_AFTER) * (1 << doublings) * (1 + this.chance() / 4);
    this.giveUpAt = after(now, Math.min(ACK_WAIT_MAX, wait));
  }

  /** The peer takes none, or took none. One that does has but to answer, and is asked as soon as it takes some. */
  shut(credits: number, now: Instant): void {
    this.provenAt = now;
    if (credits > 0) this.waits = 0;
    if (credits > 0 && this.slots.length === 0) this.giveUpAt = undefined;
    this.credits = credits;
  }

  /** The peer expects `ack`, and has those of `sack`; the newest counter it says it has heard, or 0. False: nonsense. */
  acknowledge(ack: number, sack: number, heard: number, now: Instant): boolean {
    const slots = this.slots;
    const gone = (ack - this.base) & 255;
    if (gone > slots.length) return false;
    let proof = heard;
    // A round trip is that of the transmission which the ack answers. Where it does not say which, of the newest, if no ack was missed.
    let timed: Instant | undefined;
    let isNews = false;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as Slot;
      if (slot.counter === heard) timed = slot.sentAt;
      if (slot.isHeld || (i >= gone && (i === gone || ((sack >> (i - gone - 1)) & 1) === 0))) continue;
      isNews = true;
      this.report(slot, true);
      slot.isHeld = true;
      slot.payload = "";
      // It came the one time it was sent: what was sent before it has come, or was lost.
      if (slot.sends > 1 || slot.counter < proof) continue;
      proof = slot.counter;
      if (heard === 0 && this.waits === 0) timed = slot.sentAt;
    }
    if (timed !== undefined) this.measure(now - timed);
    if (gone > 0) slots.splice(0, gone);
    this.base = ack;
    if (!isNews) return true;
    this.waits = 0;
    this.provenAt = now;
    this.giveUpAt = undefined;
    if (slots.length > 0) this.waitFrom(now);
    for (const slot of slots) if (slot.counter < proof) this.miss(slot, now);
    return true;
  }

  /** When something goes again, or the wait is over. */
  wakeAt(): Instant | undefined {
    return this.missing > 0 ? sooner(this.againAt, this.giveUpAt) : this.giveUpAt;
  }

  private report(slot: Slot, acked: boolean): void {
    if (slot.isMissing) this.missing -= 1;
    slot.isMissing = false;
    if (this.reports.length === REPORTS_MAX) this.reports.shift();
    this.reports.push({ acked });
  }

  /** As RFC 6298 does, with less to remember: quick to believe in longer round trips, and slow in shorter ones. */
  private measure(sample: number): void {
    const more = sample - this.roundTrip;
    this.roundTrip += more / (more > 0 ? 2 : 8);
  }
}

export class ArqReceiver {
  /** The sequence number expected next, and the bits of those after it that are here already. */
  expected: number;
  sack: number;
  private early: { [seq: number]: { payload: string; frag: number } };
  private joiner: Joiner;

  constructor(joiner: Joiner) {
    this.expected = 0;
    this.sack = 0;
    this.early = {};
    this.joiner = joiner;
  }

  /** One payload, authentic. False if the sender seems to miss our acks: it was here before, or is beyond the window. */
  take(seq: number, payload: string, frag: number, counters: Counters): boolean {
    const ahead = (seq - this.expected) & 255;
    if (ahead > EARLY_MAX || (ahead > 0 && ((this.sack >> (ahead - 1)) & 1) === 1)) {
      count(counters, ahead >= 128 || ahead <= EARLY_MAX ? "radio duplicate" : "radio beyond window");
      return false;
    }
    if (ahead > 0) {
      this.early[seq] = { payload, frag };
      this.sack |= 1 << (ahead - 1);
      return true;
    }
    if (this.joiner.credits() === 0) {
      count(counters, "radio beyond credits");
      return false;
    }
    this.joiner.add(payload, frag);
    for (;;) {
      const isHere = (this.sack & 1) === 1;
      this.sack >>= 1;
      this.expected = (this.expected + 1) & 255;
      if (!isHere) return true;
      const next = this.early[this.expected] as { payload: string; frag: number };
      delete this.early[this.expected];
      this.joiner.add(next.payload, next.frag);
    }
  }
}
