/**
 * A chart of one entity: its events in columns of equal time, so that a year is as quick to draw as a minute.
 *
 * Bounded: `CHART_MILLIS` of reading, newest first; whatever is older by then is missing, and the answer says so.
 */
import type { StoredEvent } from "./event.ts";
import type { EventQuery, LogReader } from "./reader.ts";

/** Chosen: a second or two is what people wait for a picture, and the log's other readers wait with them. */
export const CHART_MILLIS = 2000;

export interface ChartQuery {
  node: string;
  eid: string;
  /** Bounds of `ts`, milliseconds since 1970; undefined: the entity's first and last event. */
  from: number | undefined;
  to: number | undefined;
  buckets: number;
}

/** A column in which something was said. */
export interface Bucket {
  /** Its beginning, milliseconds since 1970. */
  at: number;
  count: number;
  /** Of the numbers in it (true is 1, false 0); null if there was none. */
  min: number | null;
  max: number | null;
  mean: number | null;
  /** The last value, whatever it is. */
  last: unknown;
}

export interface Chart {
  from: number;
  to: number;
  bucketMillis: number;
  /** Oldest first; empty columns are left out. */
  buckets: Bucket[];
  /** Reading took too long: what is older than the first bucket is missing. */
  isTruncated: boolean;
}

export function chart(reader: LogReader, query: ChartQuery, elapsed: () => number): Chart {
  const { node, eid, buckets } = query;
  const [first, last] = reader.span(node);
  const from = query.from ?? first;
  // A moment more than the last event, so that it is inside.
  const to = Math.max(query.to ?? last + 1, from + 1);
  const bucketMillis = Math.max(1, Math.ceil((to - from) / buckets));
  const columns = new Map<number, { bucket: Bucket; sum: number; numbers: number; lastTs: number }>();
  const events: EventQuery = { node, eid, from, to, isNewestFirst: true };
  let isTruncated = false;
  let read = 0;
  for (const event of reader.events(events)) {
    // The clock is looked at now and then: it costs as much as an event.
    if (++read % 256 === 0 && elapsed() > CHART_MILLIS) {
      isTruncated = true;
      break;
    }
    const number = numberOf(event);
    if (event.type !== "!update") continue;
    const column = Math.floor((event.ts - from) / bucketMillis);
    let found = columns.get(column);
    if (found === undefined) {
      const bucket = { at: from + column * bucketMillis, count: 0, min: null, max: null, mean: null, last: null };
      found = { bucket, sum: 0, numbers: 0, lastTs: Number.NEGATIVE_INFINITY };
      columns.set(column, found);
    }
    const { bucket } = found;
    bucket.count++;
    // Newest first: of two of the same time the one met first was stored last.
    if (event.ts > found.lastTs) {
      found.lastTs = event.ts;
      bucket.last = event.value;
    }
    if (number === undefined) continue;
    found.sum += number;
    found.numbers++;
    bucket.min = Math.min(bucket.min ?? number, number);
    bucket.max = Math.max(bucket.max ?? number, number);
    bucket.mean = found.sum / found.numbers;
  }
  const inOrder = [...columns].sort(([a], [b]) => a - b).map(([, { bucket }]) => bucket);
  return { from, to, bucketMillis, buckets: inOrder, isTruncated };
}

function numberOf({ value }: StoredEvent): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
