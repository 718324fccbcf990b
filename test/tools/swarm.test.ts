import { expect, test } from "vitest";
import { runPlan } from "#tools/sim/run.ts";
import { swarmPlan } from "#tools/sim/swarm.ts";

// The quick check plays a few; test/sim/ plays two hundred, and `make sim` as many as one likes.
test.each([1, 2, 3])("in the random world of seed %i every promise is kept", (seed) => {
  expect(runPlan(swarmPlan(seed)).violation).toBeUndefined();
});
