/**
 * Small files that must be whole or absent: tokens, keys, people. Written beside, synced, then renamed over the old one; programs that
 * change one at the same time take turns.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import * as v from "valibot";
import { Trouble } from "./trouble.ts";

/** A lock older than this was left by a program that died. Chosen: a change takes milliseconds. */
const LOCK_STALE_MILLIS = 5000;

/** Replaces `path` by `text` so that a power cut leaves the old one or the new one. Throws what the file system says. */
export function writeFileAtomic(path: string, text: string | Uint8Array, mode: number): void {
  const beside = `${path}.${process.pid}.tmp`;
  const file = openSync(beside, "w", mode);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
    closeSync(file);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** The entries of a file of JSON, none if there is no file. Throws `Trouble`; `remedy` says what to do about one that is not as `schema` says. */
export function readEntries<Entry>(
  path: string,
  schema: v.GenericSchema<unknown, { [key: string]: Entry }>,
  remedy: string,
): Map<string, Entry> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw new Trouble(`cannot read ${path}: ${(error as Error).message}`);
  }
  try {
    return new Map(Object.entries(v.parse(schema, JSON.parse(text))));
  } catch {
    throw new Trouble(`${path} is damaged: restore it from a copy, or remove it${remedy}`);
  }
}

/** Creates a directory, and its parents, so that it is still there after a power cut. */
export function makeDirectory(path: string): void {
  const created = mkdirSync(path, { recursive: true });
  if (created !== undefined) syncDirectory(dirname(created));
}

function syncDirectory(path: string): void {
  // Windows cannot sync a directory, and does not need it.
  if (process.platform === "win32") return;
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Changes a file (and makes its directory) while no other program does. Throws `Trouble` if that cannot be seen to. */
export function withLock(path: string, change: () => void): void {
  const lock = `${path}.lock`;
  makeDirectory(dirname(path));
  takeLock(lock);
  try {
    change();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Changes whenever the file does: a rename gives a new inode. */
export function fileStamp(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "none" : `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

function takeLock(path: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      closeSync(openSync(path, "wx"));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST")
        throw new Trouble(`cannot write beside ${path}: ${(error as Error).message}`);
    }
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > LOCK_STALE_MILLIS) rmSync(path, { force: true });
    else Atomics.wait(pause, 0, 0, 20);
  }
}
