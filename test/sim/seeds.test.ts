/** The same plan goes the same way, record for record, whatever was played before it; another seed goes another way. */
import { expect, test } from "vitest";
import type { WorldPlan } from "#tools/sim/plan.ts";
import { runPlan } from "#tools/sim/run.ts";
import { swarmPlan } from "#tools/sim/swarm.ts";
import { traceLine } from "#tools/sim/trace.ts";

const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34];

/** Everything that happens, and what came of it, as text. */
function story(plan: WorldPlan): string {
  const lines: string[] = [];
  const result = runPlan(plan, { trace: (record) => void lines.push(traceLine(record)) });
  expect(lines.length).toBeGreaterThan(100);
  return `${lines.join("\n")}\n${JSON.stringify(result)}`;
}

test.each(SEEDS)("the world of a seed goes the same way twice, byte for byte (seed %i)", (seed) => {
  expect(story(swarmPlan(seed)) === story(swarmPlan(seed))).toBe(true);
});

test("what was played before changes nothing, and a trace or none changes nothing", () => {
  const first = story(swarmPlan(6));
  for (const seed of [7, 9]) runPlan(swarmPlan(seed));
  expect(story(swarmPlan(6)) === first).toBe(true);
  expect(first.endsWith(JSON.stringify(runPlan(swarmPlan(6))))).toBe(true);
});

test("a plan is plain data: written down and read again, it goes the same way", () => {
  const plan = swarmPlan(11);
  const again = JSON.parse(JSON.stringify(plan)) as WorldPlan;
  expect(again).toEqual(plan);
  expect(story(again) === story(plan)).toBe(true);
});

test("another seed is another world, and the same world with another seed goes another way", () => {
  expect(new Set(SEEDS.map((seed) => JSON.stringify(swarmPlan(seed)))).size).toBe(SEEDS.length);
  const plan = swarmPlan(2);
  const stories = [plan, { ...plan, seed: 1002 }, { ...plan, seed: 2002 }].map((each) => story(each).split("\n"));
  const traces = stories.map((lines) => lines.slice(0, -1).join("\n"));
  expect(new Set(traces).size).toBe(3);
});
