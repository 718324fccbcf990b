/**
 * Transmitter is a station's way to the air: the driver's queue, carrier sense with back-off, up to six attempts for a frame to one
 * station, one for a broadcast, and the callback that tells what came of it, or a wrong thing, or nothing.
 *
 * No slot is played. When a station's turn would come follows from when the air falls idle and the slots it has drawn; each time it
 * hears another begin, the slots that passed are taken off and the turn is put later. One alarm per station is enough: one that
 * comes too early is set again.
 */
import type { Transmission } from "./medium.ts";
import {
  ACK_BITS,
  ACK_TIMEOUT_MICROS,
  ANSWER_MICROS,
  BACKOFF_SLOTS_MAX,
  BACKOFF_SLOTS_MIN,
  DIFS_MICROS,
  SENSE_MICROS,
  SIFS_MICROS,
  SLOT_MICROS,
} from "./phy.ts";
import type { Frame, Outcome, Station, Surroundings } from "./station.ts";

/** Attempts for a frame to one station. esp-idf#9383: sent again up to five times. */
export const ATTEMPTS_MAX = 6;
/** Frames that the driver holds. Spec: 32 dynamic TX buffers, Espruino's sdkconfig. */
export const FRAMES_MAX = 32;
/** What the driver needs between two frames, DIFS included, and for the callback. Fitted to QuickESPNow's figures: 290 us beyond the computed
 * broadcast cycle, 410 us beyond the computed unicast cycle of a program that waits for the callback. */
const OVERHEAD_MICROS_MIN = 280;
const OVERHEAD_MICROS_SPREAD = 120;
const CALLBACK_MICROS = 120;
/** A call that is refused. Measured (QuickESPNow): any call takes so long. */
const REFUSAL_MICROS = 22;
/** Air that was idle for longer than any first back-off is taken at once. */
const FRESH_MICROS = DIFS_MICROS + BACKOFF_SLOTS_MIN * SLOT_MICROS;
const BROADCAST = "ff:ff:ff:ff:ff:ff";

export class Transmitter {
  /** Whether every sending says "no memory", until the radio is restarted. */
  isWedged = false;
  private readonly station: Station;
  private readonly around: Surroundings;
  private readonly queue: Frame[] = [];
  private isContending = false;
  /** The frame is with the hardware from then on. */
  private readyAt = 0;
  /** Slots still to wait; below 0: none drawn yet. */
  private slots = -1;
  private window = BACKOFF_SLOTS_MIN;
  private dueAt = 0;
  private alarmAt = Infinity;
  private upFrom = 0;
  private sequence = 0;
  private sendings = 0;
  private readonly wake = (): void => this.due();

  constructor(station: Station, around: Surroundings) {
    this.station = station;
    this.around = around;
  }

  send(mac: string, bytes: string, kind: string, bits: number, micros: number): void {
    const { around, queue } = this;
    around.books.count("frames");
    this.sendings += 1;
    if (this.sendings > (this.station.plan.wedgesAfter ?? Infinity)) this.isWedged = true;
    if (this.isWedged || queue.length >= FRAMES_MAX) {
      around.books.count("no memory");
      // The driver says so at once, but never in the middle of the caller's own step.
      const { interpreter, listener } = this.station;
      return interpreter.add(around.clock.now, REFUSAL_MICROS, false, () => listener.sent("no memory"));
    }
    this.sequence = (this.sequence + 1) & 0xfff;
    queue.push({ mac, bytes, kind, micros, bits, sequence: this.sequence, attempts: 0 });
    if (queue.length === 1) this.contend();
  }

  /** The station notices that the air is taken until then; `isOwn`: by its own acknowledgement. */
  defer(until: number, isOwn: boolean): void {
    const { station } = this;
    const { now } = this.around.clock;
    if (!isOwn) {
      // Who sends does not hear, and who is about to begin has not heard yet.
      if (station.sendingUntil > now || (this.isContending && this.dueAt <= now + SENSE_MICROS)) return;
    }
    if (this.isContending && this.slots > 0) {
      const countedFrom = Math.max(station.busyUntil + DIFS_MICROS, this.readyAt);
      if (now > countedFrom) this.slots -= Math.min(this.slots, Math.floor((now - countedFrom) / SLOT_MICROS));
    }
    if (until > station.busyUntil) station.busyUntil = until;
    if (this.isContending) this.plan();
  }

  /** All that waits is forgotten, and nobody is told; nothing is sent before `upFrom`. */
  clear(upFrom: number): void {
    this.queue.length = 0;
    this.isContending = false;
    this.isWedged = false;
    this.sendings = 0;
    this.upFrom = upFrom;
    if (this.station.onAir !== undefined) this.station.onAir.isCut = true;
  }

