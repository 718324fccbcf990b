/** What every radio tree has to live through, by name: docs/radio.md has the list, and a test holds the two against each other. */
import { expect, test, vi } from "vitest";
import { strike } from "#tools/sim/faults.ts";
import { EXACT } from "#tools/sim/air/landscape.ts";
import { scattered, type Topology } from "#tools/sim/air/topologies.ts";
import { settle } from "#tools/sim/settling.ts";
import type { World } from "#tools/sim/world.ts";
import type { Witness } from "#tools/sim/witness.ts";
import { hasJoined, say, upTo } from "../scenes.ts";
import { radioScene, room, row } from "./radio-scenes.ts";

// Days of virtual time, and many points at which power may fail.
vi.setConfig({ testTimeout: 120_000 });

const TALK = { readingsEvery: 1000 };

/** Boards that hear each other as the table says, by their places; the rest not at all. */
function places(count: number, shares: { [pair: string]: number }): Topology {
  const { spots } = room(count);
  const at = (id: string): number => spots.findIndex((spot) => spot.id === id);
  const measured = (from: string, to: string): number => shares[`${at(from)} ${at(to)}`] ?? 0;
  return { name: "by hand", spots, landscape: { ...EXACT, measured } };
}

function allJoined(world: World): () => boolean {
  return () => [...world.nodes.keys()].every((id) => hasJoined(world, id)());
}

/** Of boards whose power never failed: each reading is stored, once, and in its order. */
function expectWhole(world: World, seen: Witness, ids: Iterable<string> = world.nodes.keys()): void {
  for (const id of ids) {
    const said = seen.seqs(id);
    expect(said, id).toEqual(upTo(said.length));
    expect(said.length, id).toBe(world.node(id).speaker.accepted);
  }
}

function counted(world: World, what: string): number {
  return [...world.nodes.keys()].reduce((sum, id) => sum + (world.radio(id).radio.counters[what] ?? 0), 0);
}

test("root reboot: the root and the gateway start anew, and nothing of anybody is lost but the gateway's own", () => {
  const { world, seen } = radioScene(row(4), { traffic: TALK });
  world.until("joined", allJoined(world), 30_000);
  for (const process of [world.root, world.node("n0")]) {
    world.crash(process, -1);
    world.run(3000);
    world.boot(process);
    world.until("joined again", allJoined(world), 60_000);
  }
  settle(world);
  expectWhole(world, seen, ["n1", "n2", "n3"]);
});

test("temporary root loss: five minutes without the root, and all that was said meanwhile is stored in its order", () => {
  const { world, seen } = radioScene(row(3), { traffic: { readingsEvery: 5000 } });
  world.until("joined", allJoined(world), 30_000);
  world.crash(world.root, -1);
  world.run(300_000);
  world.boot(world.root);
  settle(world);
  expectWhole(world, seen);
});

test("random rearrangement: boards are carried about for ten minutes, one each twenty seconds, and lose nothing", () => {
  const { world, seen } = radioScene(scattered(12, 250, 250, 5), { traffic: { readingsEvery: 3000 } });
  for (let i = 0; i < 30; i++) {
    const node = world.chance.pick([...world.nodes.keys()].slice(1));
    world.later(20_000 * (i + 1), () =>
      strike(world, { kind: "roam", node, x: world.chance.between(0, 250), y: world.chance.between(0, 250) }),
    );
  }
  world.run(620_000);
  settle(world);
  expectWhole(world, seen);
});

test("long run: a row of five for six hours, a power cut each half hour, a reading a minute", () => {
  const { world, seen } = radioScene(row(5), { traffic: { readingsEvery: 60_000 } });
  for (let half = 1; half < 12; half++)
    world.later(half * 1_800_000, () =>
      strike(world, { kind: "crash", node: `n${1 + (half % 3)}`, lasts: 20_000, isSilent: true }),
    );
  world.run(12 * 1_800_000);
  settle(world);
  expectWhole(world, seen, ["n0", "n4"]);
  expect(seen.seqs("n4").length).toBeGreaterThan(350);
});

test.each([30, 50, 70])("frame loss: %i % of all attempts are lost, and no reading is", (percent) => {
  const { world, seen } = radioScene(row(4, 1), { traffic: TALK, air: { extraLoss: percent / 100 } });
  world.run(180_000);
  settle(world);
  expectWhole(world, seen);
  expect(seen.seqs("n3").length).toBeGreaterThan(100);
});

