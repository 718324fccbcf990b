/**
 * Two hundred random worlds, each with its own tree, traffic and mix of faults, keep every promise. One that does not is made as
 * small as can be and printed with its seed.
 */
import { expect, test } from "vitest";
import { planText } from "#tools/sim/batch.ts";
import { runPlan, type RunResult } from "#tools/sim/run.ts";
import { shrink } from "#tools/sim/shrink.ts";
import { swarmPlan } from "#tools/sim/swarm.ts";

const SEEDS = 200;
const SEEDS_A_TEST = 25;
/** Runs that making a world smaller may take here. Chosen: within a test's time on a busy machine. */
const SHRINK_RUNS_MAX = 150;

/** What people need to know about a world that broke a promise. */
function report(seed: number, result: RunResult, smallest: RunResult): string {
  return [
    `seed ${seed} breaks a promise (replay with make sim SEED=${seed}): ${result.violation}`,
    `the smallest world found that breaks one: ${smallest.violation}`,
    planText(smallest.plan),
  ].join("\n");
}

const firsts = Array.from({ length: SEEDS / SEEDS_A_TEST }, (_, i) => 1 + i * SEEDS_A_TEST);

test.each(firsts.map((first) => [first, first + SEEDS_A_TEST - 1] as const))(
  "whatever breaks, random worlds keep every promise and settle (seeds %i to %i)",
  (first, last) => {
    for (let seed = first; seed <= last; seed++) {
      const result = runPlan(swarmPlan(seed));
      if (result.violation !== undefined) throw new Error(report(seed, result, shrink(result, SHRINK_RUNS_MAX)));
    }
  },
);

test("these worlds meet every kind of fault, and trees of every depth", () => {
  const plans = Array.from({ length: SEEDS }, (_, i) => swarmPlan(i + 1));
  const kinds = new Map<string, number>();
  for (const { kind } of plans.flatMap((plan) => plan.faults)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  expect([...kinds.keys()].toSorted()).toEqual(
    [
      ["act", "crash", "crash at effect", "cut", "disk error", "disk full", "flood", "lose", "move", "revoke"],
      ["set", "set clock", "silence", "slow", "slow disk", "stall", "twin"],
    ].flat(),
  );
  expect(Math.min(...kinds.values())).toBeGreaterThan(30);
  expect(new Set(plans.map((plan) => plan.nodes.length))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9]));
});

test("a world that breaks a promise is reported with its seed, and in a smaller form that breaks one too", () => {
  // No time to settle at all: a promise that nobody can keep.
  const impossible = runPlan({ ...swarmPlan(4), settlesWithin: 0 });
  expect(impossible.violation).toMatch(/^not settled after 0 s: /);
  const smallest = shrink(impossible, 50);
  const text = report(4, impossible, smallest);
  expect(text).toContain("make sim SEED=4");
  expect(text).toMatch(/^the smallest world found that breaks one: not settled/m);
  expect(text).toContain(planText(smallest.plan));
  expect(smallest.plan.nodes.length).toBeLessThan(impossible.plan.nodes.length);
  expect(smallest.plan.faults.length).toBeLessThan(impossible.plan.faults.length);
});
