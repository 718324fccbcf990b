/** Links that die, quietly or twice, while something is on its way. Each scenario was real somewhere. */
import { expect, test } from "vitest";
import { strike } from "#tools/sim/faults.ts";
import { settle } from "#tools/sim/settling.ts";
import { chain, hasJoined, most, narrow, say, sayByHand, scene, talking, upTo } from "./scenes.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

// nanomq#2432: the link died without a word while the backlog was replayed; rows were deleted before they had been sent.
test("keeps every event of a backlog whose replay goes into a dead link", () => {
  const { world, seen } = scene(chain("leaf"));
  world.crash(world.root, 20);
  world.run(5000);
  const taken = say(world, "leaf", 60);
  narrow(world, "leaf", 2000);
  world.boot(world.root);
  world.until("a part of the replay is stored", () => seen.seqs("leaf").length > 0);
  strike(world, { kind: "silence", node: "leaf" });
  world.run(10_000);
  expect(seen.seqs("leaf").length).toBeLessThan(taken);
  expect(world.node("leaf").core.backlog()).toBeGreaterThanOrEqual(taken - seen.seqs("leaf").length);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(taken));
});

// nanomq#1873: what was published between the link's death and its being noticed was lost.
test("sends again what it said into a link that was dead and that nobody had noticed", () => {
  const { world, seen } = scene(chain("leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  strike(world, { kind: "silence", node: "leaf" });
  for (let second = 1; second <= 10; second++) {
    say(world, "leaf", 1);
    world.run(1000);
  }
  expect(world.node("leaf").core.isJoined()).toBe(true);
  const intoTheVoid = seen.frames.filter(({ text, isLost }) => isLost && text.includes('"type":"reading"'));
  expect(intoTheVoid.length).toBeGreaterThan(0);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(10));
});

// MQTT.js#2015: a second drop of the link, during the replay after the first, lost what the replay still had to send.
test("a replay that is broken off twice goes on from what the root has", () => {
  const { world, seen } = scene(chain("leaf"));
  world.run(1000);
  strike(world, { kind: "cut", node: "leaf", childNotice: 0, parentNotice: 0 });
  const taken = say(world, "leaf", 60);
  narrow(world, "leaf", 2000);
  for (const drop of [1, 2]) {
    const before = seen.seqs("leaf").length;
    world.until(`replay ${drop} is under way`, () => seen.seqs("leaf").length > before);
    strike(world, { kind: "cut", node: "leaf", childNotice: 0, parentNotice: 0 });
  }
  expect(seen.seqs("leaf").length).toBeLessThan(taken);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(taken));
  expect(seen.times("open", "leaf")).toHaveLength(4);
});

// mosquitto#2248: after a reconnect the same message was sent 45 to 180 times.
test("sends an event at most once more for each new link", () => {
  const { world, seen } = scene(chain("leaf"));
  world.run(1000);
  world.slow.set("leaf", { ...world.plan.link, latencyMillis: 900, bytesPerSecond: 4000 });
  for (let round = 0; round < 3; round++) {
    say(world, "leaf", 20);
    world.run(800);
    strike(world, { kind: "cut", node: "leaf", childNotice: 0, parentNotice: 500 });
    world.run(5 * MINUTE);
  }
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(60));
  expect(seen.times("open", "leaf")).toHaveLength(4);
  expect(most(seen.sendings("leaf").values())).toBe(2);
});

// mosquitto#2248 again: a flow of answers to what came again made more of it come again.
test("one lost frame is sent once more, and what followed it too, however many answers say that it is missing", () => {
  for (const limits of ["chip", "pc"] as const) {
    const { world, seen } = scene([{ id: "leaf", parent: "root", limits }]);
    world.until("joined", hasJoined(world, "leaf"));
    let lost = 0;
    world.swallows = (_from, _to, text) => text.includes('"reading"') && lost++ === 0;
    say(world, "leaf", 60);
    world.run(10_000);
    const repeated = seen.said("!ack", "root", "leaf").filter((ack) => ack["n"] === 0).length;
    expect(repeated).toBeGreaterThan(limits === "pc" ? 2 : 0);
    settle(world);
    expect(seen.seqs("leaf")).toEqual(upTo(60));
    expect(most(seen.sendings("leaf").values())).toBe(2);
  }
});

