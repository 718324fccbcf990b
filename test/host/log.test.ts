import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GroupRow, Transaction } from "#shared/effect.ts";
import type { NodeId } from "#shared/units.ts";
import { crc32, rowChecksum, tableCrc32 } from "#host/log/checksum.ts";
import { decodeGroup, type StoredEvent } from "#host/log/event.ts";
import { findEvents, LogReader, type EventQuery } from "#host/log/reader.ts";
import { openForWriting, logFile, SCHEMA_VERSION } from "#host/log/schema.ts";
import { openDatabase } from "#host/log/sqlite.ts";
import { LogStore } from "#host/log/store.ts";
import { LogWriter } from "#host/log/writer.ts";
import { flipBit, temporaryDirectory, workerFile } from "./built.ts";

let directory: { path: string; remove(): void };
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

function transaction(part: Partial<Transaction>): Transaction {
  return { groups: [], epochs: [], values: [], hasValues: true, desired: [], nodes: [], ...part };
}

function group(node: string, epoch: number, first: number, events: readonly object[], received = 1000): GroupRow {
  const times = events.map((event) => (event as { ts?: number }).ts ?? received);
  return {
    node: node as NodeId,
    epoch,
    first,
    last: first + events.length - 1,
    received,
    tsMin: Math.min(...times),
    tsMax: Math.max(...times),
    lines: events.map((event) => JSON.stringify(event)).join("\n"),
  };
}

const update = (eid: string, value: unknown, ts: number): object => ({ type: "!update", eid, value, ts });

