/** Places for boards are as they are described: who can reach whom, and the Intel lab's links as they were measured. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { grid, house, intelLab, line, macOf, plansOf, scattered, type Topology } from "#tools/sim/air/topologies.ts";
import { BROADCAST, Stage } from "./air-stage.ts";

const LAB = join("data", "intel-lab");
const LOCATIONS = readFileSync(join(LAB, "mote_locs.txt"), "utf8");
const CONNECTIVITY = readFileSync(join(LAB, "connectivity.txt"), "utf8");

function stageOf(topology: Topology, seed = 1, extraLoss = 0): Stage {
  const stage = new Stage({ landscape: topology.landscape, seed, extraLoss });
  for (const { id, x, y } of plansOf(topology)) stage.add(id, x, y);
  return stage;
}

/** Share of each one's broadcasts that each other one hears, one sender at a time. */
function deliveries(topology: Topology, frames: number, bytes: number, seed = 1, extraLoss = 0): Map<string, number> {
  const stage = stageOf(topology, seed, extraLoss);
  const shares = new Map<string, number>();
  for (const sender of stage.boards) {
    for (let i = 0; i < frames; i++) {
      sender.transmit(BROADCAST, "x".repeat(bytes));
      stage.millis(10);
    }
    for (const ear of stage.boards) {
      shares.set(`${sender.id} ${ear.id}`, ear.heards.length / frames);
      ear.heards.length = 0;
    }
  }
  return shares;
}

/** How many hops each is from the first, over links that carry at least so large a share both ways; Infinity: no way. */
function hops(topology: Topology, shares: Map<string, number>, least: number): Map<string, number> {
  const [root] = topology.spots;
  const depths = new Map([[root?.id ?? "", 0]]);
  for (const [at, depth] of depths) {
    for (const { id } of topology.spots) {
      const isLink = Math.min(shares.get(`${at} ${id}`) ?? 0, shares.get(`${id} ${at}`) ?? 0) >= least;
      if (isLink && !depths.has(id)) depths.set(id, depth + 1);
    }
  }
  return new Map(topology.spots.map(({ id }) => [id, depths.get(id) ?? Infinity]));
}

test("in a line over a field each hears its neighbours well, and the next but one badly, whatever the seed", () => {
  let near = 0;
  let far = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const shares = deliveries(line(6), 20, 100, seed);
    for (let i = 0; i < 4; i++) {
      near += (shares.get(`n${i} n${i + 1}`) ?? 0) / 80;
      far += (shares.get(`n${i} n${i + 2}`) ?? 0) / 80;
    }
  }
  expect(near).toBeGreaterThan(0.9);
  expect(far).toBeLessThan(0.6);
});

test("a line of five at 30 m is one air: each notices each other", () => {
  const stage = stageOf(line(5, 30));
  const [first, last] = [stage.boards[0], stage.boards[4]];
  expect(stage.air.link(first?.id ?? "", last?.id ?? "").dbm).toBeGreaterThan(-90);
});

test("a grid has its stations at the corners of squares, and most of it reaches its corner in several hops", () => {
  const topology = grid(4, 3);
  expect(topology.spots.at(-1)).toEqual({ id: "n11", x: 540, y: 360 });
  const depths = [...hops(topology, deliveries(topology, 30, 100), 0.5).values()];
  expect(depths.filter((depth) => depth < Infinity).length).toBeGreaterThanOrEqual(11);
  expect(Math.max(...depths.filter((depth) => depth < Infinity))).toBeGreaterThanOrEqual(2);
});

test("scattered stations are within their rectangle, the first in the middle, elsewhere for another seed", () => {
  const topology = scattered(50, 300, 200, 1);
  expect(topology.spots[0]).toMatchObject({ x: 150, y: 100 });
  for (const { x, y } of topology.spots) expect(x >= 0 && x < 300 && y >= 0 && y < 200).toBe(true);
  expect(scattered(50, 300, 200, 1)).toEqual(topology);
  expect(scattered(50, 300, 200, 2)).not.toEqual(topology);
});

