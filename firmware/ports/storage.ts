/**
 * Small files in flash. Reading a long one goes line by line, with at most one piece of it in memory.
 *
 * Each rewrite wears the flash and may start a compaction that stops the chip for seconds: callers write rarely.
 */

/** Bytes read at once. Chosen: a few lines, and few enough of the chip's variables. */
export const READ_BYTES = 512;

/** The file as JSON; undefined if it is absent or is not JSON. */
export function readJson(name: string): unknown {
  const text = require("Storage").read(name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes `value` as JSON; false if the flash refused. (Storage.writeJSON leaves out the quotes of keys: not JSON.) */
export function writeJson(name: string, value: unknown): boolean {
  return require("Storage").write(name, JSON.stringify(value));
}

/** Gives the lines of a file one by one, without ever holding the file. A line longer than `lineBytesMax` is skipped and counted. */
export class LineReader {
  /** Lines left out because they were too long. */
  skipped: number;
  private name: string;
  private lineBytesMax: number;
  private offset: number;
  private text: string;
  private isSkipping: boolean;
  private isEnded: boolean;

  constructor(name: string, lineBytesMax: number) {
    this.skipped = 0;
    this.name = name;
    this.lineBytesMax = lineBytesMax;
    this.offset = 0;
    this.text = "";
    this.isSkipping = false;
    this.isEnded = false;
  }

  /** The next line, without its newline; undefined at the end of the file. */
  next(): string | undefined {
    for (;;) {
      const end = this.text.indexOf("\n");
      if (end >= 0) {
        const line = this.text.substring(0, end);
        this.text = this.text.substring(end + 1);
        if (!this.isSkipping) return line;
        this.isSkipping = false;
      } else {
        if (this.text.length > this.lineBytesMax) {
          if (!this.isSkipping) this.skipped++;
          this.isSkipping = true;
          this.text = "";
        }
        if (this.isEnded) return this.takeRest();
        const piece = require("Storage").read(this.name, this.offset, READ_BYTES);
        if (piece === undefined || piece.length === 0) this.isEnded = true;
        else {
          this.offset += piece.length;
          this.text += piece;
        }
      }
    }
  }

  private takeRest(): string | undefined {
    const rest = this.isSkipping ? "" : this.text;
    this.text = "";
    return rest.length > 0 ? rest : undefined;
  }
}
