/**
 * Espruino's Storage in a folder, one file a name. Survives restarts of the program and of the process. A file appears whole or not at
 * all. Not faithful: there is no wear, no compaction, no limit of size.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Longest name, in characters. Source: jsflash.h. */
const NAME_CHARS_MAX = 28;
const UNFINISHED = ".unfinished";

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

  write(name: string, bytes: string | object): boolean {
    const text = typeof bytes === "string" ? bytes : JSON.stringify(bytes);
    if (name.length > NAME_CHARS_MAX) return false;
    const unfinished = this.file(name) + UNFINISHED;
    writeFileSync(unfinished, Buffer.from(text, "latin1"));
    renameSync(unfinished, this.file(name));
    return true;
  }

  erase(name: string): void {
    rmSync(this.file(name), { force: true });
  }

  list(): string[] {
    return readdirSync(this.folder)
      .filter((file) => !file.endsWith(UNFINISHED))
      .map((file) => decodeURIComponent(file));
  }

  /** What the program gets from require("Storage"). `parse` is the engine's own JSON.parse. */
  library(parse: (text: string) => unknown): object {
    return {
      read: (name: string, offset?: number, length?: number) => this.read(name, offset, length),
      write: (name: string, bytes: string | object) => this.write(name, bytes),
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
