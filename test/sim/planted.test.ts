import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.ts";

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
  const root = process.cwd();
  const left = new Set(bug.edits);
  const plant: Plugin = {
    name: "plant",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]shared[\\/].*\.ts$/ }, ({ path }) => {
        let contents = readFileSync(path, "utf8");
        for (const edit of bug.edits) {
          if (join(root, edit.file) !== path) continue;
          expect(contents.split(edit.from), `places in ${edit.file} to plant the bug at`).toHaveLength(2);
          contents = contents.replace(edit.from, () => edit.to);
          left.delete(edit);
        }
        return { contents, loader: "ts" };
      });
    },
  };
  const outfile = join(temporaryFolder(), "simulator.mjs");
  await build({
    stdin: { contents: HUNT, resolveDir: root, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    plugins: [plant],
    logLevel: "silent",
  });
  expect(left.size, "edits that found no file").toBe(0);
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
