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
  acks: Acknowledgement[];
}

interface OpenRow {
  row: GroupRow;
  pieces: string[];
  length: number;
  /** How many rows are before it. */
  place: number;
}

/** What has come of one origin for the next transaction. */
interface Gathered {
  node: NodeId;
  /** Its last row: a group that follows on may join it, unless an event of the root's own came after it. */
  open: OpenRow | undefined;
  ack: Acknowledgement | undefined;
}

export class Ledger {
  /** Length of the texts not yet on disk. */
  pendingBytes: number;
  /** Of these, the length of those that are for the next transaction. */
  openBytes: number;
  private projection: Projection;
  private rows: OpenRow[];
  private gathered: Table<Gathered>;
  /** Groups come in runs of one origin: it is mostly the one that was asked for last. */
  private latest: Gathered | undefined;
  /** Rows before this place are joined no more. */
  private joinableFrom: number;
  private openWaiting: Waiting;
  private waiting: Waiting;
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
    this.gathered = new Table<Gathered>();
    this.latest = undefined;
    this.joinableFrom = 0;
    this.openWaiting = { answers: [], acks: [] };
    this.waiting = this.openWaiting;
    this.openBytes = 0;
    this.pendingBytes = 0;
    this.isStoring = false;
  }

  /** The time of arrival of what a node sends now: that of the row which it may join, if there is one. */
  arrival(node: NodeId, unix: UnixMillis): number {
    const open = this.joinable(this.of(node));
    if (open === undefined) return unix;
    const age = unix - open.row.received;
    return age >= 0 && age < ROW_TIME ? open.row.received : unix;
  }

  /** Adds events `first` to `last` of an origin. `text`: their lines, joined. `isOwn`: they are the root's. */
  append(row: GroupRow, isOwn: boolean): void {
    const bytes = row.lines.length;
    this.openBytes += bytes;
    this.pendingBytes += bytes;
    const gathered = this.of(row.node);
    if (!isOwn && this.extend(this.joinable(gathered), row)) return;
    gathered.open = { row, pieces: [row.lines], length: bytes, place: this.rows.length };
    this.rows.push(gathered.open);
    if (isOwn) this.joinableFrom = this.rows.length;
  }

  answer(answer: Answer): void {
    this.openWaiting.answers.push(answer);
  }

  acknowledge(id: NodeId, epoch: number, last: number): void {
    const gathered = this.of(id);
    if (gathered.ack === undefined) {
      gathered.ack = { id, epoch, last };
      this.openWaiting.acks.push(gathered.ack);
    } else {
      gathered.ack.epoch = epoch;
      gathered.ack.last = last;
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
    this.openWaiting = { answers: [], acks: [] };
    this.rows = [];
    this.gathered = new Table<Gathered>();
    this.latest = undefined;
    this.joinableFrom = 0;
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

  private of(node: NodeId): Gathered {
    if (this.latest !== undefined && this.latest.node === node) return this.latest;
    let gathered = this.gathered.get(node);
    if (gathered === undefined) {
      gathered = { node, open: undefined, ack: undefined };
      this.gathered.set(node, gathered);
    }
    this.latest = gathered;
    return gathered;
  }

  private joinable({ open }: Gathered): OpenRow | undefined {
    return open !== undefined && open.place >= this.joinableFrom ? open : undefined;
  }

  private extend(open: OpenRow | undefined, row: GroupRow): boolean {
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
