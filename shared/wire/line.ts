/** The lines that nodes and roots say of themselves, each without its newline, and how lines become frames. */
import { DOWN_FRAME_BYTES } from "../limits.ts";

export const PING = '{"type":"?ping"}';
export const ROOT_IS_UP = '{"type":"!root","up":true}';
export const ROOT_IS_DOWN = '{"type":"!root","up":false}';

/** `rootNow`: the root's clock, 0 if it is not known. */
export function pongLine(rootNow: number): string {
  return rootNow > 0 ? '{"type":"!ping","now":' + rootNow + "}" : '{"type":"!ping"}';
}

export function goneLine(id: string): string {
  return '{"type":"!gone","id":"' + id + '"}';
}

export function byeLine(dst: string, reason: string): string {
  return '{"type":"!bye","dst":"' + dst + '","reason":"' + reason + '"}';
}

export function ackLine(dst: string, epoch: number, n: number): string {
  return '{"type":"!ack","dst":"' + dst + '","ep":' + epoch + ',"n":' + n + "}";
}

/** Closes a group whose last event is `n`. `aliases`: members that name entities, or "". */
export function groupEnd(src: string, epoch: number, n: number, aliases: string): string {
  return '{"type":"?ack","src":"' + src + '","ep":' + epoch + ',"n":' + n + aliases + "}";
}

/** Lines as frames, each a little over DOWN_FRAME_BYTES at the most, or one line. */
export function framesOf(lines: string[]): string[] {
  const frames: string[] = [];
  let text = "";
  for (let i = 0; i < lines.length; i++) {
    text += lines[i] + "\n";
    if (text.length < DOWN_FRAME_BYTES && i < lines.length - 1) continue;
    frames.push(text);
    text = "";
  }
  return frames;
}
