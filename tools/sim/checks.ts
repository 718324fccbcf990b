/**
 * Checks watches a world and throws a Violation at the first moment that something is not as the protocol promises. It reads what
 * the cores keep, but changes nothing. What is promised of the end, when all is well again, is in settling.ts.
 */
import type { GroupRow, RootImage } from "#shared/effect.ts";
import { FRAME_BYTES_MAX, type Limits } from "#shared/limits.ts";
import { Projection } from "#shared/tree/projection.ts";
import type { NodeId } from "#shared/units.ts";
import { type Message, parseMessage } from "#shared/wire/message.ts";
import { faultOf, markOf } from "./mark.ts";

/** A promise that was not kept, in a sentence. */
export class Violation extends Error {}

/** What one life of a node's program has said. A program that starts again is another life. */
export interface Life {
  readonly node: string;
  readonly number: number;
  /** Events that the core took; each has its number in `seq`, from 1. */
  accepted: number;
  /** Of these: on the root's disk, and the number of the last of them. */
  stored: number;
  lastStored: number;
  /** Events that gaps on the disk stand for. */
  gaps: number;
  /** The epoch in which it speaks, as far as that was checked, and up to which event the root acknowledged it. */
  epoch: number;
  acked: number;
  isOver: boolean;
  /** Of a node that keeps its events: those up to this one have to come to the disk, whatever becomes of this life. */
  kept: number | undefined;
  /** The last value of each entity that the core took, if it took any. */
  values: Map<string, unknown> | undefined;
}

/** What a TreeNode keeps inside, as far as it is watched. */
export interface NodeInside {
  flight: { epoch: number; acked: number; next: number; flightBytes: number };
  outbox: { bytes(): number; events(): number };
  branch: { relayBytes: number };
  parent: { handedBytes: number };
}

/** A row of the log, as far as it is watched. */
export type StoredRow = Pick<GroupRow, "epoch" | "first" | "last" | "received" | "lines"> & { node: string };

const EMPTY: RootImage = { epochs: [], values: [], desired: [], nodes: [] };

/** Links may not come quicker than this, in milliseconds: half of the shortest wait before a dial. */
const DIAL_APART_MIN = 240;

export class Checks {
  /** Events on the disk. */
  stored = 0;
  /** For those who measure: an event of a node is durable, since that moment. */
  onStored: (node: string, event: Message, at: number) => void = () => {};
  private readonly lives = new Map<number, Life>();
  /** Which life speaks in an epoch. */
  private readonly speakers = new Map<string, Life>();
  /** The last epoch of each node on the disk, and its last event. */
  private readonly durable = new Map<string, { epoch: number; last: number }>();
  private readonly fold: Projection | undefined;
  private readonly folded = new Map<string, string>();
  private readonly actsRun = new Map<string, string>();
  private readonly dialledAt = new Map<string, number>();

  /** `isFolding`: whether the log is folded too, to be compared with the tables. It costs as much again as the rest. */
  constructor(isFolding: boolean) {
    this.fold = isFolding ? new Projection("root" as NodeId, EMPTY) : undefined;
  }

  born(node: string): Life {
    const life: Life = {
      node,
      number: this.lives.size + 1,
      accepted: 0,
      stored: 0,
      lastStored: 0,
      gaps: 0,
      epoch: 0,
      acked: 0,
      isOver: false,
      kept: undefined,
      values: undefined,
    };
    this.lives.set(life.number, life);
    return life;
  }

  /** After each input of a node. */
  node(life: Life, inside: NodeInside, limits: Limits): void {
    const { epoch, acked } = inside.flight;
    if (epoch !== life.epoch || acked !== life.acked) this.heard(life, epoch, acked);
    // A first group may be longer than the window: one long line.
    if (inside.flight.next > 1) bound(life.node, "window", inside.flight.flightBytes, limits.windowBytes);
    bound(life.node, "outbox", inside.outbox.bytes(), limits.outboxBytes);
    bound(life.node, "relay", inside.branch.relayBytes, 2 * limits.relayBytes);
    const handedMost = limits.pipeBytes + limits.relayBytes + 2 * FRAME_BYTES_MAX;
    bound(life.node, "socket to the parent", inside.parent.handedBytes, handedMost);
  }

  /** The root has given the node an epoch, or acknowledged more. */
  private heard(life: Life, epoch: number, acked: number): void {
    life.epoch = epoch;
    life.acked = acked;
    if (epoch === 0) return;
    const key = `${life.node} ${epoch}`;
    const speaker = this.speakers.get(key);
    if (speaker === undefined) this.speakers.set(key, life);
    else if (speaker !== life) {
      throw new Violation(
        `two programs speak in epoch ${epoch} of ${life.node}: lives ${speaker.number} and ${life.number}`,
      );
    }
    const durable = this.durableLast(life.node, epoch);
    if (acked > durable)
      throw new Violation(
        `${life.node} takes event ${acked} of epoch ${epoch} for acknowledged, the disk ends at ${durable}`,
      );
  }

  dialled(name: string, now: number): void {
    const before = this.dialledAt.get(name);
    this.dialledAt.set(name, now);
    if (before !== undefined && now - before < DIAL_APART_MIN)
      throw new Violation(`${name} dials again after ${now - before} ms`);
  }

  /** A node was moved by hand, or switched on: its next dial comes when it likes. */
  forgiveDial(name: string): void {
    this.dialledAt.delete(name);
  }

