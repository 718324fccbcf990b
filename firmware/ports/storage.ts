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
  private unread: string;
  private isSkipping: boolean;
  private isEnded: boolean;

  constructor(name: string, lineBytesMax: number) {
    this.skipped = 0;
    this.name = name;
    this.lineBytesMax = lineBytesMax;
    this.offset = 0;
    this.unread = "";
    this.isSkipping = false;
    this.isEnded = false;
  }

  /** The next line, without its newline; undefined at the end of the file. */
  next(): string | undefined {
    for (;;) {
      const end = this.unread.indexOf("\n");
      if (end >= 0) {
        const line = this.unread.substring(0, end);
        this.unread = this.unread.substring(end + 1);
        if (!this.isSkipping) return line;
        this.isSkipping = false;
      } else {
        if (this.unread.length > this.lineBytesMax) {
          if (!this.isSkipping) this.skipped++;
          this.isSkipping = true;
          this.unread = "";
        }
        if (this.isEnded) return this.takeRest();
        const piece = require("Storage").read(this.name, this.offset, READ_BYTES);
        if (piece === undefined || piece.length === 0) this.isEnded = true;
        else {
          this.offset += piece.length;
          this.unread += piece;
        }
      }
    }
  }

  private takeRest(): string | undefined {
    const rest = this.isSkipping ? "" : this.unread;
    this.unread = "";
    return rest.length > 0 ? rest : undefined;
  }
}
