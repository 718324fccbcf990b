/**
 * A field of radios in virtual time. Each directed link delivers a datagram with its own probability; the MAC tries six times and reports
 * whether it saw an ack; channels are kept apart. There are no collisions: the simulator's air is for that.
 *
 * Above each Radio is a stand-in for TreeNode: it dials, passes frames up, and frames down to whoever has sent some up.
 */
import { createHash } from "node:crypto";
import type { RadioEffect } from "#shared/radio/effect.ts";
import { Radio } from "#shared/radio/radio.ts";
import { BROADCAST, type Seal } from "#shared/radio/seal.ts";
import type { Instant, LinkId, NodeId, Random } from "#shared/units.ts";
import { OPEN_SEAL } from "#tools/sim/seal.ts";
import { seeded } from "../world.ts";

const ATTEMPTS = 6;
const REDIAL_AFTER = 500;
/** The install key of a field. */
export const KEY = createHash("sha256").update("install").digest().toString("latin1").substring(0, 16);

/** Milliseconds on the air, at 1 Mbit/s. */
export const airMillis = (bytes: number) => (192 + 8 * (43 + bytes)) / 1000;

export interface Heard {
  from: string;
  to: string;
  bytes: string;
  at: number;
}

export interface FieldOptions {
  isSource?: boolean;
  mayParent?: boolean;
  channel?: number;
  key?: string;
  childrenMax?: number;
  /** It dials so long after its start. */
  dialAfter?: number;
}

export class Station {
  readonly mac: string;
  readonly options: FieldOptions;
  radio: Radio;
  isAlive = true;
  channel = 1;
  upLink = 0;
  isUp = false;
  /** When it came to have a way up, and lost it. */
  changes: { at: number; isUp: boolean }[] = [];
  children: number[] = [];
  routes = new Map<string, number>();
  /** Frames for this one, or, at a source, of all. */
  got: { text: string; at: number }[] = [];
  dials = 0;
  drains = 0;
  transmits: { at: number; mac: string; bytes: string; channel: number }[] = [];
  alarm: number | undefined;

  constructor(mac: string, options: FieldOptions, radio: Radio) {
    this.mac = mac;
    this.options = options;
    this.radio = radio;
  }

  get parent(): string {
    const parent = this.radio.parent;
    return this.isUp && parent !== undefined ? parent.mac : "";
  }
}

export function macOf(n: number): string {
  return "02:00:00:00:00:" + (n + 256).toString(16).substring(1);
}

export class Field {
  now = 1000;
  readonly random: Random;
  readonly stations = new Map<string, Station>();
  /** Probability that one transmission from one to the other arrives. */
  link: (from: string, to: string) => number = () => 0;
  /** Whether datagrams of the next channel come through, now and then. */
  ghosts = 0;
  /** Everything that was heard, if asked for. */
  log: Heard[] | undefined;
  /** Milliseconds of air by type of datagram. */
  readonly air: { [type: number]: number } = {};
  private queue: { at: number; order: number; run: () => void }[] = [];
  private order = 0;
  private readonly seal: Seal;

  /** `seal`: the real one costs more than all the rest, and is for tests of what keys are for. */
  constructor(seed: number, seal: Seal = OPEN_SEAL) {
    this.random = seeded(seed);
    this.seal = seal;
  }

  add(n: number, options: FieldOptions = {}): Station {
    const station = new Station(macOf(n), options, this.make(n, options));
    this.stations.set(station.mac, station);
    this.boot(station);
    return station;
  }

  at(n: number): Station {
    return this.stations.get(macOf(n)) as Station;
  }

  boot(station: Station): void {
    const n = parseInt(station.mac.substring(15), 16);
    station.radio = this.make(n, station.options);
    station.isAlive = true;
    station.isUp = false;
    station.children = [];
    station.routes.clear();
    this.perform(station, station.radio.start(this.now as Instant));
    if (station.options.isSource) this.perform(station, station.radio.setRootward(0, this.now as Instant));
    else this.later(station.options.dialAfter ?? 0, () => this.dial(station));
  }

  kill(station: Station): void {
    station.isAlive = false;
    station.alarm = undefined;
    if (station.isUp) station.changes.push({ at: this.now, isUp: false });
    station.isUp = false;
  }

