/** Boards that keep their events in flash: whatever breaks and whenever the power is cut, what was written is stored once, in order. */
import { expect, test } from "vitest";
import type { NodePlan, WorldPlan } from "#tools/sim/plan.ts";
import { Chance } from "#tools/sim/chance.ts";
import { runPlan } from "#tools/sim/run.ts";
import { settle } from "#tools/sim/settling.ts";
import { swarmPlan } from "#tools/sim/swarm.ts";
import { chain, hasJoined, scene, talking } from "./scenes.ts";

const SEEDS = Number(process.env["SEEDS"] ?? 15);
const FIRST = Number(process.env["SEED"] ?? 1);

/** A random world whose boards keep what they say, and lose their power often. */
export function keptPlan(seed: number): WorldPlan {
  const plan = swarmPlan(seed);
  const chance = new Chance(seed + 1_000_000);
  const every = chance.pick([200, 2000, 10_000]);
  const nodes = plan.nodes.map(
    (node): NodePlan => ({
      ...node,
      limits: "chip",
      ...chance.pick([{}, { turnMillis: 0 }, { turnMillis: 5 }, { turnMillis: 60 }]),
      keeps: { every, bytes: chance.pick([400_000, 4_000_000]) },
      traffic: { readingsEvery: chance.pick([100, 700, 3000]), burst: chance.pick([1, 1, 5]) },
    }),
  );
  const faults = [...plan.faults];
  for (let i = chance.between(1, 12); i > 0; i--) {
    const node = chance.pick(nodes).id;
    const at = chance.between(0, plan.lasts);
    if (chance.happens(0.5))
      faults.push({ at, kind: "crash", node, lasts: chance.between(0, 3000), isSilent: chance.happens(0.3) });
    else
      faults.push({
        at,
        kind: "crash at effect",
        node,
        effects: chance.between(0, 12),
        lasts: chance.between(0, 3000),
      });
  }
  faults.sort((a, b) => a.at - b.at);
  return { ...plan, nodes, faults };
}

// Source: esphome feature-requests#733, Tasmota#8508: an unsent reading does not outlive a power cut.
test("whatever breaks, what was in flash at a power cut is stored exactly once, in order", () => {
  console.log(`kept: ${SEEDS} worlds from SEED=${FIRST}`);
  let stored = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const result = runPlan(keptPlan(seed));
    if (result.violation !== undefined) throw new Error(`replay with SEED=${seed} SEEDS=1: ${result.violation}`);
    stored += result.stored;
  }
  expect(stored).toBeGreaterThan(100 * SEEDS);
});

// Own: flash wears out.
test("while the root acknowledges, nothing is written", () => {
  const { world } = scene(
    talking([{ ...(chain("leaf")[0] as NodePlan), keeps: { every: 60_000, bytes: 100_000 } }], { readingsEvery: 1000 }),
  );
  world.run(600_000);
  const leaf = world.node("leaf");
  expect(leaf.speaker.stored).toBeGreaterThan(590);
  expect(leaf.flash.writes).toBe(0);
});

// Own: what was promised to be kept.
test("what is older than the flush interval at a power cut arrives, and nothing twice", () => {
  const { world, seen } = scene(
    talking([{ ...(chain("leaf")[0] as NodePlan), keeps: { every: 60_000, bytes: 400_000 } }], { readingsEvery: 1000 }),
  );
  const leaf = world.node("leaf");
  world.until("joined", hasJoined(world, "leaf"));
  world.crash(world.root, 20);
  for (let life = 0; life < 5; life++) {
    world.run(200_000 + life * 7000);
    const before = leaf.speaker;
    world.crash(leaf, 20);
    expect(before.kept).toBeGreaterThanOrEqual(before.accepted - 61);
    world.boot(leaf);
  }
  world.boot(world.root);
  settle(world);
  expect(leaf.speaker.number).toBe(6);
  for (const life of world.checks.all()) expect(life.stored).toBeGreaterThanOrEqual(life.kept ?? 0);
  const numbers = seen.stored("leaf", "reading").map(({ event }) => `${event["life"]} ${event["seq"]}`);
  expect(new Set(numbers).size).toBe(numbers.length);
});
