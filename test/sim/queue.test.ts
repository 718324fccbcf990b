/** Queue against the obvious: a list that is sorted anew for each take. */
import { expect, test } from "vitest";
import { Chance } from "#tools/sim/chance.ts";
import { Queue } from "#tools/sim/queue.ts";

test("gives the earliest first, and of one moment in the order in which it was put, whatever is put in between", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const chance = new Chance(seed);
    const queue = new Queue();
    const taken: number[] = [];
    const obvious: { at: number; number: number }[] = [];
    let now = 0;
    for (let number = 0; number < 400; number++) {
      if (chance.happens(0.55)) {
        // Also in the moment that is being taken from, and before the next one.
        const at = now + chance.pick([0, 0, 1, 2, chance.between(0, 50)]);
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

test("what comes before the earliest does not bring back what was taken of that", () => {
  const queue = new Queue();
  const taken: string[] = [];
  const put = (at: number, name: string): void => queue.put(at, { happen: () => taken.push(name) });
  put(5, "a");
  put(5, "b");
  queue.take().happen();
  put(3, "c");
  put(5, "d");
  while (queue.size > 0) queue.take().happen();
  expect(taken).toEqual(["a", "c", "b", "d"]);
});
