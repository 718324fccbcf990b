/**
 * The dongle's program on the real engine, on the port that its console is on, as on a board: a pseudo-terminal. The root is the process that people
 * run, the node by radio an emulated chip. With an engine that has the library in C that is its radio, otherwise the stand-in.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSerial } from "#host/radio/serial-device.ts";
import { Bench, until } from "../e2e/processes.ts";
import { noCable, TerminalPair } from "../e2e/terminal-pair.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";
import { ESPRUINO, firmware, hasLibrary, SKIP_REASON, WITH_CONSOLE } from "./espruino.ts";
import { freeBase } from "./radio-contract.ts";

const hasSerial = await import("serialport" as string).then(
  () => true,
  () => false,
);
const missing = ESPRUINO === "" ? SKIP_REASON : hasSerial ? noCable() : "skipped: no package serialport: npm ci";
const isNative = missing === "" && (await hasLibrary("ESPNOW"));
const KEY = "00112233445566778899aabbccddeeff";
const READINGS = 500;

describe.skipIf(missing !== "")(`the dongle on the engine${missing && ` (${missing})`}`, () => {
  let bench: Bench;
  let base: number;
  let cable: TerminalPair;
  let engine: ChildProcess | undefined;
  let leaf: EmulatedProgram | undefined;

  beforeEach(async () => {
    bench = new Bench();
    base = await freeBase(2);
    cable = await TerminalPair.make();
  });

  afterEach(async () => {
    await kill();
    await leaf?.stop();
    await bench.close();
    await cable.close();
  });

  /** The engine, with the terminal as its only input and output. */
  async function start(): Promise<void> {
    const folder = join(bench.folder, "engine");
    mkdirSync(folder, { recursive: true });
    const settings = JSON.stringify(JSON.stringify({ standIn: { base, id: 1, nodes: 2 } }));
    const standIn = [`require("Storage").write("sapline.json",${settings});`, await firmware("firmware/stand-in.ts")];
    const program = [...(isNative ? [] : standIn), await firmware("firmware/dongle.ts")].join("\n");
    writeFileSync(join(folder, "program.js"), program, "latin1");
    const terminal = openSync(cable.ends[1], "r+");
    const env = { ...process.env, ESPNOW_UDP_BASE: String(base), ESPNOW_UDP_ID: "1", ESPNOW_UDP_NODES: "2" };
    engine = spawn(WITH_CONSOLE[0], [...WITH_CONSOLE.slice(1), "program.js"], {
      cwd: folder,
      env,
      stdio: [terminal, terminal, "inherit"],
    });
    closeSync(terminal);
  }

  async function kill(): Promise<void> {
    const dying = engine;
    engine = undefined;
    if (dying === undefined || dying.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => dying.once("exit", () => resolve()));
    dying.kill("SIGKILL");
    await ended;
  }

  test("a leaf's readings arrive once, in order, while the engine is killed and started again", async () => {
    const environment = { SAPLINE_RADIO_KEY: KEY };
    const token = bench.token("leaf");
    const where = ["--port", "0", "--data", bench.data, "--radio", cable.ends[0]];
    const root = bench.start(process.execPath, ["dist/sapline.js", "root", ...where], environment);
    await root.line(/http:\/\/\S+/);
    const said = async (times: number): Promise<void> =>
      until(
        () => (root.errors.match(/radio: dongle 02:/g) ?? []).length >= times,
        30_000,
        () => root.errors,
      );
    await start();
    await said(1);
    const made = Array.from({ length: READINGS }, (_, at) => `s${at % 5},${at / 10},${1_732_345_600_000 + at}`);
    leaf = await EmulatedProgram.start(
      "test/engine/radio-replay.ts",
      { id: "leaf", token, radio: { key: KEY }, standIn: { base, id: 2, nodes: 2 }, replay: { every: 20, batch: 2 } },
      { readings: made.map((line) => `${line}\n`).join("") },
    );
    await leaf.line(/joined/, 60_000);
    for (let times = 2; times <= 3; times++) {
      await kill();
      await start();
      await said(times);
    }
    await until(
      () => leaf?.lines.some((line) => line.includes(`replay: done ${READINGS}`)) === true,
      120_000,
      () => `${leaf?.lines.join("\n")}\nroot: ${root.errors}`,
    );
    const stored = bench.log("--node", "leaf").filter(({ type }) => type === "!update");
    expect(stored.map(({ eid, value, ts }) => `${eid},${String(value)},${ts}`)).toEqual(made);
    expect(leaf.faults()).toEqual([]);
    expect(root.errors + root.output).not.toContain(KEY);
  });

  test("its console is out of the way, and three times Ctrl-C give it back", async () => {
    let heard = "";
    const terminal = await openSerial(cable.ends[0], 115_200, { data: (chunk) => (heard += chunk), closed: () => {} });
    const hears = async (pattern: RegExp): Promise<void> =>
      until(
        () => pattern.test(heard),
        20_000,
        () => heard,
      );
    await start();
    await hears(/\n~[A-Za-z0-9+/=]{20,}\n/);
    heard = "";
    terminal.write("print(6*7)\n");
    terminal.write("\n~PyqW\n");
    terminal.write("\x03\x03");
    terminal.write("\n");
    terminal.write("\x03\x03\x03");
    await hears(/this is the console again/);
    expect(heard).not.toContain("42");
    terminal.write("print(6*7)\n");
    await hears(/42/);
    terminal.close();
  });
});
