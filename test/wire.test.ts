/** Rules of docs/wire.md that need more than a vector. */
import { expect, test } from "vitest";
import { CHIP_LIMITS, FRAME_BYTES_MAX, LINE_BYTES_MAX } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import type { Instant, LinkId, NodeId } from "#shared/units.ts";
import { isControlType, mayBeControl } from "#shared/wire/message.ts";
import { TEXT, World } from "./shared/world.ts";

test("finds every control line by its first bytes, with or without a space after the colon", () => {
  for (const type of ["?hello", "?ack", "?ping", "!ping", "!gone"]) {
    expect(isControlType(type)).toBe(true);
    for (const start of ['{"type":', '{"type": '])
      expect(mayBeControl(`x\n${start}"${type}","id":"kitchen"}`, 2)).toBe(true);
  }
  expect(mayBeControl('{"type":"!update","eid":"?"}', 0)).toBe(false);
  expect(mayBeControl('{"eid":"a","type":"?ack"}', 0)).toBe(false);
});

test("puts a numbered gap in the place of what a full node gives up", () => {
  const world = new World();
  const limits = { ...CHIP_LIMITS, outboxBytes: 1000 };
  world.add("kitchen", "root", limits);
  // Nothing is sent yet, so all of it has to fit.
  for (let i = 1; i <= 100; i++) world.emit("kitchen", { type: "!update", eid: "t", value: i });
  world.until(() => world.node("kitchen").core.backlog() === 0);
  const stored = world.stored("kitchen");
  expect(stored.map((one) => one.n)).toEqual(stored.map((_, i) => i + 1));
  const gaps = stored.filter((one) => one.event.type === "!gap");
  expect(gaps.map((one) => one.event)).toEqual([
    { type: "!gap", n: gaps[0]?.event["n"], reason: "full", class: "state" },
  ]);
  expect(Number(gaps[0]?.event["n"]) + stored.length - gaps.length).toBe(100);
  expect(stored.at(-1)?.event["value"]).toBe(100);
});

test("a full branch first pauses its children, then drops whole frames, and keeps no more than twice its limit", () => {
  const now = 0 as Instant;
  const branch = new TreeNode({ id: "porch" as NodeId, token: "", fw: "", limits: CHIP_LIMITS }, TEXT, () => 0);
  const up = -1 as LinkId;
  const child = 1 as LinkId;
  branch.start(now);
  branch.opened(up, now);
  branch.received(up, '{"type":"!hello","dst":"porch","ep":1,"n":0,"now":1,"nonce":0}\n', now);
  branch.opened(child, now);
  branch.received(child, '{"type":"?hello","v":1,"id":"kitchen","nonce":1}\n', now);
  branch.received(up, '{"type":"!hello","dst":"kitchen","ep":1,"n":0,"now":1,"nonce":1}\n', now);
  const frame = `{"type":"!log","text":"${"x".repeat(400)}"}\n{"type":"?ack","src":"kitchen","ep":1,"n":1}\n`;
  let sent = 0;
  let pauses = 0;
  for (let i = 0; i < 100; i++) {
    for (const effect of branch.received(child, frame, now)) {
      if (effect.kind === "send") sent += 1;
      if (effect.kind === "pause") pauses += 1;
    }
  }
  expect(pauses).toBe(1);
  const dropped = branch.counters["frame over the limit"] ?? 0;
  const kept = 100 - sent - dropped;
  expect(kept).toBe(Math.floor((2 * CHIP_LIMITS.relayBytes) / frame.length));
  // What is kept goes up, whole and in order, as the parent's socket takes it.
  let frames = 0;
  for (let i = 0; i < 100; i++) {
    for (const effect of branch.drained(up, now)) {
      if (effect.kind === "send" && effect.text === frame) frames += 1;
    }
  }
  expect(frames).toBe(kept);
});

test("a frame or a line of exactly its limit is taken, and one byte more is not", () => {
  const world = new World();
  const link = world.connect("kitchen");
  world.say(link, '{"type":"?hello","v":1,"id":"kitchen","nonce":1}\n');
  const event = (bytes: number): string =>
    `{"type":"!log","text":"${"x".repeat(bytes - '{"type":"!log","text":""}'.length)}"}`;
  world.say(
    link,
    `${event(LINE_BYTES_MAX)}\n${event(LINE_BYTES_MAX + 1)}\n{"type":"?ack","src":"kitchen","ep":1,"n":2}\n`,
  );
  world.until(() => world.stored("kitchen").length === 2);
  expect(world.stored("kitchen").map((one) => one.event.type)).toEqual(["!log", "!gap"]);

  const branch = new TreeNode({ id: "porch" as NodeId, token: "", fw: "", limits: CHIP_LIMITS }, TEXT, () => 0);
  branch.opened(1 as LinkId, 0 as Instant);
  const frame = `${" ".repeat(FRAME_BYTES_MAX - 1)}\n`;
  expect(branch.received(1 as LinkId, frame, 0 as Instant)).toEqual([]);
  expect(branch.received(1 as LinkId, ` ${frame}`, 0 as Instant).map((effect) => effect.kind)).toEqual(["close"]);
});

test("two lines that are JSON only together are two gaps", () => {
  const world = new World();
  const link = world.connect("kitchen");
  world.say(link, '{"type":"?hello","v":1,"id":"kitchen","nonce":1}\n');
  world.say(
    link,
    '{"type":"!log","x":[1\n{"type":"!log"}]},{"type":"!log"}\n{"type":"?ack","src":"kitchen","ep":1,"n":2}\n',
  );
  world.run(100);
  expect(world.stored("kitchen").map((one) => one.event.type)).toEqual(["!gap", "!gap"]);
});
