/**
 * `sapline root --radio DEVICE` as people run it: the root, the dongle's program and a node by radio are processes, and the serial cable is a pair
 * of pseudo-terminals. The chips are emulated; the same with the dongle on the engine is in test/engine/dongle.test.ts.
 */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freeBase } from "../engine/radio-contract.ts";
import { firmware } from "../engine/espruino.ts";
import { Bench, type Running, until } from "./processes.ts";
import { noCable, TerminalPair } from "./terminal-pair.ts";

const hasSerial = await import("serialport" as string).then(
  () => true,
  () => false,
);
const missing = hasSerial ? noCable() : "no package serialport: npm ci";
if (missing !== "") console.warn(`SKIPPED: the dongle as a process: ${missing}`);

const READINGS = 600;

let bench: Bench;
let base: number;
let cable: TerminalPair;

beforeEach(async () => {
  bench = new Bench();
  base = await freeBase(2);
});

afterEach(async () => {
  await bench.close();
  await cable?.close();
});

/** The name by which the root knows the dongle, whatever the system calls it each time that it is plugged in. */
const device = (): string => join(bench.folder, "dongle");

async function plug(): Promise<void> {
  cable = await TerminalPair.make();
  rmSync(device(), { force: true });
  symlinkSync(cable.ends[0], device());
}

async function startDongle(): Promise<Running> {
  const bundle = join(bench.folder, "dongle.js");
  writeFileSync(bundle, await firmware("firmware/dongle.ts"));
  return emulator("dongle", bundle, 1, {}, "--serial", cable.ends[1]);
}

async function emulator(
  name: string,
  bundle: string,
  air: number,
  config: object,
  ...more: string[]
): Promise<Running> {
  const first = join(bench.folder, "stand-in.js");
  writeFileSync(first, await firmware("firmware/stand-in.ts"));
  const settings = JSON.stringify({ ...config, standIn: { base, id: air, nodes: 2 } });
  const storage = join(bench.folder, `${name}-flash`);
  const what = ["--bundle", bundle, "--first", first, "--storage", storage, "--config", settings];
  return bench.start(process.execPath, ["dist/emulator.js", ...what, ...more]);
}

async function startLeaf(key: string): Promise<Running> {
  const bundle = join(bench.folder, "leaf.js");
  writeFileSync(bundle, await firmware("test/engine/radio-replay.ts"));
  mkdirSync(join(bench.folder, "leaf-flash"));
  const lines = Array.from({ length: READINGS }, (_, at) => `s${at % 5},${at / 10},${1_732_345_600_000 + at}\n`);
  writeFileSync(join(bench.folder, "leaf-flash", "readings"), lines.join(""));
  const config = { id: "leaf", token: bench.token("leaf"), radio: { key }, replay: { every: 20, batch: 3 } };
  return emulator("leaf", bundle, 2, config);
}

async function startRoot(data = bench.data): Promise<Running> {
  const where = ["--port", "0", "--data", data];
  const root = bench.start(process.execPath, ["dist/sapline.js", "root", ...where, "--radio", device()]);
  await root.line(/http:\/\/\S+/);
  return root;
}

const said = async (root: Running, pattern: RegExp, times: number): Promise<void> =>
  until(
    () => (root.errors.match(new RegExp(pattern, "g")) ?? []).length >= times,
    60_000,
    () => `the root has not said ${pattern} ${times} times: ${root.errors}`,
  );

const DONGLE = /radio: dongle 02:00:00:00:00:01/;

describe.skipIf(missing !== "")(`the root with a dongle on a serial port${missing}`, () => {
  test("a leaf's readings arrive once, in order, while the dongle's program is killed and its cable pulled", async () => {
    await plug();
    const root = await startRoot();
    const key = readFileSync(join(bench.data, "radio.key"), "utf8").trim();
    let dongle = await startDongle();
    await said(root, DONGLE, 1);
    const leaf = await startLeaf(key);
    await leaf.line(/joined/, 30_000);
    for (let times = 2; times <= 4; times++) {
      await dongle.end("SIGKILL");
      dongle = await startDongle();
      await said(root, DONGLE, times);
    }
    await cable.close();
    await dongle.end("SIGKILL");
    await said(root, /is gone/, 1);
    await plug();
    dongle = await startDongle();
    await said(root, DONGLE, 5);
    await leaf.line(new RegExp(`replay: done ${READINGS}\\b`), 60_000);
    const stored = bench.log("--node", "leaf").filter(({ type }) => type === "!update");
    expect(stored.map(({ eid, value, ts }) => [eid, value, ts])).toEqual(
      Array.from({ length: READINGS }, (_, at) => [`s${at % 5}`, at / 10, 1_732_345_600_000 + at]),
    );
    expect(root.errors).toContain("made an install key");
    expect(root.errors + root.output).not.toContain(key);
  });

  test("what stands in the way is said in a sentence that says what to do, and the root runs all the same", async () => {
    await plug();
    const root = await startRoot();
    await said(root, /is silent: it is no dongle: put dist\/firmware\/dongle\.js on the board/, 1);
    const other = await startRoot(join(bench.folder, "other"));
    await said(other, /is in use by another program: end it/, 1);
    rmSync(device());
    await cable.close();
    await said(root, /there is no \S+: plug the dongle in/, 1);
    expect(root.isRunning && other.isRunning).toBe(true);
  });
});
