/**
 * What a board's application puts into each event, so that it is known again on the disk: which life said it, and as which of its events.
 * An event that may be said in short has room for it in its value alone; there it also says of which entity it is, and when it was made,
 * which the root works out by itself.
 */
import type { Message } from "#shared/wire/message.ts";

export interface Mark {
  seq: number;
  life: number;
}

interface MarkedValue extends Mark {
  /** The value itself. */
  is: unknown;
  eid: unknown;
  /** undefined if the board does not know the time. */
  ts: number | undefined;
}

/** Marks an event, into the object itself: a copy of an object with two more fields is the dearest of all that an emission needs. */
export function mark(event: Message, seq: number, life: number, ts: number | undefined): void {
  if (event.type === "!update" && event["rev"] === undefined) {
    const value: MarkedValue = { is: event["value"], seq, life, eid: event["eid"], ts };
    event["value"] = value;
    return;
  }
  event["seq"] = seq;
  event["life"] = life;
}

/** The mark of an event on the disk, or undefined if it has none. */
export function markOf(event: Message): Mark | undefined {
  const marked = event.type === "!update" && event["seq"] === undefined ? event["value"] : event;
  if (typeof marked !== "object" || marked === null) return undefined;
  return typeof (marked as Mark).seq === "number" ? (marked as Mark) : undefined;
}

/** What is wrong with an event beside its mark, or "". */
export function faultOf(event: Message): string {
  const value = event["value"] as MarkedValue | undefined;
  if (event.type !== "!update" || event["seq"] !== undefined || typeof value !== "object" || value === null) return "";
  if (value.eid !== event["eid"]) return `is of ${String(event["eid"])}, and was said of ${String(value.eid)}`;
  if (value.ts !== undefined && value.ts !== event["ts"])
    return `has the time ${String(event["ts"])}, and was said at ${value.ts}`;
  return "";
}

/** The value of a marked event, or one without a mark as it is. */
export function valueOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "is" in value ? value.is : value;
}
