/**
 * The root's disk as a chain of transactions, each distinct disk kept once, with what the invariants ask of it worked out when it
 * is first met. A disk that breaks a promise has a sentence in `broken`.
 */
import type { EpochRow, GroupRow, RootImage, Transaction } from "#shared/effect.ts";
import { Projection } from "#shared/tree/projection.ts";
import type { NodeId } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { Interned } from "./interned.ts";

export const ROOT_ID = "root" as NodeId;

type Rows = { [key: string]: string };

interface Disk {
  broken: string;
  /** Rows of the four projections by kind and key, as JSON. */
  rows: Rows;
  /** Last event of each node and epoch, by "node epoch". */
  lasts: { [nodeAndEpoch: string]: number };
  /** The newest epoch of each node that has an event. */
  epochs: { [node: string]: number };
  /** Which life of which board spoke in an epoch: one. */
  speakers: { [nodeAndEpoch: string]: string };
  /** Place of the last event of each life of each board. */
  said: { [by: string]: number };
  /** The answer of each node to an action, by "node action": where it came twice, a branch may say that nobody is there. */
  answered: { [nodeAndAct: string]: string };
}

export class Disks {
  private transactions = new Interned<Transaction>();
  private chain = new Interned<Disk>();

  private keepers: readonly number[];

  /** `keepers`: boards that keep their events, so that a later life of theirs may speak for an earlier one. */
  constructor(keepers: readonly number[]) {
    this.keepers = keepers;
    const empty = { broken: "", rows: {}, lasts: {}, epochs: {}, speakers: {}, said: {}, answered: {} };
    this.chain.number(empty, "empty");
  }

  get size(): number {
    return this.chain.size;
  }

  /** As it is now: the root goes on with its rows. */
  transaction(transaction: Transaction): number {
    const text = JSON.stringify(transaction);
    return this.transactions.number(JSON.parse(text) as Transaction, text);
  }

  /** The disk after that transaction. */
  after(disk: number, transaction: number): number {
    const key = disk + " " + transaction;
    const known = this.chain.known(key);
    if (known !== undefined) return known;
    const next = appended(this.chain.value(disk), this.transactions.value(transaction), this.keepers);
    return this.chain.number(next, key);
  }

  broken(disk: number): string {
    return this.chain.value(disk).broken;
  }

  last(disk: number, node: string, epoch: number): number {
    return this.chain.value(disk).lasts[node + " " + epoch] ?? 0;
  }

  hasEpoch(disk: number, node: string, epoch: number): boolean {
    return this.chain.value(disk).rows["epochs " + node + " " + epoch] !== undefined;
  }

  said(disk: number, by: string): number {
    return this.chain.value(disk).said[by] ?? 0;
  }

  /** Firmware's name of the board that the log last saw under an id. */
  firmware(disk: number, id: string): string {
    const row = this.chain.value(disk).rows["nodes " + id];
    return row === undefined ? "" : (JSON.parse(row) as { fw: string }).fw;
  }

  /** How many desired values of that node it has not yet said it took. */
  unsettled(disk: number, id: string): number {
    const rows = this.chain.value(disk).rows;
    return Object.keys(rows).filter(
      (key) => key.startsWith(`desired ${id} `) && rows[key]?.includes('"isSettled":false'),
    ).length;
  }

  /** What a root that starts on it is given. */
  image(disk: number): RootImage {
    return imageOf(this.chain.value(disk).rows);
  }
}

function imageOf(rows: Rows): RootImage {
  const image: RootImage = { epochs: [], values: [], desired: [], nodes: [] };
  for (const key of Object.keys(rows)) {
    const list = image[key.split(" ")[0] as keyof RootImage] as unknown[];
    list.push(JSON.parse(rows[key] as string));
  }
  return image;
}

function withRows(rows: Rows, changed: RootImage): Rows {
  const all = { ...rows };
  for (const row of changed.epochs) all["epochs " + row.node + " " + row.epoch] = JSON.stringify(row);
  for (const row of changed.values) all["values " + row.node + " " + row.eid] = JSON.stringify(row);
  for (const row of changed.desired) all["desired " + row.node + " " + row.eid] = JSON.stringify(row);
  for (const row of changed.nodes) all["nodes " + row.id] = JSON.stringify(row);
  return all;
}

