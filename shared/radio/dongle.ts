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
    const lines = (this.rest + chunk).split("\n");
    const last = lines.length - 1;
    this.rest = lines[last] as string;
    if (this.rest.length > DONGLE_LINE_MAX) {
      // Its beginning is lost, so it is noise already; a line that begins in it is not.
      this.rest = this.rest.substr(-DONGLE_LINE_MAX);
    }
    for (let i = 0; i < last; i++) {
      const message = this.read(lines[i] as string);
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  private read(line: string): string | undefined {
    // An empty line stands before each of ours.
    if (line.length < 2) return undefined;
    const parts = line.split(START);
    if (parts.length < 2) {
      this.noise += 1;
      return undefined;
    }
    const bytes = this.codec.toBytes(parts[parts.length - 1] as string);
    const message = bytes.substr(0, bytes.length - SUM_BYTES);
    if (message !== "" && bytes.substr(message.length) === sumOf(this.codec, message)) return message;
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
