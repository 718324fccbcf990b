/** Statistics of worlds whose figures are known beforehand. */
import { expect, test } from "vitest";
import { planFaults } from "#tools/sim/faults.ts";
import { type NodePlan, planOf, type WorldPlan } from "#tools/sim/plan.ts";
import { type TreeResult, progressLine, runTree } from "#tools/sim/scale.ts";
import { settle } from "#tools/sim/settling.ts";
import { Statistics } from "#tools/sim/statistics.ts";
import type { WorldSums } from "#tools/sim/sums.ts";
import { seconds, table, thousands, treeTable } from "#tools/sim/statistics-table.ts";
import { World } from "#tools/sim/world.ts";

const CHAIN: NodePlan[] = [
  { id: "a", parent: "root", traffic: { readingsEvery: 5000 } },
  { id: "b", parent: "a", traffic: { readingsEvery: 5000 } },
  { id: "c", parent: "b", traffic: { readingsEvery: 5000 } },
];

function played(more: Partial<WorldPlan> = {}): { world: World; sums: WorldSums; statistics: Statistics } {
  const world = new World(planOf({ nodes: CHAIN, lasts: 60_000, ...more }));
  const statistics = new Statistics(world);
  planFaults(world);
  world.run(world.plan.lasts);
  statistics.playIsOver();
  settle(world);
  return { world, statistics, sums: statistics.sums() };
}

test("a reading is late by the wait for company, the way up and the commit, and each level by one link more", () => {
  // 5 ms and a millisecond's width for each link, 3 ms for the disk.
  const { sums } = played({ link: { latencyMillis: 50, noticeMillis: 20 } });
  expect(sums.levels.map((level) => [level.level, level.nodes])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
  for (const { level, latencyMillis, stored } of sums.levels) {
    expect(stored).toBeGreaterThanOrEqual(11);
    expect(latencyMillis.p50).toBeGreaterThanOrEqual(2000 + 50 * level + 3);
    expect(latencyMillis.p50).toBeLessThan((2000 + 50 * level + 10) * (1 + 1 / 64));
  }
});

test("everything that was taken is delivered and counted once; what was said last counts too", () => {
  const { sums, statistics } = played();
  expect(sums.delivered).toBe(sums.taken);
  expect([sums.duplicates, sums.refused]).toEqual([0, 0]);
  expect(sums.levels.reduce((sum, level) => sum + level.stored, 0)).toBe(sums.delivered);
  expect(statistics.nodes().reduce((sum, node) => sum + node.stored, 0)).toBe(sums.delivered);
});

test("a cut shows as latency and as sending again at the nodes behind it, and nowhere else", () => {
  const nodes: NodePlan[] = [...CHAIN, { id: "other", parent: "root", traffic: { readingsEvery: 5000 } }];
  const cut = { at: 20_000, kind: "cut", node: "b", childNotice: -1, parentNotice: -1 } as const;
  const { statistics, sums } = played({ nodes, faults: [cut] });
  const worst = new Map(statistics.nodes().map((node) => [node.id, node]));
  for (const id of ["b", "c"]) expect(worst.get(id)?.worstMillis).toBeGreaterThan(10_000);
  for (const id of ["a", "other"]) expect(worst.get(id)).toMatchObject({ resends: 0 });
  for (const id of ["a", "other"]) expect(worst.get(id)?.worstMillis).toBeLessThan(2200);
  expect(sums.resends).toBe(statistics.nodes().reduce((sum, node) => sum + node.resends, 0));
  expect(sums.resends).toBeGreaterThan(0);
});

test("bytes on the last link are a part of those on all links, and what the world does to settle is not counted", () => {
  const { sums, world } = played();
  const { lastLinkUp, lastLinkDown, allLinks } = sums.bytesPerEvent;
  expect(lastLinkUp).toBeGreaterThan(50);
  expect(lastLinkDown).toBeGreaterThan(20);
  expect(allLinks).toBeGreaterThan(lastLinkUp + lastLinkDown);
  expect(sums.frames).toBeLessThan(world.counts["frames"] as number);
});

test("high-water marks are of what buffers held: more where more waits", () => {
  const flood = { at: 30_000, kind: "flood", node: "c", events: 40 } as const;
  const [calm, wild] = [played().sums, played({ faults: [flood] }).sums];
  const outboxOf = (sums: WorldSums): number => sums.levels[2]?.outboxBytesMost ?? 0;
  expect(outboxOf(calm)).toBeGreaterThan(50);
  expect(outboxOf(wild)).toBeGreaterThan(40 * 50);
  expect(wild.levels[2]?.socketBytesMost).toBeGreaterThan(calm.levels[2]?.socketBytesMost as number);
});

const SMALL: TreeResult = runTree({ nodes: 40, depth: 3, seconds: 25, seed: 1 }, () => {});

test("the table says for people what the object says for programs", () => {
  const text = treeTable(SMALL);
  expect(text).toContain(`${SMALL.sums.delivered} of ${SMALL.sums.taken} taken, 0 refused`);
  expect(text).toContain("40 in 3 levels, seed 1");
  for (const { level, nodes } of SMALL.sums.levels) expect(text).toMatch(new RegExp(`^${level} +${nodes} `, "m"));
  expect(JSON.parse(JSON.stringify(SMALL))).toEqual(SMALL);
});

test("numbers of a table stand below each other to the right, words to the left", () => {
  const rows = [
    ["name", "n"],
    ["a", "1000"],
    ["longer", "2"],
  ];
  expect(table(rows)).toBe("name       n\na       1000\nlonger     2");
});

test("times and large numbers read as people write them", () => {
  expect([0, 999, 1000, 9994, 12_345].map(seconds)).toEqual(["0 ms", "999 ms", "1.00 s", "9.99 s", "12.3 s"]);
  expect([0, 999, 1000, 1234567].map(thousands)).toEqual(["0", "999", "1 000", "1 234 567"]);
});

test("a line of progress says how far it is and how fast", () => {
  const line = progressLine({
    phase: "playing",
    virtualMillis: 12_000,
    lastsMillis: 60_000,
    nodes: 100,
    joined: 99,
    stored: 7,
    factor: 4.25,
  });
  expect(line).toBe("playing: 12 of 60 s, 99 of 100 joined, 7 readings stored, 4.3 × real time");
});
