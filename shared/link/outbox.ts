/**
 * Outbox keeps the events of this node until the root has them on disk.
 *
 * It owns order, classes and bounds: what enters, what gives way when it is full, and the `!gap` that stands for what gave way.
 * It knows nothing of numbers and of time on the wire: that is Flight, which alone removes from the front.
 * Guarantee: an event leaves by `removeFirst`, or, unsent, by a counted gap in its place. When nothing may give way, `add` says so.
 *
 * Events are kept as the text of the groups they will be sent in, for each statement and each object is felt on the chip. Only while
 * the clock is not known, and where the outbox was full, they are kept one by one (`tail`).
 * A usual `!update` is kept as a short line, `[alias,value,time]`. Those are not taken apart again, so they get no more room than
 * events do: what comes beyond it is kept long and may give way. See docs/adr/0011-short-lines.md.
 */
import type { Limits } from "../limits.ts";
import { LINE_BYTES_MAX } from "../limits.ts";
import { Table } from "../table.ts";
import type { TextCodec } from "../text.ts";
import type { Instant, UnixMillis } from "../units.ts";
import { isControlType, type Message } from "../wire/message.ts";
import { SAME_TIME, SHORT_END_BYTES, updateHead, withoutFirst } from "../wire/short-line.ts";
import { Aliases } from "./aliases.ts";

/** Events that are sent together: whole lines. */
export interface Chunk {
  lines: string;
  events: number;
  bytes: number;
  /** How many entities had an alias when it was closed: it has none of others. */
  names: number;
  /** There are short lines in it. */
  isShort: boolean;
}

/**
 * The chunk that is being filled. While it takes short lines and one fits, an edge may add it to the first three by itself, make
 * `stamp` SAME_TIME, and need tell nobody: a chunk that is open has its time to go. On the chip a call is felt, and so is each object.
 */
export interface OpenChunk {
  /** How many more bytes it takes now. */
  free: number;
  lines: string;
  events: number;
  /** It takes short lines. */
  takesShort: boolean;
  /** What ends a short line that is made at `unix`, SAME_TIME once one was; until when on its own clock that is right, the edge says. */
  stamp: string;
  stampUntil: number;
  unix: number;
  /** The time that the short line before had; 0 if there was none in this chunk. */
  saidAt: number;
  /** How many bytes it may become. */
  most: number;
}

export interface Entry {
  /** "state" or "log"; of a gap, GAP and what it stands for; "" of all else. */
  eventClass: string;
  /** The line, without a newline; without its `ts` while `madeAt` is set. */
  line: string;
  /** When it was made, while that still has to be turned into a `ts`. */
  madeAt: Instant | undefined;
  /** The entity of a state. */
  eid: string;
  /** How many events it stands for: 1, or those of a gap. */
  lost: number;
  /** What it counts for against the bounds, newline included. */
  bytes: number;
}

/** What a time adds to a line: `,"ts":1732345678123`. */
const TIME_BYTES = 19;
/** Events and logs may fill this share; the rest is for states and gaps, so that a newest value always finds room. Chosen. */
const EVENT_SHARE = 0.75;

const GAP = "gap ";

export class Outbox {
  /** Events: first these, sent or to be sent as they are; then either `open` or `tail`, the other one being empty. */
  chunks: Chunk[];
  chunkEvents: number;
  /** Bytes of `chunks`. */
  chunkBytes: number;
  readonly open: OpenChunk;
  /** How many aliases the root was told of in this epoch by what it has. */
  namesKnown: number;
  readonly aliases: Aliases;
  /** See above. */
  tail: Entry[];
  tailBytes: number;
  private limits: Limits;
  private codec: TextCodec;

  constructor(limits: Limits, codec: TextCodec) {
    this.chunks = [];
    this.chunkEvents = 0;
    this.chunkBytes = 0;
    // Whole from the start: the bundle gives one name to members that it sees on no object together.
    this.open = {
      free: 0,
      lines: "",
      events: 0,
      takesShort: false,
      stamp: "",
      stampUntil: 0,
      unix: 0,
      saidAt: 0,
      most: 0,
    };
    this.namesKnown = 0;
    this.aliases = new Aliases(codec);
    this.tail = [];
    this.tailBytes = 0;
    this.limits = limits;
    this.codec = codec;
  }

