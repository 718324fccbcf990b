/**
 * What an event costs on the air: a node of ours says readings over a radio hop to a root, all three as they are, in virtual time and
 * without loss, and every datagram of either side is counted: headers, tags, closing lines, acks of the hop, the root's `!ack`.
 *
 * Beside it the same in long lines, and MQTT-SN as computed: a PUBLISH at QoS 1 and its PUBACK for each event, of a registered topic.
 */
import { NODE_SEAL } from "#host/radio-seal.ts";
import type { NodeEffect, RootEffect } from "#shared/effect.ts";
import { CHIP_LIMITS, type Limits, RADIO_FLUSH_BYTES } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import { ACK, parseHeader } from "#shared/radio/header.ts";
import { HEADER_BYTES, TAG_BYTES } from "#shared/radio/limits.ts";
import { Session } from "#shared/radio/session.ts";
import { Root } from "#shared/root.ts";
import type { Instant, LinkId, NodeId, UnixMillis } from "#shared/units.ts";
import { grid } from "./report.ts";

/** Sensors that are read together, and again after so many milliseconds. */
export interface AirLoad {
  name: string;
  sensors: number;
  every: number;
  /** Groups fill before they have waited long enough: what the target is about. */
  isFull: boolean;
}

export interface AirCost {
  events: number;
  /** Of datagrams as ESP-NOW is handed them, each event's share. */
  bytesEach: number;
  /** The same with what 802.11 and ESP-NOW put round them, and with the MAC's acks. */
  wireBytesEach: number;
  microsEach: number;
  datagrams: number;
  /** Of these without a payload: acks of the hop. */
  acks: number;
}

export const AIR_LOADS: readonly AirLoad[] = [
  { name: "1 sensor, 25 times a second", sensors: 1, every: 40, isFull: true },
  { name: "3 sensors together, 10 times a second", sensors: 3, every: 100, isFull: true },
  { name: "3 sensors together, each second", sensors: 3, every: 1000, isFull: false },
  { name: "3 sensors together, each 10 s", sensors: 3, every: 10_000, isFull: false },
];

/** What an event in short lines may cost, where frames are filled: issue 4, line 2. */
export const AIR_BYTES_MAX = 20;
/** What 802.11 and ESP-NOW put round a datagram, and a MAC ack, in bytes. Source: facts 1.5. */
const FRAME_BYTES = 43;
const MAC_ACK_BYTES = 14;
/** A PUBLISH: length, type, flags, topic id, message id. A PUBACK: length, type, topic id, message id, return code. Source: MQTT-SN 1.2. */
const PUBLISH_BYTES = 7;
const PUBACK_BYTES = 7;

const WARM_UP_MILLIS = 60_000;
const MEASURED_MILLIS = 600_000;
const COMMIT_MILLIS = 5;
const UNIX_AT_START = 1_732_345_678_123;
const KEY = "0123456789abcdef";
const LIMITS: Limits = { ...CHIP_LIMITS, flushBytes: RADIO_FLUSH_BYTES };
const TEXT = {
  byteLength: (text: string) => Buffer.byteLength(text),
  stringify: (value: unknown) => JSON.stringify(value),
};

/** Air time of a datagram with its MAC ack at 1 Mbit/s, in microseconds. Source: facts 1.5. */
export function airMicros(bytes: number): number {
  return 50 + 310 + (192 + 8 * (FRAME_BYTES + bytes)) + 10 + 304;
}

/** A reading whose long line has 82 bytes. */
export function reading(sensor: number, turn: number, ts: number): { type: string; [field: string]: unknown } {
  const eid = ["greenhouse.temperature", "greenhouse.airhumidity", "greenhouse.soilwetness"][sensor] as string;
  return {
    type: "!update",
    eid,
    value: (2001 + ((turn * 7 + sensor * 31) % 800) - (((turn * 7 + sensor * 31) % 800) % 10)) / 100,
    ts,
  };
}