// Its own question: half of a batch went up through the old parent. (mesh-lite#189: nobody could see who is whose parent.)
test("a node that moves in the middle of a batch has all of it stored once, in order", () => {
  const { world, seen } = scene([...chain("porch", "leaf"), ...chain("attic")]);
  world.run(2000);
  narrow(world, "leaf", 2000);
  const taken = say(world, "leaf", 80);
  world.until("a part of the batch is stored", () => seen.seqs("leaf").length > 0);
  strike(world, { kind: "move", node: "leaf", parent: "attic" });
  settle(world);
  const through = (branch: string) => seen.said("?ack", branch, "root").filter((ack) => ack["src"] === "leaf").length;
  expect([through("porch") > 0, through("attic") > 0]).toEqual([true, true]);
  expect(seen.seqs("leaf")).toEqual(upTo(taken));
  expect(world.root.core.node("leaf")?.via).toEqual(["attic"]);
});

// nats-server PR 7265: after an outage, messages were missing at the end of a chain of servers.
test("five nodes in a chain are all in step again within a minute of the root's return", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const { world, seen } = scene(talking(chain(...ids), { readingsEvery: 2000 }));
  world.run(30_000);
  world.crash(world.root, -1);
  world.run(2 * MINUTE);
  for (const id of ids) expect(world.node(id).core.backlog()).toBeGreaterThan(40);
  world.boot(world.root);
  const behind = () => ids.reduce((sum, id) => sum + world.node(id).speaker.accepted - seen.seqs(id).length, 0);
  world.until("nobody is more than three readings behind", () => behind() <= 15, MINUTE);
  settle(world);
  for (const id of ids) expect(seen.seqs(id)).toEqual(upTo(world.node(id).speaker.accepted));
  expect(world.root.core.node("e")?.via).toEqual(["d", "c", "b", "a"]);
});

// sparkplug#22: the broker next to it was up, the host application behind it was down, and the node believed that all was well.
test("a leaf whose parent has lost the root knows it, and sends nothing until it is back", () => {
  const { world, seen } = scene(chain("porch", "leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  world.crash(world.root, -1);
  world.until("the leaf knows", () => !world.node("leaf").core.isJoined(), 18_000);
  expect(seen.notes("status", "leaf").at(-1)).toBe("away: the parent lost the root");
  expect(seen.times("open", "leaf")).toHaveLength(1);
  const framesBefore = seen.frames.length;
  say(world, "leaf", 5);
  world.run(MINUTE);
  expect(seen.frames.slice(framesBefore).filter(({ text }) => text.includes("reading"))).toEqual([]);
  world.boot(world.root);
  world.until("the leaf knows that it is back", hasJoined(world, "leaf"), MINUTE);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(5));
});

// JetStream: a message that comes again after its window of two minutes is stored again.
test("a group that comes again after two days is acknowledged and not stored again", () => {
  const { world, seen } = scene(talking(chain("leaf"), { readingsEvery: HOUR }));
  world.until("the first reading is stored", () => seen.seqs("leaf").length > 0, 2 * HOUR);
  const first = seen.frames.find(({ from, text }) => from === "leaf" && text.includes('"reading"'))?.text as string;
  world.run(48.5 * HOUR);
  const stored = seen.seqs("leaf").length;
  const acks = seen.said("!ack", "root", "leaf").length;
  sayByHand(world, "leaf", first, "up");
  world.run(1000);
  expect(seen.said("!ack", "root", "leaf")).toHaveLength(acks + 1);
  expect(seen.seqs("leaf")).toHaveLength(stored);
  expect(world.root.core.counters["group known"]).toBe(1);
  settle(world);
});

// Its own question: a branch is told to connect to a node that is below it.
test("a branch that connects to its own leaf says that it has no root, storms nobody, and is well once it turns back", () => {
  const { world, seen } = scene(talking(chain("porch", "leaf"), { readingsEvery: 5000 }));
  world.until("joined", hasJoined(world, "leaf"));
  strike(world, { kind: "move", node: "porch", parent: "leaf" });
  world.run(MINUTE);
  expect(world.wiresUp("porch").map((wire) => wire.parent.owner.id)).toContain("leaf");
  expect([hasJoined(world, "porch")(), hasJoined(world, "leaf")()]).toEqual([false, false]);
  const framesBefore = seen.frames.length;
  world.run(10 * MINUTE);
  // Two links that are idle: each side asks for a sign of life now and then.
  expect(seen.frames.length - framesBefore).toBeLessThan(2 * 10 * 60);
  strike(world, { kind: "move", node: "porch", parent: "root" });
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(world.node("leaf").speaker.accepted));
});
