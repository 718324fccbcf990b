/** Clocks that are set, that run too fast, and that nobody has told yet: order and deadlines do not follow them, times do. */
import { expect, test } from "vitest";
import { strike } from "#tools/sim/faults.ts";
import { settle } from "#tools/sim/settling.ts";
import { chain, hasJoined, most, say, scene, talking, upTo } from "./scenes.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The PC's clock when a world begins. */
const UNIX_AT_START = 1_700_000_000_000;

// Its own question, found nowhere: the PC's clock is set back by an hour while readings and commands are on their way.
test("a clock that is set back by an hour changes no order, stops no ack, and lets no command run late", () => {
  const { world, seen } = scene(talking(chain("porch", "leaf"), { readingsEvery: 400 }));
  world.run(30_000);
  const before = seen.seqs("leaf").length;
  // What the board hears from now on is less exact than what it knows.
  world.slow.set("leaf", { ...world.plan.link, latencyMillis: 40 });
  strike(world, { kind: "set clock", byMillis: -HOUR });
  const early = world.act("leaf", 2000);
  // A minute for each hop, and a sweep.
  world.run(130_000);
  // The board still thought by the old clock, by which that command was an hour late.
  expect(world.calls.get(early)?.outcome).toEqual({ ok: false, error: "timeout" });
  const late = world.act("leaf", 2000);
  world.run(1000);
  expect(world.calls.get(late)?.outcome).toMatchObject({ ok: true });
  settle(world);
  const readings = seen.stored("leaf", "reading");
  expect(seen.seqs("leaf")).toEqual(upTo(world.node("leaf").speaker.accepted));
  expect(readings.length).toBeGreaterThan(before + 50);
  const times = readings.map(({ event }) => event["ts"] as number);
  expect(times.some((ts, i) => i > 0 && ts < (times[i - 1] as number) - HOUR / 2)).toBe(true);
});

// Its own question: the same, and the root restarts into the earlier time, its log full of later ones.
test("a root that restarts an hour before its own log goes on numbering, and gives no epoch and no revision twice", () => {
  const { world, seen } = scene(talking(chain("leaf"), { readingsEvery: 1000 }));
  world.run(20_000);
  world.root.set("leaf", "target", 1);
  world.run(1000);
  world.crash(world.root, 20);
  strike(world, { kind: "set clock", byMillis: -HOUR });
  world.boot(world.root);
  world.until("joined", hasJoined(world, "leaf"), MINUTE);
  world.root.set("leaf", "target", 2);
  settle(world);
  const revs = seen.stored("root", "?set").map(({ event }) => event["rev"] as number);
  expect(revs).toHaveLength(2);
  expect(revs[1]).toBeGreaterThan(revs[0] as number);
  expect(world.root.core.values("leaf").find(({ eid }) => eid === "target")?.value).toBe(2);
  expect(new Set(seen.stored("root", "!started").map(({ epoch }) => epoch)).size).toBe(2);
});

// esphome feature-requests#733, Tasmota#8508: what was measured without a connection had no time, or that of its arrival.
test("what a board says before it ever met the root has the time at which it was said", () => {
  const { world, seen } = scene(chain("leaf"));
  world.crash(world.root, -1);
  world.run(1);
  const saidAt: number[] = [];
  for (let minute = 0; minute < 30; minute++) {
    saidAt.push(world.now);
    expect(say(world, "leaf", 1)).toBe(1);
    world.run(MINUTE);
  }
  world.boot(world.root);
  settle(world);
  const off = seen
    .stored("leaf", "reading")
    .map(({ event }, i) => (event["ts"] as number) - UNIX_AT_START - (saidAt[i] as number));
  expect(off).toHaveLength(30);
  expect(most(off.map(Math.abs))).toBeLessThan(20);
  expect(Math.min(...seen.stored("leaf", "reading").map(({ received }) => received))).toBeGreaterThan(
    UNIX_AT_START + 29 * MINUTE,
  );
});

// Found here: who had enough to say was never silent, never asked for a sign of life, and so never heard the time again.
test.each([
  ["silent", {}],
  ["busy", { readingsEvery: 3000 }],
])("a %s board whose clock runs too fast keeps the root's time for half a day", (_, traffic) => {
  const { world, seen } = scene([{ id: "leaf", parent: "root", driftPpm: 100, traffic }]);
  const saidAt: number[] = [];
  for (let hour = 0; hour < 12; hour++) {
    world.run(HOUR);
    saidAt.push(world.now);
    expect(world.node("leaf").emit({ type: "hour" })).toBe(true);
  }
  expect(world.node("leaf").instant() - world.now).toBeGreaterThan(4000);
  world.run(5000);
  const times = seen.stored("leaf", "hour").map(({ event }) => (event["ts"] as number) - UNIX_AT_START);
  expect(times).toHaveLength(12);
  expect(most(times.map((ts, i) => Math.abs(ts - (saidAt[i] as number))))).toBeLessThan(100);
  settle(world);
});