  /** An action runs, `lateMillis` after its deadline by the world's clock (below 0: before). */
  actRun(name: string, id: string, lateMillis: number, toleratedMillis: number): void {
    const before = this.actsRun.get(id);
    if (before !== undefined) throw new Violation(`action ${id} runs on ${name}, and ran on ${before}`);
    this.actsRun.set(id, name);
    if (lateMillis > toleratedMillis)
      throw new Violation(`action ${id} runs on ${name} ${lateMillis} ms after its deadline`);
  }

  /** A row of a transaction is durable since that moment. */
  stores(row: StoredRow, at: number): void {
    this.number(row.node, row.epoch, row.first, row.last);
    const lines = row.lines.split("\n");
    if (lines.length !== row.last - row.first + 1)
      throw new Violation(`a row of ${row.node} has ${lines.length} lines for events ${row.first} to ${row.last}`);
    if (row.node === "root" && this.fold === undefined) return;
    this.fold?.applyGroup(row.node as NodeId, row.epoch, row.last);
    for (let i = 0; i < lines.length; i++) {
      const event = parseMessage(lines[i] as string);
      if (event === undefined) throw new Violation(`a line of ${row.node} on the disk is no message: ${lines[i]}`);
      this.fold?.applyEvent(row.node as NodeId, row.epoch, row.first + i, event, row.received);
      if (row.node !== "root") this.event(row.node, row.epoch, event, at);
    }
  }

  /** Whether the tables on the disk are what the log amounts to. */
  compare(image: RootImage): void {
    if (this.fold === undefined) return;
    const changes = this.fold.takeChanges(true);
    for (const kind of ["epochs", "values", "desired", "nodes"] as const) {
      for (const row of changes[kind]) this.folded.set(keyOf(kind, row), JSON.stringify(row));
      for (const row of image[kind]) {
        const other = this.folded.get(keyOf(kind, row));
        if (other !== JSON.stringify(row))
          throw new Violation(`the table ${kind} says ${JSON.stringify(row)}, the log amounts to ${other}`);
      }
    }
    const rows = image.epochs.length + image.values.length + image.desired.length + image.nodes.length;
    if (rows !== this.folded.size)
      throw new Violation(`the tables have ${rows} rows, the log amounts to ${this.folded.size}`);
  }

  /** What every life has said. */
  all(): Iterable<Life> {
    return this.lives.values();
  }

  private number(node: string, epoch: number, first: number, last: number): void {
    const before = this.durable.get(node) ?? { epoch: 0, last: 0 };
    if (epoch < before.epoch) throw new Violation(`${node} stores into epoch ${epoch} after epoch ${before.epoch}`);
    const wanted = epoch === before.epoch ? before.last + 1 : 1;
    if (first !== wanted)
      throw new Violation(`${node}, epoch ${epoch}: event ${first} is stored where ${wanted} should come`);
    this.durable.set(node, { epoch, last });
  }

  private durableLast(node: string, epoch: number): number {
    const durable = this.durable.get(node);
    // Of an older epoch everything that was acknowledged is below what came later.
    return durable === undefined || durable.epoch < epoch ? 0 : durable.epoch === epoch ? durable.last : Infinity;
  }

  protected event(node: string, epoch: number, event: Message, at: number): void {
    if (event["type"] === "!gap") {
      if (event["reason"] !== "full")
        throw new Violation(`${node}, epoch ${epoch}: the root could not read a line: ${String(event["reason"])}`);
      const speaker = this.speakers.get(`${node} ${epoch}`);
      if (speaker !== undefined) speaker.gaps += event["n"] as number;
      return;
    }
    const mark = markOf(event);
    if (mark === undefined) return;
    const { seq } = mark;
    const life = this.lives.get(mark.life);
    // Who speaks in its newest epoch was looked at when it was given that.
    const isSpeaker = life !== undefined && life.node === node && life.epoch === epoch;
    // A later life says what this one has kept.
    const isKept = life !== undefined && life.node === node && life.isOver && life.kept !== undefined;
    if (life === undefined || !(isSpeaker || isKept || this.speakers.get(`${node} ${epoch}`) === life))
      throw new Violation(`an event of life ${mark.life} is in epoch ${epoch} of ${node}`);
    if (seq <= life.lastStored)
      throw new Violation(`${node}, life ${life.number}: event ${seq} is stored after event ${life.lastStored}`);
    const fault = faultOf(event);
    if (fault !== "") throw new Violation(`${node}, life ${life.number}: event ${seq} ${fault}`);
    life.stored += 1;
    life.lastStored = seq;
    this.stored += 1;
    this.onStored(node, event, at);
    if (seq - life.stored !== life.gaps) {
      throw new Violation(
        `${node}, life ${life.number}: up to event ${seq}, ${seq - life.stored} are missing and gaps stand for ${life.gaps}`,
      );
    }
  }
}

function bound(node: string, what: string, bytes: number, most: number): void {
  if (bytes > most || !(bytes >= 0))
    throw new Violation(`the ${what} of ${node} holds ${bytes} bytes, its bound is ${most}`);
}

function keyOf(kind: string, row: object): string {
  const { node, id, eid, epoch } = row as { node?: string; id?: string; eid?: string; epoch?: number };
  return kind === "epochs" ? `${kind} ${node} ${epoch}` : `${kind} ${node ?? id} ${eid ?? ""}`;
}
