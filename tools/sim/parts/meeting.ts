/**
 * Meeting is where the threads that play one world come together: nobody goes on before all are there. Each part leaves a few words
 * for all others before it: when something happens in it next, some figures to be added up, and what is wrong with it.
 */

/** Figures that a part may leave to be added up. */
export const FIGURES = 4;
/** Numbers that a part leaves: when it goes on, its figures, whether it has failed, and how long its text is. */
const WORDS = 2 + FIGURES + 1;
/** Longest text, in bytes; the rest is cut off. */
const TEXT_BYTES = 4096;
/**
 * Looks for the others for so long before it sleeps until they are there, in milliseconds: half as long each time that was in vain, for
 * then there are fewer cores than threads, and twice as long each time it was not. Chosen: to be woken takes some 0.05.
 */
const LOOKS_FOR_MIN = 0.02;
const LOOKS_FOR_MAX = 0.4;
/** So many looks before each look at the clock. */
const LOOKS = 500;

/** Of the state that all threads share. */
const ARRIVED = 0;
const ROUND = 1;

export class Meeting {
  private readonly state: Int32Array;
  private readonly words: Float64Array;
  private readonly texts: Buffer;
  private readonly parts: number;
  private readonly threads: number;
  /** Which of the two halves is written now: those who are quicker may not write where others still read. */
  private half = 0;
  private looksFor = LOOKS_FOR_MAX;

  constructor(memory: SharedArrayBuffer, parts: number, threads: number) {
    this.parts = parts;
    this.threads = threads;
    this.state = new Int32Array(memory, 0, 2);
    this.words = new Float64Array(memory, 8, 2 * parts * WORDS);
    this.texts = Buffer.from(memory, 8 + 8 * this.words.length);
  }

  static memory(parts: number): SharedArrayBuffer {
    return new SharedArrayBuffer(8 + 2 * parts * (8 * WORDS + TEXT_BYTES));
  }

  /** A part leaves its words for the next meeting. `goesOnAt`: when something happens in it next; `text`: what there is to say of it. */
  leave(part: number, goesOnAt: number, figures: readonly number[], hasFailed: boolean, text: string): void {
    const place = this.placeOf(part);
    const { words } = this;
    words[place] = goesOnAt;
    words[place + 1] = hasFailed ? 1 : 0;
    for (let i = 0; i < figures.length; i++) words[place + 2 + i] = figures[i] as number;
    const at = this.textAt(part);
    words[place + 2 + FIGURES] = text === "" ? 0 : this.texts.write(text, at, TEXT_BYTES, "utf8");
  }

  /** Waits until all threads are here. From then on the words of all can be read, until the next meeting. */
  meet(): void {
    this.half = 1 - this.half;
    if (this.threads === 1) return;
    const { state } = this;
    const round = Atomics.load(state, ROUND);
    if (Atomics.add(state, ARRIVED, 1) === this.threads - 1) {
      Atomics.store(state, ARRIVED, 0);
      Atomics.store(state, ROUND, round + 1);
      Atomics.notify(state, ROUND);
      return;
    }
    if (this.look(round)) return;
    while (Atomics.load(state, ROUND) === round) Atomics.wait(state, ROUND, round);
  }

  /** Looks for a while whether all are there. */
  private look(round: number): boolean {
    const until = performance.now() + this.looksFor;
    do {
      for (let i = 0; i < LOOKS; i++) {
        if (Atomics.load(this.state, ROUND) === round) continue;
        this.looksFor = Math.min(LOOKS_FOR_MAX, 2 * this.looksFor);
        return true;
      }
    } while (performance.now() < until);
    this.looksFor = Math.max(LOOKS_FOR_MIN, this.looksFor / 2);
    return false;
  }

  /** When something happens next, in any part. */
  goesOnAt(): number {
    let soonest = Infinity;
    for (let part = 0; part < this.parts; part++)
      soonest = Math.min(soonest, this.words[this.readPlaceOf(part)] as number);
    return soonest;
  }

  /** A figure of all parts together. */
  sum(figure: number): number {
    let sum = 0;
    for (let part = 0; part < this.parts; part++) sum += this.words[this.readPlaceOf(part) + 2 + figure] as number;
    return sum;
  }

  hasFailed(): boolean {
    for (let part = 0; part < this.parts; part++) if (this.words[this.readPlaceOf(part) + 1] === 1) return true;
    return false;
  }

  /** What the first part says that has something to say; of those that have failed, if any has. */
  text(): string | undefined {
    const isForAll = !this.hasFailed();
    for (let part = 0; part < this.parts; part++) {
      const place = this.readPlaceOf(part);
      const length = this.words[place + 2 + FIGURES] as number;
      if (length === 0 || !(isForAll || this.words[place + 1] === 1)) continue;
      const at = (part * 2 + 1 - this.half) * TEXT_BYTES;
      return this.texts.toString("utf8", at, at + length);
    }
    return undefined;
  }

  private placeOf(part: number): number {
    return (part * 2 + this.half) * WORDS;
  }

  private readPlaceOf(part: number): number {
    return (part * 2 + 1 - this.half) * WORDS;
  }

  private textAt(part: number): number {
    return (part * 2 + this.half) * TEXT_BYTES;
  }
}
