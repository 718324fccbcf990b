/** Random faults from a seed, in two phases: faults on with safety checked, then healing, after which everything must settle. */
import { expect, test } from "vitest";
import { CHIP_LIMITS, PC_LIMITS } from "#shared/limits.ts";
import { seeded, seedsToPlay, World } from "./world.ts";

const PARENTS: { [id: string]: string } = { a: "root", b: "root", c: "a", d: "a", e: "c", f: "c", g: "b" };
/** `make sim` plays 200 of them, `make sim SEEDS=1000` so many, `make sim SEED=6` one; the quick check a few. */
const SEEDS = seedsToPlay(6);
const BRANCHES = ["a", "b", "c"];
const LEAVES = ["d", "e", "f", "g"];

/** Every stored list of a node must be free of repeats, in order, and without holes in its numbers. */
function checkSafety(world: World, emitted: Map<string, number>): void {
  for (const id of Object.keys(PARENTS)) {
    const stored = world.stored(id);
    let n = 0;
    let epoch = 0;
    let value = 0;
    for (const one of stored) {
      if (one.epoch !== epoch) n = 0;
      expect(one.epoch).toBeGreaterThanOrEqual(epoch);
      expect(one.n).toBe(n + 1);
      expect(one.event["value"] as number).toBeGreaterThan(value);
      ({ epoch, n } = one);
      value = one.event["value"] as number;
    }
    const acknowledged = (emitted.get(id) ?? 0) - world.node(id).core.backlog();
    if (LEAVES.includes(id)) expect(stored.length).toBeGreaterThanOrEqual(acknowledged);
  }
}

function fault(world: World, random: () => number): void {
  const ids = Object.keys(PARENTS);
  const id = ids[Math.floor(random() * ids.length)] as string;
  switch (Math.floor(random() * 6)) {
    case 0:
      world.cut(id);
      break;
    case 1:
      world.silence(id);
      break;
    case 2: {
      const branch = BRANCHES[Math.floor(random() * BRANCHES.length)] as string;
      if (world.node(branch).isAlive) world.kill(branch);
      else world.boot(branch);
      break;
    }
    case 3:
      if (world.isRootAlive) world.killRoot();
      else world.bootRoot();
      break;
    case 4:
      world.node(id).parent = id === "e" ? (random() < 0.5 ? "b" : "c") : (PARENTS[id] as string);
      if (id === "e") world.cut("e");
      break;
    default:
      world.commitMillis = 1 + Math.floor(random() * 3000);
  }
}

for (const seed of SEEDS) {
  test(`whatever breaks, each event of a leaf that lives is stored once and in order, and all settles (SEED=${seed})`, () => {
    const world = new World(seed);
    const random = seeded(seed + 1000);
    for (const [id, parent] of Object.entries(PARENTS)) world.add(id, parent, seed % 2 === 0 ? CHIP_LIMITS : PC_LIMITS);
    const emitted = new Map<string, number>();
    for (let step = 0; step < 120; step++) {
      for (const id of LEAVES) {
        const core = world.node(id).core;
        for (let i = Math.floor(random() * 4); i > 0 && core.outbox.room() > 200; i--) {
          const n = (emitted.get(id) ?? 0) + 1;
          expect(world.emit(id, { type: "reading", value: n })).toBe(true);
          emitted.set(id, n);
        }
      }
      if (random() < 0.2) fault(world, random);
      world.run(Math.floor(random() * 1500));
      if (step % 20 === 0) checkSafety(world, emitted);
    }
    if (!world.isRootAlive) world.bootRoot();
    world.commitMillis = 1;
    for (const id of BRANCHES) if (!world.node(id).isAlive) world.boot(id);
    world.until(() => LEAVES.every((id) => world.node(id).core.backlog() === 0), 240_000);
    checkSafety(world, emitted);
    for (const id of LEAVES) expect(world.stored(id).length).toBe(emitted.get(id));
  });
}
