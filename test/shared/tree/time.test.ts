import { expect, test } from "vitest";
import { TreeClock } from "#shared/tree/time.ts";
import type { Instant } from "#shared/units.ts";

const at = (millis: number) => millis as Instant;
const ROOT = 1_732_345_678_000;

test("half the round trip is added", () => {
  const clock = new TreeClock();
  expect(clock.unix(at(1000))).toBeUndefined();
  clock.learn(ROOT, 80, at(1000));
  expect(clock.unix(at(1000))).toBe(ROOT + 40);
  expect(clock.unix(at(1500))).toBe(ROOT + 540);
  expect(clock.unix(at(0))).toBe(ROOT - 960);
});

test("a slower sample does not replace a fresh quick one, a quicker or equal one does", () => {
  const clock = new TreeClock();
  clock.learn(ROOT, 20, at(1000));
  clock.learn(ROOT + 1025, 60, at(2000));
  expect(clock.unix(at(1000))).toBe(ROOT + 10);
  clock.learn(ROOT + 2013, 20, at(3000));
  expect(clock.unix(at(3000))).toBe(ROOT + 2023);
  clock.learn(ROOT + 3015, 4, at(4000));
  expect(clock.unix(at(4000))).toBe(ROOT + 3017);
});

test("after ten minutes, and not before, any sample replaces the old offset", () => {
  const clock = new TreeClock();
  clock.learn(ROOT, 20, at(0));
  clock.learn(ROOT + 600_000, 60, at(600_000));
  expect(clock.unix(at(600_000))).toBe(ROOT + 600_010);
  clock.learn(ROOT + 600_001, 60, at(600_001));
  expect(clock.unix(at(600_001))).toBe(ROOT + 600_031);
});

test("when the root's clock was set, forwards or back, a slower sample is believed at once", () => {
  for (const jump of [3_600_000, -3_600_000, 2000, -2000]) {
    const clock = new TreeClock();
    clock.learn(ROOT, 20, at(0));
    clock.learn(ROOT + 1000 + jump, 300, at(1000));
    expect(clock.unix(at(1000))).toBe(ROOT + 1150 + jump);
  }
});

test("what cannot be a time is ignored", () => {
  const clock = new TreeClock();
  for (const nonsense of [undefined, null, "1732345678000", 0, -1, Number.NaN, Infinity, 1e13, {}, []])
    clock.learn(nonsense, 0, at(0));
  expect(clock.unix(at(0))).toBeUndefined();
  clock.learn(ROOT, 0, at(0));
  clock.learn(1e300, 0, at(1));
  expect(clock.unix(at(0))).toBe(ROOT);
});

test("times are whole milliseconds even where the node's clock has fractions", () => {
  const clock = new TreeClock();
  clock.learn(ROOT, 7.3, at(0.25));
  expect(Number.isInteger(clock.unix(at(12.7)))).toBe(true);
});
