/**
 * DirectoryLock: one root, or one rebuild, per data directory.
 *
 * The lock is SQLite's own file lock on an otherwise empty file, so the system lets it go when its process dies, however it dies:
 * nothing stale to clean up and no process id to be reused. The file beside it names the holder, for the message alone.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase, sqliteCode, type Database } from "./sqlite.ts";
import { Trouble } from "../trouble.ts";

const SQLITE_BUSY = 5;

export class DirectoryLock {
  private readonly db: Database;
  private readonly holderFile: string;

  /** Throws `Trouble` if another process (or another root in this one) holds the directory. */
  constructor(directory: string) {
    this.holderFile = join(directory, "root.pid");
    this.db = openDatabase(join(directory, "root.lock"), { readOnly: false });
    try {
      this.db.exec("PRAGMA busy_timeout=0; BEGIN EXCLUSIVE");
    } catch (error) {
      this.db.close();
      if (sqliteCode(error) !== SQLITE_BUSY) throw error;
      throw new Trouble(
        `another root (process ${holder(this.holderFile)}) is running on ${directory}: stop it first, or choose another --data`,
      );
    }
    writeFileSync(this.holderFile, `${process.pid}\n`);
  }

  release(): void {
    rmSync(this.holderFile, { force: true });
    this.db.close();
  }
}

function holder(file: string): string {
  try {
    return readFileSync(file, "utf8").trim() || "unknown";
  } catch {
    return "unknown";
  }
}
