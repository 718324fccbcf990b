import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.ts";
import { buildWith } from "./planted-simulator.ts";

/** Seeds in which a bug has to show. */
const SEEDS_MAX = 200;

interface Hunt {
  /** The first seed whose world breaks a promise, and the promise; undefined if none does. */
  hunt(seedsMax: number): { seed: number; violation: string } | undefined;
}

const HUNT = `
  import { runPlan } from "./tools/sim/run.ts";
  import { swarmPlan } from "./tools/sim/swarm.ts";
  export function hunt(seedsMax) {
    for (let seed = 1; seed <= seedsMax; seed++) {
      const { violation } = runPlan(swarmPlan(seed));
      if (violation !== undefined) return { seed, violation };
    }
  }
`;

/** The simulator with a bug in what it plays. */
async function simulatorWith(bug: PlantedBug): Promise<Hunt> {
  const outfile = join(temporaryFolder(), "simulator.mjs");
  await buildWith(bug, HUNT, outfile);
  return import(pathToFileURL(outfile).href) as Promise<Hunt>;
}

test.each(PLANTED_BUGS)("a swarm of 200 seeds catches a protocol that $name", async (bug) => {
  const { hunt } = await simulatorWith(bug);
  const startedAt = performance.now();
  const caught = hunt(SEEDS_MAX);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  expect(caught, `no seed up to ${SEEDS_MAX} caught it`).toBeDefined();
  console.info(`${bug.name}: seed ${caught?.seed}, ${seconds} s: ${caught?.violation.split("\n")[0]}`);
});
