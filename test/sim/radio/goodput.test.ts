/** Issue 4, done-line 2: what one hop carries, of frames of 250 bytes, in kbit/s. */
import { expect, test } from "vitest";
import { attemptTime, CALM, goodput, type Weather } from "../../shared/radio/pair.ts";

/** Full datagrams without end or acks. */
const AIR_LIMIT = (250 * 8) / attemptTime(250, 0);

/** Over a minute and a third, always with the same dice: it is a figure, and no search. */
function mean(weather: Partial<Weather>): number {
  const seeds = [1, 2, 3, 4];
  return seeds.reduce((sum, seed) => sum + goodput({ ...CALM, ...weather }, seed), 0) / seeds.length;
}

test("the air of the test is that of the facts: 623 kbit/s", () => {
  expect(Math.round(attemptTime(250, 0) * 1000)).toBe(3210);
  expect(Math.round(AIR_LIMIT)).toBe(623);
});

test("carries at least 75 % of the air's limit when nothing is lost", () => {
  expect(mean({})).toBeGreaterThan(0.75 * AIR_LIMIT);
});

test("carries at least 150 kbit/s when JavaScript takes 10 ms for each datagram it hears", () => {
  expect(mean({ turnAround: 10 })).toBeGreaterThan(150);
});

test("carries at least half of that when the MAC loses 30 % of its attempts", () => {
  expect(mean({ attemptLoss: 0.3 })).toBeGreaterThan((0.75 * AIR_LIMIT) / 2);
  expect(mean({ attemptLoss: 0.3, turnAround: 10 })).toBeGreaterThan(75);
});

test("carries at least half of that when the MAC makes no second attempt, and loses 30 %", () => {
  expect(mean({ attemptLoss: 0.3, attempts: 1 })).toBeGreaterThan((0.75 * AIR_LIMIT) / 2);
  expect(mean({ attemptLoss: 0.3, attempts: 1, turnAround: 10 })).toBeGreaterThan(75);
});

test("carries at least half of that when 30 % is lost, of data and of acks, and the MAC says ok to all", () => {
  expect(mean({ okButLost: 0.3 })).toBeGreaterThan((0.75 * AIR_LIMIT) / 2);
  expect(mean({ okButLost: 0.3, turnAround: 10 })).toBeGreaterThan(75);
});

test("small frames share datagrams: 40-byte frames carry 9 tenths of what large ones do", () => {
  expect(goodput(CALM, 1, 40, 5000)).toBeGreaterThan(0.9 * goodput(CALM, 1, 250) * (40 / 41.2));
});
