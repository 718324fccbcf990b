import { expect, test } from "vitest";
import { BEACON_EVERY_MAX, BEACON_EVERY_MIN } from "#shared/radio/tree-limits.ts";
import { Trickle } from "#shared/radio/trickle.ts";
import { after, type Instant } from "#shared/units.ts";
import { seeded } from "../world.ts";

const START = 1000 as Instant;

/** The moments at which it fires, up to `until`. */
function fires(trickle: Trickle, until: number): number[] {
  const moments: number[] = [];
  for (let at = trickle.wakeAt(); at !== undefined && at <= until; at = trickle.wakeAt()) {
    expect(trickle.isDue((at - 1) as Instant)).toBe(false);
    expect(trickle.isDue(at)).toBe(true);
    expect(trickle.isDue(at)).toBe(false);
    moments.push(at - START);
  }
  return moments;
}

test("fires once in the second half of each interval, and intervals double up to the longest", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const trickle = new Trickle(seeded(seed));
    trickle.reset(START);
    let from = 0;
    let every: number = BEACON_EVERY_MIN;
    for (const moment of fires(trickle, START + 600_000)) {
      expect(moment).toBeGreaterThanOrEqual(from + every / 2 - 1);
      expect(moment).toBeLessThanOrEqual(from + every);
      from += every;
      every = Math.min(2 * every, BEACON_EVERY_MAX);
    }
    expect(every).toBe(BEACON_EVERY_MAX);
  }
});

test("in peace it fires about once in a minute", () => {
  const trickle = new Trickle(seeded(1));
  trickle.reset(START);
  expect(fires(trickle, START + 3_600_000).length).toBeLessThan(9 + 3600 / 60);
});

test("a reset makes it fire within the shortest interval; one more while that lasts does not put it off", () => {
  const trickle = new Trickle(seeded(3));
  trickle.reset(START);
  fires(trickle, START + 100_000);
  const then = after(START, 100_000);
  trickle.reset(then);
  const at = trickle.wakeAt();
  expect(at).toBeLessThanOrEqual(then + BEACON_EVERY_MIN);
  trickle.reset(after(then, 100));
  expect(trickle.wakeAt()).toBe(at);
});

test("late ticks make it fire once, not once for every interval that was slept through", () => {
  const trickle = new Trickle(seeded(4));
  trickle.reset(START);
  const late = after(START, 3_000_000);
  expect(trickle.isDue(late)).toBe(true);
  expect(trickle.isDue(late)).toBe(false);
  expect(trickle.wakeAt()).toBeGreaterThan(late);
});

test("does not fire before the first reset, whoever asks", () => {
  const trickle = new Trickle(seeded(5));
  trickle.hurry(START);
  expect(trickle.isDue(START)).toBe(false);
  expect(trickle.wakeAt()).toBeUndefined();
});

test("asked, it fires by then, and once; asked for later than it would, it does not wait", () => {
  const trickle = new Trickle(seeded(6));
  trickle.reset(START);
  fires(trickle, START + 100_000);
  const then = after(START, 100_000);
  const usual = trickle.wakeAt() as Instant;
  trickle.hurry(after(usual, 1));
  expect(trickle.wakeAt()).toBe(usual);
  trickle.hurry(after(then, 20));
  trickle.hurry(after(then, 30));
  expect(trickle.isDue(after(then, 19))).toBe(false);
  expect(trickle.isDue(after(then, 20))).toBe(true);
  expect(trickle.isDue(after(then, 30))).toBe(false);
});
