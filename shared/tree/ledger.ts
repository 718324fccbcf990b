/**
 * Ledger gathers what the next commit writes, and knows what may be said once it is on disk.
 *
 * One transaction is under way at a time; whatever arrives meanwhile makes up the next: that is group commit. Groups of one
 * origin that follow on are one row, with one time of arrival, which the fold of the log reads. A row of the root's own events
 * keeps its place among the others, so that the log can be folded again.
 */
import type { GroupRow, Transaction } from "../effect.ts";
import { ROW_BYTES_MAX, ROW_TIME } from "../limits.ts";
import { Table } from "../table.ts";
import type { LinkId, NodeId, UnixMillis } from "../units.ts";
import type { Projection } from "./projection.ts";

/** What is said after a commit, in the order in which it was asked. */
export type Answer =
  | { kind: "hello"; link: LinkId; id: NodeId; epoch: number; n: number; nonce: unknown }
  | { kind: "plain ack"; link: LinkId; n: unknown }
  | { kind: "set"; link: LinkId; id: NodeId; eid: string };

/** What may be acknowledged after a commit. */
export interface Acknowledgement {
  id: NodeId;
  epoch: number;
  last: number;
}

/** What waits for one commit. */
interface Waiting {
  answers: Answer[];
  acks: Table<Acknowledgement>;
}

interface OpenRow {
  row: GroupRow;
  pieces: string[];
  length: number;
}

export class Ledger {
  /** Length of the texts not yet on disk. */
  pendingBytes: number;
  private projection: Projection;
  private rows: OpenRow[];
  /** The row of each origin that a group following on may join. */
  private joinable: Table<OpenRow>;
  private openWaiting: Waiting;
  private waiting: Waiting;
  private openBytes: number;
  private valuesAfterBytes: number;
  /** Length of the texts since last values were written. */
  private bytesSinceValues: number;
  private isStoring: boolean;

  /** `valuesAfterBytes`: last values are written once that much text has come since; 0 is with every transaction. */
  constructor(projection: Projection, valuesAfterBytes: number) {
    this.projection = projection;
    this.valuesAfterBytes = valuesAfterBytes;
    this.bytesSinceValues = 0;
    this.rows = [];
    this.joinable = new Table<OpenRow>();
    this.openWaiting = { answers: [], acks: new Table<Acknowledgement>() };
    this.waiting = this.openWaiting;
    this.openBytes = 0;
    this.pendingBytes = 0;
    this.isStoring = false;
  }

  /** The time of arrival of what a node sends now: that of the row which it may join, if there is one. */
  arrival(node: NodeId, unix: UnixMillis): number {
    const open = this.joinable.get(node);
    if (open === undefined) return unix;
    const age = unix - open.row.received;
    return age >= 0 && age < ROW_TIME ? open.row.received : unix;
  }

  /** Adds events `first` to `last` of an origin. `text`: their lines, joined. `isOwn`: they are the root's. */
  append(row: GroupRow, isOwn: boolean): void {
    const bytes = row.lines.length;
    this.openBytes += bytes;
    this.pendingBytes += bytes;
    if (isOwn) this.joinable = new Table<OpenRow>();
    else if (this.extend(row)) return;
    const open = { row, pieces: [row.lines], length: bytes };
    this.rows.push(open);
    if (!isOwn) this.joinable.set(row.node, open);
  }

  answer(answer: Answer): void {
    this.openWaiting.answers.push(answer);
  }

  acknowledge(id: NodeId, epoch: number, last: number): void {
    const ack = this.openWaiting.acks.get(id);
    if (ack === undefined) this.openWaiting.acks.set(id, { id, epoch, last });
    else {
      ack.epoch = epoch;
      ack.last = last;
    }
  }

  /** The next transaction, if none is under way and there is something to write or to answer. */
  next(): Transaction | undefined {
    if (this.isStoring || (this.rows.length === 0 && this.openWaiting.answers.length === 0)) return undefined;
    this.bytesSinceValues += this.openBytes;
    const hasValues = this.bytesSinceValues >= this.valuesAfterBytes;
    if (hasValues) this.bytesSinceValues = 0;
    const changes = this.projection.takeChanges(hasValues);
    const groups = this.rows.map((open) => {
      open.row.lines = open.pieces.length === 1 ? (open.pieces[0] as string) : open.pieces.join("\n");
      return open.row;
    });
    this.waiting = this.openWaiting;
    this.openWaiting = { answers: [], acks: new Table<Acknowledgement>() };
    this.rows = [];
    this.joinable = new Table<OpenRow>();
    this.openBytes = 0;
    this.isStoring = true;
    return {
      groups,
      epochs: changes.epochs,
      values: changes.values,
      hasValues,
      desired: changes.desired,
      nodes: changes.nodes,
    };
  }

  /** The transaction is on disk: what may be said now. */
  stored(): Waiting {
    const waiting = this.waiting;
    this.pendingBytes = this.openBytes;
    this.isStoring = false;
    return waiting;
  }

  private extend(row: GroupRow): boolean {
    const open = this.joinable.get(row.node);
    if (open === undefined || open.row.epoch !== row.epoch || open.row.last + 1 !== row.first) return false;
    if (open.row.received !== row.received) return false;
    if (open.length + row.lines.length > ROW_BYTES_MAX) return false;
    open.pieces.push(row.lines);
    open.length += row.lines.length;
    open.row.last = row.last;
    open.row.tsMin = Math.min(open.row.tsMin, row.tsMin);
    open.row.tsMax = Math.max(open.row.tsMax, row.tsMax);
    return true;
  }
}