/** One node, one hop, one root. */
class AirRun {
  private now = 0;
  private readonly node: TreeNode;
  private readonly root: Root;
  private readonly up = new Session("00:00:00:00:00:02", "00:00:00:00:00:01", KEY, 1, NODE_SEAL, () => 0.5, false);
  private readonly down = new Session("00:00:00:00:00:01", "00:00:00:00:00:02", KEY, 1, NODE_SEAL, () => 0.5, false);
  private storedAt: number | undefined;
  private link = 0 as LinkId;
  private readonly cost = { events: 0, bytes: 0, wireBytes: 0, micros: 0, datagrams: 0, acks: 0 };
  private readonly load: AirLoad;
  private readonly isShort: boolean;

  constructor(load: AirLoad, isShort: boolean) {
    this.load = load;
    this.isShort = isShort;
    this.node = new TreeNode({ id: "kitchen" as NodeId, token: "t", fw: "bench", limits: LIMITS }, TEXT, () => 0.5);
    const image = { epochs: [], values: [], desired: [], nodes: [] };
    this.root = new Root({ id: "root" as NodeId }, image, TEXT, () => true);
  }

  /** The costs of what was said once all is under way. */
  play(): AirCost {
    this.toRoot(this.root.start(this.instant(), this.unix()));
    this.toRoot(this.root.opened(1 as LinkId, "kitchen" as NodeId, this.instant(), this.unix()));
    this.toNode(this.node.start(this.instant()));
    let turn = 0;
    let atWarm = { ...this.cost };
    let isWarm = false;
    for (let nextAt = 1000; this.now < WARM_UP_MILLIS + MEASURED_MILLIS; ) {
      if (!isWarm && this.now >= WARM_UP_MILLIS) {
        isWarm = true;
        atWarm = { ...this.cost };
      }
      if (this.now >= nextAt) {
        nextAt += this.load.every;
        for (let sensor = 0; sensor < this.load.sensors; sensor++) this.say(reading(sensor, turn, this.unix()));
        turn += 1;
      }
      this.step();
      const wakes = [nextAt, this.storedAt, this.node.wakeAt(), this.up.wakeAt(), this.down.wakeAt()];
      this.now = Math.max(this.now, Math.min(...wakes.map((at) => at ?? Infinity)));
    }
    const { events, bytes, wireBytes, micros, datagrams, acks } = this.cost;
    const all = events - atWarm.events;
    return {
      events: all,
      bytesEach: (bytes - atWarm.bytes) / all,
      wireBytesEach: (wireBytes - atWarm.wireBytes) / all,
      microsEach: (micros - atWarm.micros) / all,
      datagrams: datagrams - atWarm.datagrams,
      acks: acks - atWarm.acks,
    };
  }

  private say(event: { type: string; [field: string]: unknown }): void {
    // With its own time it is said as it is, in a long line.
    if (this.isShort) delete event["ts"];
    const { accepted, effects } = this.node.emit(event, this.instant());
    if (!accepted) throw new Error("the node is full: the hop does not keep up");
    this.cost.events += 1;
    this.toNode(effects);
  }

  private step(): void {
    if (this.storedAt !== undefined && this.now >= this.storedAt) {
      this.storedAt = undefined;
      this.toRoot(this.root.stored(this.instant(), this.unix()));
    }
    this.toNode(this.node.tick(this.instant()));
    this.toRoot(this.root.tick(this.instant(), this.unix()));
    for (;;) {
      const hasSent = this.transmit(this.up, this.down) || this.transmit(this.down, this.up);
      for (const frame of this.down.takeInbox())
        this.toRoot(this.root.received(1 as LinkId, frame, this.instant(), this.unix()));
      for (const frame of this.up.takeInbox()) this.toNode(this.node.received(this.link, frame, this.instant()));
      if (this.up.isDrained()) this.toNode(this.node.drained(this.link, this.instant()));
      if (this.down.isDrained()) this.toRoot(this.root.drained(1 as LinkId, this.instant(), this.unix()));
      if (!hasSent) return;
    }
  }

