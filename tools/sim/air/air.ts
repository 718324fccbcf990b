/**
 * Air is where simulated boards with ESP-NOW send and listen: 802.11b at 1 Mbit/s with all that makes it lose, repeat and lie. What it
 * models, and against which measurements, is printed by test/sim/air-calibration.test.ts.
 *
 * Guarantee: the same options, stations and calls give the same course. A listener is called out of the queue of the clock, never
 * from within one of the methods here.
 *
 * It does not play: rates other than 1 Mbit/s, beacons and traffic of Wi-Fi (jam it instead), power saving, BLE.
 */
import { Chance } from "../chance.ts";
import { type AirStats, Books } from "./books.ts";
import type { AirClock } from "./clock.ts";
import type { BurstPlan, Jamming } from "./disturbance.ts";
import { Landscape, type LandscapePlan, OPEN_FIELD } from "./landscape.ts";
import { Medium } from "./medium.ts";
import { DEAF_SNR_DB, frameBits, frameMicros, PAYLOAD_BYTES_MAX } from "./phy.ts";
import { type AirListener, Station, type StationPlan, type Surroundings } from "./station.ts";

export interface AirOptions {
  seed: number;
  /** How stations hear each other. An open field if left out. */
  landscape?: LandscapePlan;
  /** Share of attempts that vanish besides, 0 to 1. */
  extraLoss?: number;
  /** Bursts of interference, at each station by itself. */
  bursts?: BurstPlan;
  /** A frame of this mean strength, in dBm, holds others back. 4 dB over the noise: ns-3's default for finding
   * a preamble; its other default, none below -82 dBm, is not followed, and would hide many more stations from each other. */
  senseDbm?: number;
  /** Share of frames that are made out one channel beside theirs. */
  ghostShare?: number;
  /** See MediumPlan. */
  captureDb?: number;
  recaptureDb?: number;
  /** Share of sendings of which the driver never says what came of them. */
  lostCallbackShare?: number;
  /** Leaves out what driver and host need for each frame: to compare with computations of the MAC alone. */
  isBareMac?: boolean;
  /** Names what a frame is for; the air that it takes is summed by this name. */
  kindOf?: (bytes: string, mac: string) => string;
}

const SENSE_DBM = -90;
/** Rule of thumb: boards side by side on neighbouring channels do hear each other now and then. */
const GHOST_SHARE = 0.2;
/** Chosen, nowhere measured: 7 dB more than the bit errors of DSSS ask for, since other frames have the same chips. */
const CAPTURE_DB = 4;
const RECAPTURE_DB = 10;
/** Chosen: bug reports call it sporadic and give no figure. */
const LOST_CALLBACK_SHARE = 1e-5;
/** How long a radio is deaf when it changes its channel, and when it is stopped and started. Chosen. */
export const TUNE_MICROS = 1000;
export const RESTART_MICROS = 100_000;
/** Luck beyond this many deviations is neglected. */
const DEVIATIONS_MAX = 5;

export class Air implements Surroundings {
  readonly clock: AirClock;
  readonly medium: Medium;
  readonly books = new Books();
  readonly random: () => number;
  readonly lostCallbackShare: number;
  readonly bursts: BurstPlan | undefined;
  readonly isBareMac: boolean;
  private readonly landscape: Landscape;
  private readonly senseDbm: number;
  private readonly kindOf: (bytes: string, mac: string) => string;
  private readonly stations: Station[] = [];
  private readonly byId = new Map<string, Station>();
  private readonly byMac = new Map<string, Station>();
  private readonly beganAt: number;

  constructor(options: AirOptions, clock: AirClock) {
    const landscape = options.landscape ?? OPEN_FIELD;
    this.clock = clock;
    this.beganAt = clock.now;
    this.random = new Chance(options.seed).random;
    this.lostCallbackShare = options.lostCallbackShare ?? LOST_CALLBACK_SHARE;
    this.bursts = options.bursts;
    this.isBareMac = options.isBareMac ?? false;
    this.landscape = new Landscape(landscape, options.seed);
    this.senseDbm = options.senseDbm ?? SENSE_DBM;
    this.kindOf = options.kindOf ?? (() => "frames");
    this.medium = new Medium(
      {
        extraLoss: options.extraLoss ?? 0,
        ghostShare: options.ghostShare ?? GHOST_SHARE,
        captureDb: options.captureDb ?? CAPTURE_DB,
        recaptureDb: options.recaptureDb ?? RECAPTURE_DB,
        fadingDb: landscape.fadingDb,
        isMeasured: landscape.measured !== undefined,
      },
      this.random,
    );
  }

  /** Its radio is on from now. Throws if its id or MAC address is taken. */
  addStation(plan: StationPlan, listener: AirListener): void {
    if (this.byId.has(plan.id)) throw new Error(`two stations are called ${plan.id}`);
    if (this.byMac.has(plan.mac)) throw new Error(`two stations have the address ${plan.mac}`);
    const station = new Station(plan, this.stations.length, listener, this);
    station.noiseDbm = this.landscape.noiseDbm(station);
    station.strengthAt[station.index] = -Infinity;
    station.arrivesAt[station.index] = 0;
    for (const other of this.stations) {
      this.acquaint(station, other);
      this.acquaint(other, station);
    }
    this.stations.push(station);
    this.byId.set(plan.id, station);
    this.byMac.set(plan.mac, station);
  }

