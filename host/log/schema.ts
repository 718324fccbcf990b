/**
 * The log's file and its tables. `groups` is the truth: what nodes sent and what the root observed, in the order of
 * commits, never changed. The other tables are projections of it, written in the same transaction so that a start is quick; only
 * `vals` lags behind, by `VALUES_AFTER_BYTES` at the most: it is of the rows of `groups` up to the one that `meta` names.
 *
 * Opening for writing refuses what would weaken the promise: no WAL, `synchronous` below FULL, a schema newer than ours.
 */
import { join } from "node:path";
import { Trouble } from "../trouble.ts";
import { openDatabase, type Database } from "./sqlite.ts";

export const LOG_FILE = "log.db";
/** Version of the tables below. A file with a larger one was written by a newer Sapline. */
export const SCHEMA_VERSION = 2;
/** Bytes of a page. Measured: 8 KiB stores rows of 2 to 300 KB faster than 4 KiB, and costs small commits less than 16 KiB. */
const PAGE_BYTES = 8192;
/** `PRAGMA synchronous`: 2 is FULL, an fsync of the WAL at each commit. */
const SYNCHRONOUS_FULL = 2;

/** Since version 2: the entities that a node gave aliases in its epoch, as JSON. In version 1 nobody could have any. */
const ALIASES = ", eids TEXT NOT NULL DEFAULT '[]'";

// REAL where the number came from a node: SQLite hands an INTEGER beyond 2^53 back as an error, and a `ts` may be anything.
// Both indices are in order of storing and hold what the filters look at: a page of ids is read from them without sorting, however
// long the log, and rows themselves are read only where something is served.
const TABLES = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE TABLE groups (
    id INTEGER PRIMARY KEY, node TEXT NOT NULL, epoch REAL NOT NULL, first REAL NOT NULL, last REAL NOT NULL,
    received REAL NOT NULL, ts_min REAL NOT NULL, ts_max REAL NOT NULL, crc32 INTEGER NOT NULL, lines TEXT NOT NULL
  ) STRICT;
  CREATE INDEX groups_of_node ON groups (node, id, ts_max, ts_min);
  CREATE INDEX groups_in_time ON groups (id, ts_max, ts_min);
  CREATE TABLE epochs (node TEXT NOT NULL, epoch REAL NOT NULL, last REAL NOT NULL, PRIMARY KEY (node, epoch)) STRICT, WITHOUT ROWID;
  CREATE TABLE vals (
    node TEXT NOT NULL, eid TEXT NOT NULL, value TEXT NOT NULL, ts REAL NOT NULL, received REAL NOT NULL,
    epoch REAL NOT NULL, n REAL NOT NULL, PRIMARY KEY (node, eid)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE desired (
    node TEXT NOT NULL, eid TEXT NOT NULL, value TEXT NOT NULL, rev REAL NOT NULL, is_settled INTEGER NOT NULL,
    PRIMARY KEY (node, eid)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE nodes (
    id TEXT PRIMARY KEY, is_up INTEGER NOT NULL, since REAL NOT NULL, epoch REAL NOT NULL, via TEXT NOT NULL, fw TEXT NOT NULL
    ${ALIASES}
  ) STRICT, WITHOUT ROWID;
`;

export function logFile(directory: string): string {
  return join(directory, LOG_FILE);
}

/** Opens the log for its one writer, and creates it if there is none. Throws `Trouble`, or what SQLite throws. */
export function openForWriting(file: string, synchronous = "FULL"): Database {
  const db = openDatabase(file, { readOnly: false });
  try {
    db.exec(`PRAGMA page_size=${PAGE_BYTES}`);
    const mode = pragma(db, "journal_mode=WAL");
    if (mode !== "wal")
      throw new Trouble(
        `${file}: SQLite uses journal mode "${mode}" here, not WAL. Put the data directory on a local disk`,
      );
    db.exec(`PRAGMA synchronous=${synchronous}`);
    const level = Number(pragma(db, "synchronous"));
    if (level < SYNCHRONOUS_FULL)
      throw new Trouble(
        `${file}: SQLite reports synchronous=${level}, below FULL (${SYNCHRONOUS_FULL}): an acknowledged event could be lost in a power cut, so the root refuses to run. Use an SQLite that honours PRAGMA synchronous=FULL`,
      );
    // Checkpoints are the writer's own: SQLite's automatic one swallows the errors of its fsync.
    db.exec("PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16000; PRAGMA journal_size_limit=67108864");
    settle(db, file);
    migrate(db, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * After an fsync that failed, the WAL can hold commits that read well and are not on the disk: Linux forgets that it could not write
 * them. Whoever opens the log again would take them for stored. So they are copied into the file and synced anew before anything is said.
 */
function settle(db: Database, file: string): void {
  db.exec("PRAGMA busy_timeout=5000");
  const isBusy = Number(pragma(db, "wal_checkpoint(TRUNCATE)")) !== 0;
  if (isBusy)
    throw new Trouble(`${file} is being read by another program for too long: end it, then start the root again`);
}

/** Opens the log to read it, also while the root runs. Throws `Trouble` if there is none or it is newer than this program. */
export function openForReading(file: string): Database {
  const db = openDatabase(file, { readOnly: true });
  try {
    db.exec("PRAGMA busy_timeout=5000; PRAGMA query_only=1");
    if (version(db, file) === undefined)
      throw new Trouble(`${file} is no log of Sapline: it has no tables. Start the root once`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: Database, file: string): void {
  const found = version(db, file);
  if (found === SCHEMA_VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  if (found === undefined) db.exec(TABLES);
  else db.exec(`ALTER TABLE nodes ADD COLUMN ${ALIASES.slice(1)}`);
  db.prepare("INSERT OR REPLACE INTO meta VALUES ('schema', ?)").run(SCHEMA_VERSION);
  db.exec("COMMIT");
}

/** The file's schema version; undefined for an empty file. */
function version(db: Database, file: string): number | undefined {
  const tables = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
  if (Number(tables?.["tables"]) === 0) return undefined;
  const hasMeta = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").get() !== undefined;
  const found = hasMeta
    ? Number(db.prepare("SELECT value FROM meta WHERE name = 'schema'").get()?.["value"])
    : Number.NaN;
  if (!Number.isInteger(found)) throw new Trouble(`${file} is no log of Sapline: choose another data directory`);
  if (found > SCHEMA_VERSION)
    throw new Trouble(
      `${file} has schema ${found}, this program knows ${SCHEMA_VERSION}: it was written by a newer Sapline. Update this one (nothing was changed)`,
    );
  return found;
}

function pragma(db: Database, text: string): unknown {
  const row = db.prepare(`PRAGMA ${text}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}
