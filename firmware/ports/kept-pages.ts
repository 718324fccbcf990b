/**
 * The pages of kept events in Storage: files `sapline.box1`, `sapline.box2` … each made once in its full size and filled from its beginning, which flash
 * can do without a copy. A record is checked when it is read: what a power cut has left half written is not there, and nothing is put behind it.
 *
 *     =LLLLLCCCCCCCC     five digits: the record's bytes; eight hexadecimal ones: its CRC-32
 *     RECORD
 */
import type { KeepingNode } from "#shared/keeping-node.ts";
import { KEPT_PAGE_BYTES, KEPT_RECORD_BYTES } from "#shared/link/kept-limits.ts";

const PREFIX = "sapline.box";
const HEAD_BYTES = KEPT_RECORD_BYTES - 1;
/** A byte of flash that nobody has written. */
const ERASED = 255;

function mark(record: string): string {
  const bytes = "0000" + record.length;
  const sum = "0000000" + (E.CRC32(record) >>> 0).toString(16);
  return "=" + bytes.substr(bytes.length - 5) + sum.substr(sum.length - 8) + "\n";
}

export class KeptPages {
  /** Where the next record goes on the last page. */
  private end: number;
  /** Of the page that was read last: where its records end, and whether what is behind them can be written. */
  private readEnd: number;
  private isClean: boolean;

  constructor() {
    this.end = 0;
    this.readEnd = 0;
    this.isClean = true;
  }

  /** Tells the node of all pages that are there; `epoch`: see there. Answers how many bytes they are. */
  restore(node: KeepingNode, epoch: number): number {
    const pages: number[] = [];
    for (const name of require("Storage").list()) {
      if (name.substr(0, PREFIX.length) === PREFIX) pages.push(parseInt(name.substr(PREFIX.length), 10));
    }
    pages.sort((a, b) => a - b);
    let bytes = 0;
    for (const page of pages) {
      const records = this.read(page);
      const size = (require("Storage").read(PREFIX + page) as string).length;
      // Nothing can be written behind what was written half.
      this.end = this.isClean ? this.readEnd : size;
      node.restore(page, size, this.end, records);
      bytes += size;
    }
    node.restored(epoch);
    return bytes;
  }

  /** False if the flash has refused. */
  append(page: number, size: number, records: readonly string[]): boolean {
    const storage = require("Storage");
    const parts: string[] = [];
    for (const record of records) parts.push(mark(record), record, "\n");
    const text = parts.join("");
    if (size > 0) this.end = 0;
    const from = this.end;
    try {
      if (size > 0) storage.write(PREFIX + page, text, 0, size);
      else storage.write(PREFIX + page, text, from);
    } catch {
      return false;
    }
    this.end += text.length;
    return storage.read(PREFIX + page, from, text.length) === text;
  }

  /** The records of a page, as many as are whole. */
  read(page: number): string[] {
    const text = require("Storage").read(PREFIX + page) || "";
    const records: string[] = [];
    let at = 0;
    this.isClean = true;
    while (text[at] === "=") {
      const record = text.substr(at + HEAD_BYTES, parseInt(text.substr(at + 1, 5), 10));
      if (text.substr(at, HEAD_BYTES) !== mark(record)) {
        this.isClean = false;
        break;
      }
      records.push(record);
      at += KEPT_RECORD_BYTES + record.length;
    }
    this.readEnd = at;
    if (at < text.length && text.charCodeAt(at) !== ERASED) this.isClean = false;
    return records;
  }

  free(page: number): void {
    require("Storage").erase(PREFIX + page);
  }
}

/** Most bytes of pages, as a share of what is free in Storage: the rest is for an update, and for what others write. Chosen. */
const SHARE = 0.75;

/** `there`: bytes of pages that are there. */
export function bytesMax(asked: unknown, there: number): number {
  if (typeof asked === "number" && asked >= KEPT_PAGE_BYTES) return asked;
  return Math.floor((require("Storage")["getFree"]() + there) * SHARE);
}
