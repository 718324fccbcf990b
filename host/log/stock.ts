/** How much of the disk the log takes, and how much is left. */
import { statfsSync, statSync } from "node:fs";
import { logFile } from "./schema.ts";

/** Bytes; null if that cannot be told. */
export function logStock(directory: string): { logBytes: number | null; freeBytes: number | null } {
  const file = logFile(directory);
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  try {
    const { bavail, bsize } = statfsSync(directory);
    return { logBytes: size(file) + size(`${file}-wal`), freeBytes: bavail * bsize };
  } catch {
    return { logBytes: null, freeBytes: null };
  }
}
