/**
 * What a PC and a board on its serial port say to each other, so that the PC has a radio: messages as lines of text, each `~`, then the message and
 * its CRC-32 in base64, then a newline. Both sides use this file.
 *
 * Guarantee: what comes out was put in, whole; whatever else the port carries (a console's banner, a driver's log, half a line) is counted and
 * changes nothing, and at the next `~` all is well. It keeps no more than one line.
 *
 * Why text: no byte of it means anything to a console or to flow control, a chip's USB sends on when it sees a newline, and the engine
 * makes base64 and CRC-32 natively, where its interpreter would need a tenth of a second for the bytes of one datagram.
 */
import type { Mac } from "./seal.ts";

/** Version of these messages. */
export const DONGLE_VERSION = 1;
/** Bits per second on a port that has them. Chosen: a datagram takes as long as on the air. The USB of a chip of its own ignores it. */
export const DONGLE_BAUD = 921600;
/** Longest line, in characters. A datagram of 250 bytes makes one of 352. */
export const DONGLE_LINE_MAX = 512;

/*
 * Messages, by their first character. The rest is bytes, one after the other.
 */
/** From the PC: say hello. */
export const ASK = "?";
/** Turn (1 byte, comes back in SENT), address (6), datagram. One at a time. */
export const TRANSMIT = "t";
/** Channel (1). */
export const TUNE = "c";
/** Stop the radio and start it. What comes after it on the line is done after it. */
export const RESTART = "r";
/**
 * From the board, when asked and when it starts: version (1), start (4, another after each start of the program), its address (6),
 * channel (1), damaged lines (2, highest first), its program's version as text.
 */
export const HELLO = "!";
/** Turn (1), outcome (1): the first letter of "ok", "fail", "no memory". */
export const SENT = "s";
/** Address (6), signal in dBm + 256 (1; 0 if unknown), the channel listened on (1), datagram. */
export const HEARD = "h";
/** Text: why there is no radio, or why the program starts again. */
export const FAULT = "e";

/** What each side has natively. Texts are byte strings; `toBytes` may make anything of a text that is no base64, and never throws. */
export interface LineCodec {
  toText(bytes: string): string;
  toBytes(text: string): string;
  /** CRC-32. */
  sum(bytes: string): number;
}

const START = "~";
const SUM_BYTES = 4;
/** So many beginnings of one line are tried. Chosen: each takes a chip some milliseconds. */
const TRIES_MAX = 3;

function sumOf(codec: LineCodec, message: string): string {
  const sum = codec.sum(message);
  return String.fromCharCode((sum >> 24) & 255, (sum >> 16) & 255, (sum >> 8) & 255, sum & 255);
}

/** A message as a line. It begins with a newline, too: what noise left behind must not stand before it. */
export function dongleLine(codec: LineCodec, message: string): string {
  return "\n" + START + codec.toText(message + sumOf(codec, message)) + "\n";
}

/** Takes what comes in any pieces, and gives messages. */
export class DongleReader {
  /** Lines that were none of ours … */
  noise: number;
  /** … and such as were, once. */
  damaged: number;
  private codec: LineCodec;
  private rest: string;

  constructor(codec: LineCodec) {
    this.noise = 0;
    this.damaged = 0;
    this.codec = codec;
    this.rest = "";
  }

  take(chunk: string): string[] {
    const messages: string[] = [];
    let from = 0;
    // Looked for in the piece alone, and most pieces have none: the engine takes long over long texts.
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", from)) {
      this.rest += chunk.substring(from, end);
      // An empty line stands before each of ours.
      if (this.rest.length > 1) {
        const message = this.read(this.rest);
        if (message !== undefined) messages.push(message);
        this.rest = "";
      }
      from = end + 1;
    }
    this.rest += from > 0 ? chunk.substr(from) : chunk;
    // Its beginning is lost, so it is noise already; a line that begins in it is not.
    if (this.rest.length > DONGLE_LINE_MAX) this.rest = this.rest.substr(-DONGLE_LINE_MAX);
    return messages;
  }

  private read(line: string): string | undefined {
    let start = line.charAt(0) === START ? 0 : line.indexOf(START);
    if (start < 0) {
      this.noise += 1;
      return undefined;
    }
    for (let tries = 0; tries < TRIES_MAX && start >= 0; tries++) {
      const bytes = this.codec.toBytes(line.substr(start + 1));
      const end = bytes.length - SUM_BYTES;
      const message = bytes.substr(0, end);
      if (end > 0 && bytes.substr(end) === sumOf(this.codec, message)) return message;
      // Whatever this was, its newline is lost: another may stand behind it.
      start = line.indexOf(START, start + 1);
    }
    this.damaged += 1;
    return undefined;
  }
}

/** Six bytes as a name. */
export function macText(bytes: string): Mac {
  let text = "";
  for (let i = 0; i < 6; i++) text += (i > 0 ? ":" : "") + (256 + bytes.charCodeAt(i)).toString(16).substr(1);
  return text;
}
