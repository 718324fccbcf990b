/**
 * Two radios in virtual time, on one channel that carries one datagram at a time. Air time is that of ESP-NOW at 1 Mbit/s; what is
 * lost, and where the MAC lies about it, is thrown from one seed. JavaScript may be slow: each datagram that was heard takes `turnAround`, one
 * after another, and a ring before it holds sixteen.
 */
import { count, type Counters } from "#shared/table.ts";
import type { Instant, Random } from "#shared/units.ts";
import { parseHeader } from "#shared/radio/header.ts";
import type { Mac, Seal } from "#shared/radio/seal.ts";
import { type Outcome, Session } from "#shared/radio/session.ts";
import { type Transmission, Transmitter } from "#shared/radio/transmitter.ts";
import { OPEN_SEAL } from "#tools/sim/seal.ts";
import { seeded } from "../world.ts";

export interface Weather {
  /** Chance that one attempt of the MAC is lost, and how many it makes. */
  attemptLoss: number;
  attempts: number;
  /** Chance that a datagram is lost although the MAC says ok: wrong key, full buffers. */
  okButLost: number;
  /** Chance that a datagram arrives although the MAC says fail. */
  failButDelivered: number;
  /** Chance that the callback never comes, and that there is no memory. */
  callbackLost: number;
  noMemory: number;
  /** Chance that a datagram comes a second time, as it was, up to a second later. */
  replayed: number;
  /** JavaScript's time for a datagram it hears, in milliseconds. */
  turnAround: number;
  /** … and for the callback of a send. */
  callbackTime: number;
}

export const CALM: Weather = {
  attemptLoss: 0,
  attempts: 6,
  okButLost: 0,
  failButDelivered: 0,
  callbackLost: 0,
  noMemory: 0,
  replayed: 0,
  turnAround: 0,
  callbackTime: 0,
};

const RING_MAX = 16;

/** One attempt at a unicast of so many bytes with its ack, the mean back-off of that attempt included, in milliseconds. */
export function attemptTime(bytes: number, attempt: number): number {
  const backOff = (20 * (32 * 2 ** attempt - 1)) / 2;
  return (50 + backOff + 192 + 8 * (43 + bytes) + 10 + 304) / 1000;
}

export class End {
  readonly mac: Mac;
  readonly transmitter: Transmitter;
  session: Session;
  counters: Counters = {};
  /** What came, in order. */
  readonly got: string[] = [];
  /** What is to be sent, as the session has room. */
  toSend: string[] = [];
  isPaused = false;
  restarts = 0;
  reports = { acked: 0, lost: 0 };
  /** Datagrams that this end put on the air, and of which types. */
  transmissions = 0;
  ring: string[] = [];
  isBusy = false;
  timerAt: number | undefined;

  constructor(mac: Mac, session: Session, random: Random) {
    this.mac = mac;
    this.transmitter = new Transmitter(random);
    this.session = session;
    this.adopt(session);
  }

  adopt(session: Session): void {
    this.transmitter.remove(this.session);
    this.session = session;
    session.counters = this.counters;
    this.transmitter.counters = this.counters;
    this.transmitter.sessions.push(session);
  }
}

interface Happening {
  at: number;
  order: number;
  what: () => void;
}

export class Pair {
  now = 0;
  readonly a: End;
  readonly b: End;
  weather: Weather;
  readonly random: Random;
  readonly seal: Seal;
  /** Everything that was on the air, for those who replay. */
  readonly tape: { from: End; bytes: string }[] = [];
  /** … and what JavaScript has heard of it. */
  readonly heard = new Set<string>();
  isTaping = false;
  airTime = 0;
  private airFreeAt = 0;
  private order = 0;
  private still = 0;
  private happenings: Happening[] = [];

  constructor(weather: Weather, seed: number, seal = OPEN_SEAL, isSleepy = false) {
    this.weather = weather;
    this.random = seeded(seed);
    this.seal = seal;
    const [a, b] = this.sessions("k".repeat(16), 7, isSleepy);
    this.a = new End("02:00:00:00:00:0a", a, this.random);
    this.b = new End("02:00:00:00:00:0b", b, this.random);
  }

  /** Both ends of a session with that key. */
  sessions(key: string, epoch: number, isSleepy = false): [Session, Session] {
    const [a, b] = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"];
    return [
      new Session(b, a, key, epoch, this.seal, this.random, isSleepy),
      new Session(a, b, key, epoch, this.seal, this.random, isSleepy),
    ];
  }

  peerOf(end: End): End {
    return end === this.a ? this.b : this.a;
  }

  at(delay: number, what: () => void): void {
    this.order += 1;
    const happening = { at: this.now + delay, order: this.order, what };
    let place = this.happenings.length;
    while (place > 0 && (this.happenings[place - 1] as Happening).at > happening.at) place -= 1;
    this.happenings.splice(place, 0, happening);
  }