test("hidden pair: two that do not hear each other speak to a third all the time, and are both heard", () => {
  const shares = { "0 1": 1, "1 0": 1, "0 2": 1, "2 0": 1 };
  const { world, seen } = radioScene(places(3, shares), { traffic: { readingsEvery: 50 } });
  world.until("joined", allJoined(world), 30_000);
  world.run(60_000);
  settle(world);
  expectWhole(world, seen);
  expect(Math.min(seen.seqs("n1").length, seen.seqs("n2").length)).toBeGreaterThan(500);
});

test("asymmetric link: data arrives 95 of 100 times, acks 40 of 100; what comes twice is stored once", () => {
  // Acks are lost less than messages: of a tenth of messages, 40 of 100 acks.
  const { world, seen } = radioScene(places(2, { "1 0": 0.95, "0 1": 0.1 }), { traffic: TALK });
  world.run(120_000);
  settle(world);
  expectWhole(world, seen);
  expect(world.air.stats().counts.duplicates).toBeGreaterThan(50);
});

test("channel ghost: what comes through from the next channel lures nobody", () => {
  const { world, seen } = radioScene(room(6), { traffic: TALK, channel: 7, air: { ghostShare: 0.9 } });
  world.until("joined", allJoined(world), 30_000);
  world.run(30_000);
  for (const id of world.nodes.keys()) expect(world.air.channelOf(id), id).toBe(7);
  expect(counted(world, "radio other channel")).toBeGreaterThan(0);
  settle(world);
  expectWhole(world, seen);
});

/** How long it took, in milliseconds, until each of them had joined after now. */
function rejoins(world: World, ids: readonly string[], boundMillis: number): number[] {
  const from = world.now;
  const took = new Map<string, number>();
  world.until(
    "all have joined again",
    () => {
      for (const id of ids) if (!took.has(id) && hasJoined(world, id)()) took.set(id, world.now - from);
      return took.size === ids.length;
    },
    boundMillis,
  );
  return [...took.values()];
}

test("router channel change: the gateway is on another channel, and each child has found it within ten seconds", () => {
  const { world, seen } = radioScene(room(7), { traffic: TALK, channel: 6 });
  const children = ["n1", "n2", "n3", "n4", "n5", "n6"];
  world.until("joined", allJoined(world), 30_000);
  for (const channel of [11, 3, 13]) {
    world.run(20_000);
    strike(world, { kind: "retune", node: "n0", channel });
    world.until(
      "they notice",
      () => children.every((id) => world.air.channelOf(id) !== channel || hasJoined(world, id)()),
      10_000,
    );
    for (const took of rejoins(world, children, 10_000)) expect(took).toBeLessThan(10_000);
    world.until("on that channel", () => children.every((id) => world.air.channelOf(id) === channel), 10_000);
    world.until("joined there", allJoined(world), 10_000);
  }
  settle(world);
  expectWhole(world, seen);
});

test("a branch that roams: carried to another gateway, on another channel, it is there within ten seconds, and its leaf behind it", () => {
  const spots = [
    { id: "gate1", x: 0, y: 0 },
    { id: "branch", x: 60, y: 0 },
    { id: "leaf", x: 100, y: 0 },
    { id: "gate2", x: 5000, y: 0 },
  ];
  const { world, seen } = radioScene(
    { name: "two gateways", spots, landscape: EXACT },
    { traffic: TALK, channel: 1, nodes: { gate2: { parent: "root" } }, radios: { gate2: { channel: 11 } } },
  );
  world.until("joined", allJoined(world), 30_000);
  world.run(30_000);
  strike(world, { kind: "roam", node: "branch", x: 5060, y: 0 });
  strike(world, { kind: "roam", node: "leaf", x: 5100, y: 0 });
  const isThere = (id: string): boolean => hasJoined(world, id)() && world.air.channelOf(id) === 11;
  world.until("the branch is there", () => isThere("branch"), 10_000);
  world.until("the leaf is there", () => isThere("leaf"), 10_000);
  settle(world);
  expectWhole(world, seen);
});

test("a child that boots before its parent: it searches, more and more seldom, never stops, and joins within ten seconds", () => {
  for (const minutes of [1, 10, 60]) {
    const { world } = radioScene(row(2), { nodes: { n0: { bootsAt: minutes * 60_000 } } });
    world.run(minutes * 60_000 - 20_000);
    const before = world.air.stats().counts.frames;
    world.run(20_000);
    const asked = world.air.stats().counts.frames - before;
    expect(asked).toBeGreaterThan(50);
    expect(asked).toBeLessThan(400);
    world.until("joined", hasJoined(world, "n1"), 10_000);
  }
});

