/**
 * Flight numbers the events of an outbox, sends them in groups, and sends them again until the root's `!ack` covers them.
 *
 * It owns numbers, window, round trips and the wait before sending again. It says nothing before the root has given an epoch.
 * Guarantee: an event keeps its number from its first sending on, within an epoch; numbers have no holes; at most one window
 * is in flight; a group never exceeds a frame.
 */
import type { Limits } from "../limits.ts";
import { RESEND_AFTER_MAX, RESEND_AFTER_MIN } from "../limits.ts";
import { count, type Counters } from "../table.ts";
import { after, type Instant, type NodeId, sooner, type UnixMillis } from "../units.ts";
import { groupEnd } from "../wire/line.ts";
import type { Chunk } from "./outbox.ts";

/** Weight of a new round trip in the smoothed one. Source: RFC 6298. */
const ROUND_TRIP_WEIGHT = 0.125;

/** What it asks of an outbox: see there. */
export interface FlightOutbox {
  namesKnown: number;
  readonly chunkBytes: number;
  events(): number;
  bytes(): number;
  waiting(place: number): number;
  take(place: number, most: number, unix: (at: Instant) => UnixMillis): Chunk;
  newNames(place: number): string;
  removeFirst(howMany: number): number;
}

export class Flight {
  /** The epoch that the root gave, 0 before it gave one. */
  epoch: number;
  /** The last event the root has, in this epoch. */
  acked: number;
  /** Of the outbox, the first `sent` chunks have numbers on the wire, up to `sentTo` … */
  sent: number;
  /** … and the first `next` of them were sent since the last start from the beginning, up to `nextTo`. */
  next: number;
  protected sentTo: number;
  private nextTo: number;
  private id: NodeId;
  private outbox: FlightOutbox;
  private limits: Limits;
  private counters: Counters;
  /** What the first `next` chunks count for; the rest of the outbox's bytes are waiting. */
  private flightBytes: number;
  private isUrgent: boolean;
  /** When what waits has waited long enough; undefined if nothing waits. */
  flushAt: Instant | undefined;
  private resendAt: Instant | undefined;
  private resendAfter: number;
  private roundTrip: number;
  private timedNumber: number;
  private timedAt: Instant;
  private hurryFrom: Instant;

  constructor(id: NodeId, outbox: FlightOutbox, limits: Limits, counters: Counters) {
    this.id = id;
    this.outbox = outbox;
    this.limits = limits;
    this.counters = counters;
    this.epoch = 0;
    this.acked = 0;
    this.sent = 0;
    this.next = 0;
    this.sentTo = 0;
    this.nextTo = 0;
    this.flightBytes = 0;
    this.isUrgent = false;
    this.flushAt = undefined;
    this.resendAt = undefined;
    this.resendAfter = RESEND_AFTER_MIN;
    this.roundTrip = 0;
    this.timedNumber = 0;
    this.timedAt = 0 as Instant;
    this.hurryFrom = 0 as Instant;
  }

  /** An event has entered the outbox. */
  added(isUrgent: boolean, now: Instant): void {
    if (this.flushAt === undefined) this.flushAt = after(now, this.limits.flushAfter);
    if (isUrgent) this.isUrgent = true;
  }

  /** Send what there is, without waiting for company. */
  hurry(): void {
    if (this.outbox.waiting(this.next) > 0) this.isUrgent = true;
  }

  /**
   * The root's answer to `?hello`: it holds `n` events of the epoch we offered, and calls this session `epoch`. False if it
   * has forgotten events that it acknowledged (an old disk was put back): then ask for another epoch, for the numbers are off.
   */
  resume(epoch: number, n: number): boolean {
    if (epoch === this.epoch && n < this.acked) {
      this.epoch = 0;
      return false;
    }
    if (this.epoch !== 0) this.forget(n);
    if (epoch !== this.epoch) {
      this.epoch = epoch;
      this.acked = 0;
      this.sent = 0;
      this.sentTo = 0;
      this.outbox.namesKnown = 0;
    }
    this.rewind();
    this.resendAfter = RESEND_AFTER_MIN;
    this.hurryFrom = 0 as Instant;
    this.isUrgent = this.outbox.events() > 0;
    return true;
  }

  /** Whether a group should go out now; `take` gives it. */
  isDue(now: Instant): boolean {
    const isWanted =
      this.isUrgent ||
      this.next < this.sent ||
      this.outbox.bytes() - this.flightBytes > this.limits.flushBytes ||
      (this.flushAt !== undefined && now >= this.flushAt);
    return isWanted && this.maySend();
  }

