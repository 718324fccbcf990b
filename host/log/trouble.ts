/**
 * What a failure of the log means in words: what failed, where, and what to do about it. One sentence each.
 */
import { Trouble } from "../trouble.ts";
import { sqliteCode, sqliteExtendedCode } from "./sqlite.ts";

const IOERR_FSYNC = 1034;
const IOERR_DIR_FSYNC = 1290;

/** `doing` is what was under way ("store 12 groups"), `where` the file. */
export function explain(error: unknown, doing: string, where: string): string {
  if (error instanceof Trouble) return error.message;
  const text = error instanceof Error ? error.message : String(error);
  return `cannot ${doing} in ${where}: ${text}${detail(error)}. ${advice(error)}`;
}

function detail(error: unknown): string {
  const extended = sqliteExtendedCode(error);
  if (extended === undefined) return "";
  const isFsync = extended === IOERR_FSYNC || extended === IOERR_DIR_FSYNC;
  return ` (SQLite error ${extended}${isFsync ? ", fsync failed" : ""})`;
}

function advice(error: unknown): string {
  switch (sqliteCode(error)) {
    case 13:
      return "Free space on this disk or move the data directory, then start the root again: nothing that was acknowledged is lost";
    case 10:
      return "The disk reports an error: check it (dmesg, smartctl, mount options), then start the root again. Nothing that this write would have acknowledged was acknowledged";
    case 11:
    case 26:
      return "The file is damaged or no log of Sapline: restore a copy, or move the file away to begin an empty log";
    case 8:
    case 14:
    case 23:
      return "Check that the directory exists and that this user may write in it";
    case 5:
    case 6:
      return "Another program holds the log: end it, then try again";
    default:
      return "Nothing that this write would have acknowledged was acknowledged; start the root again when the cause is gone";
  }
}
