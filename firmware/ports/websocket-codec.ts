/**
 * RFC 6455 frames, out of and into byte strings, for both roles. No socket, no clock: fed with chunks, it answers what happened.
 *
 * Guarantees: the same answers however the bytes were cut; at most `messageBytesMax` bytes of a message are held; after a fault or
 * a close nothing more comes out; garbage never throws. Our own client masks with a zero key (legal, and it costs no XOR).
 * Does not check that text is UTF-8 (a walk over every byte costs the chip 100 us each), and offers no extensions.
 */

export type WebSocketEvent =
  | { kind: "text"; text: string }
  | { kind: "ping"; payload: string }
  /** The peer closed; answer with the same code. 1005 stands for "no code given". */
  | { kind: "closed"; code: number; reason: string }
  /** The peer broke a rule or a limit; close with this code. */
  | { kind: "fault"; code: number; reason: string };

export const OPCODE_TEXT = 1;
const OPCODE_BINARY = 2;
export const OPCODE_CLOSE = 8;
export const OPCODE_PING = 9;
export const OPCODE_PONG = 10;

/** Longest payload of a control frame, in bytes. Spec: RFC 6455 5.5. */
const CONTROL_BYTES_MAX = 125;
/** Pieces held before they are joined. Chosen: a 16 KiB message in chunks of 536 bytes is 31. */
const PIECES_MAX = 32;

/** What is said of every fault in the framing: whoever mends a client has its bytes before him. */
const FRAMING = "framing";

/** One whole frame. The payload is at most 65535 bytes: a socket here holds less (QUEUE_BYTES_MAX). */
export function encodeFrame(opcode: number, payload: string, isMasked: boolean): string {
  const length = payload.length;
  const mask = isMasked ? 128 : 0;
  let head = String.fromCharCode(128 | opcode);
  if (length < 126) head += String.fromCharCode(mask | length);
  else head += String.fromCharCode(mask | 126, length >> 8, length & 255);
  return head + (isMasked ? "\0\0\0\0" : "") + payload;
}

/** The payload of a close frame. */
export function encodeClose(code: number, reason: string): string {
  if (code === 1005) return "";
  return String.fromCharCode(code >> 8, code & 255) + reason.substr(0, CONTROL_BYTES_MAX - 2);
}

/** XOR by words: 30 us a byte on the chip, against 250 us through characters. `key` is already turned to where `bytes` starts. */
function unmask(bytes: string, key: number): string | undefined {
  if (key === 0) return bytes;
  const odd = bytes.length & 3;
  const buffer = E.toArrayBuffer(odd === 0 ? bytes : bytes + "\0\0\0".substr(0, 4 - odd));
  if (buffer === undefined) return undefined;
  const words = new Uint32Array(buffer);
  const count = words.length;
  for (let i = 0; i < count; i++) words[i] = (words[i] as number) ^ key;
  const text = E.toString(buffer);
  if (text === undefined || odd === 0) return text;
  return text.substr(0, bytes.length);
}

/** Adds a piece. A peer may send a message in thousands of tiny pieces: only bytes may take memory, not their number. */
function gather(pieces: string[], piece: string): string[] {
  if (pieces.length === PIECES_MAX) return [pieces.join("") + piece];
  pieces.push(piece);
  return pieces;
}

/** All pieces as one, without a copy where there is one. */
function joined(pieces: readonly string[]): string {
  return pieces.length === 1 ? (pieces[0] as string) : pieces.join("");
}

/** Codes that may stand in a close frame: RFC 6455 7.4. */
function isCloseCode(code: number): boolean {
  return (code > 999 && code < 1015 && (code < 1004 || code > 1006)) || (code > 2999 && code < 5000);
}

export class WebSocketDecoder {
  private isServer: boolean;
  private messageBytesMax: number;
  /** Bytes of a head that is not whole yet. */
  private head: string;
  /** Bytes the current frame still lacks; -1 between frames. */
  private missing: number;
  private taken: number;
  private opcode: number;
  private isFinal: boolean;
  private key: number;
  private payload: string[];
  /** Finished fragments of the current message; undefined between messages. */
  private fragments: string[] | undefined;
  private messageBytes: number;
  private isOver: boolean;

  constructor(isServer: boolean, messageBytesMax: number) {
    this.isServer = isServer;
    this.messageBytesMax = messageBytesMax;
    this.head = "";
    this.missing = -1;
    this.taken = 0;
    this.opcode = 0;
    this.isFinal = false;
    this.key = 0;
    this.payload = [];
    this.fragments = undefined;
    this.messageBytes = 0;
    this.isOver = false;
  }

