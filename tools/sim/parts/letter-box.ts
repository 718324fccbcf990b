/**
 * LetterBox carries letters from one part of a world to another, which may be in another thread: in shared memory, all of one window
 * at once. The writer fills one half while the reader empties the other; a meeting of all threads lies between.
 *
 * Guarantee: letters come out as they went in, in their order. What does not fit ends the run with a sentence.
 */
import { Letter, type Reader } from "./letter.ts";

/** Numbers of a letter: kind, moment, wire, three more, the bytes of its text, and whether that is more than ASCII. */
const HEAD = 8;
/** Most bytes that one character of a text takes. */
const CHARACTER_BYTES_MAX = 3;

export class LetterBox {
  /** The soonest moment at which one of the letters put in since `turn` arrives, or Infinity. */
  soonest = Infinity;
  private readonly bytes: Buffer;
  private readonly ints: Int32Array;
  /** Numbers in one half. */
  private readonly half: number;
  /** Where the half begins that is written, and how much was. */
  private base = 0;
  private used = 1;

  constructor(memory: SharedArrayBuffer) {
    this.bytes = Buffer.from(memory);
    this.ints = new Int32Array(memory);
    this.half = this.ints.length >> 1;
  }

  /** Memory for one box that carries so many bytes in one window. It is taken from the machine as it is used. */
  static memory(bytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(2 * Math.ceil(bytes / 4) * 4);
  }

  put(kind: number, at: number, wire: number, a: number, b: number, c: number, text: string): void {
    const ints = this.ints;
    let place = this.base + this.used;
    const most = HEAD + (text.length * CHARACTER_BYTES_MAX) / 4 + 1;
    if (this.used + most > this.half)
      throw new Error(`parts of the world have more than ${this.half * 4} bytes to say to each other at once`);
    const length = text === "" ? 0 : this.bytes.write(text, (place + HEAD) * 4, "utf8");
    ints[place++] = kind;
    ints[place++] = at;
    ints[place++] = wire;
    ints[place++] = a;
    ints[place++] = b;
    ints[place++] = c;
    ints[place++] = length;
    ints[place++] = length === text.length ? 0 : 1;
    this.used = place + ((length + 3) >> 2) - this.base;
    if (at < this.soonest) this.soonest = at;
  }

  /** What was put in is there to be read once all threads have met; what comes from now on is for the next time. */
  turn(): void {
    this.ints[this.base] = this.used;
    this.base = this.half - this.base;
    this.used = 1;
    this.soonest = Infinity;
  }

  /** Hands over what was put in before the last `turn` of the writer, which is in `turns` (0, 1, 2 …). */
  take(turns: number, from: number, reader: Reader, hand: (at: number, letter: Letter) => void): void {
    const { ints, bytes } = this;
    const base = turns % 2 === 0 ? 0 : this.half;
    const end = base + (ints[base] as number);
    for (let place = base + 1; place < end; ) {
      const start = (place + HEAD) * 4;
      const length = ints[place + 6] as number;
      const text = length === 0 ? "" : bytes.toString(ints[place + 7] === 0 ? "latin1" : "utf8", start, start + length);
      const [kind, at, wire] = [ints[place] as number, ints[place + 1] as number, ints[place + 2] as number];
      const [a, b, c] = [ints[place + 3] as number, ints[place + 4] as number, ints[place + 5] as number];
      hand(at, new Letter(reader, from, kind, wire, a, b, c, text));
      place += HEAD + ((length + 3) >> 2);
    }
  }
}
