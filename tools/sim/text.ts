/** The codec of a PC, where a string is UTF-16: the simulator's nodes count bytes as the root does. */
import type { TextCodec } from "#shared/text.ts";

export const TEXT: TextCodec = {
  byteLength: (text) => Buffer.byteLength(text),
  stringify: (value) => JSON.stringify(value),
};

/** A text as bytes, a char for each: what a radio sends. */
export function toBytes(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString("latin1");
}

export function fromBytes(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString();
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}
