/**
 * Small files that must be whole or absent: tokens, keys. Written beside, synced, then renamed over the old one.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Replaces `path` by `text` so that a power cut leaves the old one or the new one. Throws what the file system says. */
export function writeFileAtomic(path: string, text: string, mode: number): void {
  const beside = `${path}.${process.pid}.tmp`;
  const file = openSync(beside, "w", mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
    closeSync(file);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
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
