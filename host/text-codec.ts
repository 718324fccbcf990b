/** How a PC writes JSON and counts UTF-8 bytes. */
import type { TextCodec } from "#shared/text.ts";

export const PC_TEXT: TextCodec = {
  byteLength: (text) => Buffer.byteLength(text),
  stringify: (value) => JSON.stringify(value),
};
