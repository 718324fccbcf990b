/**
 * A WebSocket server's side of frames (RFC 6455), as far as Sapline's nodes need it: whole texts, pings and closes; out of bytes, however they were cut, and into bytes. Not for
 * strangers: it takes what the firmware sends, and throws at anything else.
 */

export const TEXT = 1;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export interface Frame {
  opcode: number;
  payload: Buffer;
}

export function frameOf(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([128 | opcode, length]), payload]);
  if (length < 65_536) return Buffer.concat([Buffer.from([128 | opcode, 126, length >> 8, length & 255]), payload]);
  const head = Buffer.alloc(10);
  head[0] = 128 | opcode;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** Bytes of a client's frames. */
export class FrameReader {
  private bytes: Buffer = Buffer.alloc(0);

  /** The frames that are whole now. */
  take(more: Buffer): Frame[] {
    this.bytes = this.bytes.length === 0 ? more : Buffer.concat([this.bytes, more]);
    const frames: Frame[] = [];
    for (let frame = this.next(); frame !== undefined; frame = this.next()) frames.push(frame);
    return frames;
  }

  private next(): Frame | undefined {
    const { bytes } = this;
    if (bytes.length < 2) return undefined;
    const [first, second] = [bytes[0] as number, bytes[1] as number];
    if (first < 128 || second < 128 || (second & 127) === 127)
      throw new Error("a board sent a frame that is in pieces, not masked, or too long");
    const isLong = (second & 127) === 126;
    const keyAt = isLong ? 4 : 2;
    if (bytes.length < keyAt + 4) return undefined;
    const length = isLong ? bytes.readUInt16BE(2) : second & 127;
    const end = keyAt + 4 + length;
    if (bytes.length < end) return undefined;
    const payload = Buffer.from(bytes.subarray(keyAt + 4, end));
    for (let at = 0; at < length; at++) payload[at] = (payload[at] as number) ^ (bytes[keyAt + (at & 3)] as number);
    this.bytes = bytes.subarray(end);
    return { opcode: first & 15, payload };
  }
}