describe("the log on disk", () => {
  test("holds after a reopening all that was committed, and what the root has to remember", () => {
    const file = logFile(directory.path);
    const rows = transaction({
      groups: [group("kitchen", 3, 1, [update("t", 21.5, 5), update("ü", "ß\u2028", 6)])],
      epochs: [{ node: "kitchen" as NodeId, epoch: 3, last: 2 }],
      values: [
        { node: "kitchen" as NodeId, eid: "t", value: { deep: [1, null] }, ts: 5.25, received: 1e17, epoch: 3, n: 1 },
      ],
      desired: [{ node: "kitchen" as NodeId, eid: "lamp", value: false, rev: 7, isSettled: true }],
      nodes: [
        { id: "kitchen" as NodeId, isUp: true, since: 9, epoch: 3, via: ["porch" as NodeId], fw: "x 1", eids: ["t"] },
      ],
    });
    const writer = new LogWriter(file);
    writer.commit(rows);
    // Not closed: a crash closes nothing.
    const again = new LogWriter(file);
    const { groups, hasValues: _, ...image } = rows;
    expect(again.image()).toEqual(image);
    const reader = new LogReader(file);
    expect([...reader.rows({})]).toEqual(groups);
    for (const open of [reader, again, writer]) open.close();
  });

  test("keeps the newest of values that are written again, in one row each", () => {
    const writer = new LogWriter(logFile(directory.path));
    const value = (n: number) => ({ node: "a" as NodeId, eid: "t", value: n, ts: n, received: n, epoch: 1, n });
    writer.commit(transaction({ values: [value(1)] }));
    writer.commit(transaction({ values: [value(2)] }));
    expect(writer.image().values).toEqual([value(2)]);
    writer.close();
  });

  test("knows the last values of events that came after their table was written, and skips a damaged row", () => {
    const file = logFile(directory.path);
    const writer = new LogWriter(file);
    const value = { node: "a" as NodeId, eid: "t", value: 1, ts: 1, received: 1000, epoch: 1, n: 1 };
    writer.commit(transaction({ groups: [group("a", 1, 1, [update("t", 1, 1)])], values: [value] }));
    const later = (row: GroupRow) => writer.commit(transaction({ groups: [row], hasValues: false }));
    later(group("a", 1, 2, [update("t", 2, 2), { type: "!log", text: "x" }, update("u", { deep: 1 }, 3)], 1001));
    later({ ...group("b", 1, 1, [update("t", 7, 7)]), lines: '{"type":"!update","eid":"t","value":7}\n' });
    expect(writer.image().values).toEqual([value]);
    // Not closed: a crash closes nothing.
    const again = new LogWriter(file);
    const newest = [
      { ...value, value: 2, ts: 2, received: 1001, n: 2 },
      { ...value, eid: "u", value: { deep: 1 }, ts: 3, received: 1001, n: 4 },
    ];
    expect(again.image().values).toEqual(newest);
    // Once is enough: what is written later is not overwritten by the same events.
    again.commit(transaction({ values: [{ ...value, value: 9 }] }));
    const third = new LogWriter(file);
    expect(third.image().values).toEqual([{ ...value, value: 9 }, newest[1]]);
    for (const open of [third, again, writer]) open.close();
  });

  test("takes a log that does not say up to where its last values go for one that has them all", () => {
    const file = logFile(directory.path);
    const writer = new LogWriter(file);
    writer.commit(transaction({ groups: [group("a", 1, 1, [update("t", 1, 1)])], hasValues: false }));
    writer.close();
    const db = openForWriting(file);
    db.exec("DELETE FROM meta WHERE name = 'values up to'");
    db.close();
    const old = new LogWriter(file);
    expect(old.image().values).toEqual([]);
    old.commit(transaction({ groups: [group("a", 1, 2, [update("t", 2, 2)])], hasValues: false }));
    old.close();
    const again = new LogWriter(file);
    expect(again.image().values.map(({ n, value }) => [n, value])).toEqual([[2, 2]]);
    again.close();
  });

  test("takes a time of 1e17 and one of 1e300 and gives them back", () => {
    const writer = new LogWriter(logFile(directory.path));
    writer.commit(
      transaction({ groups: [group("a", 1, 1, [update("t", 1, 1e17)]), group("b", 1, 1, [update("t", 1, 1e300)])] }),
    );
    const reader = new LogReader(logFile(directory.path));
    expect([...reader.events({})].map(({ ts }) => ts)).toEqual([1e17, 1e300]);
    reader.close();
    writer.close();
  });

  test("writes nothing more after a write has failed", () => {
    const writer = new LogWriter(logFile(directory.path));
    const bad = { ...group("a", 1, 1, [update("t", 1, 1)]), lines: null as unknown as string };
    expect(() => writer.commit(transaction({ groups: [bad] }))).toThrow();
    expect(() => writer.commit(transaction({ groups: [group("a", 1, 1, [update("t", 1, 1)])] }))).toThrow(
      "nothing more is written",
    );
    writer.close();
  });

  test("is refused below synchronous=FULL, with a sentence", () => {
    expect(() => openForWriting(logFile(directory.path), "NORMAL")).toThrow(
      /synchronous=1, below FULL.*refuses to run/,
    );
    openForWriting(logFile(directory.path), "EXTRA").close();
  });

  test("of the first schema is read as it is, and has room for aliases once it is opened to write", () => {
    const file = logFile(directory.path);
    const db = openForWriting(file);
    db.exec("ALTER TABLE nodes DROP COLUMN eids; UPDATE meta SET value = 1 WHERE name = 'schema'");
    db.prepare("INSERT INTO nodes VALUES ('kitchen', 1, 9, 3, '[]', 'x 1')").run();
    db.close();
    const row = { id: "kitchen", isUp: true, since: 9, epoch: 3, via: [], fw: "x 1", eids: [] };
    const reader = new LogReader(file);
    expect(reader.image().nodes).toEqual([row]);
    reader.close();
    const writer = new LogWriter(file);
    expect(writer.image().nodes).toEqual([row]);
    const named = { ...row, id: "kitchen" as NodeId, via: [], eids: ["t", "é"] };
    writer.commit(transaction({ nodes: [named] }));
    writer.close();
    const again = new LogWriter(file);
    expect(again.image().nodes).toEqual([named]);
    again.close();
  });

  test("is refused, unchanged, when a newer Sapline wrote it", () => {
    const db = openForWriting(logFile(directory.path));
    db.prepare("UPDATE meta SET value = ? WHERE name = 'schema'").run(SCHEMA_VERSION + 1);
    db.close();
    const words = /schema 3, this program knows 2.*newer Sapline/;
    expect(() => openForWriting(logFile(directory.path))).toThrow(words);
    expect(() => new LogReader(logFile(directory.path))).toThrow(words);
  });

  test("is refused when the file is no log of ours", () => {
    const db = openDatabase(logFile(directory.path), { readOnly: false });
    db.exec("CREATE TABLE other (x)");
    db.close();
    expect(() => openForWriting(logFile(directory.path))).toThrow("no log of Sapline");
    writeFileSync(join(directory.path, "text"), "this is no database at all, not at all".repeat(100));
    expect(() => openForWriting(join(directory.path, "text"))).toThrow();
  });

  test("a flipped bit in a row is reported with the row's name and never served; other rows are", () => {
    const file = logFile(directory.path);
    const writer = new LogWriter(file);
    for (const [i, text] of ["first", "needle", "third"].entries())
      writer.commit(transaction({ groups: [group("a", 1, i + 1, [update("t", text, i)])] }));
    writer.close();
    flipBit(file, "needle");
    const reader = new LogReader(file);
    expect(() => [...reader.events({})]).toThrow(
      /row 2 of table groups \(node "a", epoch 1, events 2 to 2\) is damaged/,
    );
    const reports: string[] = [];
    const served = [...reader.events({}, (message) => reports.push(message))];
    expect(served.map(({ value }) => value)).toEqual(["first", "third"]);
    expect(reports).toHaveLength(1);
    reader.close();
  });
});