test.each(["n0", "n1", "n2"])(
  "power cut at every step of custody: %s dies after each of its next effects in turn",
  (victim) => {
    for (let effects = 0; effects < 30; effects++) {
      const { world, seen } = radioScene(row(3, 1), { world: { seed: 1 + effects } });
      world.until("joined", allJoined(world), 60_000);
      say(world, "n2", 3);
      say(world, "n1", 2);
      strike(world, { kind: "crash at effect", node: victim, effects, lasts: 500 });
      world.run(3000);
      expect(world.counts["fault: crash at effect"]).toBe(1);
      settle(world);
      expectWhole(
        world,
        seen,
        ["n0", "n1", "n2"].filter((id) => id !== victim),
      );
    }
  },
);

test("NO_MEM wedge: a driver that has no memory for anything any more is started again, as often as it takes", () => {
  const { world, seen } = radioScene(row(3), { traffic: TALK, radios: { n1: { wedgesAfter: 100 } } });
  world.run(120_000);
  expect(world.radio("n1").radio.counters["radio restarted"]).toBeGreaterThan(1);
  settle(world);
  expectWhole(world, seen);
});

test("lost callback: one sending in twenty is never answered by the driver, and nothing stands still", () => {
  const { world, seen } = radioScene(row(3), { traffic: TALK, air: { lostCallbackShare: 0.05 } });
  world.run(120_000);
  expect(counted(world, "radio callback lost")).toBeGreaterThan(20);
  settle(world);
  expectWhole(world, seen);
});

test("replayed frames: all that was on the air in ten seconds, played back three times to everybody, changes nothing", () => {
  const { world, seen } = radioScene(row(3), { traffic: TALK });
  world.until("joined", allJoined(world), 30_000);
  const tape: { to: string; mac: string; bytes: string }[] = [];
  for (const id of world.nodes.keys()) {
    const radio = world.radio(id);
    const heard = radio.heard.bind(radio);
    radio.heard = (mac, bytes, rssi, channel) => {
      tape.push({ to: id, mac, bytes });
      heard(mac, bytes, rssi, channel);
    };
  }
  world.run(10_000);
  const recorded = tape.slice();
  expect(recorded.length).toBeGreaterThan(30);
  const parents = (): string[] => [...world.nodes.values()].map((node) => node.parentNow());
  const before = [parents(), counted(world, "radio replayed")] as const;
  for (let i = 0; i < 3; i++) {
    for (const { mac, bytes } of recorded)
      for (const id of world.nodes.keys()) if (world.radio(id).mac !== mac) world.radio(id).heard(mac, bytes, -60, 6);
  }
  expect(parents()).toEqual(before[0]);
  expect(counted(world, "radio replayed")).toBeGreaterThan(before[1] + recorded.length);
  expect(allJoined(world)()).toBe(true);
  settle(world);
  expectWhole(world, seen);
});

test("clock drift 1 %: boards whose clocks run a hundredth too fast or too slow keep order and joinings for half an hour", () => {
  const { world, seen } = radioScene(row(4), {
    traffic: { readingsEvery: 2000 },
    nodes: { n1: { driftPpm: 10_000 }, n2: { driftPpm: -10_000 }, n3: { driftPpm: 10_000 } },
  });
  world.until("joined", allJoined(world), 30_000);
  world.run(1_800_000);
  settle(world);
  expectWhole(world, seen);
  expect(counted(world, "radio parent lost")).toBe(0);
});

test("burst of 50 nodes after a power outage: all of them boot in one moment, and have joined within half a minute", () => {
  const { world, seen } = radioScene(scattered(50, 120, 120, 3), {
    traffic: { readingsEvery: 10_000 },
    nodes: { n0: { limits: "pc" } },
    radios: { n0: { childrenMax: 16 } },
  });
  world.until("joined", allJoined(world), 30_000);
  world.run(30_000);
  for (const node of world.nodes.values()) world.crash(node, -1);
  world.run(1000);
  for (const node of world.nodes.values()) world.boot(node);
  world.until("joined again", allJoined(world), 30_000);
  settle(world);
  for (const id of world.nodes.keys()) expect(seen.gaps(id)).toBe(0);
});
