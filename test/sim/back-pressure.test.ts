/** What happens where one side is quicker than the other: queues that fill up, parents that read nothing, links that are full for a minute. */
import { expect, test } from "vitest";
import { CHIP_LIMITS } from "#shared/limits.ts";
import { strike } from "#tools/sim/faults.ts";
import { valueOf } from "#tools/sim/mark.ts";
import { settle } from "#tools/sim/settling.ts";
import { chain, hasJoined, most, narrow, say, scene, talking, upTo } from "./scenes.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

// mosquitto#2256: once its queue was full, a bridge that reconnected never sent again.
test("a node whose outbox is full joins, empties it and takes events again", () => {
  const { world, seen } = scene(chain("leaf"));
  world.run(1000);
  world.crash(world.root, 20);
  const taken = say(world, "leaf", 1000);
  expect(taken).toBeLessThan(1000);
  world.run(10 * MINUTE);
  expect(say(world, "leaf", 1)).toBe(0);
  world.boot(world.root);
  world.until("the outbox is empty", () => world.node("leaf").core.backlog() === 0, 20_000);
  expect(say(world, "leaf", 100)).toBe(100);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(taken + 100));
});

// nats ADR-60, nats-server#3207: an upstream that read everything and acknowledged nothing was fed without end.
test("feeds a parent that reads and never acknowledges one window, six times in an hour, and loses nothing", () => {
  const { world, seen } = scene(talking(chain("leaf"), { readingsEvery: 1000 }));
  world.until("joined", hasJoined(world, "leaf"));
  world.swallows = (from, _to, text) => from === "root" && /"!(ack|hello)"/.test(text);
  world.run(HOUR);
  const lines = new Set(seen.said("reading", "leaf").map((event) => JSON.stringify(event)));
  expect([...lines].join().length).toBeLessThanOrEqual(CHIP_LIMITS.windowBytes);
  // At once, after 2 s, 4, 8, 16 and 32; after that it asks where it stands, and hears nothing.
  expect(most(seen.sendings("leaf").values())).toBeLessThanOrEqual(6);
  expect(seen.said("?hello", "leaf").length).toBeLessThan(HOUR / 20_000 + 5);
  world.swallows = () => false;
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(world.node("leaf").speaker.accepted));
});

// nats-server#7615: the answer to a heartbeat waited behind 1 MB of backlog, and the healthy link was cut.
test("a healthy link is not cut while a megabyte of backlog goes over it for a minute", () => {
  const nodes = chain("porch", "leaf").map((node) => ({ ...node, limits: "pc" as const }));
  const { world, seen } = scene(nodes);
  world.crash(world.root, 20);
  world.run(1000);
  const pad = "x".repeat(3000);
  while (
    world.node("leaf").emit({ type: "!update", eid: "camera", value: pad }) &&
    world.node("leaf").core.outbox.room() > 4000
  );
  narrow(world, "leaf", 12_000);
  world.boot(world.root);
  world.until("joined", hasJoined(world, "leaf"));
  const opened = seen.times("open", "leaf").length;
  const started = world.now;
  world.until("the backlog is through", () => world.node("leaf").core.backlog() === 0, 5 * MINUTE);
  expect(world.now - started).toBeGreaterThan(MINUTE);
  expect(seen.times("open", "leaf")).toHaveLength(opened);
  expect(seen.notes("status", "leaf").at(-1)).toBe("joined");
  expect(most(seen.sendings("leaf").values())).toBe(1);
  settle(world);
});

