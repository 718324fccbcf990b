/** Readings in short lines, while those who have to agree on what an alias stands for end and begin again. */
import { expect, test } from "vitest";
import { valueOf } from "#tools/sim/mark.ts";
import { settle } from "#tools/sim/settling.ts";
import type { World } from "#tools/sim/world.ts";
import { chain, hasJoined, type Scene, sayByHand, scene, talking, upTo } from "./scenes.ts";

/** A value of each of these entities, in turn, at once. */
function report(world: World, id: string, values: readonly number[]): void {
  for (const value of values)
    expect(world.node(id).emit({ type: "!update", eid: `entity.${value % 3}`, value })).toBe(true);
}

function values({ seen }: Scene, id: string): unknown[] {
  return seen.stored(id, "!update").map(({ event }) => [event["eid"], valueOf(event["value"])]);
}

function wanted(values: readonly number[]): unknown[] {
  return values.map((value) => [`entity.${value % 3}`, value]);
}

/** How often groups of a node named entities. */
function namings({ seen }: Scene, id: string): number {
  return seen.said("?ack", id).filter((ack) => ack["eids"] !== undefined).length;
}

function isAcked(world: World, id: string): () => boolean {
  return () => world.node(id).core.backlog() === 0;
}

// Own: a name said once, for good, is worth nothing if whoever heard it forgets.
test("a root that restarts between the naming of an entity and the use of its alias knows it from its disk", () => {
  const played = scene(chain("porch", "leaf"));
  const { world } = played;
  world.until("joined", hasJoined(world, "leaf"));
  report(world, "leaf", upTo(6));
  world.until("stored", isAcked(world, "leaf"), 10_000);
  expect(namings(played, "leaf")).toBe(1);
  world.crash(world.root, 20);
  report(world, "leaf", [7, 8, 9]);
  world.run(5000);
  world.boot(world.root);
  settle(world);
  expect(values(played, "leaf")).toEqual(wanted(upTo(9)));
  expect(namings(played, "leaf")).toBe(1);
  expect(new Set(played.seen.stored("leaf").map(({ epoch }) => epoch)).size).toBe(1);
});

// Own: what was not on disk was never said.
test("a root that dies with the group that names an entity gets the names again with that group", () => {
  const played = scene(chain("leaf"), [], {});
  const { world } = played;
  world.until("joined", hasJoined(world, "leaf"));
  world.root.disk.commitMillis = 5000;
  report(world, "leaf", upTo(3));
  world.run(3000);
  expect(namings(played, "leaf")).toBe(1);
  world.crash(world.root, 0);
  world.root.disk.commitMillis = 5;
  report(world, "leaf", [4, 5, 6]);
  world.run(1000);
  world.boot(world.root);
  settle(world);
  expect(values(played, "leaf")).toEqual(wanted(upTo(6)));
  expect(namings(played, "leaf")).toBeGreaterThan(1);
});

// Own: an alias is of an epoch, and kept text outlives that.
test("a node whose epoch is taken from it names its entities anew, and what it kept is understood as it was said", () => {
  const played = scene(chain("porch", "leaf"));
  const { world, seen } = played;
  world.until("joined", hasJoined(world, "leaf"));
  report(world, "leaf", upTo(6));
  world.until("stored", isAcked(world, "leaf"), 10_000);
  // Somebody says ?hello in its name, and the root begins another epoch; the leaf hears of it a minute later.
  sayByHand(world, "leaf", '{"type":"?hello","v":1,"id":"leaf","token":"t-leaf","nonce":1}\n', "up");
  world.run(1000);
  report(world, "leaf", upTo(12).slice(6));
  settle(world);
  expect(values(played, "leaf")).toEqual(wanted(upTo(12)));
  const epochs = seen.stored("leaf").map(({ epoch }) => epoch);
  expect(new Set(epochs).size).toBe(2);
  expect(namings(played, "leaf")).toBe(2);
  expect(seen.stored("root", "!named").map(({ event }) => [event["id"], event["ep"], event["eids"]])).toEqual(
    [epochs[0], epochs.at(-1)].map((epoch) => ["leaf", epoch, ["entity.1", "entity.2", "entity.0"]]),
  );
});

// Own: what costs bytes in each bundle has to save more of them on the wire.
test("most of what a board reports goes in short lines, and takes fewer bytes", () => {
  const bytes = (isShort: boolean): number => {
    const { world, seen } = scene(talking(chain("leaf"), { statesEvery: 50, ...(isShort ? {} : { padBytes: 1 }) }));
    world.run(60_000);
    settle(world);
    const sent = seen.frames.filter(({ from }) => from === "leaf").map(({ text }) => text);
    const lines = sent.join("").split("\n");
    if (isShort) expect(lines.filter((line) => line.startsWith("[")).length / lines.length).toBeGreaterThan(0.8);
    return sent.join("").length / lines.length;
  };
  // The marks by which the simulator knows each event again are in the value, and as long in both.
  expect(bytes(true)).toBeLessThan(0.75 * bytes(false));
});
