/**
 * Outbox keeps the events of this node until the root has them on disk.
 *
 * It owns order, classes and bounds: what enters, what gives way when it is full, and the `!gap` that stands for what gave way.
 * It knows nothing of numbers and of time on the wire: that is Flight, which alone removes from the front.
 * Guarantee: an event leaves by `removeFirst`, or, unsent, by a counted gap in its place. When nothing may give way, `add` says so.
 */
import type { Limits } from "../limits.ts";
import { LINE_BYTES_MAX } from "../limits.ts";
import { Table } from "../table.ts";
import type { TextCodec } from "../text.ts";
import type { Instant, UnixMillis } from "../units.ts";
import { isControlType, type Message } from "../wire/message.ts";

export type EventClass = "state" | "event" | "log" | "gap";

export interface Entry {
  eventClass: EventClass;
  /** The line, without a newline; without its `ts` while `madeAt` is set. */
  line: string;
  /** When it was made, while that still has to be turned into a `ts`. */
  madeAt: Instant | undefined;
  /** The entity of a state, or the class that a gap stands for. */
  about: string;
  /** How many events a gap stands for. */
  lost: number;
  /** What it counts for against the bounds, newline included. */
  bytes: number;
}

/** What a time adds to a line: `,"ts":1732345678123`. */
const TIME_BYTES = 19;
/** Events and logs may fill this share; the rest is for states and gaps, so that a newest value always finds room. Chosen. */
const EVENT_SHARE = 0.75;

export class Outbox {
  entries: Entry[];
  bytes: number;
  private limits: Limits;
  private text: TextCodec;

  constructor(limits: Limits, text: TextCodec) {
    this.entries = [];
    this.bytes = 0;
    this.limits = limits;
    this.text = text;
  }

  /** Bytes that an event (not a state) may still take. */
  room(): number {
    const free = Math.floor(this.limits.outboxBytes * EVENT_SHARE) - this.bytes;
    return free > 0 ? free : 0;
  }

  /**
   * Takes an event in. Of the entries, the first `sent` are on their way and keep their place.
   * Answers "" or why not: "type" (none, or reserved), "long" (over LINE_BYTES_MAX), "full".
   */
  add(event: Message, sent: number, now: Instant): string {
    const type = event.type;
    // The usual one first here: on the chip each call of this method is felt.
    const isUpdate = type === "!update";
    if (!isUpdate && (typeof type !== "string" || type === "" || isControlType(type))) return "type";
    const line = this.text.stringify(event);
    const isStamped = typeof event["ts"] === "number";
    const bytes = this.text.byteLength(line) + (isStamped ? 1 : 1 + TIME_BYTES);
    if (bytes - 1 > LINE_BYTES_MAX) return "long";
    const isState = isUpdate && typeof event["eid"] === "string";
    const about = isState ? (event["eid"] as string) : "";
    const eventClass = isState ? "state" : type === "!log" ? "log" : "event";
    if (!this.makeRoom(bytes, eventClass, about, sent)) return "full";
    this.entries.push({ eventClass, line, madeAt: isStamped ? undefined : now, about, lost: 0, bytes });
    this.bytes += bytes;
    return "";
  }

  /** Writes the line as it will go out, once: from then on it is the same at every sending. */
  seal(entry: Entry, unix: (at: Instant) => UnixMillis): string {
    if (entry.madeAt !== undefined) {
      entry.line = entry.line.substr(0, entry.line.length - 1) + ',"ts":' + unix(entry.madeAt) + "}";
      entry.madeAt = undefined;
    }
    return entry.line;
  }

  removeFirst(howMany: number): void {
    const removed = this.entries.splice(0, howMany);
    for (let i = 0; i < removed.length; i++) this.bytes -= (removed[i] as Entry).bytes;
  }

  /** Gives up as much as it takes, or, if that would not be enough, nothing. */
  private makeRoom(bytes: number, eventClass: EventClass, eid: string, sent: number): boolean {
    const most = eventClass === "state" ? this.limits.outboxBytes : Math.floor(this.limits.outboxBytes * EVENT_SHARE);
    if (this.bytes + bytes <= most) return true;
    const entriesBefore = this.entries.slice();
    const bytesBefore = this.bytes;
    while (this.bytes + bytes > most) {
      let victim = -1;
      if (eventClass === "state") victim = this.supersededState(eid, sent);
      if (victim < 0) victim = this.oldestLog(sent);
      if (victim < 0) {
        this.entries = entriesBefore;
        this.bytes = bytesBefore;
        return false;
      }
      this.giveUp(victim, sent);
    }
    return true;
  }

  /** The oldest unsent value that a newer one makes stale, `eid`'s next value being the newest of all. */
  private supersededState(eid: string, sent: number): number {
    const newer = new Table<boolean>();
    newer.set(eid, true);
    let victim = -1;
    for (let i = this.entries.length - 1; i >= sent; i--) {
      const entry = this.entries[i] as Entry;
      if (entry.eventClass !== "state") continue;
      if (newer.get(entry.about)) victim = i;
      else newer.set(entry.about, true);
    }
    return victim;
  }

  private oldestLog(sent: number): number {
    for (let i = sent; i < this.entries.length; i++) {
      if ((this.entries[i] as Entry).eventClass === "log") return i;
    }
    return -1;
  }

  /** Puts a gap in an entry's place, one with the gaps of its class beside it. Those stay as they are: `makeRoom` may need them again. */
  private giveUp(index: number, sent: number): void {
    const victim = this.entries[index] as Entry;
    const hasBefore = index > sent && isGapOf(this.entries[index - 1], victim.eventClass);
    const from = hasBefore ? index - 1 : index;
    const to = isGapOf(this.entries[index + 1], victim.eventClass) ? index + 1 : index;
    let lost = 0;
    for (let i = from; i <= to; i++) {
      const entry = this.entries[i] as Entry;
      lost += entry.eventClass === "gap" ? entry.lost : 1;
      this.bytes -= entry.bytes;
    }
    const about = victim.eventClass;
    const line = '{"type":"!gap","n":' + lost + ',"reason":"full","class":"' + about + '"}';
    const bytes = line.length + 1;
    this.entries.splice(from, to + 1 - from, { eventClass: "gap", line, madeAt: undefined, about, lost, bytes });
    this.bytes += bytes;
  }
}

function isGapOf(entry: Entry | undefined, eventClass: EventClass): boolean {
  return entry !== undefined && entry.eventClass === "gap" && entry.about === eventClass;
}