  /** How many events there are. A gap is one. */
  events(): number {
    return this.chunkEvents + this.open.events + this.tail.length;
  }

  bytes(): number {
    return this.chunkBytes + this.open.most - this.open.free + this.tailBytes;
  }

  /** Bytes that an event (not a state) may still take. */
  room(): number {
    const free = Math.floor(this.limits.outboxBytes * EVENT_SHARE) - this.bytes();
    return free > 0 ? free : 0;
  }

  /**
   * Takes an event in, made now, at `unix` if that is known. The first `sent` chunks are on their way and keep their place.
   * Answers "" or why not: "type" (none, or reserved), "long" (over LINE_BYTES_MAX), "full".
   */
  add(event: Message, sent: number, now: Instant, unix: UnixMillis | undefined): string {
    const type = event.type;
    // The usual one first here: on the chip each call of this method is felt.
    const isUpdate = type === "!update";
    if (!isUpdate && (typeof type !== "string" || type === "" || isControlType(type))) return "type";
    const line = this.codec.stringify(event);
    const isStamped = typeof event["ts"] === "number";
    const bytes = this.codec.byteLength(line) + (isStamped ? 1 : 1 + TIME_BYTES);
    if (bytes - 1 > LINE_BYTES_MAX) return "long";
    if (isUpdate && !isStamped && unix !== undefined && this.shorten(line, event, unix)) return "";
    const entry = entryOf(line, event, bytes);
    if (!isStamped) {
      if (unix === undefined) entry.madeAt = now;
      else entry.line = stamped(line, unix);
    }
    const isFast = entry.madeAt === undefined && (entry.eventClass === "state" || bytes <= this.room());
    return (isFast && this.append(entry.line + "\n", bytes)) || this.squeeze(entry, sent) ? "" : "full";
  }

  /** What closes the group of the chunk at that place tells the root of aliases that it may not know: members for `?ack`. */
  newNames(place: number): string {
    const from = place > 0 ? (this.chunks[place - 1] as Chunk).names : this.namesKnown;
    return this.aliases.told(from, (this.chunks[place] as Chunk).names);
  }

  /** What ends a short line of that moment. */
  stamp(unix: UnixMillis): string {
    const open = this.open;
    if (open.stamp === SAME_TIME) {
      open.saidAt = open.unix;
      open.stamp = "";
    }
    open.unix = unix;
    return unix === open.saidAt ? SAME_TIME : "," + (unix - open.saidAt) + SAME_TIME;
  }

  /** Takes an `!update` of nothing but entity and value, made at `unix`, as a short line. False if it is none, or there is no room for such. */
  private shorten(line: string, event: Message, unix: UnixMillis): boolean {
    const value = this.codec.stringify(event["value"]);
    if (line !== updateHead(this.codec.stringify(event["eid"])) + value + "}") return false;
    const alias = this.aliases.aliasOf(event["eid"]);
    const open = this.open;
    if (alias === 0) return false;
    const head = "[" + alias + "," + value;
    const bytes = this.codec.byteLength(head);
    let end = this.stamp(unix);
    if (bytes + end.length > open.free) {
      // Alone in a chunk of its own it says the time by itself.
      if (!this.begin(bytes + SHORT_END_BYTES)) return false;
      end = this.stamp(unix);
    }
    if (!open.takesShort) return false;
    open.stamp = SAME_TIME;
    open.stampUntil = 0;
    return this.append(head + end, bytes + end.length);
  }

  /** The fast way in, for an event that needs no time and may not give way: false if it takes more thought. `line` ends with its newline. */
  private append(line: string, bytes: number): boolean {
    const open = this.open;
    if (bytes > open.free && !this.begin(bytes)) return false;
    open.free -= bytes;
    open.lines += line;
    open.events += 1;
    return true;
  }

