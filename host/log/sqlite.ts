/**
 * SQLite, whichever this Node has: `node:sqlite` where it is there without a flag (22.13 and later), otherwise
 * `@photostructure/sqlite`, which has the same interface. Only what the log uses is typed here.
 */
import { createRequire } from "node:module";

export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = { [column: string]: SqlValue };

export interface Statement {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): SqlRow[];
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface SqliteModule {
  DatabaseSync: new (path: string, options: { readOnly: boolean }) => Database;
}

let loaded: SqliteModule | undefined;

/** Throws what SQLite throws: an Error with `errcode`; see `sqliteCode`. */
export function openDatabase(path: string, options: { readOnly: boolean }): Database {
  loaded ??= load();
  return new loaded.DatabaseSync(path, options);
}

/** The primary result code of an error that SQLite threw (13 = full …), or undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

/** The extended result code (1034 = fsync failed …). */
export function sqliteExtendedCode(error: unknown): number | undefined {
  const { sqliteExtendedCode: extended, errcode } = (error ?? {}) as {
    sqliteExtendedCode?: unknown;
    errcode?: unknown;
  };
  if (typeof extended === "number") return extended;
  return typeof errcode === "number" ? errcode : undefined;
}

function load(): SqliteModule {
  const require = createRequire(import.meta.url);
  if (!hasBuiltIn()) return require("@photostructure/sqlite") as SqliteModule;
  // Node calls its own module experimental on stderr at each start; that is nothing the user of a root can act on.
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return require("node:sqlite") as SqliteModule;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function hasBuiltIn(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}
