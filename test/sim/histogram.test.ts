/** Histogram against the obvious: all numbers, sorted. */
import { expect, test } from "vitest";
import { Chance } from "#tools/sim/chance.ts";
import { Histogram } from "#tools/sim/histogram.ts";

function exact(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

test("a quantile is never too small, and at most a 64th too large", () => {
  const chance = new Chance(7);
  for (const most of [1, 127, 128, 129, 5000, 3_000_000, 0x7fffffff]) {
    const numbers = Array.from({ length: 999 }, () => chance.between(0, most));
    const histogram = new Histogram();
    for (const number of numbers) histogram.add(number);
    for (const share of [0, 0.01, 0.5, 0.99, 1]) {
      const wanted = exact(numbers, share);
      expect(histogram.quantile(share)).toBeGreaterThanOrEqual(wanted);
      expect(histogram.quantile(share)).toBeLessThanOrEqual(wanted * (1 + 1 / 64));
    }
    expect(histogram.most).toBe(exact(numbers, 1));
  }
});

test("counts each number once at the edges of its buckets: 0, 127, 128, 255, 256, 2^31 - 1 and what is beyond", () => {
  for (const edge of [0, 1, 127, 128, 129, 255, 256, 65_535, 65_536, 0x7fffffff]) {
    const histogram = new Histogram();
    histogram.add(edge);
    expect([histogram.count, histogram.most, histogram.quantile(1)]).toEqual([1, edge, edge]);
  }
  const beyond = new Histogram();
  beyond.add(2 ** 40);
  expect(beyond.quantile(0.5)).toBe(0x7fffffff);
});

test("two histograms together are as if all had been counted in one, and an empty one says 0", () => {
  const [first, second, both] = [new Histogram(), new Histogram(), new Histogram()];
  expect([both.quantile(0.5), both.most]).toEqual([0, 0]);
  for (let i = 0; i < 500; i++) {
    (i % 3 === 0 ? first : second).add(i * 7);
    both.add(i * 7);
  }
  first.addAll(second);
  expect([0.1, 0.5, 0.99].map((share) => first.quantile(share))).toEqual(
    [0.1, 0.5, 0.99].map((share) => both.quantile(share)),
  );
  expect([first.count, first.most]).toEqual([both.count, both.most]);
});