  private contend(): void {
    const { clock, random, isBareMac } = this.around;
    this.isContending = true;
    this.window = BACKOFF_SLOTS_MIN;
    this.slots = -1;
    const overhead = isBareMac ? 0 : OVERHEAD_MICROS_MIN + Math.floor(random() * (OVERHEAD_MICROS_SPREAD + 1));
    this.readyAt = Math.max(clock.now, this.upFrom) + overhead;
    this.plan();
  }

  /** Works out when the turn would come, if nobody else begins before. */
  private plan(): void {
    const { busyUntil } = this.station;
    if (this.slots < 0 && this.readyAt >= busyUntil + FRESH_MICROS) this.dueAt = this.readyAt;
    else {
      if (this.slots < 0) this.drawSlots();
      this.dueAt = Math.max(busyUntil + DIFS_MICROS, this.readyAt) + this.slots * SLOT_MICROS;
    }
    if (this.dueAt >= this.alarmAt) return;
    this.alarmAt = this.dueAt;
    this.around.clock.at(this.dueAt, this.wake);
  }

  private drawSlots(): void {
    this.slots = Math.floor(this.around.random() * (this.window + 1));
  }

  private due(): void {
    const { clock } = this.around;
    // An alarm of an earlier life, or of a turn that was put sooner.
    if (clock.now !== this.alarmAt) return;
    this.alarmAt = Infinity;
    if (!this.isContending) return;
    if (this.dueAt > clock.now) {
      this.alarmAt = this.dueAt;
      return clock.at(this.dueAt, this.wake);
    }
    this.attempt(this.queue[0] as Frame);
  }

  private attempt(frame: Frame): void {
    const { station } = this;
    const { clock, medium, books } = this.around;
    this.isContending = false;
    frame.attempts += 1;
    books.count("attempts");
    books.use(station.index, frame.kind, frame.micros);
    const endAt = clock.now + frame.micros;
    // Who hears it leaves room for the acknowledgement, made out (NAV) or not (EIFS).
    const heldUntil = frame.mac === BROADCAST ? endAt : endAt + ANSWER_MICROS;
    const sending = medium.begin(station, clock.now, endAt, heldUntil, frame.bits);
    clock.at(endAt, () => this.ended(frame, sending));
  }

  private ended(frame: Frame, sending: Transmission): void {
    const { station, around } = this;
    around.medium.end(sending);
    if (sending.overlaps.length > 0) around.books.count("overlaps");
    if (sending.isCut) return;
    if (frame.mac === BROADCAST) {
      for (const other of station.heardBy) {
        const rssi = around.medium.rssi(sending, other);
        if (rssi < 0) other.receiver.take(frame, station, rssi);
      }
      return this.done("ok");
    }
    const { now } = around.clock;
    const target = around.stationOf(frame.mac);
    const rssi = target === undefined ? 0 : around.medium.rssi(sending, target);
    if (target === undefined || rssi === 0) {
      around.clock.at(now + ACK_TIMEOUT_MICROS, () => this.again(frame));
      return;
    }
    // The hardware acknowledges before anybody looks whether there is room.
    const ack = around.medium.begin(target, now + SIFS_MICROS, now + ANSWER_MICROS, now + ANSWER_MICROS, ACK_BITS);
    around.books.count("mac acks");
    around.books.use(target.index, "mac ack", ANSWER_MICROS - SIFS_MICROS);
    target.receiver.take(frame, station, rssi);
    around.clock.at(now + ANSWER_MICROS, () => this.acknowledged(frame, ack));
  }

  private acknowledged(frame: Frame, ack: Transmission): void {
    const { station, around } = this;
    around.medium.end(ack);
    const isHeard = !ack.isCut && around.medium.rssi(ack, station) < 0;
    if (!isHeard) around.books.count("mac acks lost");
    if (this.queue[0] !== frame) return;
    if (isHeard) return this.done("ok");
    around.clock.at(around.clock.now + SLOT_MICROS, () => this.again(frame));
  }

  private again(frame: Frame): void {
    const { now } = this.around.clock;
    if (this.queue[0] !== frame) return;
    if (frame.attempts >= ATTEMPTS_MAX) return this.done("fail");
    this.station.busyUntil = Math.max(this.station.busyUntil, now);
    this.window = Math.min(2 * this.window + 1, BACKOFF_SLOTS_MAX);
    this.drawSlots();
    this.readyAt = now;
    this.isContending = true;
    this.plan();
  }

  private done(outcome: Outcome): void {
    const { station, around, queue } = this;
    const { clock, books } = around;
    queue.shift();
    books.count(outcome);
    if (around.lostCallbackShare > 0 && around.random() < around.lostCallbackShare) books.count("callbacks lost");
    else {
      const { turnMicros = 0, callbackMicros = turnMicros / 4 } = station.plan;
      const at = clock.now + (around.isBareMac ? 0 : CALLBACK_MICROS);
      station.interpreter.add(at, callbackMicros, false, () => station.listener.sent(outcome));
    }
    if (queue.length > 0) this.contend();
  }
}
