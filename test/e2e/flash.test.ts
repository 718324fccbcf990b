/**
 * `sapline flash`, `monitor` and `doctor` as people run them, on a serial cable (a pair of pseudo-terminals) with a stand-in of Espruino's console at
 * its other end. The same with the real engine is in test/engine/flash.test.ts.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Wire } from "#host/board/wire.ts";
import { openSerial, type SerialDevice } from "#host/radio/serial-device.ts";
import { ChipRom } from "../tools/chip-rom.ts";
import { EspruinoConsole, type StandInOptions } from "../tools/espruino-console.ts";
import { Bench, type Running, until } from "./processes.ts";
import { noCable, TerminalPair } from "./terminal-pair.ts";

const hasSerial = await import("serialport" as string).then(
  () => true,
  () => false,
);
const hasEsptool = await import("esptool-js" as string).then(
  () => true,
  () => false,
);
if (!hasEsptool) console.warn("SKIPPED: sapline firmware: no package esptool-js: npm ci");
const missing = hasSerial ? noCable() : "no package serialport: npm ci";
if (missing !== "") console.warn(`SKIPPED: boards on a cable: ${missing}`);

const NOBODY = 65_534;
const PROGRAM = "print(`a program of ${'its'} own`);\n".repeat(40);

describe.skipIf(missing !== "")(`a board on a cable${missing}`, () => {
  let bench: Bench;
  let cable: TerminalPair;
  let device: SerialDevice | undefined;

  beforeAll(async () => {
    cable = await TerminalPair.make();
  });
  afterAll(async () => {
    await cable.close();
  });
  beforeEach(() => {
    bench = new Bench();
    writeFileSync(join(bench.folder, "program.js"), PROGRAM);
  });
  afterEach(async () => {
    device?.close();
    device = undefined;
    await bench.close();
  });

  /** A board at the other end. */
  async function board(options: Partial<StandInOptions> = {}): Promise<EspruinoConsole> {
    const standIn = new EspruinoConsole({ folder: join(bench.folder, "board"), ...options });
    const wire: Wire = standIn.plug();
    const listener = { data: (text: string) => void wire.write(text), closed: () => {} };
    const opened = await openSerial(cable.ends[1], 115_200, listener);
    wire.onText = (text) => opened.write(text);
    device = opened;
    return standIn;
  }

  /** Not by way of `sapline`, which only starts these: one process less. */
  function tool(name: string, ...args: string[]): Running {
    return bench.start(process.execPath, [`dist/${name}.js`, ...args], { SAPLINE_PORT: "1", NO_COLOR: "1" });
  }

  function flash(...more: string[]): Running {
    const where = ["--port", cable.ends[0], "--data", bench.data, "--program", join(bench.folder, "program.js")];
    return tool("flash", "kitchen", ...where, "--no-wait", ...more);
  }

  const said = async (running: Running): Promise<string> => {
    const code = await running.exit();
    return `${code}: ${running.errors}`;
  };

  test("its program, configuration and loader are written; again, nothing is; and the token is never printed", async () => {
    const there = await board();
    const first = await said(flash("--parent", "ws://192.168.1.2:4000", "--wifi", "my network"));
    expect(first).toMatch(/^0: .*looking for the board\n.*ESP32, Espruino 2v29, \d+ bytes of Storage free\n/);
    expect(first).toContain("made a token for kitchen; an older one has ended\n");
    expect(first).toMatch(/sapline\.a: 1\d{3} bytes, \d+\.\d s\n/);
    expect(first).toContain("kitchen is on the board, in slot a; restarting it\n");
    expect(there.storage.read("sapline.a")).toBe(PROGRAM);
    const configuration = JSON.parse(there.storage.read("sapline.json") ?? "") as { token: string };
    expect(configuration).toEqual({
      id: "kitchen",
      parent: { host: "192.168.1.2", port: 4000 },
      wifi: { ssid: "my network", password: "" },
      token: expect.stringMatching(/^[\w-]{32}$/) as string,
    });
    expect(bench.sapline("token", "list", "--data", bench.data)).toContain("kitchen");
    const second = await said(flash());
    expect(second).toContain("kitchen is on the board, in slot a, as it was; restarting it\n");
    expect(JSON.parse(there.storage.read("sapline.json") ?? "")).toEqual(configuration);
    expect(there.restarts).toBe(2);
    expect(first + second).not.toContain(configuration.token);
  });

  test("another node's board, and one that is told what cannot be, get a sentence, and nothing is written", async () => {
    const there = await board();
    there.storage.write("sapline.json", '{"id":"porch","token":"x"}');
    expect(await said(flash("--parent", "ws://192.168.1.2:4000"))).toContain(
      "sapline: this board is porch: connect the right one, or add --replace to make it kitchen",
    );
    expect(await said(flash("--parent", "ws://127.0.0.1:4000", "--replace"))).toContain(
      "sapline: a board cannot reach 127.0.0.1, which is this machine to itself: start the root with --host 0.0.0.0",
    );
    expect(there.storage.list()).toEqual(["sapline.json"]);
    // What was on it runs again.
    await until(
      () => there.restarts === 2,
      5000,
      () => `${there.restarts} restarts`,
    );
  });

  test("a port that is busy, and one that is not allowed, get a sentence", async () => {
    const busy = await openSerial(cable.ends[0], 115_200, { data: () => {}, closed: () => {} });
    expect(await said(flash())).toMatch(/^1: [\s\S]*sapline: \S+ is in use by another program: end it/);
    busy.close();
    const refused = notAllowed(cable.ends[0]);
    if (refused === undefined) return console.warn("SKIPPED: a port that is not allowed: nobody cannot read dist/");
    expect(refused).toMatch(/sapline: this user may not open \S+: sudo usermod -aG \S+ \S+, then log in again/);
  });

  test.skipIf(!hasEsptool)(
    "an image comes onto an empty chip by its ROM, compared byte by byte; another chip's is refused",
    async () => {
      const rom: ChipRom = new ChipRom((bytes) => device?.write(bytes.toString("latin1")));
      const listener = { data: (text: string) => rom.hear(Buffer.from(text, "latin1")), closed: () => {} };
      device = await openSerial(cable.ends[1], 115_200, listener);
      const file = (name: string, chip: number, length: number): string => {
        const bytes = Buffer.alloc(length, `${name} `);
        if (chip >= 0) Buffer.from([0xe9, 1, 2, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, chip, 0]).copy(bytes);
        writeFileSync(join(bench.folder, name), bytes);
        return join(bench.folder, name);
      };
      const files = [
        file("bootloader.bin", 0, 7000),
        file("partitions_espruino.bin", -1, 3072),
        file("espruino_esp32.bin", 0, 90_000),
      ];
      const write = (...images: string[]): Running =>
        tool("firmware-image", "--port", cable.ends[0], "--image", ...images);
      const first = await said(write(...files));
      expect(first).toMatch(/^0: /);
      expect(first).toMatch(/: ESP32\nbootloader\.bin at 0x1000: 7000 bytes, /);
      expect(first).toContain("Espruino is on the ESP32, compared byte by byte; next: sapline flash NODE");
      for (const [at, name] of [
        [0x1000, 0],
        [0x8000, 1],
        [0x10000, 2],
      ] as const) {
        const bytes = readFileSync(files[name] as string);
        expect(Buffer.from(rom.flash.subarray(at, at + bytes.length)).equals(bytes)).toBe(true);
      }
      rom.damages = 1;
      expect(await said(write(files[1] as string, "--baud", "115200"))).toContain(
        "sapline: what is in the flash is not what was sent",
      );
      expect(await said(write(`0x10000=${file("other.bin", 5, 4096)}`))).toContain(
        "sapline: other.bin is for the ESP32-C3, and this chip is an ESP32: take the files for that",
      );
    },
  );

  test("a monitor shows what the board prints, says nothing to it, and ends on Ctrl-C", async () => {
    const there = await board();
    const monitor = tool("monitor", "--port", cable.ends[0], "--json");
    await monitor.line(/"event":"open"/);
    there.print("sapline: joined\r\n");
    await monitor.line(/"line":"sapline: joined"/);
    expect(await monitor.end("SIGINT")).toBe(0);
    expect(there.lines).toEqual([]);
  });

  test("over TCP, where nobody listens, the reason and a way out are said", async () => {
    expect(await said(tool("flash", "kitchen", "--tcp", "127.0.0.1:1"))).toContain(
      "sapline: no console at 127.0.0.1:1: Sapline's programs shut Espruino's telnet console, so use the board's cable",
    );
  });
});

/** What is said to somebody who may not open the device; undefined if that cannot be tried here. */
function notAllowed(path: string): string | undefined {
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const run = (...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, args, { encoding: "utf8", ...as });
  chmodSync(path, isRoot ? 0o600 : 0);
  try {
    if (run("dist/flash.js", "--help").status !== 0) return undefined;
    return String(run("dist/flash.js", "kitchen", "--port", path).stderr);
  } finally {
    chmodSync(path, 0o620);
  }
}
