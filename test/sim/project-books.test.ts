/** What a project's books find: events that are missing, come twice, or in another order. */
import { expect, test } from "vitest";
import { Violation } from "#tools/sim/checks.ts";
import { Books } from "#tools/sim/project/books.ts";

/** Readings of a node "hut", one a second from its start on, and a disk that takes them. */
class Desk {
  now = 0;
  readonly books = new Books(() => this.now);

  constructor(keepsAfter?: number) {
    this.books.add("hut", keepsAfter);
    this.books.begin("hut");
  }

  says(...values: unknown[]): void {
    for (const value of values) {
      this.now += 1000;
      this.books.says("hut", "x", value, true);
    }
  }

  /** Of an event that was made at that moment. */
  stores(value: unknown, at: number, epoch = 1): void {
    this.books.stored("hut", epoch, { type: "!update", eid: "x", value, ts: at + 5e9 }, 5e9);
  }

  gap(n: number, epoch = 1): void {
    this.books.stored("hut", epoch, { type: "!gap", n, reason: "full", class: "state" }, 5e9);
  }

  ends(isOrderly = false): void {
    this.books.end("hut", isOrderly);
    this.now += 2000;
    this.books.begin("hut");
  }
}

test("what is said and stored in its order balances, equal values too", () => {
  const desk = new Desk();
  desk.says(7, 7, 8);
  desk.stores(7, 1000);
  expect(desk.books.open()).toBe("2 events of hut are not stored");
  desk.stores(7, 2000);
  desk.stores(8, 3000);
  expect(desk.books.open()).toBeUndefined();
  expect(desk.books.close()).toMatchObject([{ eid: "x", taken: 3, stored: 3, lost: 0, givenUp: 0, last: 8 }]);
});

test.each([
  ["twice", [1, 1]],
  ["in another order", [2, 1]],
  ["with one missing before it", [2]],
  ["though nobody has said it", [9]],
])("an event that is stored %s is a violation", (_, stored) => {
  const desk = new Desk();
  desk.says(1, 2);
  expect(() => stored.forEach((value) => desk.stores(value, value * 1000))).toThrow(Violation);
});

test("what a running board has said and the disk does not have is a violation at the end", () => {
  const desk = new Desk();
  desk.says(1, 2);
  desk.stores(1, 1000);
  expect(() => desk.books.close()).toThrow(
    "hut: x 2, said at 2.000 s, is missing, and its board has not lost its power",
  );
});

test("what was in a memory that has lost its power is lost, and nothing before what came of it later", () => {
  const desk = new Desk();
  desk.says(1, 2, 3);
  desk.ends();
  desk.says(1);
  desk.stores(1, 1000);
  desk.stores(1, 6000, 2);
  expect(desk.books.close()).toMatchObject([{ taken: 4, stored: 2, lost: 2 }]);
  const late = new Desk();
  late.says(1, 2);
  late.ends();
  late.says(3);
  late.stores(1, 1000);
  late.stores(3, 5000, 2);
  expect(() => late.stores(2, 2000)).toThrow(Violation);
});

test("a node that keeps its events loses the youngest alone, and a sleeper nothing", () => {
  const young = new Desk(1500);
  young.says(1, 2, 3, 4, 5);
  young.ends();
  for (const value of [1, 2]) young.stores(value, value * 1000);
  expect(young.books.close()).toMatchObject([{ taken: 5, stored: 2, lost: 3 }]);
  const old = new Desk(1500);
  old.says(1, 2, 3, 4, 5);
  old.ends();
  old.stores(1, 1000);
  expect(() => old.books.close()).toThrow("is missing, and was in flash when its memory was lost at 5.000 s");
  const sleeper = new Desk(60_000);
  sleeper.says(1);
  sleeper.ends(true);
  expect(() => sleeper.books.close()).toThrow("is missing, and its board has only slept since");
});

test("a gap stands for as many events as it says, and for no more", () => {
  const desk = new Desk();
  desk.says(1, 2, 3, 4);
  desk.stores(1, 1000);
  desk.gap(2);
  desk.stores(4, 4000);
  expect(desk.books.close()).toMatchObject([{ taken: 4, stored: 2, givenUp: 2, lost: 0 }]);
  const short = new Desk();
  short.says(1, 2, 3, 4);
  short.stores(1, 1000);
  short.gap(1);
  expect(() => short.stores(4, 4000)).toThrow(Violation);
});

test("what is said after the end counts is in no sum, and may be under way", () => {
  const desk = new Desk();
  desk.says(1);
  desk.stores(1, 1000);
  desk.books.isCounting = false;
  desk.says(2);
  expect(desk.books.open()).toBeUndefined();
  expect(desk.books.close()).toMatchObject([{ taken: 1, stored: 1, lost: 0 }]);
});
