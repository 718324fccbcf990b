/**
 * Projection is what the log amounts to: epochs, last values, desired state, presence and place of every node.
 *
 * It is a fold: `applyGroup` and `applyEvent` take what the log holds, in its order, and nothing else changes it. The root folds
 * as it accepts, `sapline log rebuild` folds the log again, and both come to the same. Runs on PCs and in the simulator only.
 */
import type { DesiredRow, EpochRow, NodeRow, RootImage, ValueRow } from "../effect.ts";
import { ENTITIES_MAX, EPOCHS_REMEMBERED } from "../limits.ts";
import { Table } from "../table.ts";
import type { NodeId } from "../units.ts";
import { asVia, isEntityId, isNodeId, isNumber, type Message, timeOf } from "../wire/message.ts";

const NO_ALIASES: readonly string[] = [];

/** A row, and the turn in which it was last noted as changed. */
interface Tracked<Row> {
  row: Row;
  turn: number;
}

/** The rows of one kind that changed since they were last taken, each listed once. */
class Changes<Row extends object> {
  private changed: Tracked<Row>[];
  private turn: number;

  constructor() {
    this.changed = [];
    this.turn = 1;
  }

  note(tracked: Tracked<Row>): void {
    if (tracked.turn === this.turn) return;
    tracked.turn = this.turn;
    this.changed.push(tracked);
  }

  /** Copies, as they are now. */
  take(): Row[] {
    const rows = this.changed.map((tracked) => ({ ...tracked.row }));
    this.changed = [];
    this.turn += 1;
    return rows;
  }
}

/** The last value of an entity, and its place among the node's. */
interface TrackedValue extends Tracked<ValueRow> {
  place: number;
}

/** What is known of one node. */
interface Known {
  id: string;
  /** Its epochs, oldest first; the last is the current one. */
  epochs: Tracked<EpochRow>[];
  values: Table<TrackedValue>;
  /** The same in the order in which they were met. */
  valueList: TrackedValue[];
  /** The place whose turn it is: nodes say their entities in turn, and so most are found without hashing a text. */
  placeNext: number;
  desired: Table<Tracked<DesiredRow>>;
  /** Undefined until it joined for the first time. */
  node: Tracked<NodeRow> | undefined;
}

export class Projection {
  private rootId: NodeId;
  private all: Table<Known>;
  private latest: Known | undefined;
  private epochs: Changes<EpochRow>;
  private values: Changes<ValueRow>;
  private desired: Changes<DesiredRow>;
  private nodes: Changes<NodeRow>;

  constructor(rootId: NodeId, image: RootImage) {
    this.rootId = rootId;
    this.all = new Table<Known>();
    this.latest = undefined;
    this.epochs = new Changes<EpochRow>();
    this.values = new Changes<ValueRow>();
    this.desired = new Changes<DesiredRow>();
    this.nodes = new Changes<NodeRow>();
    image.epochs.forEach((row) => this.known(row.node).epochs.push({ row, turn: 0 }));
    image.values.forEach((row) => addValue(this.known(row.node), row));
    image.desired.forEach((row) => this.known(row.node).desired.set(row.eid, { row, turn: 0 }));
    image.nodes.forEach((row) => {
      this.known(row.id).node = { row, turn: 0 };
    });
    this.all.values().forEach((known) => {
      known.epochs.sort((a, b) => a.row.epoch - b.row.epoch);
      known.epochs.splice(0, known.epochs.length - EPOCHS_REMEMBERED);
    });
  }

  /** An epoch of a node opened, or moved on to `last`. */
  applyGroup(node: NodeId, epoch: number, last: number): void {
    const epochs = this.known(node).epochs;
    let tracked = epochs[epochs.length - 1];
    if (tracked === undefined || tracked.row.epoch !== epoch) {
      tracked = { row: { node, epoch, last }, turn: 0 };
      epochs.push(tracked);
      if (epochs.length > EPOCHS_REMEMBERED) epochs.shift();
    }
    tracked.row.last = last;
    this.epochs.note(tracked);
  }

  /** One event of the log; `received` and the times in it are milliseconds since 1970. */
  applyEvent(node: NodeId, epoch: number, n: number, event: Message, received: number): void {
    if (event.type === "!update") this.update(node, epoch, n, event, received);
    else if (node === this.rootId) this.rootEvent(event, received);
  }

  currentEpoch(node: string): EpochRow | undefined {
    const epochs = this.all.get(node)?.epochs;
    return epochs?.[epochs.length - 1]?.row;
  }

  /** The last event of an epoch of a node, 0 if that epoch is not known. */
  lastOf(node: string, epoch: number): number {
    const epochs = this.all.get(node)?.epochs ?? [];
    for (let i = epochs.length - 1; i >= 0; i--) {
      const row = (epochs[i] as Tracked<EpochRow>).row;
      if (row.epoch === epoch) return row.last;
    }
    return 0;
  }

  /** The entities that have an alias in that epoch: the same object while they are the same. */
  aliases(id: string, epoch: number): readonly string[] {
    const row = this.all.get(id)?.node?.row;
    return row === undefined || row.epoch !== epoch ? NO_ALIASES : row.eids;
  }

  nodeRow(id: string): NodeRow | undefined {
    return this.all.get(id)?.node?.row;
  }

  nodeRows(): NodeRow[] {
    const rows: NodeRow[] = [];
    this.all.values().forEach((known) => {
      if (known.node !== undefined) rows.push(known.node.row);
    });
    return rows;
  }

