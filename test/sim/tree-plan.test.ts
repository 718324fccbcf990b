/** Plans of large trees, and what it costs to play them. */
import { expect, test } from "vitest";
import { runTree } from "#tools/sim/scale.ts";
import { treePlan, widthsOf } from "#tools/sim/tree-plan.ts";
import { planFaults } from "#tools/sim/faults.ts";
import { World } from "#tools/sim/world.ts";

function levelsOf(size: { nodes: number; depth: number }): Map<string, number> {
  const levels = new Map<string, number>();
  for (const { id, parent } of treePlan({ ...size, seconds: 60, seed: 1 }).nodes)
    levels.set(id, parent === "root" ? 1 : (levels.get(parent) as number) + 1);
  return levels;
}

test("every node of a plan is in the tree once, below a node that comes before it, and the tree is as deep as it should be", () => {
  for (const size of [
    { nodes: 1, depth: 1 },
    { nodes: 6, depth: 6 },
    { nodes: 7, depth: 3 },
    { nodes: 300, depth: 1 },
    { nodes: 1000, depth: 6 },
    { nodes: 10_000, depth: 6 },
  ]) {
    const levels = levelsOf(size);
    expect(levels.size).toBe(size.nodes);
    expect(Math.max(...levels.values())).toBe(size.depth);
  }
});

test("levels grow by the same factor, and add up to all nodes", () => {
  for (const [nodes, depth] of [
    [1000, 6],
    [10_000, 6],
    [50, 4],
  ] as const) {
    const widths = widthsOf(nodes, depth);
    expect(widths.reduce((sum, width) => sum + width, 0)).toBe(nodes);
    for (let i = 1; i < widths.length; i++) expect(widths[i]).toBeGreaterThan(widths[i - 1] as number);
  }
});

test("a plan that cannot be is refused with a word: more levels than nodes", () => {
  expect(() => treePlan({ nodes: 3, depth: 4, seconds: 1, seed: 1 })).toThrow("4 levels need at least 4 nodes");
});

test("one link of a hundred is cut each minute, and the same seed cuts the same ones", () => {
  const size = { nodes: 2000, depth: 4, seconds: 90, seed: 5 };
  expect(treePlan(size).faults).toHaveLength(30);
  expect(treePlan(size)).toEqual(treePlan(size));
  expect(treePlan({ ...size, seed: 6 }).faults).not.toEqual(treePlan(size).faults);
});

test("a tree of 300 nodes joins within seconds, delivers each reading once though links are cut, and settles", () => {
  const told: string[] = [];
  const size = { nodes: 300, depth: 5, seconds: 40, seed: 2 };
  let wall = 0;
  const result = runTree(
    size,
    ({ phase }) => told.push(phase),
    () => (wall += 400),
  );
  expect(result.violation).toBeUndefined();
  expect(result.joinedAfter.most).toBeGreaterThan(0);
  expect(result.joinedAfter.most).toBeLessThan(5000);
  expect(result.joinedAfter.all).toBeLessThan(20_000);
  expect(result.counts["fault: cut"]).toBe(2);
  const { taken, delivered, duplicates, refused } = result.sums;
  expect([delivered, duplicates, refused]).toEqual([taken, 0, 0]);
  // Each node says one in 10 s.
  expect(delivered).toBeGreaterThanOrEqual(4 * 300);
  expect(told).toContain("playing");
  expect(told.slice(-2)).toEqual(["settling", "over"]);
});

test("everybody joins though all were switched on at once: no `?hello` is dropped, and none said again in a storm", () => {
  const world = new World(treePlan({ nodes: 4000, depth: 6, seconds: 10, seed: 1 }), { isThorough: false });
  world.run(0);
  world.until("all have joined", () => [...world.nodes.values()].every((node) => node.core.isJoined()), 10_000);
  expect(world.root.core.counters["?hello over the limit"]).toBeUndefined();
  let dropped = 0;
  for (const { core } of world.nodes.values()) {
    dropped += (core.counters["?hello over the limit"] ?? 0) + (core.counters["control lines over the limit"] ?? 0);
  }
  expect(dropped).toBe(0);
});

test("ten times as many nodes take no more steps for an event", () => {
  const stepsPerEvent = (nodes: number): number => {
    const world = new World(treePlan({ nodes, depth: 4, seconds: 40, seed: 1 }), { isThorough: false });
    planFaults(world);
    // Joining is once for all.
    world.run(20_000);
    const [steps, stored] = [world.queue.taken, world.checks.stored];
    world.run(20_000);
    return (world.queue.taken - steps) / (world.checks.stored - stored);
  };
  const [few, many] = [stepsPerEvent(200), stepsPerEvent(2000)];
  expect(many).toBeLessThan(1.2 * few);
  expect(many).toBeGreaterThan(0.8 * few);
});
