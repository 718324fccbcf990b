/**
 * BoardConsole speaks with the console of an Espruino board: one command at a time, each with an answer that is told from everything else that the
 * board prints. It knows nothing of cables, and runs in the browser as on a PC.
 *
 * Guarantee: an answer is the answer to that command, whole, or there is an error. A command may have been carried out although its answer was
 * lost; `ask` says it again, so what is asked must do no harm when it is done twice.
 */
import { Trouble } from "../trouble.ts";
import type { Wire } from "./wire.ts";

/** How patient one is with a board, in milliseconds. Chosen, all of them; tests have less time. */
export interface Patience {
  /** A command is answered in this time. Flash is slow, seconds are not. */
  answer: number;
  /** A board that was just reset needs so long until it listens. An ESP32 starts in one to three seconds. */
  greet: number;
  greetEvery: number;
  /** After an interruption: until it cannot hit the next command. */
  interrupt: number;
  /** Until a board that resets its interpreter has begun to. */
  reset: number;
  /** What may take as long as to tidy up a full Storage. */
  tidy: number;
  /** A board that said stop is waited for so long. */
  held: number;
}

export const PATIENCE: Patience = {
  answer: 6000,
  greet: 9000,
  greetEvery: 1000,
  interrupt: 150,
  reset: 600,
  tidy: 60_000,
  held: 10_000,
};
/** So often a command is said again when no whole answer comes. Chosen. */
const TRIES = 3;
/** Written at once, in characters. Chosen: what may still be under way when the board says stop fits into a quarter of its input buffer (1 kB). */
const PART_CHARS = 128;
/** Kept of what the board prints, in characters. Chosen: far more than the longest answer. */
const HEARD_CHARS = 65_536;

const STOP = "\u0013";
const GO = "\u0011";
/** In front of a line: the console does not echo it. */
const QUIET = "\u0010";
/** Clears a line that was begun, as the key does that erases it. */
const CLEAR = "\u001b[2H";
/**
 * Ends what runs (Ctrl-C), once the blank is in the line: on a line that is empty, the second Ctrl-C within five seconds ends Espruino for Linux, and
 * on a board that is cleared anyway.
 */
const [BLANK, END] = [" ", "\u0003"];

