/**
 * Shelf is an outbox of which a part is in flash, so that a power cut leaves it there; and so is what memory has no room for.
 *
 * Its events are, oldest first: `front`, which is in memory and in flash; `unread`, which is in flash alone; `back`, the outbox that takes new ones, in
 * memory alone. It decides what is written, when, and what is read again; the edge does so, page by page, and answers by `kept` and `recalled`.
 * Guarantee: what the root has not acknowledged is in flash `every` milliseconds after it was made, at the latest, while there is room there; while
 * the root acknowledges in half that time nothing is written. What is on the shelf is given up by nobody.
 *
 * Numbers and epochs of what is kept: docs/adr/0015-kept-events-get-a-new-epoch.md.
 */
import type { Limits } from "../limits.ts";
import type { TextCodec } from "../text.ts";
import { after, type Instant, type UnixMillis } from "../units.ts";
import { chunkRecord, CLEARED_RECORD, headOf, namesRecord, renumberedRecord, unstampedChunk } from "./kept-record.ts";
import { KEPT_RECORD_BYTES } from "./kept-limits.ts";
import { KeptScan } from "./kept-scan.ts";
import type { Flight } from "./flight.ts";
import type { Chunk, Outbox } from "./outbox.ts";
import { type Page, Pages } from "./pages.ts";
import { ShelfQueue } from "./shelf-queue.ts";

/** What the edge is asked to do with the flash. */
export type ShelfEffect =
  /** Append records to a page, all or none of them, and answer by `kept`. `size`: make the page first, of so many bytes; 0 if it is there. */
  | { kind: "keep"; page: number; size: number; records: string[] }
  /** Answer by `recalled` with the records of that page. */
  | { kind: "recall"; page: number }
  /** Nobody needs that page any more. */
  | { kind: "free"; page: number };

/** Less room than this for events, as a share of the outbox, is a reason to write. Chosen: a reading more or two fit. */
const SPILL_SHARE = 0.125;

export interface ShelfConfig {
  /** What is older than this and not acknowledged is in flash, in milliseconds. */
  every: number;
  /** Most bytes of pages. */
  bytes: number;
}

/** What is being written. */
interface Writing {
  page: Page;
  bytes: number;
  records: number;
  /** Chunks of `back`, of which the first `staying` stay in memory too; then entries of its tail. */
  chunks: number;
  staying: number;
  entries: number;
  events: number;
  /** Where among the records the first of those is that will be in flash alone. */
  firstUnread: number;
}

export class Shelf extends ShelfQueue {
  /** What is to be done before anything else. */
  effects: ShelfEffect[];
  /** The flash has refused once: nothing is written any more in this life. */
  isBroken: boolean;
  private config: ShelfConfig;
  private scan: KeptScan | undefined;
  private pages: Pages;
  /** The record that `unread` begins with. */
  private unreadPage: number;
  private unreadRecord: number;
  /** Of the events in flash, those at the end that have no number yet; and how many such there were. */
  private loose: number;
  private looseEver: number;
  /** Up to here pages were written by a former life. */
  private ownPage: number;
  private ownRecord: number;
  /** There are events in flash, of whatever use, and no word that the root has them all. */
  private isStale: boolean;
  /** What is in flash is a former life's, and the root has not been asked what it has of it. */
  private isFormer: boolean;
  /** Flight's epoch and numbers are of this life. */
  isNumbered: boolean;
  /** There was no room for a page. */
  private isFull: boolean;
  private isDue: boolean;
  private isRecalling: boolean;
  private writing: Writing | undefined;
  private checkAt: Instant | undefined;
  /** Events up to this one were there at the last check. */
  private mark: number;

  constructor(config: ShelfConfig, limits: Limits, back: Outbox, codec: TextCodec) {
    super(limits, back, codec);
    this.effects = [];
    this.isBroken = false;
    this.config = config;
    this.scan = undefined;
    this.pages = new Pages();
    this.unreadPage = 0;
    this.unreadRecord = 0;
    this.loose = 0;
    this.looseEver = 0;
    this.ownPage = 0;
    this.ownRecord = 0;
    this.isStale = false;
    this.isFormer = false;
    this.isNumbered = false;
    this.isFull = false;
    this.isDue = false;
    this.isRecalling = false;
    this.writing = undefined;
    this.checkAt = undefined;
    this.mark = 0;
  }

  // What the node asks and tells.

  /** A page as a former life has left it, in their order. `used` of its bytes are written. */
  restore(page: number, size: number, used: number, records: readonly string[]): void {
    if (this.scan === undefined) this.scan = new KeptScan();
    const scan = this.scan;
    for (let i = 0; i < records.length; i++) {
      const record = records[i] as string;
      scan.read(page, i, record);
      if (record === CLEARED_RECORD) for (const before of this.pages.all) before.end = 0;
    }
    this.pages.add({ page, size, used, records: records.length, end: scan.events(), names: 0 });
    this.ownPage = page;
    this.ownRecord = records.length;
  }