// nats-server#7615 again: and if nothing else comes from above, for the disk is slow, the answer alone must come past the backlog.
test("a parent that says nothing but heartbeats for a minute keeps its link, however much waits for it", () => {
  const { world, seen } = scene(chain("porch", "leaf").map((node) => ({ ...node, limits: "pc" as const })));
  world.until("joined", hasJoined(world, "leaf"));
  world.run(1000);
  strike(world, { kind: "slow disk", commitMillis: 60_000, lasts: 120_000 });
  narrow(world, "porch", 12_000);
  say(world, "leaf", 5000);
  const acks = seen.said("!ack", "root").length;
  const [start, opened] = [world.now, seen.times("open", "porch").length + seen.times("open", "leaf").length];
  const waiting: number[] = [];
  for (let second = 1; second < 60; second++) {
    world.run(1000);
    waiting.push(world.node("porch").inside().parent.handedBytes);
  }
  expect(most(waiting)).toBeGreaterThan(50_000);
  expect(seen.said("!ack", "root")).toHaveLength(acks);
  const pongs = seen.frames.filter(({ from, text, at }) => from === "root" && at > start && text.includes('"!ping"'));
  expect(pongs.length).toBeGreaterThan(3);
  expect(seen.times("open", "porch").length + seen.times("open", "leaf").length).toBe(opened);
  settle(world);
});

// esphome#7321: a state that did not fit the send buffer twice was dropped without a word, and the other side stayed out of step.
test("of a flood of states the newest of each entity arrives, and a gap counts each one that does not", () => {
  const { world, seen } = scene(chain("leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  narrow(world, "leaf", 500);
  const leaf = world.node("leaf");
  for (let round = 1; round <= 100; round++) {
    for (let lamp = 1; lamp <= 10; lamp++)
      expect(leaf.emit({ type: "!update", eid: `lamp.${lamp}`, value: round })).toBe(true);
    world.run(50);
  }
  expect(leaf.core.outbox.bytes()).toBeGreaterThan(CHIP_LIMITS.outboxBytes / 2);
  settle(world);
  const stored = seen.seqs("leaf").length;
  expect(stored).toBeLessThan(1000);
  expect(stored + seen.gaps("leaf")).toBe(1000);
  expect(seen.stored("leaf", "!gap").every(({ event }) => event["class"] === "state")).toBe(true);
  expect(world.root.core.values("leaf").map(({ value }) => valueOf(value))).toEqual(
    Array.from({ length: 10 }, () => 100),
  );
});

// vernemq#769: a client's queue was full, its messages were dropped, and nobody could be told.
test("who speaks into a full outbox is told so at once, and what was taken before is all there", () => {
  const { world, seen } = scene(chain("leaf"));
  world.until("joined", hasJoined(world, "leaf"));
  strike(world, { kind: "cut", node: "leaf", childNotice: 0, parentNotice: 0 });
  const taken = say(world, "leaf", 500);
  expect(taken).toBeLessThan(500);
  expect(world.node("leaf").core.counters["event refused"]).toBe(500 - taken);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(taken));
  expect(seen.gaps("leaf")).toBe(0);
});

// Its own question, found nowhere: six boards say more than their branch can pass on.
test("a branch whose way up is narrow stops reading from its children, keeps them, and loses nothing", () => {
  const ids = ["a", "b", "c", "d", "e", "f"];
  const { world, seen } = scene([...chain("porch"), ...ids.map((id) => ({ id, parent: "porch" }))]);
  world.until("joined", () => ids.every((id) => hasJoined(world, id)()));
  narrow(world, "porch", 2000);
  const taken = ids.map((id) => say(world, id, 110));
  world.until("a child is not read from", () =>
    world
      .node("porch")
      .wires()
      .some((wire) => wire.parent.isPaused),
  );
  const opened = ids.flatMap((id) => seen.times("open", id)).length;
  world.until("all is through", () => ids.every((id) => world.node(id).core.backlog() === 0), 5 * MINUTE);
  expect(world.node("porch").relayMost).toBeGreaterThan(CHIP_LIMITS.relayBytes);
  expect(ids.flatMap((id) => seen.times("open", id))).toHaveLength(opened);
  settle(world);
  ids.forEach((id, i) => expect(seen.seqs(id)).toEqual(upTo(taken[i] as number)));
});
