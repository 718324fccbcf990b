import { expect, test } from "vitest";
import { CHIP_LIMITS } from "#shared/limits.ts";
import { World } from "./world.ts";

function reading(eid: string, value: number) {
  return { type: "!update", eid, value };
}

function values(world: World, id: string): unknown[] {
  return world.stored(id).map((stored) => stored.event["value"]);
}

test("a reading of a leaf three hops from the root is stored once, and leaves the leaf only then", () => {
  const world = new World();
  world.add("a", "root", CHIP_LIMITS);
  world.add("b", "a", CHIP_LIMITS);
  const leaf = world.add("c", "b", CHIP_LIMITS);
  world.until(() => leaf.core.isJoined());
  world.emit("c", reading("t", 1));
  expect(leaf.core.backlog()).toBe(1);
  world.until(() => leaf.core.backlog() === 0);
  expect(values(world, "c")).toEqual([1]);
});

test("events wait two seconds for company, and not a millisecond longer", () => {
  const world = new World();
  const leaf = world.add("a", "root");
  world.until(() => leaf.core.isJoined());
  const start = world.now;
  world.emit("a", reading("t", 1));
  world.run(1000);
  world.emit("a", reading("t", 2));
  world.run(1500);
  const groups = world.frames.filter((frame) => frame.from === "a" && frame.text.includes('"?ack"'));
  expect(groups.map((group) => group.at - start)).toEqual([2000]);
});