function appended(before: Disk, transaction: Transaction, keepers: readonly number[]): Disk {
  const disk: Disk = {
    broken: before.broken,
    rows: withRows(before.rows, transaction),
    lasts: { ...before.lasts },
    epochs: { ...before.epochs },
    speakers: { ...before.speakers },
    said: { ...before.said },
    answered: { ...before.answered },
  };
  const breach = (sentence: string) => {
    if (disk.broken === "") disk.broken = sentence;
  };
  for (const row of transaction.groups) addGroup(disk, row, keepers, breach);
  for (const row of transaction.epochs) checkEpoch(disk, before, row, breach);
  // By induction over the chain the projections are a fold of the log if each transaction's are.
  const projection = new Projection(ROOT_ID, imageOf(before.rows));
  for (const row of transaction.groups) {
    row.lines.split("\n").forEach((line, i) => {
      projection.applyEvent(row.node, row.epoch, row.first + i, JSON.parse(line) as Message, row.received);
    });
    projection.applyGroup(row.node, row.epoch, row.last);
  }
  const folded = withRows(before.rows, projection.takeChanges(true));
  for (const key of Object.keys({ ...folded, ...disk.rows })) {
    if (folded[key] !== disk.rows[key])
      breach(`the projection is no fold of the log: ${key} is ${disk.rows[key]}, and should be ${folded[key]}`);
  }
  return disk;
}

function checkEpoch(disk: Disk, before: Disk, row: EpochRow, breach: (sentence: string) => void): void {
  const key = row.node + " " + row.epoch;
  if (row.last !== (disk.lasts[key] ?? 0))
    breach(`the disk counts ${row.last} events of ${key}, and has ${disk.lasts[key]}`);
  if (row.epoch < (before.epochs[row.node] ?? 0)) breach(`epoch ${key} is opened after a later one`);
}

function addGroup(disk: Disk, row: GroupRow, keepers: readonly number[], breach: (sentence: string) => void): void {
  const key = row.node + " " + row.epoch;
  const lines = row.lines.split("\n");
  const last = disk.lasts[key] ?? 0;
  if (row.first <= last) breach(`event ${row.first} of ${key} is stored twice`);
  if (row.first > last + 1) breach(`events ${last + 1} to ${row.first - 1} of ${key} are missing without a gap record`);
  if (row.last !== row.first + lines.length - 1)
    breach(`the row ${row.first} to ${row.last} of ${key} has ${lines.length} lines`);
  if (row.epoch < (disk.epochs[row.node] ?? 0)) breach(`epoch ${row.epoch} of ${row.node} goes on after a later one`);
  disk.lasts[key] = row.last;
  disk.epochs[row.node] = row.epoch;
  if (row.node === ROOT_ID) return;
  for (const line of lines) addEvent(disk, key, JSON.parse(line) as Message, keepers, breach);
}

function addEvent(
  disk: Disk,
  key: string,
  event: Message,
  keepers: readonly number[],
  breach: (sentence: string) => void,
): void {
  // No outbox of these worlds is full and no line malformed: nobody has a reason for a gap.
  if (event.type === "!gap") breach(`a gap record of ${key} without a reason`);
  if (event.type === "!act") {
    const id = key.split(" ")[0] + " " + String(event["id"]);
    const answer = JSON.stringify({ ...event, ts: 0 });
    // A `?act` that comes twice is answered twice, with the same words.
    if (disk.answered[id] === answer) return;
    if (disk.answered[id] !== undefined) breach(`two answers to an action are stored: ${id}`);
    disk.answered[id] = answer;
  }
  const isInValue = event.type === "!act" || event["eid"] === "count";
  const mark = (isInValue ? event["value"] : event) as { by?: string; seq?: number } | undefined;
  if (mark?.by === undefined || mark.seq === undefined) return;
  const speaker = disk.speakers[key] ?? mark.by;
  if (speaker !== mark.by && !speaksFor(mark.by, speaker, keepers))
    breach(`epoch ${key} has events of ${speaker} and of ${mark.by}`);
  disk.speakers[key] = mark.by;
  const said = disk.said[mark.by] ?? 0;
  if (mark.seq <= said) breach(`event ${mark.seq} of ${mark.by} is stored twice, or after a later one`);
  if (mark.seq > said + 1) breach(`events ${said + 1} to ${mark.seq - 1} of ${mark.by} were skipped`);
  disk.said[mark.by] = mark.seq;
}

/** A life speaks for an earlier one of the same board, which has kept its events. */
function speaksFor(by: string, earlier: string, keepers: readonly number[]): boolean {
  const [board, life] = by.split(".").map(Number);
  const [other, before] = earlier.split(".").map(Number);
  return board === other && keepers.includes(board as number) && (before as number) < (life as number);
}