test("the checksum covers every column, and the table agrees with zlib", () => {
  const row = group("a", 1, 1, [update("t", 1, 1)]);
  const sums = new Set([rowChecksum(row)]);
  const others: Partial<GroupRow>[] = [
    { node: "b" as NodeId },
    { epoch: 2 },
    { first: 2 },
    { last: 3 },
    { received: 1 },
    { tsMin: 0 },
    { tsMax: 2 },
    { lines: "{}" },
  ];
  for (const other of others) sums.add(rowChecksum({ ...row, ...other }));
  expect(sums.size).toBe(1 + others.length);
  for (const text of ["", "a", "ü\n€ 🌳", "x".repeat(1000)]) {
    expect(tableCrc32(Buffer.from(text), 0)).toBe(crc32(text, 0));
    expect(tableCrc32(Buffer.from(text), 0x12345678)).toBe(crc32(text, 0x12345678));
  }
  expect(crc32("123456789", 0)).toBe(0xcbf43926);
});

describe("asking the log", () => {
  test("every filter gives what picking from all events by hand gives", () => {
    const writer = new LogWriter(logFile(directory.path));
    const all: StoredEvent[] = [];
    let seed = 7;
    const dice = (sides: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * sides);
    };
    let groups: GroupRow[] = [];
    for (let i = 0; i < 600; i++) {
      const events = Array.from({ length: 1 + dice(3) }, () => update(`e${dice(3)}`, dice(100), dice(1000)));
      const row = group(`n${dice(3)}`, 1, 1, events, dice(1000));
      all.push(...decodeGroup(row));
      groups.push(row);
      if (dice(20) > 0) continue;
      writer.commit(transaction({ groups }));
      groups = [];
    }
    writer.commit(transaction({ groups }));
    const reader = new LogReader(logFile(directory.path));
    const pick = (query: EventQuery): StoredEvent[] =>
      all.filter(
        ({ node, eid, ts }) =>
          (query.node === undefined || node === query.node) &&
          (query.eid === undefined || eid === query.eid) &&
          ts >= (query.from ?? 0) &&
          ts <= (query.to ?? 1000),
      );
    for (let i = 0; i < 30; i++) {
      const from = dice(2) === 0 ? undefined : dice(1000);
      const query = {
        node: dice(2) === 0 ? undefined : `n${dice(3)}`,
        eid: dice(2) === 0 ? undefined : `e${dice(3)}`,
        from,
        to: dice(2) === 0 ? undefined : (from ?? 0) + dice(500),
      };
      const wanted = pick(query);
      const limit = 1 + dice(50);
      expect([...reader.events(query)], JSON.stringify(query)).toEqual(wanted);
      expect([...reader.events({ ...query, isNewestFirst: true })]).toEqual(wanted.toReversed());
      expect(findEvents(reader, query, limit)).toEqual({
        events: wanted.slice(-limit),
        isTruncated: wanted.length > limit,
      });
    }
    reader.close();
    writer.close();
  });

  test("shows what was stored after a given row, also to a reader that was open before", () => {
    const writer = new LogWriter(logFile(directory.path));
    const reader = new LogReader(logFile(directory.path));
    expect(reader.lastRow()).toBe(0);
    writer.commit(transaction({ groups: [group("a", 1, 1, [update("t", "old", 1)])] }));
    const seen = reader.lastRow();
    writer.commit(transaction({ groups: [group("a", 1, 2, [update("t", "new", 1)])] }));
    writer.commit(transaction({ groups: [group("a", 1, 3, [update("t", "newest", 1)])] }));
    const values = (query: EventQuery): unknown[] => [...reader.events(query)].map(({ value }) => value);
    for (const node of [undefined, "a"]) {
      expect(values({ node, afterRow: seen })).toEqual(["new", "newest"]);
      expect(values({ node, afterRow: seen, isNewestFirst: true })).toEqual(["newest", "new"]);
      expect(values({ node, afterRow: seen, upToRow: seen + 1 })).toEqual(["new"]);
      expect(values({ node, upToRow: seen, isNewestFirst: true })).toEqual(["old"]);
    }
    reader.close();
    writer.close();
  });

  test("an event keeps its number, takes `received` where it has no time, and its other fields are in `more`", () => {
    const [first, second] = decodeGroup(
      group("a", 4, 10, [{ type: "!gap", n: 3, reason: "full" }, update("t", 0, 5)], 77),
    );
    expect(first).toEqual({
      node: "a",
      epoch: 4,
      n: 10,
      type: "!gap",
      eid: null,
      value: null,
      ts: 77,
      received: 77,
      more: { n: 3, reason: "full" },
    });
    expect(second).toEqual({ node: "a", epoch: 4, n: 11, type: "!update", eid: "t", value: 0, ts: 5, received: 77 });
  });
});