  /** One datagram on the air, if there is one to go. */
  private transmit(from: Session, to: Session): boolean {
    const datagram = from.next(this.instant());
    if (datagram === undefined) return false;
    const { cost } = this;
    cost.datagrams += 1;
    cost.bytes += datagram.length;
    cost.wireBytes += datagram.length + FRAME_BYTES + MAC_ACK_BYTES;
    cost.micros += airMicros(datagram.length);
    const header = parseHeader(datagram);
    if (header === undefined) throw new Error("a datagram without a header");
    if (header.form === ACK) cost.acks += 1;
    this.now += airMicros(datagram.length) / 1000;
    from.sent("ok", this.instant());
    to.heard(header, datagram, this.instant());
    return true;
  }

  private toNode(effects: readonly NodeEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "dial") {
        this.link = effect.link;
        this.toNode(this.node.opened(effect.link, this.instant()));
      } else if (effect.kind === "send" && !this.up.send(effect.text)) throw new Error("the hop is full");
      else if (effect.kind === "close") throw new Error(`the node closes its link: ${effect.reason}`);
    }
  }

  private toRoot(effects: readonly RootEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "store") this.storedAt = this.now + COMMIT_MILLIS;
      else if (effect.kind === "send" && !this.down.send(effect.text)) throw new Error("the hop is full");
      else if (effect.kind === "close") throw new Error(`the root closes the link: ${effect.reason}`);
    }
  }

  private instant(): Instant {
    return Math.floor(this.now) as Instant;
  }

  private unix(): UnixMillis {
    return (UNIX_AT_START + Math.floor(this.now)) as UnixMillis;
  }
}

export function airCost(load: AirLoad, isShort: boolean): AirCost {
  return new AirRun(load, isShort).play();
}

/** MQTT-SN: a datagram for each event and one for its answer, as bare as they are, and with the header and the tag of our hop. */
export function mqttSnCost(event: { [field: string]: unknown }, sealBytes: number): AirCost {
  const payload = JSON.stringify(event["value"]).length;
  const datagrams = [PUBLISH_BYTES + payload + sealBytes, PUBACK_BYTES + sealBytes];
  const sum = (of: (bytes: number) => number): number => datagrams.reduce((total, bytes) => total + of(bytes), 0);
  return {
    events: 1,
    bytesEach: sum((bytes) => bytes),
    wireBytesEach: sum((bytes) => bytes + FRAME_BYTES + MAC_ACK_BYTES),
    microsEach: sum(airMicros),
    datagrams: 2,
    acks: 1,
  };
}

export interface AirRow {
  label: string;
  cost: AirCost;
  target: number | undefined;
  isMet: boolean | undefined;
}

export function airRows(): AirRow[] {
  const rows: AirRow[] = [];
  const add = (label: string, cost: AirCost, target?: number): void => {
    rows.push({ label, cost, target, isMet: target === undefined ? undefined : cost.bytesEach <= target });
  };
  for (const load of AIR_LOADS) {
    add(`${load.name}: short lines`, airCost(load, true), load.isFull ? AIR_BYTES_MAX : undefined);
    add(`${load.name}: plain JSON`, airCost(load, false));
  }
  const event = reading(0, 0, UNIX_AT_START);
  add("MQTT-SN QoS 1, no ts, no seal (computed)", mqttSnCost(event, 0));
  add("MQTT-SN QoS 1, no ts, our header and tag (computed)", mqttSnCost(event, HEADER_BYTES + TAG_BYTES));
  return rows;
}

/** The rows as a table for people. */
export function airTable(rows: readonly AirRow[]): string {
  const head = ["an event on the air, ESP-NOW at 1 Mbit/s, all acks included", "bytes", "with 802.11's", "air time"];
  const body = rows.map(({ label, cost, target, isMet }) => [
    label,
    `${cost.bytesEach.toFixed(1)}${target === undefined ? "" : ` (${target} ${isMet === true ? "met" : "MISSED"})`}`,
    cost.wireBytesEach.toFixed(1),
    `${(cost.microsEach / 1000).toFixed(2)} ms`,
  ]);
  const bytes = JSON.stringify(reading(0, 0, UNIX_AT_START)).length;
  return `Events of ${bytes} bytes of JSON, over one hop without loss; bytes are those of datagrams: headers, tags, closing lines, acks of hop and root.\n${grid([head, ...body])}`;
}
