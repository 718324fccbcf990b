/** A small air for tests: stations that remember what they hear, or do as they are told. */
import { Air, type AirOptions } from "#tools/sim/air/air.ts";
import { MicroClock } from "#tools/sim/air/clock.ts";
import { EXACT } from "#tools/sim/air/landscape.ts";
import type { AirListener, Outcome, StationPlan } from "#tools/sim/air/station.ts";
import { macOf } from "#tools/sim/air/topologies.ts";

export const BROADCAST = "ff:ff:ff:ff:ff:ff";

export interface Heard {
  mac: string;
  bytes: string;
  rssi: number;
  channel: number;
  at: number;
}

export class Board implements AirListener {
  readonly heards: Heard[] = [];
  readonly outcomes: Outcome[] = [];
  restarts = 0;
  onHeard: (heard: Heard) => void = () => undefined;
  onSent: (outcome: Outcome) => void = () => undefined;
  readonly id: string;
  readonly mac: string;
  private readonly stage: Stage;

  constructor(stage: Stage, id: string, mac: string) {
    this.stage = stage;
    this.id = id;
    this.mac = mac;
  }

  heard(mac: string, bytes: string, rssi: number, channel: number): void {
    const heard = { mac, bytes, rssi, channel, at: this.stage.clock.now };
    this.heards.push(heard);
    this.onHeard(heard);
  }

  sent(outcome: Outcome): void {
    this.outcomes.push(outcome);
    this.onSent(outcome);
  }

  restarted(): void {
    this.restarts += 1;
  }

  transmit(to: Board | string, bytes: string): void {
    this.stage.air.transmit(this.id, typeof to === "string" ? to : to.mac, bytes);
  }

  /** Sends frames of so many bytes without end, `depth` at a time: the next when one is told of. */
  saturate(to: Board | string, bytes: number, depth = 1): void {
    const frame = "x".repeat(bytes);
    this.onSent = () => this.transmit(to, frame);
    for (let i = 0; i < depth; i++) this.transmit(to, frame);
  }

  texts(): string[] {
    return this.heards.map((heard) => heard.bytes);
  }

  count(outcome: Outcome): number {
    return this.outcomes.filter((each) => each === outcome).length;
  }
}

export class Stage {
  readonly clock = new MicroClock();
  readonly air: Air;
  readonly boards: Board[] = [];

  /** No chance in links, and no callback lost, unless the options say so. */
  constructor(options: Partial<AirOptions> = {}) {
    this.air = new Air({ seed: 1, landscape: EXACT, lostCallbackShare: 0, ...options }, this.clock);
  }

  add(id: string, x: number, y = 0, more: Partial<StationPlan> = {}): Board {
    const board = new Board(this, id, macOf(this.boards.length));
    this.boards.push(board);
    this.air.addStation({ id, x, y, mac: board.mac, channel: 1, ...more }, board);
    return board;
  }

  /** Two boards 10 m apart. */
  pair(more: Partial<StationPlan> = {}): [Board, Board] {
    return [this.add("a", 0, 0, more), this.add("b", 10, 0, more)];
  }

  seconds(seconds: number): void {
    this.clock.run(seconds * 1_000_000);
  }

  millis(millis: number): void {
    this.clock.run(millis * 1000);
  }
}