test("no question to the log sorts or walks through rows that it does not serve", () => {
  const db = openForWriting(logFile(directory.path));
  for (const conditions of [
    "id > ?",
    "id < ? AND node = ?",
    "id > ? AND ts_max >= ? AND ts_min <= ?",
    "id > ? AND node = ? AND ts_max >= ?",
  ])
    for (const order of ["ASC", "DESC"]) {
      const values = [...conditions.matchAll(/\?/g)].map(() => 1);
      const plan = db
        .prepare(`EXPLAIN QUERY PLAN SELECT id FROM groups WHERE ${conditions} ORDER BY id ${order} LIMIT 9`)
        .all(...values);
      expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining("COVERING INDEX")]);
    }
  db.close();
});

describe("the log's thread", () => {
  test("reports a transaction as stored when another reader finds it in the file", async () => {
    let onStored: () => void = () => {};
    const store = await LogStore.open({
      directory: directory.path,
      workerFile: await workerFile(),
      onStored: () => onStored(),
      onFailed: (message) => expect.unreachable(message),
    });
    const stored = new Promise<void>((resolve) => {
      onStored = resolve;
    });
    store.store(transaction({ groups: [group("a", 1, 1, [update("t", 1, 1)])] }));
    await stored;
    const reader = new LogReader(logFile(directory.path));
    expect([...reader.events({})]).toHaveLength(1);
    reader.close();
    await store.close();
  });

  test("one root per data directory: a second one is refused by name, and may start when the first has ended", async () => {
    const options = {
      directory: directory.path,
      workerFile: await workerFile(),
      onStored: () => {},
      onFailed: () => {},
    };
    const first = await LogStore.open(options);
    await expect(LogStore.open(options)).rejects.toThrow(
      `another root (process ${process.pid}) is running on ${directory.path}`,
    );
    await first.close();
    await (await LogStore.open(options)).close();
  });

  test("a write that fails is reported once, and nothing is reported as stored after it", async () => {
    const failures: string[] = [];
    let stored = 0;
    const store = await LogStore.open({
      directory: directory.path,
      workerFile: await workerFile(),
      onStored: () => stored++,
      onFailed: (message) => failures.push(message),
    });
    const bad = { ...group("a", 1, 1, [update("t", 1, 1)]), epoch: null as unknown as number };
    store.store(transaction({ groups: [bad] }));
    store.store(transaction({ groups: [group("a", 1, 1, [update("t", 1, 1)])] }));
    await expect.poll(() => failures.length).toBe(1);
    await store.close();
    expect(failures[0]).toMatch(/^cannot store 1 groups of events in .*log\.db: .*NOT NULL/);
    expect([failures.length, stored]).toEqual([1, 0]);
  });
});
