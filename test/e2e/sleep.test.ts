/** A leaf that sleeps, on the emulator: deep sleep ends the program, and the clock starts it again. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NAP_FILE } from "#firmware/sleep.ts";
import { programText } from "#tools/bundle/program-text.ts";
import { emulate, type EmulatedNode } from "#tools/emulator/emulate.ts";
import { EngineStorage } from "#tools/emulator/engine-storage.ts";
import { until } from "./processes.ts";
import { MemoryRoot } from "../engine/memory-root.ts";

let folder: string;
let lines: string[];
let node: EmulatedNode;
let root: MemoryRoot;
let flash: EngineStorage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sleep-"));
  lines = [];
  root = await MemoryRoot.open({ sleeper: "t" });
  const parts = { sockets: true, radio: false, children: false, sleeps: true };
  const { text, faults } = await programText({ entry: "test/firmware/sleeper.ts", parts });
  expect(faults).toEqual([]);
  writeFileSync(join(folder, "program.js"), text);
  flash = new EngineStorage(join(folder, "flash"));
  switchOn();
}, 120_000);

afterEach(async () => {
  node.stop();
  await root.close();
  rmSync(folder, { recursive: true, force: true });
});

function switchOn(): void {
  const config = {
    id: "sleeper",
    token: "t",
    parent: { host: "127.0.0.1", port: root.port },
    sleep: { every: 600, least: 50, most: 700 },
  };
  const log = (line: string): void => void lines.push(line);
  node = emulate({ bundle: join(folder, "program.js"), storageDir: join(folder, "flash"), config, log });
}

const stored = (): number[] =>
  root.events.filter(({ event }) => event["eid"] === "life").map(({ event }) => Number(event["value"]));
const epoch = (): number => root.root.node("sleeper")?.epoch ?? 0;
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);
const reaches = async (lives: number): Promise<void> =>
  until(
    () => stored().includes(lives),
    30_000,
    () => `life ${lives} in ${stored().join(" ")}\n${lines.join("\n")}`,
  );

test("wakes, reads, is acknowledged and sleeps, in one epoch, and its flash is left alone", async () => {
  await reaches(2);
  const [first, nap] = [epoch(), flash.read(NAP_FILE)];
  await reaches(4);
  expect(stored()).toEqual(upTo(4));
  expect(epoch()).toBe(first);
  expect(flash.read(NAP_FILE)).toBe(nap);
  expect(flash.list().filter((name) => name.startsWith("sapline.box"))).toEqual([]);
  expect(lines.filter((line) => /sleeps for/.test(line)).every((line) => !/not reached/.test(line))).toBe(true);
});

test("what it could not say while the root was away it says in a later life, once, in the same epoch", async () => {
  await reaches(1);
  const first = epoch();
  root.deafen();
  const asleep = (): number => lines.filter((line) => /not reached/.test(line)).length;
  await until(
    () => asleep() >= 2,
    30_000,
    () => lines.join("\n"),
  );
  root.hear();
  const last = lines.filter((line) => line.startsWith("life ")).length + 1;
  await reaches(last);
  expect(stored()).toEqual(upTo(stored().length));
  expect(epoch()).toBe(first);
});

test("a sleeper whose battery was changed begins another epoch, and loses nothing that it had kept", async () => {
  await reaches(1);
  const first = epoch();
  root.deafen();
  await until(
    () => lines.some((line) => /not reached/.test(line)),
    30_000,
    () => lines.join("\n"),
  );
  node.stop();
  root.hear();
  const kept = lines.filter((line) => line.startsWith("life ")).length;
  switchOn();
  await reaches(kept + 1);
  expect(stored()).toEqual(upTo(stored().length));
  expect(epoch()).toBeGreaterThan(first);
});
