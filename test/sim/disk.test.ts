/** The root's disk: what it did not sync, what it refused, and what it gave back wrong. */
import { mkdirSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { LogReader } from "#host/log/reader.ts";
import { logFile } from "#host/log/schema.ts";
import { LogWriter } from "#host/log/writer.ts";
import { strike } from "#tools/sim/faults.ts";
import { settle } from "#tools/sim/settling.ts";
import { flipBit, temporaryDirectory } from "../host/built.ts";
import { chain, hasJoined, say, scene, talking, upTo, type Scene } from "./scenes.ts";

/** A world whose root has five readings of a leaf in a write that is not synced. */
function midCommit(): Scene {
  const whole = scene(chain("leaf"));
  const { world, seen } = whole;
  world.until("joined", hasJoined(world, "leaf"));
  world.run(5000);
  strike(world, { kind: "slow disk", commitMillis: 500, lasts: 60_000 });
  say(world, "leaf", 5);
  world.until("the root has them all", () => seen.said("reading", "leaf").length === 5);
  world.run(100);
  expect(seen.seqs("leaf")).toEqual([]);
  expect(seen.said("!ack", "root", "leaf")).toEqual([]);
  return whole;
}

// nats-server#7564, mosquitto#1855: what had been acknowledged was not on the disk yet when the power was cut.
test.each([
  ["lost", 0.1],
  ["torn", 0.5],
  ["silent", 0.9],
] as const)(
  "power fails between write and sync, the write being %s: nothing was acknowledged, all is stored once",
  (what, fate) => {
    const { world, seen } = midCommit();
    world.crash(world.root, 20, fate);
    expect(world.root.disk.counts[what]).toBe(1);
    expect(seen.seqs("leaf")).toEqual(what === "silent" ? upTo(5) : []);
    world.run(2000);
    expect(seen.said("!ack", "root", "leaf")).toEqual([]);
    world.boot(world.root);
    settle(world);
    expect(seen.seqs("leaf")).toEqual(upTo(5));
  },
);

// nats-server#7564: fsync answered EIO once, the next one answered well, and what was written in between was gone.
test("a sync that fails ends the root without an ack, and what it did not take is stored after its restart", () => {
  const { world, seen } = midCommit();
  strike(world, { kind: "disk error", lasts: 10_000 });
  world.until("the root has ended", () => !world.root.isUp, 2000);
  expect(seen.notes("crash", "root")).toEqual(["the disk refused a commit", ""]);
  expect(seen.said("!ack", "root", "leaf")).toEqual([]);
  expect(seen.seqs("leaf")).toEqual([]);
  settle(world);
  expect(world.root.disk.counts.errors).toBe(1);
  expect(seen.seqs("leaf")).toEqual(upTo(5));
});

// nats-server#7549: a flipped bit in a stream's file was served as data. (The log's own tests: test/host/log.test.ts.)
test("a flipped bit in the log of a world is reported, its row is not served, and every other row is", () => {
  const { world, seen } = scene(talking(chain("porch", "leaf"), { readingsEvery: 700 }));
  world.run(20_000);
  world.node("leaf").emit({ type: "!log", text: "the needle" });
  settle(world);

  const directory = temporaryDirectory();
  onTestFinished(() => directory.remove());
  mkdirSync(directory.path, { recursive: true });
  const file = logFile(directory.path);
  const writer = new LogWriter(file);
  for (const transaction of seen.transactions) writer.commit(transaction);
  writer.close();
  flipBit(file, "needle");

  const troubles: string[] = [];
  const reader = new LogReader(file);
  const served = [...reader.rows({}, (trouble) => void troubles.push(trouble))];
  reader.close();
  const rows = seen.transactions.flatMap(({ groups }) => groups);
  expect(troubles).toHaveLength(1);
  expect(troubles[0]).toContain('node "leaf"');
  expect(served).toEqual(rows.filter(({ lines }) => !lines.includes("needle")));
  expect(served).toHaveLength(rows.length - 1);
});