/** What moves the cursor (escape is character 27). */
const CURSOR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]`, "g");

/** Something lost on the way: to say it again may help. */
class Lost extends Error {}

export class BoardConsole {
  /** Told of what the board prints, whatever it is; set by those who show it. */
  onPrinted: (text: string) => void = () => {};
  /** What ran on the board was ended by us, and nothing runs since. */
  isStopped = false;
  readonly patience: Patience;
  private readonly wire: Wire;
  /** In each mark, so that what a former session left on the way is not taken for an answer. */
  private readonly session = Math.random().toString(36).slice(2, 7);
  private commands = 0;
  private heard = "";
  private gone: string | undefined;
  private isHeld = false;
  private watchers: (() => void)[] = [];

  constructor(wire: Wire, patience = PATIENCE) {
    this.wire = wire;
    this.patience = patience;
    wire.onText = (text) => this.take(text);
    wire.onClosed = (reason) => {
      this.gone = reason;
      this.wake();
    };
  }

  /** Sees whether an Espruino answers; ends what runs there if that keeps it from answering. Rejects with `Trouble`. */
  async greet(withinMillis = this.patience.greet): Promise<void> {
    const until = Date.now() + withinMillis;
    for (let tries = 0; tries === 0 || Date.now() < until; tries++) {
      if (tries > 0) await this.interrupt();
      try {
        await this.ping();
        return;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
    }
    throw new Trouble(this.noEspruino());
  }

  /** What an expression is on the board; it must be JSON. Said again when no whole answer comes. Rejects with `Trouble`. */
  async ask(expression: string, withinMillis = this.patience.answer): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.run(expression, withinMillis);
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
      const answers = tries < TRIES && (await this.isThere());
      if (!answers) throw new Trouble("the board has stopped answering: unplug it, plug it in again, and start again");
    }
  }

  /** Whether it answers at all, with whatever was begun cleared away. Rejects if it is gone. */
  private async isThere(): Promise<boolean> {
    try {
      await this.greet();
      return true;
    } catch (error) {
      if (this.gone !== undefined) throw error;
      return false;
    }
  }

  /** Says a line that is not answered, such as one that restarts the board. */
  async say(line: string): Promise<void> {
    await this.send(`${QUIET}${line}\n`);
  }

  /** Clears the interpreter; nothing of what is stored is started. */
  async reset(): Promise<void> {
    this.isStopped = true;
    await this.say("reset()");
    await this.pause(this.patience.reset);
    await this.greet();
  }

  /** The end of what the board has printed, in lines, without what can be no text. */
  lastWords(lines: number): string[] {
    const printable = this.heard.replace(CURSOR, "").replace(/[^\n\x20-\x7e\xa0-\uffff]/g, "");
    return printable
      .split("\n")
      .filter((line) => line.trim() !== "" && line.trim() !== ">")
      .slice(-lines);
  }

  /** Whether the board has printed this since `forget`. */
  hasPrinted(pattern: RegExp): boolean {
    return pattern.test(this.heard);
  }

  forget(): void {
    this.heard = "";
  }

  get isGone(): boolean {
    return this.gone !== undefined;
  }

  async close(): Promise<void> {
    this.gone ??= "the connection to the board is closed";
    await this.wire.close();
  }

  private async interrupt(): Promise<void> {
    await this.send(BLANK);
    await this.pause(this.patience.interrupt);
    await this.send(END);
    await this.pause(this.patience.interrupt);
  }

  /**
   * As few characters as will do: Espruino takes what comes in a task of its own, without a lock, and a program that keeps the engine busy while
   * characters come may leave its console deaf until the next reset (seen on Linux; its code for the ESP32 is of the same kind).
   */
  private async ping(): Promise<void> {
    const mark = `${this.session}${++this.commands}`;
    this.heard = "";
    await this.send(CLEAR);
    await this.say(`print("<"+"${mark}>")`);
    await this.wait(() => (this.heard.includes(`<${mark}>`) ? mark : undefined), this.patience.greetEvery);
  }

  /** The answer is put together on the board, so that an echo of the command is not taken for it. */
  private async run(expression: string, withinMillis: number): Promise<unknown> {
    const mark = `${this.session}${++this.commands}`;
    this.heard = "";
    const answer = (sign: string, value: string): string =>
      `print("<"+"${mark}${sign}"+JSON.stringify(${value})+"${mark}>")`;
    await this.say(`try{${answer(":", `[${expression}]`)}}catch(e){${answer("!", '""+e')}}`);
    return this.read(
      await this.wait(() => {
        const from = this.heard.indexOf(`<${mark}`);
        const to = from < 0 ? -1 : this.heard.indexOf(`${mark}>`, from + mark.length + 1);
        return to < 0 ? undefined : this.heard.slice(from + mark.length + 1, to);
      }, withinMillis),
    );
  }

  /** What is found in what the board prints. Rejects with `Lost` when the time is over. */
  private async wait(found: () => string | undefined, withinMillis: number): Promise<string> {
    const end = Date.now() + withinMillis;
    for (;;) {
      const text = found();
      if (text !== undefined) return text;
      if (this.gone !== undefined) throw new Trouble(this.gone);
      if (/password>\s*$/.test(this.heard))
        throw new Trouble("this board's console is locked by a password: unlock it, or connect to it by its cable");
      const left = end - Date.now();
      if (left <= 0) throw new Lost();
      await this.change(left);
    }
  }

  private read(answer: string): unknown {
    let value: unknown;
    try {
      value = JSON.parse(answer.slice(1));
    } catch {
      throw new Lost();
    }
    if (answer.startsWith(":") && Array.isArray(value)) return value[0];
    throw new Trouble(`the board says: ${String(value)}`);
  }

  private async send(text: string): Promise<void> {
    for (let at = 0; at < text.length; at += PART_CHARS) {
      const end = Date.now() + this.patience.held;
      while (this.isHeld && this.gone === undefined && Date.now() < end) await this.change(end - Date.now());
      this.isHeld = false;
      if (this.gone !== undefined) throw new Trouble(this.gone);
      await this.wire.write(text.slice(at, at + PART_CHARS));
    }
  }

  private take(text: string): void {
    const last = Math.max(text.lastIndexOf(STOP), text.lastIndexOf(GO));
    if (last >= 0) this.isHeld = text[last] === STOP;
    const printed = text.replaceAll(STOP, "").replaceAll(GO, "");
    this.heard = (this.heard + printed).slice(-HEARD_CHARS);
    this.onPrinted(printed);
    this.wake();
  }

  private wake(): void {
    const watchers = this.watchers;
    this.watchers = [];
    for (const watcher of watchers) watcher();
  }

  /** Resolves when the board prints something, or is gone, or the time is over. */
  private async change(withinMillis: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMillis);
      this.watchers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private async pause(millis: number): Promise<void> {
    await new Promise<void>((resolve) => void setTimeout(resolve, millis));
  }

  private noEspruino(): string {
    const heard = this.heard;
    if (/^>>> |MicroPython|CircuitPython/m.test(heard))
      return "this board runs Python: put Espruino on it by sapline firmware (docs/flash.md)";
    if (/invalid header|waiting for download|flash read err/i.test(heard))
      return "there is no firmware on this board: put Espruino on it by sapline firmware (docs/flash.md)";
    return heard.trim() === ""
      ? "no Espruino answers, there is silence: press the board's reset (or unplug it) and start again; if it stays so, is it the right port, and is Espruino on the board? Otherwise: sapline firmware (docs/flash.md)"
      : "something answers, but it is no Espruino: is it the right port and speed? Espruino comes onto a board by sapline firmware (docs/flash.md)";
  }
}