  /** What the chunk at that place has at least, if the last one is what is waiting; 0 if there is none. */
  waiting(place: number): number {
    const chunk = this.chunks[place];
    if (chunk !== undefined) return chunk.bytes;
    return this.tail.length > 0 ? (this.tail[0] as Entry).bytes : this.open.most - this.open.free;
  }

  /** The chunk at that place, made now of what is waiting if need be: of `most` bytes, or of one line. */
  take(place: number, most: number, unix: (at: Instant) => UnixMillis): Chunk {
    if (place === this.chunks.length) {
      this.closeOpen();
      // All of it, so that what comes now finds the fast way.
      for (let size = most; this.tail.length > 0; size = this.limits.groupBytes) this.pack(size, unix);
    }
    return this.chunks[place] as Chunk;
  }

  /** Removes events that were sent; how many chunks are gone with them. */
  removeFirst(howMany: number): number {
    let left = howMany;
    let gone = 0;
    while (left > 0) {
      const chunk = this.chunks[0] as Chunk;
      this.chunkBytes -= chunk.bytes;
      if (left < chunk.events) {
        chunk.lines = withoutFirst(chunk.lines.split("\n"), left, this.codec);
        chunk.events -= left;
        chunk.bytes = this.codec.byteLength(chunk.lines);
        this.chunkBytes += chunk.bytes;
        break;
      }
      this.chunks.shift();
      this.namesKnown = chunk.names;
      gone += 1;
      left -= chunk.events;
    }
    this.chunkEvents -= howMany;
    // With nothing under way there is no reason to gather more than a flush.
    const open = this.open;
    const more = Math.min(open.free, open.most - this.limits.flushBytes);
    if (this.chunks.length === 0 && more > 0) {
      open.most -= more;
      open.free -= more;
    }
    return gone;
  }

  /** A new chunk for a line of so many bytes. It may become larger while others are under way: that saves frames. */
  private begin(bytes: number): boolean {
    const limits = this.limits;
    const free = limits.outboxBytes - this.bytes();
    if (this.tail.length > 0 || bytes > free) return false;
    this.closeOpen();
    const room = this.room();
    const open = this.open;
    const most = this.chunks.length > 0 ? limits.groupBytes : limits.flushBytes;
    open.takesShort = bytes <= room;
    open.most = Math.max(bytes, Math.min(most, limits.windowBytes, open.takesShort ? room : free));
    open.free = open.most;
    return true;
  }

  /** Ends the chunk that is being filled. */
  closeOpen(): void {
    const open = this.open;
    if (open.events > 0) {
      this.addChunk(open.lines, open.events, open.most - open.free, open.saidAt > 0 || open.stamp === SAME_TIME);
    }
    open.lines = "";
    open.events = 0;
    open.stamp = "";
    open.stampUntil = 0;
    open.saidAt = 0;
    open.most = 0;
    open.free = 0;
  }

  private addChunk(lines: string, events: number, bytes: number, isShort: boolean): void {
    this.chunks.push({ lines, events, bytes, names: this.aliases.names.length, isShort });
    this.chunkEvents += events;
    this.chunkBytes += bytes;
  }

  private pack(most: number, unix: (at: Instant) => UnixMillis): void {
    let text = "";
    let bytes = 0;
    let events = 0;
    for (; events < this.tail.length; events++) {
      const entry = this.tail[events] as Entry;
      if (events > 0 && bytes + entry.bytes > most) break;
      text += (entry.madeAt === undefined ? entry.line : stamped(entry.line, unix(entry.madeAt))) + "\n";
      bytes += entry.bytes;
    }
    this.tail.splice(0, events);
    this.tailBytes -= bytes;
    this.addChunk(text, events, this.codec.byteLength(text), false);
  }

  /** The slow way in: one by one, for each may have to give way. */
  private squeeze(entry: Entry, sent: number): boolean {
    const most = entry.eventClass === "state" ? this.limits.outboxBytes : this.room() + this.bytes();
    if (this.bytes() + entry.bytes > most) {
      this.unpack(sent);
      if (!this.makeRoom(entry, most)) return false;
    } else this.closeOpen();
    this.tail.push(entry);
    this.tailBytes += entry.bytes;
    return true;
  }