  /** Plays until then, or until `isDone`. */
  run(until: number, isDone: () => boolean = () => false): void {
    for (const end of [this.a, this.b]) this.settle(end);
    while (!isDone()) {
      const next = this.happenings[0];
      if (next === undefined || next.at > until) {
        this.now = until;
        return;
      }
      this.happenings.shift();
      this.still = next.at > this.now ? 0 : this.still + 1;
      if (this.still > 1000) throw new Error(`time stands still at ${this.now}`);
      this.now = next.at;
      next.what();
    }
  }

  /** Something arrives at that end's antenna. */
  arrive(at: End, bytes: string): void {
    if (at.ring.length === RING_MAX) return count(at.counters, "ring full");
    at.ring.push(bytes);
    this.work(at);
  }

  /** What the edge does after each input. */
  settle(end: End): void {
    const now = this.now as Instant;
    const { session, transmitter } = end;
    if (session.isLost(now)) throw new Error(`the session of ${end.mac} is lost at ${this.now}`);
    if (!end.isPaused) end.got.push(...session.takeInbox());
    while (end.toSend.length > 0 && session.send(end.toSend[0] as string)) end.toSend.shift();
    for (const report of session.takeReports()) end.reports[report.acked ? "acked" : "lost"] += 1;
    if (transmitter.isWedged(now)) {
      end.restarts += 1;
      this.at(300, () => {
        transmitter.restarted(this.now as Instant);
        this.settle(end);
      });
    }
    const transmission = transmitter.next(now);
    if (transmission !== undefined) this.transmit(end, transmission);
    const wakeAt = transmitter.wakeAt();
    if (wakeAt === undefined || wakeAt === end.timerAt) return;
    const at = Math.max(wakeAt, this.now);
    end.timerAt = at;
    this.at(at - this.now, () => {
      if (end.timerAt !== at || end.isBusy) return;
      end.timerAt = undefined;
      this.settle(end);
    });
  }

  /** What Radio does with a datagram from the peer's address. */
  listen(end: End, bytes: string): void {
    const header = parseHeader(bytes);
    if (header === undefined) count(end.counters, "no header");
    else end.session.heard(header, bytes, this.now as Instant);
  }

  private work(end: End): void {
    if (end.isBusy || end.ring.length === 0) return;
    end.isBusy = true;
    this.at(this.weather.turnAround, () => {
      end.isBusy = false;
      const bytes = end.ring.shift() as string;
      if (this.isTaping) this.heard.add(bytes);
      this.listen(end, bytes);
      end.timerAt = undefined;
      this.settle(end);
      this.work(end);
    });
  }

  private transmit(end: End, transmission: Transmission): void {
    const { weather, random } = this;
    const { bytes } = transmission;
    if (random() < weather.noMemory) return this.at(0, () => this.answer(end, "no memory"));
    end.transmissions += 1;
    let time = 0;
    let isOk = false;
    for (let attempt = 0; attempt < weather.attempts && !isOk; attempt++) {
      time += attemptTime(bytes.length, attempt);
      isOk = random() >= weather.attemptLoss;
    }
    const start = Math.max(this.now, this.airFreeAt);
    this.airFreeAt = start + time;
    this.airTime += time;
    const isDelivered = isOk ? random() >= weather.okButLost : random() < weather.failButDelivered;
    const peer = this.peerOf(end);
    if (this.isTaping) this.tape.push({ from: end, bytes });
    this.at(this.airFreeAt - this.now, () => {
      if (isDelivered) this.arrive(peer, bytes);
      if (random() < weather.replayed) this.at(random() * 1000, () => this.arrive(peer, bytes));
      if (random() >= weather.callbackLost) this.at(weather.callbackTime, () => this.answer(end, isOk ? "ok" : "fail"));
    });
  }

  private answer(end: End, outcome: Outcome): void {
    end.transmitter.sent(outcome, this.now as Instant);
    end.timerAt = undefined;
    this.settle(end);
  }
}

const dice = seeded(0xb17e5);
const SOUP = String.fromCharCode(...Array.from({ length: 8192 }, () => Math.floor(dice() * 256)));

/** Bytes that can be told apart from every other frame's. */
export function frameOf(length: number, serial: number, random: Random): string {
  const from = Math.floor(random() * 4096);
  const mark = String.fromCharCode(serial & 255, (serial >> 8) & 255, (serial >> 16) & 255);
  return (mark + SOUP.slice(from, from + length)).slice(0, length);
}

/** Bits a second of frames of so many bytes that a delivers to b, from the start on, in kbit/s. */
export function goodput(weather: Weather, seed: number, frameBytes = 250, time = 20_000): number {
  const pair = new Pair(weather, seed);
  const frame = frameOf(frameBytes, seed, pair.random);
  pair.a.toSend = Array.from({ length: 10_000 }, () => frame);
  pair.run(time);
  return (pair.b.got.length * frameBytes * 8) / time;
}
