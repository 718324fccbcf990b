/**
 * LogReader reads events from the log through a connection of its own that cannot write; the root may be running or not.
 *
 * Guarantee: a row whose checksum does not match is reported and never served. Rows are fetched one at a time, so that memory
 * stays small however long the log is, and no read holds up the writer's checkpoint.
 */
import type { NodeId } from "#shared/units.ts";
import type { GroupRow, RootImage } from "#shared/effect.ts";
import { rowChecksum } from "./checksum.ts";
import { decodeGroup, type StoredEvent } from "./event.ts";
import { readImage } from "./image.ts";
import { openForReading } from "./schema.ts";
import type { Database, SqlRow, SqlValue, Statement } from "./sqlite.ts";
import { Trouble } from "../trouble.ts";

export interface EventQuery {
  node?: string | undefined;
  eid?: string | undefined;
  type?: string | undefined;
  /** Smallest and largest `ts`, both included. Milliseconds since 1970. */
  from?: number | undefined;
  to?: number | undefined;
  /** Rows after the one and up to the other only; see `lastRow`. */
  afterRow?: number | undefined;
  upToRow?: number | undefined;
  isNewestFirst?: boolean | undefined;
}

/** Ids of rows looked up at a time. */
const IDS_AT_A_TIME = 1000;

export class LogReader {
  private readonly db: Database;
  private readonly file: string;
  private readonly byId: Statement;

  constructor(file: string) {
    this.file = file;
    this.db = openForReading(file);
    this.byId = this.db.prepare("SELECT * FROM groups WHERE id = ?");
  }

  /**
   * Events in the order in which they were stored, or the reverse. `onDamaged` is told of each damaged row, which is then
   * passed over; without it the first one throws `Trouble`.
   */
  *events(query: EventQuery, onDamaged?: (message: string) => void): Generator<StoredEvent> {
    const { eid, type, from = -Infinity, to = Infinity, isNewestFirst = false } = query;
    for (const row of this.rows(query, onDamaged)) {
      const events = decodeGroup(row);
      if (isNewestFirst) events.reverse();
      for (const event of events)
        if (
          (eid === undefined || event.eid === eid) &&
          (type === undefined || event.type === type) &&
          event.ts >= from &&
          event.ts <= to
        )
          yield event;
    }
  }

  /** Whole rows, checked, in order of storing. */
  *rows(query: EventQuery, onDamaged?: (message: string) => void): Generator<GroupRow> {
    for (const id of this.ids(query)) {
      const found = this.byId.get(id);
      if (found === undefined) continue;
      const row = groupRow(found);
      const trouble = this.damage(id, row, Number(found["crc32"]));
      if (trouble === undefined) yield row;
      else if (onDamaged === undefined) throw new Trouble(trouble);
      else onDamaged(trouble);
    }
  }

  /** Id of the newest row, 0 if there is none. */
  lastRow(): number {
    return Number(this.db.prepare("SELECT max(id) AS id FROM groups").get()?.["id"] ?? 0);
  }

  /** Times of the first and the last event of a node, milliseconds since 1970; 0 and 0 if there is none. */
  span(node: string): [first: number, last: number] {
    const row = this.db.prepare("SELECT min(ts_min) AS a, max(ts_max) AS b FROM groups WHERE node = ?").get(node);
    return [Number(row?.["a"] ?? 0), Number(row?.["b"] ?? 0)];
  }

  image(): RootImage {
    return readImage(this.db);
  }

  close(): void {
    this.db.close();
  }

  private *ids(query: EventQuery): Generator<number> {
    const isNewestFirst = query.isNewestFirst === true;
    const conditions = [isNewestFirst ? "id < ?" : "id > ?"];
    const values: SqlValue[] = [];
    const add = (condition: string, value: SqlValue | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    if (isNewestFirst) add("id > ?", query.afterRow);
    add("id <= ?", query.upToRow);
    add("node = ?", query.node);
    add("ts_max >= ?", query.from);
    add("ts_min <= ?", query.to);
    // A rare type in a long log: whole rows are passed over without being taken apart.
    if (query.type !== undefined) add("instr(lines, ?) > 0", JSON.stringify(query.type));
    const page = this.db.prepare(
      `SELECT id FROM groups WHERE ${conditions.join(" AND ")} ORDER BY id ${isNewestFirst ? "DESC" : "ASC"} LIMIT ${IDS_AT_A_TIME}`,
    );
    let last = isNewestFirst ? Number.MAX_SAFE_INTEGER : (query.afterRow ?? 0);
    for (;;) {
      const ids = page.all(last, ...values);
      for (const { id } of ids) yield (last = Number(id));
      if (ids.length < IDS_AT_A_TIME) return;
    }
  }

  private damage(id: number, row: GroupRow, crc32: number): string | undefined {
    if (rowChecksum(row) === crc32 && row.lines.split("\n").length === row.last - row.first + 1) return undefined;
    return `${this.file}: row ${id} of table groups (node ${JSON.stringify(row.node)}, epoch ${row.epoch}, events ${row.first} to ${row.last}) is damaged: its checksum does not match. It is not served; check the disk, and restore this file from a copy if there is one`;
  }
}

function groupRow(row: SqlRow): GroupRow {
  return {
    node: row["node"] as NodeId,
    epoch: row["epoch"] as number,
    first: row["first"] as number,
    last: row["last"] as number,
    received: row["received"] as number,
    tsMin: row["ts_min"] as number,
    tsMax: row["ts_max"] as number,
    lines: row["lines"] as string,
  };
}

/** The newest `limit` events that fit, oldest of them first, and whether there were more. */
export function findEvents(
  reader: LogReader,
  query: EventQuery,
  limit: number,
  onDamaged?: (message: string) => void,
): { events: StoredEvent[]; isTruncated: boolean } {
  const events: StoredEvent[] = [];
  for (const event of reader.events({ ...query, isNewestFirst: true }, onDamaged)) {
    if (events.length === limit) return { events: events.reverse(), isTruncated: true };
    events.push(event);
  }
  return { events: events.reverse(), isTruncated: false };
}
