/** Queue against the obvious: a list that is sorted anew for each take. */
import { expect, test } from "vitest";
import { Chance } from "#tools/sim/chance.ts";
import { Queue } from "#tools/sim/queue.ts";

/** Where the ring ends, and what is seconds away. */
const EDGES = [16_382, 16_383, 16_384, 16_385, 20_000, 40_000];

test("gives the earliest first, and of one moment in the order in which it was put, whatever is put in between", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const chance = new Chance(seed);
    const queue = new Queue();
    const taken: number[] = [];
    const obvious: { at: number; number: number }[] = [];
    let now = 0;
    for (let number = 0; number < 400; number++) {
      if (chance.happens(0.55)) {
        // Also in the moment that is being taken from, before the next one, between two milliseconds, and far away.
        const at = now + chance.pick([0, 0, 1, 2, 0.5, chance.between(0, 50), chance.pick(EDGES)]);
        queue.put(at, { happen: () => taken.push(number) });
        obvious.push({ at, number });
      } else if (queue.size > 0) {
        now = queue.nextAt as number;
        queue.take().happen();
        obvious.sort((a, b) => a.at - b.at || a.number - b.number);
        const wanted = obvious.shift() as { at: number; number: number };
        expect([seed, now, taken.at(-1)]).toEqual([seed, wanted.at, wanted.number]);
      }
      expect(queue.size).toBe(obvious.length);
    }
    expect(queue.taken).toBe(taken.length);
  }
});

test("refuses what comes before what was taken last, and times that are none", () => {
  const queue = new Queue();
  const nothing = { happen: () => {} };
  queue.put(5, nothing);
  queue.take();
  queue.put(5, nothing);
  for (const at of [4, -1, Number.NaN]) expect(() => queue.put(at, nothing)).toThrow("past");
  expect([queue.size, queue.nextAt]).toEqual([1, 5]);
});

test("what was put in when it was far away comes before what is put in when it is near, of the same moment", () => {
  const queue = new Queue();
  const taken: string[] = [];
  const put = (at: number, name: string): void => queue.put(at, { happen: () => taken.push(name) });
  put(20_000, "far");
  put(10_000, "on the way");
  put(16_000, "also on the way");
  queue.take().happen();
  put(20_000, "near");
  put(20_000, "nearer");
  while (queue.size > 0) queue.take().happen();
  expect(taken).toEqual(["on the way", "also on the way", "far", "near", "nearer"]);
});
