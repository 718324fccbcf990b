/**
 * LogWriter puts transactions into the log, one commit each: when `commit` returns, everything in the transaction is on disk.
 *
 * Guarantee: after any failure it writes nothing more. It never tries a failed write again: Linux forgets the pages that an
 * fsync could not write, and a second fsync would report success for data that is gone.
 */
import type { RootImage, Transaction } from "#shared/effect.ts";
import { rowChecksum } from "./checksum.ts";
import { changedValues } from "./fold.ts";
import { readImage } from "./image.ts";
import { LogReader } from "./reader.ts";
import { RowBatch } from "./row-batch.ts";
import { openForWriting } from "./schema.ts";
import type { Database, Statement } from "./sqlite.ts";

/** Characters of lines committed before the WAL is copied into the file. Chosen: a restart reads at most this much again. */
const CHECKPOINT_CHARS = 8_388_608;
/** The same, in commits: a small commit still writes some pages. */
const CHECKPOINT_COMMITS = 1000;

export class LogWriter {
  private readonly db: Database;
  private readonly begin: Statement;
  private readonly end: Statement;
  private readonly groups: RowBatch;
  private readonly epochs: RowBatch;
  private readonly values: RowBatch;
  private readonly valuesUpTo: Statement;
  private readonly desired: Statement;
  private readonly node: Statement;
  private readonly checkpoint: Statement;
  private charsSinceCheckpoint = 0;
  private commitsSinceCheckpoint = 0;
  private hasFailed = false;

  constructor(file: string, synchronous?: string) {
    const db = openForWriting(file, synchronous);
    this.db = db;
    this.begin = db.prepare("BEGIN IMMEDIATE");
    this.end = db.prepare("COMMIT");
    const groupColumns = "node, epoch, first, last, received, ts_min, ts_max, crc32, lines";
    this.groups = new RowBatch(db, `INSERT INTO groups (${groupColumns})`, 9);
    this.epochs = new RowBatch(db, "INSERT OR REPLACE INTO epochs (node, epoch, last)", 3);
    this.values = new RowBatch(db, "INSERT OR REPLACE INTO vals (node, eid, value, ts, received, epoch, n)", 7);
    this.valuesUpTo = db.prepare("INSERT OR REPLACE INTO meta SELECT 'values up to', coalesce(max(id), 0) FROM groups");
    this.desired = db.prepare("INSERT OR REPLACE INTO desired (node, eid, value, rev, is_settled) VALUES (?,?,?,?,?)");
    this.node = db.prepare(
      "INSERT OR REPLACE INTO nodes (id, is_up, since, epoch, via, fw, eids) VALUES (?,?,?,?,?,?,?)",
    );
    this.checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    this.catchUp(file);
  }

  /** All of it is on disk when this returns. Throws what SQLite throws; the writer is of no use after that. */
  commit(transaction: Transaction): void {
    this.guarded(() => {
      this.begin.run();
      for (const row of transaction.groups) {
        const { node, epoch, first, last, received, tsMin, tsMax, lines } = row;
        this.groups.add(node, epoch, first, last, received, tsMin, tsMax, rowChecksum(row), lines);
        this.charsSinceCheckpoint += lines.length;
      }
      this.groups.flush();
      this.project(transaction);
      if (transaction.hasValues) this.valuesUpTo.run();
      this.end.run();
      this.commitsSinceCheckpoint++;
    });
  }

  /** Copies the WAL into the file if enough has gathered. Not part of `commit`, so that nobody waits for it before an answer. */
  tidy(): void {
    if (this.charsSinceCheckpoint < CHECKPOINT_CHARS && this.commitsSinceCheckpoint < CHECKPOINT_COMMITS) return;
    this.charsSinceCheckpoint = 0;
    this.commitsSinceCheckpoint = 0;
    this.guarded(() => this.checkpoint.get());
  }

  /** What the root has to remember from earlier runs. */
  image(): RootImage {
    return readImage(this.db);
  }

  /** Replaces every projection by `image`, in one commit. */
  replaceProjections(image: RootImage): void {
    this.guarded(() => {
      this.begin.run();
      this.db.exec("DELETE FROM epochs; DELETE FROM vals; DELETE FROM desired; DELETE FROM nodes");
      this.project(image);
      this.valuesUpTo.run();
      this.end.run();
    });
  }

  /** Leaves everything in the one file, unless somebody is reading it. */
  close(): void {
    if (!this.hasFailed) this.db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.db.close();
  }

  private project(rows: RootImage): void {
    for (const { node, epoch, last } of rows.epochs) this.epochs.add(node, epoch, last);
    this.epochs.flush();
    for (const { node, eid, value, ts, received, epoch, n } of rows.values)
      this.values.add(node, eid, JSON.stringify(value), ts, received, epoch, n);
    this.values.flush();
    for (const { node, eid, value, rev, isSettled } of rows.desired)
      this.desired.run(node, eid, JSON.stringify(value), rev, isSettled ? 1 : 0);
    for (const { id, isUp, since, epoch, via, fw, eids } of rows.nodes)
      this.node.run(id, isUp ? 1 : 0, since, epoch, JSON.stringify(via), fw, JSON.stringify(eids));
  }

  /** Writes the last values of the events since those that were written last. A log that does not say which has them all. */
  private catchUp(file: string): void {
    const upTo = this.db.prepare("SELECT value FROM meta WHERE name = 'values up to'").get()?.["value"];
    const reader = new LogReader(file);
    const rows = upTo === undefined ? [] : reader.rows({ afterRow: Number(upTo) }, () => {});
    const values = changedValues(this.image(), rows);
    reader.close();
    if (upTo === undefined || values.length > 0)
      this.commit({ groups: [], epochs: [], values, hasValues: true, desired: [], nodes: [] });
  }

  private guarded(work: () => void): void {
    if (this.hasFailed) throw new Error("an earlier write failed, so nothing more is written");
    try {
      work();
    } catch (error) {
      this.hasFailed = true;
      throw error;
    }
  }
}
