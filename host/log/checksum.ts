/**
 * CRC-32, of a row of the log above all: over its columns and its lines, so that a bit flipped in either is seen.
 * zlib's own where Node has it (20.15 and later), a table where not.
 */
import * as zlib from "node:zlib";
import type { GroupRow } from "#shared/effect.ts";

const native = (zlib as { crc32?: (data: string | Uint8Array, value?: number) => number }).crc32;

export function rowChecksum(row: GroupRow): number {
  const columns = `${row.node}\n${row.epoch}\n${row.first}\n${row.last}\n${row.received}\n${row.tsMin}\n${row.tsMax}\n`;
  return crc32(row.lines, crc32(columns, 0));
}

export function crc32(text: string, before: number): number {
  return native === undefined ? tableCrc32(Buffer.from(text), before) : native(text, before);
}

export function crc32Bytes(bytes: Uint8Array): number {
  return native === undefined ? tableCrc32(bytes, 0) : native(bytes, 0);
}

let table: Uint32Array | undefined;

/** The slow and obvious one; exported so that a test can compare the two. */
export function tableCrc32(bytes: Uint8Array, before: number): number {
  if (table === undefined) {
    table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      let value = i;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
      table[i] = value;
    }
  }
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}
