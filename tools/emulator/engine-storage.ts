/**
 * Espruino's Storage in a folder, one file a name. Survives restarts of the program and of the process. A file appears whole or not at
 * all, but for one that is written in pieces. Not faithful: there is no wear, no compaction, no limit of size.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/** Longest name, in characters. Source: jsflash.h. */
const NAME_CHARS_MAX = 28;
const UNFINISHED = ".unfinished";
/** A byte of flash that was not written yet. */
const ERASED = "\xff";

export class EngineStorage {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Bytes of the file from `offset` on, all or `length` of them; undefined if there is no such file. */
  read(name: string, offset?: number, length?: number): string | undefined {
    try {
      const bytes = readFileSync(this.file(name));
      const from = offset ?? 0;
      return bytes.subarray(from, length ? from + length : undefined).toString("latin1");
    } catch {
      return undefined;
    }
  }

  /** Throws what the engine's throws: flash that is written cannot be written again, but for the whole file. */
  write(name: string, bytes: string | object, offset = 0, size = 0): boolean {
    const text = typeof bytes === "string" ? bytes : JSON.stringify(bytes);
    if (name.length > NAME_CHARS_MAX) return false;
    if (text.length === 0 && size === 0) throw new Error("Can't create zero length file");
    if (offset > 0) return this.writePiece(name, text, offset);
    const file = size > text.length ? text + ERASED.repeat(size - text.length) : text;
    if (size > text.length && this.read(name) === file) return true;
    return this.replace(name, file);
  }

  private replace(name: string, text: string): boolean {
    const unfinished = this.file(name) + UNFINISHED;
    writeFileSync(unfinished, Buffer.from(text, "latin1"));
    renameSync(unfinished, this.file(name));
    return true;
  }

  private writePiece(name: string, text: string, offset: number): boolean {
    const there = this.read(name, offset, text.length);
    if (there === undefined) throw new Error("Unable to find or create file");
    if (there.length < text.length) throw new Error("Too much data for file size");
    if (there !== ERASED.repeat(text.length)) throw new Error("File already written with different data");
    const file = openSync(this.file(name), "r+");
    writeSync(file, Buffer.from(text, "latin1"), 0, text.length, offset);
    closeSync(file);
    return true;
  }

  erase(name: string): void {
    rmSync(this.file(name), { force: true });
  }

  list(): string[] {
    return readdirSync(this.folder)
      .filter((file) => !file.endsWith(UNFINISHED))
      .toSorted()
      .map((file) => decodeURIComponent(file));
  }

  /** What the program gets from require("Storage"). `parse` is the engine's own JSON.parse, `makeError` its Error. */
  library(parse: (text: string) => unknown, makeError: (message: string) => unknown): object {
    return {
      read: (name: string, offset?: number, length?: number) => this.read(name, offset, length),
      write: (name: string, bytes: string | object, offset?: number, size?: number) => {
        try {
          return this.write(name, bytes, offset, size);
        } catch (error) {
          throw makeError((error as Error).message);
        }
      },
      writeJSON: (name: string, value: unknown) => this.write(name, JSON.stringify(value)),
      readJSON: (name: string, isForgiving?: boolean) => {
        const text = this.read(name);
        if (text === undefined) return undefined;
        try {
          return parse(text);
        } catch (error) {
          if (isForgiving === true) return undefined;
          throw error;
        }
      },
      erase: (name: string) => this.erase(name),
      list: () => this.list(),
      getFree: () => 900_000,
    };
  }

  private file(name: string): string {
    return join(this.folder, encodeURIComponent(name));
  }
}
