/**
 * A stored event, as people and programs read it from the log: one row of `groups` taken apart.
 */
import type { GroupRow } from "#shared/effect.ts";

/** What `sapline log --json` prints, one a line, and what `/api/events` sends. */
export interface StoredEvent {
  node: string;
  epoch: number;
  /** Its number within the node's epoch. */
  n: number;
  type: string;
  /** Entity and value, where the event has them; otherwise null. */
  eid: string | null;
  value: unknown;
  /** Milliseconds since 1970: when it was made by the node's clock (`received` if the node did not say), and when it reached the root. */
  ts: number;
  received: number;
  /** Whatever else the event carries; absent if nothing. */
  more?: { [field: string]: unknown };
}

export function decodeGroup(row: GroupRow): StoredEvent[] {
  const lines = row.lines.split("\n");
  const events: StoredEvent[] = [];
  for (let i = 0; i < lines.length; i++) events.push(decodeLine(lines[i] as string, row, row.first + i));
  return events;
}

function decodeLine(line: string, row: GroupRow, n: number): StoredEvent {
  const { type, eid, value, ts, ...more } = JSON.parse(line) as { [field: string]: unknown };
  const event: StoredEvent = {
    node: row.node,
    epoch: row.epoch,
    n,
    type: typeof type === "string" ? type : "",
    eid: typeof eid === "string" ? eid : null,
    value: value === undefined ? null : value,
    ts: typeof ts === "number" ? ts : row.received,
    received: row.received,
  };
  for (const _ in more) {
    event.more = more;
    break;
  }
  return event;
}
