import { expect, test } from "vitest";
import { count, Table } from "#shared/table.ts";

test("keys that mean something to an object are keys like others", () => {
  const table = new Table<number>();
  const keys = ["__proto__", "constructor", "toString", "hasOwnProperty", "on", "", "$", "1", "a b"];
  for (const key of keys) expect(table.get(key)).toBeUndefined();
  keys.forEach((key, i) => table.set(key, i));
  expect(table.size).toBe(keys.length);
  keys.forEach((key, i) => expect(table.get(key)).toBe(i));
  expect(table.keys().sort()).toEqual([...keys].sort());
  for (const key of keys) table.remove(key);
  expect(table.size).toBe(0);
  expect(table.values()).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test("the size counts keys: setting anew and removing what is not there change nothing", () => {
  const table = new Table<number>();
  table.set("a", 1);
  table.set("a", 0);
  table.remove("b");
  expect(table.size).toBe(1);
  table.remove("a");
  table.remove("a");
  expect(table.size).toBe(0);
});

test("keys and values are copies, safe to walk while the table changes", () => {
  const table = new Table<number>();
  for (let i = 0; i < 5; i++) table.set(i, i);
  for (const key of table.keys()) table.remove(key);
  expect(table.size).toBe(0);
});

test("counts start at one", () => {
  const counters = {};
  count(counters, "dropped");
  count(counters, "dropped");
  expect(counters).toEqual({ dropped: 2 });
});