  /** The way up of a source opens or closes. */
  rootward(station: Station, isOpen: boolean): void {
    this.perform(station, station.radio.setRootward(isOpen ? 0 : undefined, this.now as Instant));
  }

  /** A source's router moves to another channel, and the source with it. */
  move(station: Station, channel: number): void {
    station.channel = channel;
    this.perform(station, station.radio.moved(channel, this.now as Instant));
  }

  /** A frame of that station, towards the source. False if it has no way. */
  sendUp(station: Station, text: string): boolean {
    if (!station.isUp) return false;
    this.perform(station, station.radio.send(station.upLink as LinkId, "U" + station.mac + text, this.now as Instant));
    return true;
  }

  /** A frame down from a source to a station that has sent something up. */
  sendDown(source: Station, to: Station, text: string): boolean {
    return this.pass(source, "D" + to.mac + text);
  }

  /** TreeNode closes its link up, and dials no more by itself. */
  closeUp(station: Station): void {
    station.isUp = false;
    this.perform(station, station.radio.close(station.upLink as LinkId, this.now as Instant));
  }

  closeChild(station: Station, link: number): void {
    station.children = station.children.filter((one) => one !== link);
    this.perform(station, station.radio.close(link as LinkId, this.now as Instant));
  }

  /** What somebody else puts on the air. */
  inject(to: Station, from: string, bytes: string): void {
    this.perform(to, to.radio.heard(from, bytes, -60, to.channel, this.now as Instant));
  }

  run(millis: number): void {
    const end = this.now + millis;
    for (let steps = 0; ; steps++) {
      if (steps > 5_000_000) throw new Error("the field does not come to rest");
      let next = this.queue.length > 0 ? (this.queue[0] as { at: number }).at : Infinity;
      let who: Station | undefined;
      for (const station of this.stations.values()) {
        if (station.alarm !== undefined && station.alarm < next) {
          next = station.alarm;
          who = station;
        }
      }
      if (next > end) break;
      this.now = Math.max(this.now, next);
      if (who === undefined) this.queue.shift()?.run();
      else this.perform(who, who.radio.tick(this.now as Instant));
    }
    this.now = end;
  }

  /** Plays until something holds; answers how long that took, and fails past the bound. */
  until(holds: () => boolean, boundMillis: number): number {
    const start = this.now;
    while (!holds()) {
      if (this.now - start >= boundMillis) throw new Error(`not true within ${boundMillis} ms of virtual time`);
      this.run(10);
    }
    return this.now - start;
  }

  everyoneIsUp(): boolean {
    return [...this.stations.values()].every((one) => !one.isAlive || one.options.isSource || this.isRooted(one));
  }

  /** Whether following parents from there ends at a source that lives. */
  isRooted(station: Station): boolean {
    let at: Station | undefined = station;
    for (let hops = 0; hops <= this.stations.size && at !== undefined; hops++) {
      if (!at.isAlive) return false;
      if (at.options.isSource) return true;
      if (!at.isUp) return false;
      at = this.stations.get(at.parent);
    }
    return false;
  }

  isInLoop(station: Station): boolean {
    let at: Station | undefined = station;
    for (let hops = 0; hops <= this.stations.size && at !== undefined; hops++) at = this.stations.get(at.parent);
    return at !== undefined;
  }

  private make(_n: number, options: FieldOptions): Radio {
    return new Radio(
      {
        id: macOf(_n) as unknown as NodeId,
        mac: macOf(_n),
        installKey: options.key ?? KEY,
        mayParent: options.mayParent ?? true,
        isSource: options.isSource ?? false,
        channel: options.channel ?? 0,
        isSleepy: false,
        ...(options.childrenMax === undefined ? {} : { childrenMax: options.childrenMax }),
      },
      this.seal,
      this.random,
    );
  }

  later(millis: number, run: () => void): void {
    const item = { at: this.now + millis, order: ++this.order, run };
    let i = this.queue.length;
    while (i > 0 && (this.queue[i - 1] as { at: number }).at > item.at) i -= 1;
    this.queue.splice(i, 0, item);
  }

  dial(station: Station): void {
    if (!station.isAlive) return;
    station.dials += 1;
    station.upLink = -station.dials;
    this.perform(station, station.radio.dial(station.upLink as LinkId, this.now as Instant));
  }