  valueRows(node: string): ValueRow[] {
    return rowsOf(this.all.get(node)?.values);
  }

  desiredRows(node: string): DesiredRow[] {
    return rowsOf(this.all.get(node)?.desired);
  }

  /** What changed since the last call: one transaction's worth of projections. Last values wait for a call that asks for them. */
  takeChanges(hasValues: boolean): RootImage {
    return {
      epochs: this.epochs.take(),
      values: hasValues ? this.values.take() : [],
      desired: this.desired.take(),
      nodes: this.nodes.take(),
    };
  }

  private update(node: NodeId, epoch: number, n: number, event: Message, received: number): void {
    const eid = event["eid"];
    const value = event["value"];
    if (!isEntityId(eid) || value === undefined) return;
    const known = this.known(node);
    const ts = timeOf(event, received);
    let tracked = known.valueList[known.placeNext];
    if (tracked === undefined || tracked.row.eid !== eid) tracked = known.values.get(eid);
    if (tracked === undefined) {
      if (known.values.size >= ENTITIES_MAX) return;
      // Its own text: cut out of a frame, it would keep the whole frame in memory.
      tracked = addValue(known, { node, eid: JSON.parse(JSON.stringify(eid)), value, ts, received, epoch, n });
    }
    known.placeNext = tracked.place + 1 < known.valueList.length ? tracked.place + 1 : 0;
    const row = tracked.row;
    row.value = value;
    row.ts = ts;
    row.received = received;
    row.epoch = epoch;
    row.n = n;
    this.values.note(tracked);
    if (event["rev"] !== undefined) this.settle(known, eid, event["rev"]);
  }

  private settle(known: Known, eid: string, rev: unknown): void {
    const tracked = known.desired.get(eid);
    if (tracked === undefined || tracked.row.isSettled || tracked.row.rev !== rev) return;
    tracked.row.isSettled = true;
    this.desired.note(tracked);
  }

  private rootEvent(event: Message, received: number): void {
    switch (event.type) {
      case "!started":
        this.nodeRows().forEach((row) => this.setAway(row.id, received));
        break;
      case "!joined":
        this.setHere(event, received);
        break;
      case "!left":
        if (isNodeId(event["id"])) this.setAway(event["id"], received);
        break;
      case "?set":
        this.wish(event);
        break;
      case "!named":
        this.name(event);
        break;
      default:
    }
  }

  private setHere(event: Message, since: number): void {
    const id = event["id"];
    const via = asVia(event["via"]);
    const epoch = event["ep"];
    if (!isNodeId(id) || via === undefined || !isNumber(epoch)) return;
    const known = this.known(id);
    // In the log an epoch without events is known by its `!joined` alone.
    if (this.currentEpoch(id)?.epoch !== epoch) this.applyGroup(id, epoch, 0);
    // An alias is of its epoch.
    const eids = known.node?.row.epoch === epoch ? known.node.row.eids : [];
    const row = { id, isUp: true, since, epoch, via, fw: String(event["fw"]), eids };
    if (known.node === undefined) known.node = { row, turn: 0 };
    else known.node.row = row;
    this.nodes.note(known.node);
  }

  private name(event: Message): void {
    const tracked = this.all.get(String(event["id"]))?.node;
    const alias = event["k"];
    const eids = event["eids"];
    if (tracked === undefined || tracked.row.epoch !== event["ep"]) return;
    if (!isNumber(alias) || !Array.isArray(eids) || !eids.every(isEntityId)) return;
    const before = tracked.row.eids;
    tracked.row.eids = [...before.slice(0, alias - 1), ...eids, ...before.slice(alias - 1 + eids.length)];
    this.nodes.note(tracked);
  }

  private setAway(id: NodeId, since: number): void {
    const tracked = this.all.get(id)?.node;
    if (tracked === undefined || !tracked.row.isUp) return;
    tracked.row.isUp = false;
    tracked.row.since = since;
    this.nodes.note(tracked);
  }

  private wish(event: Message): void {
    const node = event["dst"];
    const eid = event["eid"];
    const rev = event["rev"];
    if (!isNodeId(node) || !isEntityId(eid) || !isNumber(rev)) return;
    const known = this.known(node);
    const row = { node, eid, value: event["value"], rev, isSettled: false };
    const tracked = known.desired.get(eid) ?? { row, turn: 0 };
    tracked.row = row;
    known.desired.set(eid, tracked);
    this.desired.note(tracked);
  }

  private known(id: string): Known {
    // Events come in groups of one node: it is mostly the one that was asked for last.
    if (this.latest !== undefined && this.latest.id === id) return this.latest;
    let known = this.all.get(id);
    if (known === undefined) {
      known = {
        id,
        epochs: [],
        values: new Table(),
        valueList: [],
        placeNext: 0,
        desired: new Table(),
        node: undefined,
      };
      this.all.set(id, known);
    }
    this.latest = known;
    return known;
  }
}

function addValue(known: Known, row: ValueRow): TrackedValue {
  const tracked = { row, turn: 0, place: known.valueList.length };
  known.valueList.push(tracked);
  known.values.set(row.eid, tracked);
  return tracked;
}

function rowsOf<Row>(table: Table<Tracked<Row>> | undefined): Row[] {
  return table === undefined ? [] : table.values().map((tracked) => tracked.row);
}