  /** Takes the unsent chunks apart, as far as they come after those with short lines. */
  private unpack(sent: number): void {
    this.closeOpen();
    let from = this.chunks.length;
    while (from > sent && !(this.chunks[from - 1] as Chunk).isShort) from -= 1;
    const entries: Entry[] = [];
    const chunks = this.chunks.splice(from, this.chunks.length - from);
    for (const chunk of chunks) {
      this.chunkEvents -= chunk.events;
      this.chunkBytes -= chunk.bytes;
      this.tailBytes += chunk.bytes;
      const lines = chunk.lines.split("\n");
      for (let k = 0; k < chunk.events; k++) entries.push(this.read(lines[k] as string));
    }
    this.tail = entries.concat(this.tail);
  }

  /** A line of our own, as it was before it was packed. */
  private read(line: string): Entry {
    return entryOf(line, JSON.parse(line) as Message, this.codec.byteLength(line) + 1);
  }

  /** Gives up as much as it takes, or, if that would not be enough, nothing. */
  private makeRoom(entry: Entry, most: number): boolean {
    const tailBefore = this.tail.slice();
    const bytesBefore = this.tailBytes;
    while (this.bytes() + entry.bytes > most) {
      let victim = -1;
      if (entry.eventClass === "state") victim = this.supersededState(entry.eid);
      if (victim < 0) victim = this.oldestLog();
      if (victim < 0) {
        this.tail = tailBefore;
        this.tailBytes = bytesBefore;
        return false;
      }
      this.giveUp(victim);
    }
    return true;
  }

  /** The oldest unsent value that a newer one makes stale, `eid`'s next value being the newest of all. */
  private supersededState(eid: string): number {
    const newer = new Table<boolean>();
    newer.set(eid, true);
    let victim = -1;
    for (let i = this.tail.length - 1; i >= 0; i--) {
      const entry = this.tail[i] as Entry;
      if (entry.eventClass !== "state") continue;
      if (newer.get(entry.eid)) victim = i;
      else newer.set(entry.eid, true);
    }
    return victim;
  }

  private oldestLog(): number {
    for (let i = 0; i < this.tail.length; i++) {
      if ((this.tail[i] as Entry).eventClass === "log") return i;
    }
    return -1;
  }

  /** Puts a gap in an entry's place, one with the gaps of its class beside it. Those stay as they are: `makeRoom` may need them again. */
  private giveUp(index: number): void {
    const about = (this.tail[index] as Entry).eventClass;
    let from = index;
    let howMany = 0;
    let lost = 0;
    for (let i = index - 1; i <= index + 1; i++) {
      const entry = this.tail[i];
      if (entry === undefined || (i !== index && entry.eventClass !== GAP + about)) continue;
      if (i < index) from = i;
      howMany += 1;
      lost += entry.lost;
      this.tailBytes -= entry.bytes;
    }
    const gap = this.read('{"type":"!gap","n":' + lost + ',"reason":"full","class":"' + about + '"}');
    this.tail.splice(from, howMany, gap);
    this.tailBytes += gap.bytes;
  }
}

export function stamped(line: string, unix: UnixMillis): string {
  return line.substr(0, line.length - 1) + ',"ts":' + unix + "}";
}

function entryOf(line: string, event: Message, bytes: number): Entry {
  const type = event.type;
  const entry: Entry = { eventClass: "", line, madeAt: undefined, eid: "", lost: 1, bytes };
  if (type === "!log") entry.eventClass = "log";
  else if (type === "!update" && typeof event["eid"] === "string") {
    entry.eventClass = "state";
    entry.eid = event["eid"];
  } else if (type === "!gap" && event["reason"] === "full") {
    entry.eventClass = GAP + event["class"];
    entry.lost = event["n"] as number;
  }
  return entry;
}
