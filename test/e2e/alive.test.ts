/** Boards that are stuck start again, and say why: on the emulator. The engine's own ways of getting stuck are in test/engine/alive.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { FAULT_FILE, WATCH_EVERY, WATCHDOG_SECONDS } from "#firmware/alive.ts";
import { programText } from "#tools/bundle/program-text.ts";
import { emulate, type EmulatedNode } from "#tools/emulator/emulate.ts";
import { EngineStorage } from "#tools/emulator/engine-storage.ts";
import { until } from "./processes.ts";
import { MemoryRoot } from "../engine/memory-root.ts";

let folder: string;
let lines: string[];
let node: EmulatedNode | undefined;
let root: MemoryRoot | undefined;

let text: string;

beforeAll(async () => {
  const parts = { sockets: true, radio: false, children: false, alive: true };
  ({ text } = await programText({ entry: "test/firmware/stumbler.ts", parts }));
}, 120_000);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "alive-"));
  lines = [];
});

afterEach(async () => {
  node?.stop();
  vi.useRealTimers();
  await root?.close();
  root = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function start(stumbles: string, port: number): EngineStorage {
  writeFileSync(join(folder, "program.js"), text);
  const flash = new EngineStorage(join(folder, "flash"));
  flash.write("stumbles", stumbles);
  const config = { id: "stumbler", token: "t", parent: { host: "127.0.0.1", port }, limits: { flushBytes: 0 } };
  node = emulate({
    bundle: join(folder, "program.js"),
    storageDir: join(folder, "flash"),
    config,
    log: (line) => lines.push(line),
  });
  return flash;
}

const lives = (): string[] => lines.filter((line) => line.startsWith("life "));

test("after an exception that nobody caught the board starts again, and says why, once", async () => {
  root = await MemoryRoot.open({ stumbler: "t" });
  const flash = start("throws well well", root.port);
  const logs = (): unknown[] =>
    (root as MemoryRoot).events.filter(({ event }) => event["type"] === "!log").map(({ event }) => event["text"]);
  await until(
    () => logs().length > 0,
    15_000,
    () => lines.join("\n"),
  );
  expect(lives()).toEqual(["life 1: throws", "life 2: well"]);
  expect(flash.read(FAULT_FILE)).toBeUndefined();
  await until(
    () => (root as MemoryRoot).events.some(({ event }) => event["value"] === 2),
    5000,
    () => lines.join("\n"),
  );
  expect(logs()).toEqual(["restarted: no such pin"]);
});

test("a board whose alarm is gone is not kicked, and the watchdog starts it again", async () => {
  vi.useFakeTimers();
  start("stops well", 1);
  await vi.advanceTimersByTimeAsync(WATCHDOG_SECONDS * 1000 - 1000);
  expect(lives()).toEqual(["life 1: stops"]);
  await vi.advanceTimersByTimeAsync(WATCH_EVERY + 1000);
  expect(lives()).toEqual(["life 1: stops", "life 2: well"]);
  expect(lines).toContain("watchdog: nobody kicked it");
});

test("a board that lives is kicked for ever, whether it finds its parent or not", async () => {
  vi.useFakeTimers();
  start("well", 1);
  await vi.advanceTimersByTimeAsync(20 * WATCHDOG_SECONDS * 1000);
  expect(lives()).toEqual(["life 1: well"]);
});
