/**
 * What keeping events costs a board's flash: how much it holds, and how long it lasts. The node itself (shared/keeping-node.ts) is run through an outage, in no
 * time, and what it asks of the flash is counted.
 */
import { CHIP_LIMITS } from "#shared/limits.ts";
import { KeepingNode } from "#shared/keeping-node.ts";
import type { NodeEffect } from "#shared/effect.ts";
import type { Instant, LinkId, NodeId } from "#shared/units.ts";

/** Storage of an ESP32 with 4 MB of flash, in bytes. Source: Espruino's partition table, 896 kB. */
export const STORAGE_BYTES = 917_504;
/** Erasures that a sector of flash is sold for. Source: data sheets of usual flash chips. */
export const ERASURES = 100_000;
/** Of what is free in Storage, events get this share: firmware/ports/kept-pages.ts. */
const SHARE = 0.75;
/** Storage's own head of each file, in bytes. */
const FILE_HEAD_BYTES = 32;
/** Configuration and other small files, in bytes. Chosen. */
const SMALL_FILES_BYTES = 8192;
/** An outage that is long enough to tell the rest, in flush intervals. */
const INTERVALS = 2000;

const DAY = 86_400_000;

export interface FlashUse {
  /** A reading of each entity comes every so many milliseconds. */
  readingEvery: number;
  entities: number;
  /** The flush interval, in milliseconds. */
  flushEvery: number;
  /** Of a program; there are two slots. */
  programBytes: number;
}

export interface FlashLife {
  /** What a reading takes in flash, all told. */
  bytesPerReading: number;
  /** How many readings fit, and how long an outage that is, in milliseconds. */
  readings: number;
  outageMillis: number;
  /** If each reading had to go through the flash: bytes a day, days from one compaction of Storage to the next, and years until sectors are worn out. */
  bytesPerDay: number;
  compactionDays: number;
  years: number;
  /** Writes while the root acknowledges each reading at once: none, or there is a fault. */
  writesWhileWell: number;
}

/** One board, joined, whose root answers or not. */
class Board {
  pages = 0;
  writes = 0;
  private readonly node: KeepingNode;

  constructor(use: FlashUse, bytes: number) {
    const codec = {
      byteLength: (text: string) => Buffer.byteLength(text),
      stringify: (value: unknown) => JSON.stringify(value),
    };
    const config = { id: "board" as NodeId, token: "", fw: "", limits: CHIP_LIMITS };
    this.node = new KeepingNode(config, { every: use.flushEvery, bytes }, codec, () => 0.5);
    this.node.restored(0);
  }

  /** Whether it has taken the readings of that moment. */
  read(use: FlashUse, at: number): boolean {
    const now = at as Instant;
    for (let i = 0; i < use.entities; i++) {
      const { accepted, effects } = this.node.emit({ type: "!update", eid: `sensor${i}.value`, value: 21.37 }, now);
      this.perform(effects, now, false);
      if (!accepted) return false;
    }
    return true;
  }

  /** Lets time go on to that moment. */
  advance(to: number, isRootUp: boolean): void {
    for (let at = this.node.wakeAt(); at !== undefined && at <= to; at = this.node.wakeAt())
      this.perform(this.node.tick(at), at, isRootUp);
  }

  perform(effects: readonly NodeEffect[], now: Instant, isRootUp: boolean): void {
    for (const effect of effects) {
      if (effect.kind === "dial")
        this.perform(isRootUp ? this.node.opened(effect.link, now) : this.node.closed(effect.link, now), now, isRootUp);
      else if (effect.kind === "send" && isRootUp) this.answer(effect.link, effect.text, now);
      else if (effect.kind === "keep") {
        if (effect.size > 0) this.pages += effect.size + FILE_HEAD_BYTES;
        this.writes += 1;
        this.node.hasKept(true);
      }
    }
  }

  start(): void {
    this.perform(this.node.start(0 as Instant), 0 as Instant, true);
  }

  lose(at: number): void {
    this.perform(this.node.closed(-1 as LinkId, at as Instant), at as Instant, false);
  }

  /** As the root does. */
  private answer(link: LinkId, text: string, now: Instant): void {
    for (const line of text.trimEnd().split("\n")) {
      const said = line.startsWith("{")
        ? (JSON.parse(line) as { type: string; nonce?: number; n?: number })
        : undefined;
      const answer =
        said?.type === "?hello"
          ? { type: "!hello", dst: "board", ep: 1, n: 0, now: 1_700_000_000_000, nonce: said.nonce }
          : said?.type === "?ack"
            ? { type: "!ack", dst: "board", ep: 1, n: said.n }
            : said?.type === "?ping"
              ? { type: "!ping", now: 1_700_000_000_000 + now }
              : undefined;
      if (answer !== undefined) this.perform(this.node.received(link, `${JSON.stringify(answer)}\n`, now), now, true);
    }
    this.perform(this.node.drained(link, now), now, true);
  }
}

export function flashLife(use: FlashUse): FlashLife {
  const free = STORAGE_BYTES - 2 * (use.programBytes + FILE_HEAD_BYTES) - SMALL_FILES_BYTES;
  const bytes = Math.floor(free * SHARE);
  const board = new Board(use, bytes);
  board.start();
  let at = 0;
  // An hour in which all is well.
  for (; at < DAY / 24; at += use.readingEvery) {
    board.advance(at, true);
    board.read(use, at);
  }
  const writesWhileWell = board.writes;
  board.lose(at);
  const end = at + INTERVALS * use.flushEvery;
  let readings = 0;
  for (; at < end && board.pages < bytes / 2; at += use.readingEvery) {
    board.advance(at, false);
    if (board.read(use, at)) readings += use.entities;
  }
  const bytesPerReading = board.pages / readings;
  const fit = Math.floor(bytes / bytesPerReading);
  const bytesPerDay = (bytesPerReading * use.entities * DAY) / use.readingEvery;
  const compactionDays = free / bytesPerDay;
  return {
    bytesPerReading,
    readings: fit,
    outageMillis: (fit / use.entities) * use.readingEvery,
    bytesPerDay,
    compactionDays,
    years: (compactionDays * ERASURES) / 365,
    writesWhileWell,
  };
}
