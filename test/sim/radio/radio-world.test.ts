/** Radios in worlds: TreeNode and Radio joined, in the simulated air, below a gateway that has a wire up. */
import { expect, test } from "vitest";
import { LINE_BYTES_MAX } from "#shared/limits.ts";
import { settle } from "#tools/sim/settling.ts";
import { hasJoined, say, upTo } from "../scenes.ts";
import { radioScene, row } from "./radio-scenes.ts";

test("boards in a row join one behind the other, over the gateway, and what the last one says is stored once", () => {
  const { world, seen } = radioScene(row(4));
  world.until("joined", hasJoined(world, "n3"), 20_000);
  expect(["n0", "n1", "n2", "n3"].map((id) => world.node(id).parentNow())).toEqual(["root", "n0", "n1", "n2"]);
  expect(world.root.core.node("n3")?.via).toEqual(["n2", "n1", "n0"]);
  const taken = say(world, "n3", 20);
  settle(world);
  expect(seen.seqs("n3")).toEqual(upTo(taken));
  expect(world.air.stats().counts.frames).toBeGreaterThan(20);
});

test("the same plan with radios goes the same way, record for record", () => {
  const play = (): string => {
    const { world, seen } = radioScene(row(3), { traffic: { readingsEvery: 500 }, air: { extraLoss: 0.3 } });
    world.run(20_000);
    return seen.story(10_000);
  };
  expect(play()).toBe(play());
});

test("actions and desired values reach the last of a row by radio, and their answers the root", () => {
  const { world } = radioScene(row(3));
  world.until("joined", hasJoined(world, "n2"), 20_000);
  const call = world.act("n2", 5000);
  world.root.set("n2", "target", 21);
  world.run(3000);
  expect(world.calls.get(call)?.outcome?.ok).toBe(true);
  expect(world.root.core.desired("n2").every((row) => row.isSettled)).toBe(true);
});

test("a board that is cut from power loses what was in its memory, says so by a new epoch, and its child loses nothing", () => {
  const { world, seen } = radioScene(row(3), { traffic: { readingsEvery: 1000 } });
  world.until("joined", hasJoined(world, "n2"), 20_000);
  world.run(10_000);
  world.crash(world.node("n1"), -1);
  const taken = say(world, "n2", 5);
  world.run(5000);
  expect(taken).toBe(5);
  world.boot(world.node("n1"));
  settle(world);
  const epochs = new Set(seen.stored("n1").map((event) => event.epoch));
  expect(epochs.size).toBe(2);
  expect(new Set(seen.stored("n2").map((event) => event.epoch)).size).toBe(1);
  const said = seen.seqs("n2");
  expect(said).toEqual(upTo(said.length));
});

test("a board without JavaScript for a second, one whose clock is 1 % off and one whose radio is wedged keep every promise", () => {
  const { world, seen } = radioScene(row(4), {
    traffic: { readingsEvery: 700 },
    nodes: { n2: { driftPpm: 10_000 } },
    faults: [
      { at: 15_000, kind: "stall", node: "n1", lasts: 1000 },
      { at: 20_000, kind: "wedge", node: "n1" },
    ],
  });
  world.run(40_000);
  expect(world.radio("n1").radio.counters["radio restarted"]).toBeGreaterThan(0);
  settle(world);
  const said = seen.seqs("n3");
  expect(said.length).toBeGreaterThan(20);
  expect(said).toEqual(upTo(said.length));
});

test("the longest lines pass three hops, whole and in order", () => {
  const { world, seen } = radioScene(row(4), { air: { extraLoss: 0.2 } });
  world.until("joined", hasJoined(world, "n3"), 20_000);
  const pad = "x".repeat(LINE_BYTES_MAX - 80);
  const leaf = world.node("n3");
  for (let i = 0; i < 8; i++) {
    world.until("there is room", () => leaf.core.backlog() < 2, 20_000);
    expect(leaf.emit({ type: "reading", pad })).toBe(true);
  }
  settle(world);
  expect(seen.seqs("n3")).toEqual(upTo(8));
  expect([...world.nodes.keys()].map((id) => world.radio(id).radio.counters["radio frame too long"] ?? 0)).toEqual([
    0, 0, 0, 0,
  ]);
});

test("a board that boots long before its parent joins soon after it is there: its dial is not given up meanwhile", () => {
  const { world } = radioScene(row(2), { nodes: { n0: { bootsAt: 61_000 } } });
  world.run(61_000);
  world.until("joined", hasJoined(world, "n1"), 10_000);
  expect(world.now).toBeGreaterThan(61_000);
});