  /** Sends at most 250 bytes, a char for each. What comes of it is told by `sent`, later. From a board without power, nothing happens. */
  transmit(id: string, mac: string, bytes: string): void {
    if (bytes.length > PAYLOAD_BYTES_MAX)
      throw new Error(`${id} sends ${bytes.length} bytes: ${PAYLOAD_BYTES_MAX} fit`);
    const station = this.station(id);
    if (!station.isOn) return;
    const { length } = bytes;
    station.transmitter.send(mac, bytes, this.kindOf(bytes, mac), frameBits(length), frameMicros(length));
  }

  /** Listens and sends on another channel. What is in the air goes by. */
  tune(id: string, channel: number): void {
    const station = this.station(id);
    if (station.channel === channel) return;
    const { now } = this.clock;
    station.channel = channel;
    station.listeningFrom = Math.max(station.listeningFrom, now + TUNE_MICROS);
    // It knows nothing of who holds the air there.
    station.busyUntil = now;
  }

  /** Stops the radio and starts it: what waits is forgotten without a word, and a wedge is over. */
  restart(id: string): void {
    const station = this.station(id);
    const upFrom = this.clock.now + RESTART_MICROS;
    station.transmitter.clear(upFrom);
    station.receiver.clear();
    station.listeningFrom = upFrom;
    const life = ++station.life;
    this.clock.at(upFrom, () => {
      if (life !== station.life) return;
      station.interpreter.add(upFrom, 0, false, () => station.listener.restarted?.());
    });
  }

  /** The board's power. Off, all that it held is gone; on, it is as new and listens on the channel of its plan. */
  power(id: string, isOn: boolean): void {
    const station = this.station(id);
    if (station.isOn === isOn) return;
    const { now } = this.clock;
    station.isOn = isOn;
    station.life += 1;
    station.transmitter.clear(now);
    station.receiver.clear();
    station.interpreter.clear();
    station.listeningFrom = now;
    station.busyUntil = now;
    station.channel = station.plan.channel;
  }

  /** Every further sending says "no memory", until `restart`. */
  wedge(id: string): void {
    this.station(id).transmitter.isWedged = true;
  }

  /** The board's JavaScript gets no time for so long; with `isWholeChip` the radio's driver neither. */
  stall(id: string, micros: number, isWholeChip = false): void {
    const station = this.station(id);
    station.interpreter.stall(micros);
    if (isWholeChip) station.receiver.hold(micros);
  }

  jam(jamming: Jamming): void {
    for (const { plan, disturbance } of this.stations) {
      if (jamming.ids?.includes(plan.id) ?? true) disturbance.add(jamming);
    }
  }

  move(id: string, x: number, y: number): void {
    const station = this.station(id);
    station.x = x;
    station.y = y;
    station.noticedBy = [];
    station.heardBy = [];
    for (const other of this.stations) {
      if (other === station) continue;
      other.noticedBy = other.noticedBy.filter((each) => each !== station);
      other.heardBy = other.heardBy.filter((each) => each !== station);
      this.acquaint(station, other);
      this.acquaint(other, station);
    }
  }

  channelOf(id: string): number {
    return this.station(id).channel;
  }

  /** Mean strength of one at another, in dBm, and the share of its attempts that is measured to arrive; before all that disturbs. */
  link(from: string, to: string): { dbm: number; arrives: number } {
    const { strengthAt, arrivesAt } = this.station(from);
    const { index } = this.station(to);
    return { dbm: strengthAt[index] as number, arrives: arrivesAt[index] as number };
  }

  stats(): AirStats {
    return this.books.stats(this.clock.now - this.beganAt);
  }

  /**
   * Microseconds in which the air at each station is taken by these kinds of frames: its own, and those of all that it notices. Here and
   * there is not the same air; what all send together says little of how full any place is.
   */
  micros(kinds: readonly string[]): Map<string, number> {
    const taken = new Map(this.stations.map((at) => [at.id, this.books.sentMicros(at.index, kinds)]));
    for (const from of this.stations) {
      const sent = this.books.sentMicros(from.index, kinds);
      for (const at of from.noticedBy) taken.set(at.id, (taken.get(at.id) ?? 0) + sent);
    }
    return taken;
  }

  stationOf(mac: string): Station | undefined {
    return this.byMac.get(mac);
  }

  private station(id: string): Station {
    const station = this.byId.get(id);
    if (station === undefined) throw new Error(`no station ${id}`);
    return station;
  }

  /** How two stations hear each other, from now on. */
  private acquaint(from: Station, to: Station): void {
    const { landscape } = this;
    const dbm = landscape.strengthDbm(from, to);
    const arrives = landscape.arrives(from, to);
    from.strengthAt[to.index] = dbm;
    from.arrivesAt[to.index] = arrives;
    if (dbm >= this.senseDbm) from.noticedBy.push(to);
    const luckDb = DEVIATIONS_MAX * landscape.plan.fadingDb;
    const isAudible = landscape.plan.measured !== undefined || dbm + luckDb > to.noiseDbm + DEAF_SNR_DB;
    if (arrives > 0 && isAudible) from.heardBy.push(to);
  }
}