  feed(chunk: string): readonly WebSocketEvent[] {
    // Mostly a chunk is one short text from the parent, and nothing else.
    const length = chunk.length - 2;
    const isWhole = length < 126 && chunk.charCodeAt(0) === 129 && chunk.charCodeAt(1) === length && this.missing < 0;
    if (isWhole && this.fragments === undefined && this.head === "" && !this.isServer && !this.isOver)
      return [{ kind: "text", text: chunk.substr(2) }];
    const events: WebSocketEvent[] = [];
    let bytes = chunk;
    // A frame without payload ends with its head: `missing` 0 has to be looked at even when no bytes are left.
    while (!this.isOver && (bytes.length > 0 || this.missing === 0)) {
      if (this.missing < 0) {
        if (this.head.length > 0) bytes = this.head + bytes;
        const headBytes = this.readHead(bytes, events);
        if (headBytes === 0) {
          this.head = bytes;
          return events;
        }
        this.head = "";
        bytes = bytes.substr(headBytes);
      } else {
        const length = bytes.length < this.missing ? bytes.length : this.missing;
        if (length > 0) {
          const piece = unmask(length < bytes.length ? bytes.substr(0, length) : bytes, this.turnedKey());
          if (piece === undefined) this.fault(events, 1011, "out of memory");
          else this.payload = gather(this.payload, piece);
          this.taken += length;
          this.missing -= length;
          bytes = bytes.substr(length);
        }
        if (this.missing === 0 && !this.isOver) this.endFrame(events);
      }
    }
    return events;
  }

  /** Takes the head of a frame from the start of `bytes`: its length, or 0 if it is not whole yet or is a fault. */
  private readHead(bytes: string, events: WebSocketEvent[]): number {
    if (bytes.length < 2) return 0;
    const first = bytes.charCodeAt(0);
    const second = bytes.charCodeAt(1);
    const isMasked = second > 127;
    const opcode = first & 15;
    let length = second & 127;
    const isUnknown = opcode > 10 || (opcode > 2 && opcode < 8);
    const isAmiss =
      opcode < 8
        ? (opcode === 0) !== (this.fragments !== undefined) // fragments out of order
        : first < 128 || length > CONTROL_BYTES_MAX; // a control frame that is cut, or too long
    // 112: reserved bits.
    if ((first & 112) !== 0 || isMasked !== this.isServer || isUnknown || isAmiss)
      return this.fault(events, 1002, FRAMING);
    if (opcode === OPCODE_BINARY) return this.fault(events, 1003, "send text");
    const lengthBytes = length === 126 ? 2 : length === 127 ? 8 : 0;
    const headBytes = 2 + lengthBytes + (isMasked ? 4 : 0);
    if (bytes.length < headBytes) return 0;
    if (lengthBytes > 0) {
      length = 0;
      // As a float: eight bytes of 255 are merely far too long.
      for (let i = 2; i < 2 + lengthBytes; i++) length = length * 256 + bytes.charCodeAt(i);
    }
    if (opcode < 8 && this.messageBytes + length > this.messageBytesMax) {
      return this.fault(events, 1009, "frame too long");
    }
    this.key = isMasked ? littleEndian(bytes, headBytes - 4) : 0;
    this.opcode = opcode;
    this.isFinal = first > 127;
    this.missing = length;
    this.taken = 0;
    this.payload = [];
    return headBytes;
  }

  /** The mask as a word, turned so that it fits a piece that starts `taken` bytes into the payload. */
  private turnedKey(): number {
    const turn = (this.taken & 3) * 8;
    return turn === 0 ? this.key : (this.key >>> turn) | (this.key << (32 - turn));
  }

  private endFrame(events: WebSocketEvent[]): void {
    this.missing = -1;
    const payload = joined(this.payload);
    this.payload = [];
    switch (this.opcode) {
      case OPCODE_PING:
        events.push({ kind: "ping", payload: payload });
        break;
      case OPCODE_PONG:
        // Whatever comes in says that the peer is alive, this too.
        break;
      case OPCODE_CLOSE:
        this.endByPeer(payload, events);
        break;
      default: {
        // Text, or the continuation of it.
        const fragments = gather(this.fragments === undefined ? [] : this.fragments, payload);
        if (this.isFinal) {
          this.fragments = undefined;
          this.messageBytes = 0;
          events.push({ kind: "text", text: joined(fragments) });
        } else {
          this.fragments = fragments;
          this.messageBytes += payload.length;
        }
      }
    }
  }

  private endByPeer(payload: string, events: WebSocketEvent[]): void {
    this.isOver = true;
    const code = payload.length === 0 ? 1005 : (payload.charCodeAt(0) << 8) | payload.charCodeAt(1);
    if (payload.length === 1 || (payload.length > 1 && !isCloseCode(code))) {
      this.fault(events, 1002, FRAMING);
    } else events.push({ kind: "closed", code: code, reason: payload.substr(2) });
  }

  private fault(events: WebSocketEvent[], code: number, reason: string): 0 {
    events.push({ kind: "fault", code: code, reason: reason });
    this.isOver = true;
    this.payload = [];
    this.fragments = undefined;
    return 0;
  }
}

function littleEndian(bytes: string, at: number): number {
  return (
    bytes.charCodeAt(at) |
    (bytes.charCodeAt(at + 1) << 8) |
    (bytes.charCodeAt(at + 2) << 16) |
    (bytes.charCodeAt(at + 3) << 24)
  );
}