test.each([1, 2, 3, 4, 5])(
  "in the house all reach the study, those at the end of the garden only by others (seed %i)",
  (seed) => {
    const topology = house();
    const shares = deliveries(topology, 30, 100, seed);
    const depths = hops(topology, shares, 0.5);
    expect([...depths.values()]).not.toContain(Infinity);
    expect(depths.get("gate")).toBeGreaterThan(1);
    expect(depths.get("hall")).toBe(1);
  },
);

test("each wall of the house costs its signal", () => {
  const topology = house();
  const { air } = stageOf({ ...topology, landscape: { ...topology.landscape, shadowDb: 0, boardDb: 0 } });
  const { air: open } = stageOf({
    ...topology,
    landscape: { ...topology.landscape, shadowDb: 0, boardDb: 0, walls: [] },
  });
  const walls = (from: string, to: string): number => open.link(from, to).dbm - air.link(from, to).dbm;
  expect(walls("study", "hall")).toBeCloseTo(7, 6);
  expect(walls("hall", "living")).toBeCloseTo(0, 6); // through the door
  expect(walls("kitchen", "terrace")).toBeCloseTo(12, 6);
  expect(walls("bedroom", "kitchen")).toBeCloseTo(21, 6);
  expect(walls("terrace", "shed")).toBeCloseTo(5, 6);
  expect(walls("orchard", "gate")).toBeCloseTo(0, 6);
});

test("in the lab each link carries the share of attempts that was measured, less the extra loss", () => {
  const topology = intelLab(LOCATIONS, CONNECTIVITY);
  expect(topology.spots.length).toBe(54);
  const { measured } = topology.landscape;
  const frames = 300;
  for (const extraLoss of [0, 0.3]) {
    const shares = deliveries(topology, frames, 100, 1, extraLoss);
    let above = 0;
    let worst = 0;
    for (const from of topology.spots) {
      for (const to of topology.spots) {
        if (from === to) continue;
        const share = (measured?.(from.id, to.id) ?? 0) * (1 - extraLoss);
        const off = Math.abs((shares.get(`${from.id} ${to.id}`) ?? 0) - share);
        worst = Math.max(worst, off / Math.sqrt((share * (1 - share)) / frames + 1e-6));
        if (share > 0.5) above += 1;
      }
    }
    // The largest of 2862 deviations.
    expect(worst).toBeLessThan(5.5);
    if (extraLoss === 0) expect(above).toBeGreaterThan(220);
  }
});

test("in the lab the gateway is heard as it hears, and every mote has a way of at most four hops over links of a quarter", () => {
  const topology = intelLab(LOCATIONS, CONNECTIVITY);
  const { air } = stageOf(topology);
  expect(air.link("m0", "m29").arrives).toBeCloseTo(0.83, 2);
  expect(air.link("m29", "m0")).toEqual(air.link("m0", "m29"));
  expect(air.link("m1", "m3").arrives).toBeCloseTo(0.775, 3);
  const shares = new Map<string, number>();
  for (const from of topology.spots)
    for (const to of topology.spots)
      shares.set(`${from.id} ${to.id}`, from === to ? 0 : air.link(from.id, to.id).arrives);
  const depths = [...hops(topology, shares, 0.25).values()];
  expect(Math.max(...depths)).toBeLessThanOrEqual(4);
  expect(Math.max(...depths)).toBeGreaterThanOrEqual(2);
});

test("in the lab a better link is a stronger one, and those of less than a third hold nobody back", () => {
  const stage = stageOf(intelLab(LOCATIONS, CONNECTIVITY));
  const { dbm: good } = stage.air.link("m29", "m0");
  const { dbm: poor } = stage.air.link("m1", "m2");
  expect(good).toBeGreaterThan(-80);
  expect(poor).toBeLessThan(-90);
});

test("other texts than the lab's are refused", () => {
  expect(() => intelLab("1 2 3\n", CONNECTIVITY)).toThrow("the lab has 54 motes; these texts tell of 1");
  expect(() => intelLab(LOCATIONS, "1 2 0.5\n")).toThrow("56 links");
});

test("addresses are of the kind that anybody may give out, each its own", () => {
  expect(macOf(0)).toBe("02:00:00:00:00:00");
  expect(new Set(Array.from({ length: 1000 }, (_, i) => macOf(i))).size).toBe(1000);
  expect(macOf(258)).toBe("02:00:00:00:01:02");
});
