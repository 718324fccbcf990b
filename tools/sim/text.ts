/** The codec of a PC, where a string is UTF-16: the simulator's nodes count bytes as the root does. */
import type { TextCodec } from "#shared/text.ts";

export const TEXT: TextCodec = {
  byteLength: (text) => Buffer.byteLength(text),
  stringify: (value) => JSON.stringify(value),
};
