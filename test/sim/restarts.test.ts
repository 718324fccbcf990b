/** Programs that end and begin again, and connections that do: nothing is lost by it, nothing begins from the beginning. */
import { expect, test } from "vitest";
import { strike } from "#tools/sim/faults.ts";
import { valueOf } from "#tools/sim/mark.ts";
import { settle } from "#tools/sim/settling.ts";
import { chain, hasJoined, most, say, scene, talking, upTo } from "./scenes.ts";

const MINUTE = 60_000;

// iotedge#392, #530: the hub in the middle was restarted while it was offline, and what it held for its devices was gone.
test("a branch that restarts while it is offline loses nothing of the leaf behind it", () => {
  const { world, seen } = scene(talking(chain("porch", "leaf"), { readingsEvery: 3000 }));
  world.run(20_000);
  world.crash(world.root, 20);
  world.run(MINUTE);
  world.crash(world.node("porch"), 20);
  world.boot(world.node("porch"));
  world.run(MINUTE);
  expect(world.node("leaf").core.backlog()).toBeGreaterThan(30);
  // Who finds nobody asks less and less often: every 5 to 10 s in the end.
  expect(seen.times("dial", "porch").length).toBeGreaterThan(10);
  expect(seen.times("dial", "porch").length).toBeLessThan(40);
  world.boot(world.root);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(world.node("leaf").speaker.accepted));
});

// azure-docs#72820: a hub was without power for longer than its messages had to live, and nobody could say what became of them.
test("a day without power at the root and at the branch outlives no event of a leaf that has a battery", () => {
  const { world, seen } = scene(talking(chain("porch", "leaf"), { readingsEvery: 20 * MINUTE }));
  world.until("joined", hasJoined(world, "leaf"));
  world.crash(world.node("porch"), -1);
  world.crash(world.root, -1);
  world.run(24 * 60 * MINUTE);
  expect(world.node("leaf").core.backlog()).toBeGreaterThan(70);
  world.boot(world.root);
  world.boot(world.node("porch"));
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(world.node("leaf").speaker.accepted));
  // As old as they are, and not as old as their arrival.
  const off = seen.stored("leaf", "reading").map(({ event }) => (event["ts"] as number) - (event["value"] as number));
  expect(most(off) - Math.min(...off)).toBeLessThan(50);
});

// esp-mqtt#168: the ack was lost, the sender restarted, its numbers began again, and new messages were taken for old ones.
test("a board that restarts before it heard an ack is not taken for its earlier life", () => {
  const { world, seen } = scene(chain("leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  world.swallows = (from, _to, text) => from === "root" && text.includes('"!ack"');
  say(world, "leaf", 10);
  world.run(3000);
  const first = world.node("leaf").speaker.number;
  world.crash(world.node("leaf"), 20);
  world.swallows = () => false;
  world.boot(world.node("leaf"));
  say(world, "leaf", 10);
  settle(world);
  const lives = seen
    .stored("leaf", "reading")
    .map(({ event }) => [event["life"] === first ? "first" : "second", event["seq"]]);
  expect(lives).toEqual([...upTo(10).map((seq) => ["first", seq]), ...upTo(10).map((seq) => ["second", seq])]);
  expect(new Set(seen.stored("leaf").map(({ epoch }) => epoch)).size).toBe(2);
});

// thingsboard-gateway#2124: the store of what was not yet sent was created anew at every reconnect.
test("twenty reconnections keep the outbox and the epoch", () => {
  const { world, seen } = scene(chain("leaf"));
  world.run(1000);
  for (let i = 0; i < 20; i++) {
    strike(world, { kind: "cut", node: "leaf", childNotice: 0, parentNotice: 0 });
    const before = world.node("leaf").core.backlog();
    say(world, "leaf", 5);
    expect(world.node("leaf").core.backlog()).toBe(before + 5);
    world.until("joined again", hasJoined(world, "leaf"), 20_000);
  }
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(100));
  expect(new Set(seen.stored("leaf").map(({ epoch }) => epoch))).toEqual(new Set([1]));
});

// thingsboard-gateway#2098: the next read of the store raced the deletion after the ack, and every reading was sent twice.
test("events that are made and sent while acks arrive late are stored once, and sent once", () => {
  const { world, seen } = scene(talking(chain("leaf"), { readingsEvery: 50 }));
  world.run(1000);
  strike(world, { kind: "slow disk", commitMillis: 700, lasts: 30_000 });
  world.run(MINUTE);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(world.node("leaf").speaker.accepted));
  expect(seen.seqs("leaf").length).toBeGreaterThan(800);
  expect(most(seen.sendings("leaf").values())).toBe(1);
});

// home-assistant core#169781: after a restart of the hub every entity was "unavailable" until its device spoke again.
test("a root that has just restarted has every last value, before any node is back", () => {
  const { world } = scene(talking(chain("porch", "leaf"), { statesEvery: 500, entities: 4 }));
  world.run(30_000);
  world.crash(world.root, -1);
  world.run(MINUTE);
  world.boot(world.root);
  const rows = world.root.core.values("leaf");
  expect(rows.map(({ eid }) => eid).sort()).toEqual(["entity.0", "entity.1", "entity.2", "entity.3"]);
  // As old as the crash, and it says so.
  for (const { value } of rows) expect(valueOf(value)).toBeGreaterThan(25_000);
  world.run(10);
  expect(world.root.core.node("leaf")?.isUp).toBe(false);
  settle(world);
  expect(world.root.core.node("leaf")?.isUp).toBe(true);
});

// smartme_mqtt#92: a value that was dropped before sending left a hole in the numbers, which others took for loss on the way.
test("what a board gives up of itself is a gap in its own stream, and no hole in anybody's numbers", () => {
  const { world, seen } = scene(chain("porch", "leaf"));
  world.run(1000);
  world.crash(world.root, 20);
  for (let i = 0; i < 400; i++) world.node("leaf").emit({ type: "!log", text: "all is well" });
  say(world, "porch", 20);
  world.boot(world.root);
  settle(world);
  const stored = seen.stored("leaf");
  expect(stored.map(({ n }) => n)).toEqual(upTo(stored.length));
  const gaps = stored.filter(({ event }) => event.type === "!gap").map(({ event }) => event);
  expect(gaps).toHaveLength(1);
  expect(gaps[0]).toMatchObject({ n: 400 - seen.seqs("leaf").length, reason: "full", class: "log" });
  expect(seen.gaps("porch")).toBe(0);
  expect(seen.seqs("porch")).toEqual(upTo(20));
});