  perform(station: Station, effects: readonly RadioEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "transmit":
          this.transmit(station, effect.mac, effect.bytes);
          break;
        case "tune":
          station.channel = effect.channel;
          break;
        case "restart":
          throw new Error("a radio without faults was restarted");
        case "opened":
          if (effect.link > 0) station.children.push(effect.link);
          else {
            if (effect.link !== station.upLink || station.isUp) throw new Error("opened out of turn");
            station.isUp = true;
            station.changes.push({ at: this.now, isUp: true });
            this.sendUp(station, "hello");
          }
          break;
        case "closed":
          this.closed(station, effect.link);
          break;
        case "received":
          this.received(station, effect.link, effect.bytes);
          break;
        case "drained":
          station.drains += 1;
          break;
        default:
      }
    }
    const radio = station.radio;
    station.alarm = station.isAlive ? radio.wakeAt() : undefined;
    if (station.alarm !== undefined && station.alarm < this.now) station.alarm = this.now;
  }

  private closed(station: Station, link: number): void {
    if (link > 0) {
      const at = station.children.indexOf(link);
      if (at < 0) throw new Error("closed a child that was not open");
      station.children.splice(at, 1);
      return;
    }
    if (link !== station.upLink || !station.isUp) throw new Error("closed a link that was not open");
    station.isUp = false;
    station.changes.push({ at: this.now, isUp: false });
    const radio = station.radio;
    this.later(REDIAL_AFTER, () => {
      if (station.radio === radio) this.dial(station);
    });
  }

  private received(station: Station, link: number, text: string): void {
    if (link > 0 && text.startsWith("U")) {
      station.routes.set(text.substring(1, 18), link);
      if (station.options.isSource) station.got.push({ text: text.substring(1), at: this.now });
      else if (station.isUp)
        this.perform(station, station.radio.send(station.upLink as LinkId, text, this.now as Instant));
      return;
    }
    if (text.substring(1, 18) === station.mac) station.got.push({ text: text.substring(18), at: this.now });
    else this.pass(station, text);
  }

  private pass(station: Station, text: string): boolean {
    const link = station.routes.get(text.substring(1, 18));
    if (link === undefined || !station.children.includes(link)) return false;
    this.perform(station, station.radio.send(link as LinkId, text, this.now as Instant));
    return true;
  }

  private transmit(station: Station, mac: string, bytes: string): void {
    const radio = station.radio;
    const type = (bytes.charCodeAt(0) >> 2) & 15;
    const channel = station.channel;
    const once = airMillis(bytes.length);
    station.transmits.push({ at: this.now, mac, bytes, channel });
    const receivers = mac === BROADCAST ? [...this.stations.values()] : [this.stations.get(mac)];
    let attempts = 1;
    let outcome: "ok" | "fail" = "ok";
    const hears = receivers.filter((other) => {
      if (other === undefined || other === station || !this.canHear(other, channel)) return false;
      return this.random() < this.link(station.mac, other.mac);
    }) as Station[];
    if (mac !== BROADCAST) {
      const other = receivers[0];
      const there = other === undefined || !this.canHear(other, channel) ? 0 : this.link(station.mac, mac);
      const back = this.link(mac, station.mac);
      let isHeard = hears.length > 0;
      let isAcked = isHeard && this.random() < back;
      while (!isAcked && attempts < ATTEMPTS) {
        attempts += 1;
        const isNow = this.random() < there;
        isHeard ||= isNow;
        isAcked = isNow && this.random() < back;
      }
      if (isHeard && hears.length === 0) hears.push(other as Station);
      outcome = isAcked ? "ok" : "fail";
    }
    this.air[type] = (this.air[type] ?? 0) + attempts * once;
    const took = attempts * (once + 0.3) + (attempts - 1) * 2 + this.random();
    this.later(took, () => {
      for (const other of hears) {
        if (!this.canHear(other, channel)) continue;
        this.log?.push({ from: station.mac, to: other.mac, bytes, at: this.now });
        this.perform(other, other.radio.heard(station.mac, bytes, -60, other.channel, this.now as Instant));
      }
      if (station.isAlive && station.radio === radio) this.perform(station, radio.sent(outcome, this.now as Instant));
    });
  }

  private canHear(station: Station, channel: number): boolean {
    if (!station.isAlive) return false;
    const away = Math.abs(station.channel - channel);
    return away === 0 || (away === 1 && this.ghosts > 0 && this.random() < this.ghosts);
  }
}
