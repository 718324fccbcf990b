/**
 * Station is one board in the air: where it is, what it hears, and its two halves, Transmitter and Receiver. It decides nothing.
 */
import type { Books } from "./books.ts";
import type { AirClock } from "./clock.ts";
import { Disturbance, type BurstPlan } from "./disturbance.ts";
import { Interpreter } from "./interpreter.ts";
import type { Spot } from "./landscape.ts";
import type { Medium, Transmission } from "./medium.ts";
import { Receiver } from "./receiver.ts";
import { Transmitter } from "./transmitter.ts";

export interface StationPlan {
  id: string;
  /** Metres. */
  x: number;
  y: number;
  /** "aa:bb:cc:dd:ee:ff", lower case. */
  mac: string;
  channel: number;
  /** What the board's JavaScript needs for a frame it heard, and for being told what came of one it sent (a quarter of it if left out). */
  turnMicros?: number;
  callbackMicros?: number;
  /** Management buffers of the driver, and slots of the ring behind them. 5 and 16 if left out, as in Espruino's builds and ours. */
  buffers?: number;
  ringSlots?: number;
  /** After so many sendings every further one says "no memory" until the radio is restarted (esp-idf#18682). Never if left out. */
  wedgesAfter?: number;
}

export type Outcome = "ok" | "fail" | "no memory";

export interface AirListener {
  /** A frame came: from whom, its bytes, how strong (dBm), and the channel this station listens on. */
  heard(mac: string, bytes: string, rssi: number, channel: number): void;
  /** What the driver says of the oldest frame it was given. May never come. */
  sent(outcome: Outcome): void;
  /** The radio that was told to restart is up. */
  restarted?(): void;
}

/** A frame that a station was given to send. */
export interface Frame {
  mac: string;
  bytes: string;
  kind: string;
  micros: number;
  bits: number;
  /** The MAC's own number, the same in each attempt. */
  sequence: number;
  attempts: number;
}

/** What the stations of an air share. */
export interface Surroundings {
  readonly clock: AirClock;
  readonly medium: Medium;
  readonly books: Books;
  readonly random: () => number;
  readonly lostCallbackShare: number;
  readonly bursts: BurstPlan | undefined;
  readonly isBareMac: boolean;
  stationOf(mac: string): Station | undefined;
}

export class Station implements Spot {
  readonly plan: StationPlan;
  readonly id: string;
  readonly index: number;
  readonly listener: AirListener;
  x: number;
  y: number;
  channel: number;
  isOn = true;
  /** Another number whenever the radio was stopped. */
  life = 0;
  /** The air is taken until then, as far as this station can tell. */
  busyUntil = 0;
  /** It hears frames that begin from then on. */
  listeningFrom = 0;
  /** When it last sent; it hears nothing meanwhile. */
  sendingFrom = -1;
  sendingUntil = -1;
  onAir: Transmission | undefined;
  noiseDbm = 0;
  /** How strong it is at each other station, dBm, and what share of its attempts arrives there; by index. */
  strengthAt: number[] = [];
  arrivesAt: number[] = [];
  /** Those that notice when it sends, and those that may make out what. */
  noticedBy: Station[] = [];
  heardBy: Station[] = [];
  readonly disturbance: Disturbance;
  readonly interpreter: Interpreter;
  readonly transmitter: Transmitter;
  readonly receiver: Receiver;

  constructor(plan: StationPlan, index: number, listener: AirListener, around: Surroundings) {
    this.plan = plan;
    this.id = plan.id;
    this.index = index;
    this.listener = listener;
    this.x = plan.x;
    this.y = plan.y;
    this.channel = plan.channel;
    this.listeningFrom = around.clock.now;
    this.disturbance = new Disturbance(around.bursts, around.random);
    this.interpreter = new Interpreter(around.clock);
    this.transmitter = new Transmitter(this, around);
    this.receiver = new Receiver(this, around);
  }
}
