/**
 * ShelfQueue is what Flight sees of a shelf: one outbox, though only a part of it is in memory. Oldest first: `front`, in memory and in flash; `unread`, in
 * flash alone; `back`, in memory alone. What is to be written and read, and when, is Shelf's.
 */
import type { Limits } from "../limits.ts";
import type { TextCodec } from "../text.ts";
import type { Instant, UnixMillis } from "../units.ts";
import { withoutFirst } from "../wire/short-line.ts";
import { bodyOf, stampedLines } from "./kept-record.ts";
import { type Chunk, Outbox } from "./outbox.ts";

export class ShelfQueue {
  /** As of Outbox: see there. */
  namesKnown: number;
  readonly front: Outbox;
  readonly back: Outbox;
  /** Events in flash alone. */
  unread: number;
  /** So many events at the beginning of what would be read next are to be left out: the root has them. */
  protected skip: number;
  /** Events that have left, since the start. */
  protected removed: number;
  protected limits: Limits;
  protected codec: TextCodec;

  constructor(limits: Limits, back: Outbox, codec: TextCodec) {
    this.namesKnown = 0;
    this.front = new Outbox(limits, codec);
    this.back = back;
    this.unread = 0;
    this.skip = 0;
    this.removed = 0;
    this.limits = limits;
    this.codec = codec;
  }

  get chunkBytes(): number {
    return this.front.chunkBytes + this.back.chunkBytes;
  }

  events(): number {
    return this.inFlash() + this.back.events();
  }

  bytes(): number {
    return this.front.bytes() + this.back.bytes() + (this.unread > 0 ? this.limits.flushBytes + 1 : 0);
  }

  /** 0 also while what is next has yet to be read. */
  waiting(place: number): number {
    const inFront = this.front.chunks.length;
    if (place < inFront) return (this.front.chunks[place] as Chunk).bytes;
    return this.unread > 0 ? 0 : this.back.waiting(place - inFront);
  }

  take(place: number, most: number, unix: (at: Instant) => UnixMillis): Chunk {
    const inFront = this.front.chunks.length;
    return place < inFront ? (this.front.chunks[place] as Chunk) : this.back.take(place - inFront, most, unix);
  }

  newNames(place: number): string {
    const from = place > 0 ? this.chunk(place - 1).names : this.namesKnown;
    return this.back.aliases.told(from, this.chunk(place).names);
  }

  removeFirst(howMany: number): number {
    const inFront = Math.min(howMany, this.front.events());
    const inFlash = Math.min(howMany - inFront, this.unread);
    const inBack = howMany - inFront - inFlash;
    let gone = 0;
    if (inFront > 0) gone += this.removeFrom(this.front, inFront);
    this.unread -= inFlash;
    this.skip += inFlash;
    if (inBack > 0) gone += this.removeFrom(this.back, inBack);
    this.removed += howMany;
    return gone;
  }

  /** How many of the first `sent` chunks are in `back`. */
  sentInBack(sent: number): number {
    return this.unread > 0 ? 0 : Math.max(0, sent - this.front.chunks.length);
  }

  /** Events that are in flash and not acknowledged. */
  protected inFlash(): number {
    return this.front.events() + this.unread;
  }

  private chunk(place: number): Chunk {
    const inFront = this.front.chunks.length;
    return (place < inFront ? this.front.chunks[place] : this.back.chunks[place - inFront]) as Chunk;
  }

  private removeFrom(outbox: Outbox, howMany: number): number {
    outbox.namesKnown = this.namesKnown;
    const gone = outbox.removeFirst(howMany);
    this.namesKnown = outbox.namesKnown;
    return gone;
  }

  protected show(chunk: Chunk): void {
    const front = this.front;
    front.chunks.push(chunk);
    front.chunkEvents += chunk.events;
    front.chunkBytes += chunk.bytes;
  }

  /** A chunk that was read, without those of its events that the root has by now. */
  protected load(head: readonly string[], record: string, isOwn: boolean, unix: (at: Instant) => UnixMillis): void {
    let events = Number(head[3]);
    if (this.skip >= events) {
      this.skip -= events;
      return;
    }
    let lines = bodyOf(record);
    if (head[0] === "u") lines = stampedLines(lines, isOwn, unix);
    if (this.skip > 0) lines = withoutFirst(lines.split("\n"), this.skip, this.codec);
    events -= this.skip;
    this.skip = 0;
    this.unread -= events;
    const bytes = this.codec.byteLength(lines);
    this.show({ lines, events, bytes, names: Number(head[4]), isShort: head[5] === "1" });
  }
}