  /** All pages were told. What they say of epochs and numbers; undefined if there are none. */
  restored(): KeptScan | undefined {
    const scan = this.scan;
    this.scan = undefined;
    if (scan === undefined) return undefined;
    for (const name of JSON.parse(scan.names) as unknown[]) this.back.aliases.aliasOf(name);
    this.skip = scan.gone;
    this.removed = scan.gone;
    this.unread = scan.numbered + scan.loose;
    this.unreadPage = scan.page;
    this.unreadRecord = scan.record;
    this.loose = scan.loose;
    this.looseEver = scan.loose;
    this.isStale = true;
    this.isFormer = true;
    this.mark = scan.events();
    return scan;
  }

  /**
   * The root has `n` events of the epoch that it was offered, those are removed, and calls this session `epoch`. What is in flash is numbered anew then,
   * which has to be there before any of it is sent: do `effects` first.
   */
  joined(offered: number, n: number, epoch: number): void {
    const kept = this.inFlash();
    this.isNumbered = true;
    if (kept > 0 && (epoch !== offered || this.loose > 0)) {
      const isSame = epoch === offered;
      // Of the same epoch nothing has other numbers, but what had none.
      const record = renumberedRecord(offered, isSame ? 0 : n, epoch, kept - this.loose + 1 + (isSame ? n : 0));
      const page = this.pages.pageFor(record.length + KEPT_RECORD_BYTES, this.config.bytes);
      if (page !== undefined) this.say(page, [record], record.length + KEPT_RECORD_BYTES, 0);
    } else if (kept === 0 && this.isFormer) {
      // The root has all that a former life has left.
      for (const page of this.pages.all) this.effects.push({ kind: "free", page: page.page });
      this.pages.drop(this.pages.all.length);
      this.isStale = false;
    }
    this.isFormer = false;
    this.loose = 0;
    this.looseEver = 0;
  }

  /** Call when `wakeAt` has come, and when flight has sent what it is about to send. `unix` where the time is known. */
  tick(flight: Flight, unix: ((at: Instant) => UnixMillis) | undefined, now: Instant): void {
    if (this.writing !== undefined) return;
    this.freePages();
    if (this.checkAt === undefined || now >= this.checkAt) {
      if (this.removed + this.inFlash() < this.mark) this.isDue = true;
      this.mark = this.removed + this.events();
      // A check that came late does not make the next one late.
      const next = after(this.checkAt === undefined ? now : this.checkAt, this.config.every / 2);
      this.checkAt = next > now ? next : now;
      this.isFull = false;
    }
    if (this.back.room() < this.limits.outboxBytes * SPILL_SHARE) this.isDue = true;
    if (this.isDue && !this.isBroken && !this.isFull) this.write(flight, unix);
  }

  /** Asks for what is next in flash, as soon as it may be sent; undefined if it may not. To be done last: what it brings goes behind what goes out now. */
  ask(isJoined: boolean): ShelfEffect | undefined {
    if (!this.isRecallWanted(isJoined)) return undefined;
    this.isRecalling = true;
    return { kind: "recall", page: this.unreadPage };
  }

  /** All that is in memory alone is to be in flash, now: somebody is about to switch off. */
  hurry(): void {
    this.isDue = true;
    this.isFull = false;
  }

  wakeAt(isJoined: boolean): Instant | undefined {
    const isMore = this.isDue && !this.isBroken && !this.isFull;
    if (this.writing === undefined && (isMore || this.isRecallWanted(isJoined))) return 0 as Instant;
    return this.checkAt;
  }

  /** The answer to `keep`. */
  kept(isOk: boolean): void {
    const writing = this.writing;
    if (writing === undefined) return;
    this.writing = undefined;
    if (!isOk) {
      this.isBroken = true;
      return;
    }
    const page = writing.page;
    if (page.used === 0) this.pages.add(page);
    if (this.unread === 0) {
      this.unreadPage = page.page;
      this.unreadRecord = page.records + writing.firstUnread;
      this.skip = 0;
    }
    for (let i = 0; i < writing.chunks; i++) this.shelve(writing.staying > i);
    this.shelveTail(writing.entries);
    page.used += writing.bytes;
    page.records += writing.records;
    page.end = this.removed + this.inFlash();
    if (writing.chunks + writing.entries > 0) {
      page.names = this.back.aliases.names.length;
      this.isStale = true;
      if (!this.isNumbered) {
        this.loose += writing.events;
        this.looseEver += writing.events;
      }
    }
    if (this.back.events() === 0) this.isDue = false;
  }

  /** The answer to `recall`: as many as can be read. */
  recalled(records: readonly string[], unix: (at: Instant) => UnixMillis): void {
    this.isRecalling = false;
    const page = this.unreadPage;
    for (let i = this.unreadRecord; i < records.length && this.unread > 0; i++) {
      const head = headOf(records[i] as string);
      if (head[0] === "k" || head[0] === "u") this.load(head, records[i] as string, this.isOwn(page, i), unix);
    }
    const last = this.pages.last();
    if (this.unread > 0 && (last === undefined || page >= last.page)) this.confess();
    this.unreadPage = page + 1;
    this.unreadRecord = 0;
  }

