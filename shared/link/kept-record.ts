/**
 * What is written of an outbox that is kept across a power cut: records, each a text. Whoever stores them keeps them whole and in order.
 *
 *     k,EPOCH,FIRST,EVENTS,NAMES,SHORT     and lines: a chunk. Its first event has the number FIRST in EPOCH; or, where no epoch was known, EPOCH is 0 and FIRST
 *                                          counts those that have no number yet. NAMES: how many entities had an alias
 *     u,EPOCH,FIRST,EVENTS,NAMES,0         and lines, each after the moment when it was made and a space: the time was not known yet
 *     n                                    and a JSON list: all names that have an alias, on each page before the first chunk that needs them
 *     r,EPOCH,N,NEW,UNNUMBERED             the root had N of EPOCH, and gave NEW: event N + 1 is number 1 there. What had no number begins at UNNUMBERED
 *     c                                    the root has all that is before
 */
import type { Instant, UnixMillis } from "../units.ts";
import { type Chunk, type Entry, stamped } from "./outbox.ts";

/** The members of a record's head: the kind first. */
export function headOf(record: string): string[] {
  return record.substr(0, record.indexOf("\n")).split(",");
}

export function bodyOf(record: string): string {
  return record.substr(record.indexOf("\n") + 1);
}

export function chunkRecord(kind: string, epoch: number, first: number, chunk: Chunk): string {
  const isShort = chunk.isShort ? 1 : 0;
  return kind + "," + epoch + "," + first + "," + chunk.events + "," + chunk.names + "," + isShort + "\n" + chunk.lines;
}

export function namesRecord(names: readonly string[]): string {
  return "n\n[" + names.join(",") + "]";
}

export function renumberedRecord(epoch: number, n: number, next: number, unnumbered: number): string {
  return "r," + epoch + "," + n + "," + next + "," + unnumbered + "\n";
}

export const CLEARED_RECORD = "c\n";

/** Events whose time is not known yet, as one chunk of about so many bytes: lines each after the moment when it was made. */
export function unstampedChunk(entries: readonly Entry[], most: number, names: number): Chunk {
  let lines = "";
  let events = 0;
  for (const entry of entries) {
    if (events > 0 && lines.length + entry.bytes > most) break;
    lines += (entry.madeAt === undefined ? "" : entry.madeAt) + " " + entry.line + "\n";
    events += 1;
  }
  return { lines, events, bytes: 0, names, isShort: false };
}

/** Lines each after the moment when it was made. Those of a former life have no time: that moment was on a clock that is gone. */
export function stampedLines(text: string, isOwn: boolean, unix: (at: Instant) => UnixMillis): string {
  const lines = text.split("\n");
  for (let i = 0; i < lines.length - 1; i++) {
    const line = lines[i] as string;
    const at = line.indexOf(" ");
    const rest = line.substr(at + 1);
    lines[i] = at > 0 && isOwn ? stamped(rest, unix(Number(line.substr(0, at)) as Instant)) : rest;
  }
  return lines.join("\n");
}