  /** The next group, as the text of one frame. Call when `isDue`. */
  take(now: Instant, unix: (at: Instant) => UnixMillis): string {
    const limits = this.limits;
    const most = this.flightBytes > 0 ? limits.groupBytes : limits.flushBytes;
    const chunk = this.outbox.take(this.next, Math.min(most, limits.windowBytes - this.flightBytes), unix);
    const aliases = this.outbox.newNames(this.next);
    this.flightBytes += chunk.bytes;
    this.next += 1;
    this.nextTo += chunk.events;
    if (this.next > this.sent) {
      this.sent = this.next;
      this.sentTo = this.nextTo;
      if (this.timedNumber === 0) {
        this.timedNumber = this.nextTo;
        this.timedAt = now;
      }
    }
    if (this.resendAt === undefined) this.resendAt = after(now, this.resendAfter);
    if (this.outbox.waiting(this.next) === 0) {
      this.isUrgent = false;
      this.flushAt = undefined;
    } else if (this.flushAt !== undefined && now < this.flushAt) {
      // What is left came last, and made what goes too much.
      this.flushAt = after(now, this.limits.flushAfter);
    }
    return chunk.lines + groupEnd(this.id, this.epoch, this.nextTo, aliases) + "\n";
  }

  /** `!ack`: the root holds everything up to `n`. */
  acknowledge(epoch: unknown, n: number, now: Instant): void {
    if (epoch !== this.epoch) return count(this.counters, "ack of another epoch");
    if (n > this.sentTo) return count(this.counters, "ack from the future");
    if (n < this.acked) return count(this.counters, "ack from the past");
    if (n === this.acked) return this.repeated(now);
    if (this.timedNumber !== 0 && n >= this.timedNumber) this.measure(now - this.timedAt);
    this.forget(n);
    this.resendAfter = Math.min(RESEND_AFTER_MAX, Math.max(RESEND_AFTER_MIN, 4 * this.roundTrip));
    this.resendAt = this.next > 0 ? after(now, this.resendAfter) : undefined;
  }

  /** Call when `wakeAt` has come. True if there was no `!ack` for so long that the root should be asked by `?hello`. */
  tick(now: Instant): boolean {
    if (this.resendAt === undefined || now < this.resendAt) return false;
    count(this.counters, "resent");
    this.resendAfter = Math.min(RESEND_AFTER_MAX, 2 * this.resendAfter);
    this.rewind();
    this.hurryFrom = after(now, this.resendAfter);
    return this.resendAfter === RESEND_AFTER_MAX;
  }

  /** When time alone makes something due. A closed window is no reason to wake: an `!ack` opens it, or `resendAt` does. */
  wakeAt(): Instant | undefined {
    return sooner(this.maySend() ? this.flushAt : undefined, this.resendAt);
  }

  private maySend(): boolean {
    const bytes = this.outbox.waiting(this.next);
    if (bytes === 0 || this.epoch === 0) return false;
    return this.flightBytes === 0 || this.flightBytes + bytes <= this.limits.windowBytes;
  }

  /**
   * A repeated `!ack` below what is in flight says that a group was lost: send again. What is sent again makes repeated `!ack`s
   * of its own, so the next ones say nothing; `tick` sees to a second loss.
   */
  private repeated(now: Instant): void {
    if (this.next === 0 || now < this.hurryFrom) return;
    count(this.counters, "resent");
    this.rewind();
    this.hurryFrom = after(now, this.resendAfter);
  }

  private rewind(): void {
    this.next = 0;
    this.nextTo = this.acked;
    this.flightBytes = 0;
    this.resendAt = undefined;
    this.timedNumber = 0;
  }

  private forget(n: number): void {
    const known = Math.min(n, this.sentTo) - this.acked;
    if (known <= 0) return;
    const bytesBefore = this.outbox.chunkBytes;
    const chunks = this.outbox.removeFirst(known);
    this.acked += known;
    this.sent -= chunks;
    this.next = Math.max(0, this.next - chunks);
    // What was not sent since the start from the beginning is not in flight.
    this.flightBytes = this.next > 0 ? this.flightBytes - bytesBefore + this.outbox.chunkBytes : 0;
    this.nextTo = Math.max(this.nextTo, this.acked);
    if (this.timedNumber !== 0 && this.acked >= this.timedNumber) this.timedNumber = 0;
  }

  private measure(sample: number): void {
    this.roundTrip = this.roundTrip === 0 ? sample : this.roundTrip + ROUND_TRIP_WEIGHT * (sample - this.roundTrip);
    this.timedNumber = 0;
  }
}
