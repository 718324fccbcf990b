import { expect, test } from "vitest";
import type { GroupRow } from "#shared/effect.ts";
import { ROW_BYTES_MAX, ROW_TIME } from "#shared/limits.ts";
import { Ledger } from "#shared/tree/ledger.ts";
import { Projection } from "#shared/tree/projection.ts";
import type { LinkId, NodeId, UnixMillis } from "#shared/units.ts";
import { EMPTY } from "../world.ts";

function ledger(): Ledger {
  return new Ledger(new Projection("root" as NodeId, structuredClone(EMPTY)), 0);
}

function row(node: string, first: number, last: number, more: Partial<GroupRow> = {}): GroupRow {
  const lines = Array.from({ length: last + 1 - first }, (_, i) => `${node}${first + i}`).join("\n");
  return { node: node as NodeId, epoch: 1, first, last, received: 100, tsMin: 100, tsMax: 100, lines, ...more };
}

function spans(one: Ledger): string[] {
  return (one.next()?.groups ?? []).map((group) => `${group.node} ${group.epoch}:${group.first}-${group.last}`);
}

test("has one transaction under way at a time, and what comes meanwhile is in the next", () => {
  const one = ledger();
  expect(one.next()).toBeUndefined();
  one.append(row("a", 1, 2), false);
  expect(spans(one)).toEqual(["a 1:1-2"]);
  one.append(row("a", 3, 3), false);
  one.append(row("b", 1, 1), false);
  expect(one.next()).toBeUndefined();
  one.stored();
  expect(spans(one)).toEqual(["a 1:3-3", "b 1:1-1"]);
  one.stored();
  expect(one.next()).toBeUndefined();
});

test("last values wait until so many bytes of events have come, and are those of all transactions since", () => {
  const projection = new Projection("root" as NodeId, structuredClone(EMPTY));
  const one = new Ledger(projection, 10);
  const values: unknown[] = [];
  for (let n = 1; n <= 6; n++) {
    projection.applyEvent("a" as NodeId, 1, n, { type: "!update", eid: n < 6 ? "t" : "u", value: n }, 100);
    one.append(row("a", n, n, { lines: "1234" }), false);
    const transaction = one.next();
    values.push(transaction?.hasValues === true ? transaction.values.map(({ value }) => value) : "later");
    one.stored();
  }
  // 12 bytes are the first 10 or more; then the count begins anew.
  expect(values).toEqual(["later", "later", [3], "later", "later", [5, 6]]);
});

test("groups of one origin that follow on are one row, with the times of all", () => {
  const one = ledger();
  one.append(row("a", 1, 2, { tsMin: 50, tsMax: 60 }), false);
  one.append(row("b", 1, 1), false);
  one.append(row("a", 3, 3, { tsMin: 40, tsMax: 45 }), false);
  one.append(row("a", 4, 4, { tsMin: 70, tsMax: 80 }), false);
  const groups = one.next()?.groups;
  expect(groups?.map((group) => group.lines)).toEqual(["a1\na2\na3\na4", "b1"]);
  expect(groups?.[0]).toMatchObject({ first: 1, last: 4, tsMin: 40, tsMax: 80 });
});

test("another epoch, a gap in the numbers, another time of arrival or an event of the root's own begin another row", () => {
  for (const more of [{ epoch: 2 }, { first: 4 }, { received: 101 }]) {
    const one = ledger();
    one.append(row("a", 1, 2), false);
    one.append(row("a", 3, 3, more), false);
    expect(one.next()?.groups.length, JSON.stringify(more)).toBe(2);
  }
  const one = ledger();
  one.append(row("a", 1, 2), false);
  one.append(row("root", 1, 1), true);
  one.append(row("root", 2, 2), true);
  one.append(row("a", 3, 3), false);
  expect(spans(one)).toEqual(["a 1:1-2", "root 1:1-1", "root 1:2-2", "a 1:3-3"]);
});

test("what arrives within ROW_TIME of a row that it may join has that row's time of arrival, else its own", () => {
  const one = ledger();
  const arrival = (id: string, unix: number) => one.arrival(id as NodeId, unix as UnixMillis);
  expect(arrival("a", 100)).toBe(100);
  one.append(row("a", 1, 1), false);
  expect([arrival("a", 100), arrival("a", 100 + ROW_TIME - 1), arrival("a", 100 + ROW_TIME), arrival("a", 99)]).toEqual(
    [100, 100, 100 + ROW_TIME, 99],
  );
  expect(arrival("b", 101)).toBe(101);
  one.append(row("root", 1, 1), true);
  expect(arrival("a", 101)).toBe(101);
  one.append(row("a", 2, 2, { received: 101 }), false);
  one.next();
  expect(arrival("a", 102)).toBe(102);
});

test("a row grows up to ROW_BYTES_MAX and not beyond", () => {
  for (const more of [0, 1]) {
    const one = ledger();
    one.append(row("a", 1, 1, { lines: "x".repeat(1000) }), false);
    one.append(row("a", 2, 2, { lines: "x".repeat(ROW_BYTES_MAX - 1000 + more) }), false);
    expect(one.next()?.groups.length).toBe(1 + more);
  }
});

test("counts what is not on disk, under way or waiting", () => {
  const one = ledger();
  one.append(row("a", 1, 1, { lines: "xx" }), false);
  one.next();
  one.append(row("a", 2, 2, { lines: "yyy" }), false);
  expect(one.pendingBytes).toBe(5);
  one.stored();
  expect(one.pendingBytes).toBe(3);
  one.next();
  expect(one.pendingBytes).toBe(3);
  one.stored();
  expect(one.pendingBytes).toBe(0);
});

test("answers and acknowledgements come with the commit that they wait for, the newest of each node", () => {
  const one = ledger();
  const n = (id: string, epoch: number, last: number) => one.acknowledge(id as NodeId, epoch, last);
  one.append(row("a", 1, 1), false);
  n("a", 1, 1);
  one.answer({ kind: "plain ack", link: 1 as LinkId, n: 1 });
  one.next();
  one.answer({ kind: "plain ack", link: 1 as LinkId, n: 2 });
  n("a", 1, 5);
  n("a", 2, 3);
  n("b", 1, 1);
  const first = one.stored();
  expect(first.answers).toEqual([{ kind: "plain ack", link: 1, n: 1 }]);
  expect(first.acks).toEqual([{ id: "a", epoch: 1, last: 1 }]);
  one.next();
  const second = one.stored();
  expect(second.answers.map((answer) => answer.kind === "plain ack" && answer.n)).toEqual([2]);
  expect(second.acks).toEqual([
    { id: "a", epoch: 2, last: 3 },
    { id: "b", epoch: 1, last: 1 },
  ]);
});
