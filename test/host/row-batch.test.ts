import { afterEach, beforeEach, expect, test } from "vitest";
import { RowBatch, ROWS_AT_ONCE } from "#host/log/row-batch.ts";
import { openDatabase, type Database } from "#host/log/sqlite.ts";

let db: Database;
let batch: RowBatch;

beforeEach(() => {
  db = openDatabase(":memory:", { readOnly: false });
  db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, value)");
  batch = new RowBatch(db, "INSERT OR REPLACE INTO t (name, value)", 2);
});

afterEach(() => db.close());

function stored(): [unknown, unknown][] {
  return db
    .prepare("SELECT name, value FROM t ORDER BY id")
    .all()
    .map((row) => [row["name"], row["value"]]);
}

for (const howMany of [
  0,
  1,
  ROWS_AT_ONCE - 1,
  ROWS_AT_ONCE,
  ROWS_AT_ONCE + 1,
  2 * ROWS_AT_ONCE,
  2 * ROWS_AT_ONCE + 1,
]) {
  test(`${howMany} rows are stored whole, once and in the order in which they were added`, () => {
    const rows = Array.from({ length: howMany }, (_, i): [string, number] => [`row ${i}`, i]);
    for (const [name, value] of rows) batch.add(name, value);
    batch.flush();
    expect(stored()).toEqual(rows);
    batch.flush();
    expect(stored()).toEqual(rows);
  });
}

test("of two rows with one key the later one stays, also within one statement", () => {
  for (let i = 0; i < ROWS_AT_ONCE; i++) batch.add("same", i);
  batch.flush();
  expect(stored()).toEqual([["same", ROWS_AT_ONCE - 1]]);
});

test("a row that the table refuses is an error, and is not tried again with the next ones", () => {
  db.exec("CREATE TABLE strict (value INTEGER NOT NULL) STRICT");
  const strict = new RowBatch(db, "INSERT INTO strict (value)", 1);
  strict.add("no number");
  expect(() => strict.flush()).toThrow();
  strict.add(7);
  strict.flush();
  expect(
    db
      .prepare("SELECT value FROM strict")
      .all()
      .map((row) => row["value"]),
  ).toEqual([7]);
});
