/**
 * How a platform writes JSON and counts bytes. On the chip a string is bytes already and its JSON.stringify escapes every
 * byte above 127; on a PC a string is UTF-16. The protocol needs UTF-8 on both, so the edge hands this in.
 */
export interface TextCodec {
  /** Length of `text` in UTF-8 bytes. */
  byteLength(text: string): number;
  /** `value` as one line of JSON, without the newline. */
  stringify(value: unknown): string;
}
