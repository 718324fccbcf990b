/** Words downwards: actions that are run in time and once or not at all, their one outcome, and values that wait for a node. */
import { expect, test } from "vitest";
import { strike } from "#tools/sim/faults.ts";
import { settle } from "#tools/sim/settling.ts";
import type { Witness } from "#tools/sim/witness.ts";
import type { World } from "#tools/sim/world.ts";
import { chain, hasJoined, narrow, sayByHand, scene } from "./scenes.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How often a board ran something. */
function runs(seen: Witness, id: string): number {
  return seen.times("act", id).length;
}

function outcome(world: World, call: number): string {
  const found = world.calls.get(call)?.outcome;
  return found === undefined ? "none" : found.ok ? "done" : found.error;
}

// EMS-ESP32#2179: commands that the broker had kept were run again at each restart; Sonoff-Tasmota#82: and the shutters closed.
test("an action that was run is not run again when links break, the board restarts, and the root restarts", () => {
  const { world, seen } = scene(chain("porch", "leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  const call = world.act("leaf", 5000);
  world.run(1000);
  expect([runs(seen, "leaf"), outcome(world, call)]).toEqual([1, "done"]);
  // The same words once more, before their deadline: answered again, and no more.
  const frame = seen.frames.find(({ to, text }) => to === "leaf" && text.includes('"?act"'))?.text as string;
  sayByHand(world, "leaf", frame, "down");
  world.run(1000);
  expect(seen.said("?act", "porch")).toHaveLength(2);
  expect([runs(seen, "leaf"), seen.said("!act", "leaf").length]).toEqual([1, 2]);
  const breaks = [
    () => strike(world, { kind: "cut", node: "leaf", childNotice: 0, parentNotice: 0 }),
    () => strike(world, { kind: "crash", node: "leaf", lasts: 10, isSilent: false }),
    () => strike(world, { kind: "crash", node: "porch", lasts: 10, isSilent: false }),
    () => strike(world, { kind: "crash", node: "root", lasts: 10, isSilent: false }),
  ];
  for (const breakIt of breaks) {
    const joins = seen.notes("status", "leaf").filter((note) => note === "joined").length;
    breakIt();
    const isBack = () => seen.notes("status", "leaf").filter((note) => note === "joined").length > joins;
    world.until("joined again", isBack, MINUTE);
    world.run(1000);
  }
  expect(seen.said("?act", "root")).toHaveLength(1);
  expect(runs(seen, "leaf")).toBe(1);
  settle(world);
});

// Sonoff-Tasmota#82: a command from before the interruption came through after it, and what it moved, moved then.
test("a command that is held up on its way past its deadline is not run, and who gave it hears of a timeout", () => {
  const { world, seen } = scene(chain("porch", "leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  world.slow.set("leaf", { ...world.plan.link, latencyMillis: 4000 });
  const call = world.act("leaf", 2000);
  world.run(3900);
  expect(outcome(world, call)).toBe("timeout");
  world.run(1000);
  expect(seen.said("?act", "porch", "leaf")).toHaveLength(1);
  expect(world.node("leaf").core.counters["action dropped"]).toBe(1);
  expect(runs(seen, "leaf")).toBe(0);
  world.slow.clear();
  settle(world);
});

// thingsboard#7123: a command for a device that was away counted as delivered.
test("a command for a node that is away, that nobody has missed yet, or that only its branch has missed, is never done", () => {
  const { world, seen } = scene(chain("porch", "leaf"));
  world.until("joined", hasJoined(world, "leaf"));

  strike(world, { kind: "silence", node: "leaf" });
  const unnoticed = world.act("leaf", 5000);
  world.run(7000);
  expect(world.root.core.node("leaf")?.isUp).toBe(true);
  expect(outcome(world, unnoticed)).toBe("timeout");

  narrow(world, "porch", 250_000, 2000);
  world.crash(world.node("leaf"), 0);
  world.until("the branch has missed it", () => seen.said("!gone", "porch").length > 0 || unrouted(world), 20_000);
  const missed = world.act("leaf", 10_000);
  world.run(9000);
  expect(outcome(world, missed)).toBe("offline");

  expect(world.root.core.node("leaf")?.isUp).toBe(false);
  const away = world.act("leaf", 5000);
  expect(outcome(world, away)).toBe("offline");
  world.slow.clear();
  world.boot(world.node("leaf"));
  world.until("joined again", hasJoined(world, "leaf"), MINUTE);
  world.run(MINUTE);
  expect(runs(seen, "leaf")).toBe(0);
  settle(world);
});

/** Whether the porch has closed the leaf's link. */
function unrouted(world: World): boolean {
  return world
    .node("porch")
    .wires()
    .every((wire) => wire.child.owner.id === "porch");
}

// thingsboard#10444, homieiot#281: a device that sleeps found a queue of commands when it woke up, and needed the last one alone.
test("a board that slept through fifty settings of one value gets the last one, once, and takes it", () => {
  const { world, seen } = scene(chain("porch", "leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  world.crash(world.node("leaf"), 0);
  world.run(1000);
  for (let value = 1; value <= 50; value++) {
    world.root.set("leaf", "target", value);
    world.run(1000);
  }
  expect(seen.said("?set", "root")).toEqual([]);
  world.boot(world.node("leaf"));
  settle(world);
  expect(seen.said("?set", "porch", "leaf")).toMatchObject([{ eid: "target", value: 50 }]);
  expect(world.root.core.desired("leaf")).toMatchObject([{ eid: "target", value: 50, isSettled: true }]);
  expect(seen.stored("leaf", "!update").map(({ event }) => event["value"])).toEqual([50]);
});

// azure-docs#72820: a message had two hours to live, the site was without power for four, and nobody could say what became of it.
test("a desired value has no time to live, and an action's life is over while its board is off, and said to be", () => {
  const { world, seen } = scene(chain("leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  world.run(1000);
  world.crash(world.node("leaf"), -1);
  const call = world.act("leaf", 2000);
  world.root.set("leaf", "target", 21);
  world.run(10);
  world.crash(world.root, -1);
  world.run(4 * HOUR);
  world.boot(world.root);
  world.boot(world.node("leaf"));
  world.until("joined again", hasJoined(world, "leaf"), MINUTE);
  world.run(MINUTE);
  expect(outcome(world, call)).toBe("root ended");
  expect(runs(seen, "leaf")).toBe(0);
  settle(world);
  expect(world.root.core.values("leaf")).toMatchObject([{ eid: "target", value: 21 }]);
});

// Found here: an action's id must not be given out twice, for a board answers an id that it knows without running it.
test("actions asked right after the root's restart run each for itself, and none twice", () => {
  const { world, seen } = scene(chain("leaf"));
  const calls: number[] = [];
  for (let restart = 0; restart < 5; restart++) {
    world.until("joined", hasJoined(world, "leaf"), MINUTE);
    for (let i = 0; i < 3; i++) calls.push(world.act("leaf", 5000));
    world.run(500);
    world.crash(world.root, 20);
    world.run(100);
    world.boot(world.root);
    calls.push(world.act("leaf", 5000));
  }
  world.until("each call is over", () => calls.every((call) => outcome(world, call) !== "none"), MINUTE);
  const ids = seen.said("?act", "root").map((act) => act["id"]);
  expect(ids).toHaveLength(15);
  expect(new Set(ids).size).toBe(15);
  expect(runs(seen, "leaf")).toBe(15);
  expect(calls.map((call) => outcome(world, call)).filter((what) => what === "done")).toHaveLength(15);
  settle(world);
});

// Found here, seed 147 of a swarm: a branch drops lines for a child that is slow to take them, and nobody said that one again.
test("a desired value whose line was dropped on its way down is said again within a minute, and taken", () => {
  const { world, seen } = scene(chain("porch", "leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  world.swallows = (from, _to, text) => from === "porch" && text.includes('"?set"');
  world.root.set("leaf", "target", 21);
  world.run(20_000);
  expect(seen.frames.some(({ text, isLost }) => isLost && text.includes('"?set"'))).toBe(true);
  world.swallows = () => false;
  world.run(60_000);
  expect(world.root.core.desired("leaf")).toMatchObject([{ eid: "target", value: 21, isSettled: true }]);
  expect(seen.times("open", "leaf")).toHaveLength(1);
});