  // Inside

  private isRecallWanted(isJoined: boolean): boolean {
    return isJoined && this.unread > 0 && !this.isRecalling && this.front.chunkBytes < this.limits.windowBytes;
  }

  private isOwn(page: number, record: number): boolean {
    return page > this.ownPage || (page === this.ownPage && record >= this.ownRecord);
  }

  /** The last page stays: there may be room on it. */
  private freePages(): void {
    const pages = this.pages;
    while (pages.all.length > 1 && this.removed >= (pages.all[0] as Page).end) {
      const page = pages.all[0] as Page;
      pages.drop(1);
      this.isFull = false;
      this.effects.push({ kind: "free", page: page.page });
      if (page.page < this.unreadPage) continue;
      // It was not read again: the root has all of it by now.
      this.unreadPage = page.page + 1;
      this.unreadRecord = 0;
      this.skip = this.removed + this.front.events() - page.end;
    }
  }

  private say(page: Page, records: string[], bytes: number, chunks: number): Writing {
    const writing = { page, bytes, records: records.length, chunks, entries: 0, events: 0, staying: 0, firstUnread: 0 };
    this.writing = writing;
    this.effects.push({ kind: "keep", page: page.page, size: page.used === 0 ? page.size : 0, records });
    return writing;
  }

  /** As much of what is in memory alone as goes on one page. */
  private write(flight: Flight, unix: ((at: Instant) => UnixMillis) | undefined): void {
    const back = this.back;
    back.closeOpen();
    if (unix !== undefined && back.tail.length > 0) back.take(back.chunks.length, this.limits.groupBytes, unix);
    const epoch = this.isNumbered ? flight.epoch : 0;
    let first = 1 + (this.isNumbered ? flight.acked + this.inFlash() : this.looseEver);
    let head: string[] = [];
    let bytes = 0;
    const records: string[] = [];
    let page: Page | undefined;
    const staying = this.sentInBack(flight.sent);
    let chunks = 0;
    let events = 0;
    let entries = 0;
    while (chunks <= back.chunks.length && entries === 0) {
      const isTail = chunks === back.chunks.length;
      if (isTail && back.tail.length === 0) break;
      const chunk = isTail
        ? unstampedChunk(back.tail, this.limits.groupBytes, back.aliases.names.length)
        : (back.chunks[chunks] as Chunk);
      const record = chunkRecord(isTail ? "u" : "k", epoch, first, chunk);
      const more = this.codec.byteLength(record) + KEPT_RECORD_BYTES;
      if (page === undefined) {
        // On a page of its own it has more to say.
        for (let isNew = 0; isNew < 2 && (page === undefined || page.used === 0); isNew++) {
          head = this.begin(isNew > 0);
          bytes = 0;
          for (const one of head) bytes += this.codec.byteLength(one) + KEPT_RECORD_BYTES;
          page = this.pages.pageFor(bytes + more, this.config.bytes);
        }
        if (page === undefined) {
          this.isFull = true;
          return;
        }
      } else if (page.used + bytes + more > page.size) break;
      bytes += more;
      first += chunk.events;
      events += chunk.events;
      records.push(record);
      if (isTail) entries = chunk.events;
      else chunks += 1;
    }
    if (page === undefined) {
      this.isDue = false;
      return;
    }
    const writing = this.say(page, head.concat(records), bytes, chunks);
    writing.entries = entries;
    writing.events = events;
    writing.staying = Math.min(staying, chunks);
    writing.firstUnread = head.length + writing.staying;
  }

  /** What has to be said before the next chunk, on a new page or on the last one: of what is there before, and of names. */
  private begin(isNew: boolean): string[] {
    const records: string[] = [];
    const names = this.back.aliases.names;
    const last = this.pages.last();
    const told = isNew || last === undefined ? 0 : last.names;
    if (this.isStale && this.inFlash() === 0) records.push(CLEARED_RECORD);
    if (told < names.length) records.push(namesRecord(names));
    return records;
  }

  /** The first chunk of `back` is in flash; what was sent stays in memory until it is acknowledged. */
  private shelve(isStaying: boolean): void {
    const back = this.back;
    const chunk = back.chunks.shift() as Chunk;
    back.chunkEvents -= chunk.events;
    back.chunkBytes -= chunk.bytes;
    if (isStaying) this.show(chunk);
    else this.unread += chunk.events;
  }

  private shelveTail(entries: number): void {
    for (const entry of this.back.tail.splice(0, entries)) this.back.tailBytes -= entry.bytes;
    this.unread += entries;
  }

  /** What should be in flash is not there: that is said in its place. */
  private confess(): void {
    const lines = '{"type":"!gap","n":' + this.unread + ',"reason":"flash"}\n';
    this.removed += this.unread - 1;
    this.unread = 0;
    this.show({ lines, events: 1, bytes: lines.length, names: this.back.aliases.names.length, isShort: false });
  }
}
