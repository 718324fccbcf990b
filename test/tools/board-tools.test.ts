/** What the tools for boards say: progress, lines of a monitor, what a board is told, and what the doctor finds. None of it needs a board. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Wire } from "#host/board/wire.ts";
import { boardFindings } from "#tools/doctor/board-findings.ts";
import type { BoardReport } from "#tools/doctor/board-report.ts";
import { faultOf, findingLines } from "#tools/doctor/finding.ts";
import { hex, imageParts } from "#tools/firmware/image-parts.ts";
import { knownPlace, rememberPlace } from "#tools/flash/known-boards.ts";
import { nodeSettings, parentOf, settingsTrouble } from "#tools/flash/node-settings.ts";
import { Progress } from "#tools/flash/progress.ts";
import { tcpPlace } from "#tools/flash/wires.ts";
import { PrintedLines } from "#tools/monitor/printed-lines.ts";
import { watchBoard } from "#tools/monitor/watch.ts";
import { temporaryFolder } from "../temporary.ts";

describe("progress", () => {
  const played = (isTTY: boolean, environment: { [name: string]: string }): string => {
    let text = "";
    const progress = new Progress({ isTTY, write: (more) => (text += more) }, environment);
    progress.say("looking");
    for (const done of [768, 1152, 1536]) progress.tell({ file: "sapline.a", done, total: 1536, kept: 768 });
    progress.tell({ file: "sapline.json", done: 40, total: 40, kept: 40 });
    return text.replace(/\d\.\d s/g, "_ s");
  };

  test("is plain lines where there is no terminal", () => {
    expect(played(false, {})).toBe(
      "looking\nsapline.a: 768 of 1536 bytes are there already, going on\n" +
        "sapline.a: 1536 bytes (768 were there already), _ s\nsapline.json: 40 bytes, there already\n",
    );
  });

  test("is a bar on a terminal, without color if that is not wanted", () => {
    const escape = String.fromCharCode(27);
    expect(played(true, {})).toContain(`\r${escape}[36m█`);
    const plain = played(true, { NO_COLOR: "1" });
    expect(plain).toContain("\r██████████████░");
    expect(plain).not.toContain(`${escape}[36m`);
    expect(played(true, { TERM: "dumb" })).not.toContain("█");
  });
});

describe("the lines of a monitor", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("are whole however they come, in UTF-8, without prompts and what moves the cursor", () => {
    const printed = `\r\n>${String.fromCharCode(27)}[Jsapline: joined\r\n>=1\r\n${Buffer.from("größer\r\n").toString("latin1")}a\u0007b\r\n`;
    for (const size of [1, 3, 1000]) {
      const lines: string[] = [];
      const reader = new PrintedLines((line) => lines.push(line));
      for (let at = 0; at < printed.length; at += size) reader.take(printed.slice(at, at + size));
      expect(lines).toEqual(["sapline: joined", "=1", "größer", "a·b"]);
    }
  });

  test("one that does not end is told after a while, and one without end in pieces", () => {
    const lines: string[] = [];
    const reader = new PrintedLines((line) => lines.push(line));
    reader.take("half a li");
    vi.advanceTimersByTime(299);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(lines).toEqual(["half a li"]);
    reader.take("x".repeat(5000));
    expect(lines[1]).toHaveLength(2000);
  });

  test("go on when the board was away, and each reason is said once", async () => {
    const wires: Wire[] = [];
    const opens: (() => Wire)[] = [];
    const wire = (): Wire => {
      const one: Wire = { write: async () => {}, onText: () => {}, onClosed: () => {}, close: async () => {} };
      wires.push(one);
      return one;
    };
    const away = (): Wire => {
      throw new Error("there is no board");
    };
    opens.push(wire, away, away, away, wire);
    const said: string[] = [];
    const stop = await watchBoard(
      { kind: "tcp", host: "x", port: 1 },
      {
        line: (text) => said.push(text),
        opened: () => said.push("open"),
        away: (reason) => said.push(`away: ${reason}`),
      },
      async () => (opens.shift() ?? wire)(),
    );
    wires[0]?.onText("one\n");
    wires[0]?.onClosed("pulled");
    await vi.advanceTimersByTimeAsync(10_000);
    wires[1]?.onText("two\n");
    await stop();
    expect(said).toEqual(["open", "one", "away: pulled", "away: there is no board", "open", "two"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("what a board is told", () => {
  test("flags win over the file, which wins over the project, which wins over what the board has; never the token", () => {
    const file = join(temporaryFolder(), "settings.json");
    writeFileSync(file, JSON.stringify({ listen: 2, wifi: { ssid: "file" }, token: "of the file" }));
    const before = { id: "kitchen", token: "old", listen: 1, own: 1, limits: {} };
    expect(
      nodeSettings(
        "kitchen",
        { settings: file, parent: "ws://10.0.0.1:4000", wifi: "flag" },
        { SAPLINE_WIFI_PASSWORD: "secret" },
        { own: 2, wifi: { ssid: "project" } },
        before,
      ),
    ).toEqual({
      id: "kitchen",
      listen: 2,
      own: 2,
      limits: {},
      parent: { host: "10.0.0.1", port: 4000 },
      wifi: { ssid: "flag", password: "secret" },
    });
  });

  test("of another node the board's settings are not taken", () => {
    const before = { id: "porch", listen: 1, parent: { host: "10.0.0.1", port: 1 } };
    expect(() => nodeSettings("kitchen", {}, {}, {}, before)).toThrow(
      "nothing says where kitchen connects: add --parent ws://",
    );
    expect(nodeSettings("kitchen", {}, {}, { radio: { key: "k" } }, before)).toEqual({
      id: "kitchen",
      radio: { key: "k" },
    });
  });

  test("addresses are taken apart, and nonsense is refused with what would do", () => {
    expect(parentOf("ws://10.0.0.1")).toEqual({ host: "10.0.0.1", port: 80 });
    expect(parentOf("ws://[fe80::1]:4000/node")).toEqual({ host: "fe80::1", port: 4000, path: "/node" });
    expect(() => parentOf("wss://x:1")).toThrow("boards have no TLS");
    expect(() => parentOf("ws://x:70000")).toThrow("--parent must be an address such as ws://192.168.1.2:4000");
    expect(tcpPlace("10.0.0.7")).toEqual({ kind: "tcp", host: "10.0.0.7", port: 23 });
    expect(tcpPlace("tcp://board:2323")).toEqual({ kind: "tcp", host: "board", port: 2323 });
    expect(() => tcpPlace("10.0.0.7:0")).toThrow("--tcp must be an address such as");
    expect(settingsTrouble({ id: "a", parent: { host: "localhost", port: 1 } }, "ESP32")).toContain(
      "a board cannot reach localhost",
    );
    expect(settingsTrouble({ id: "a", parent: { host: "localhost", port: 1 } }, "LINUX")).toBe("");
  });

  test("where a board was is remembered, and a damaged memory is no memory", () => {
    const data = join(temporaryFolder(), "data");
    expect(knownPlace(data, "kitchen")).toBeUndefined();
    rememberPlace(data, "kitchen", { kind: "tcp", host: "10.0.0.7", port: 23 });
    rememberPlace(data, "porch", { kind: "serial", path: "/dev/none", baud: 9600 });
    expect(knownPlace(data, "kitchen")).toEqual({ kind: "tcp", host: "10.0.0.7", port: 23 });
    expect(knownPlace(data, "porch")).toEqual({ kind: "serial", path: "/dev/none", baud: 9600 });
    writeFileSync(join(data, "boards.json"), "{");
    expect(knownPlace(data, "porch")).toBeUndefined();
  });
});

describe("the files of an image", () => {
  const files = temporaryFolder;
  const fileOf = (name: string, chip: number, length = 64): string => {
    const bytes = Buffer.alloc(length, 1);
    if (chip >= 0) Buffer.from([0xe9, 1, 2, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, chip, 0]).copy(bytes);
    const path = join(files(), name);
    writeFileSync(path, bytes);
    return path;
  };
  const places = (...named: string[]): [string, string][] =>
    imageParts(named).map(({ name, address, chip }) => [`${hex(address)} ${name}`, chip]);

  test("find their places by their names and their chip, or are told them", () => {
    expect(
      places(fileOf("espruino_esp32c3.bin", 5), fileOf("partition-table.bin", -1), fileOf("bootloader.bin", 5)),
    ).toEqual([
      ["0x0 bootloader.bin", "ESP32-C3"],
      ["0x8000 partition-table.bin", ""],
      ["0x10000 espruino_esp32c3.bin", "ESP32-C3"],
    ]);
    expect(places(fileOf("bootloader.bin", 0), `0x20000=${fileOf("mine.bin", -1)}`)).toEqual([
      ["0x1000 bootloader.bin", "ESP32"],
      ["0x20000 mine.bin", ""],
    ]);
  });

  test("that do not fit together are refused, with what to do", () => {
    const refused = (...named: string[]): string => {
      try {
        imageParts(named);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused(fileOf("bootloader.bin", 0), fileOf("espruino.bin", 9))).toContain(
      "for different chips (ESP32, ESP32-S3)",
    );
    expect(refused(fileOf("bootloader.bin", 0, 0x7001), fileOf("partitions.bin", -1))).toContain(
      "reaches into partitions.bin at 0x8000",
    );
    expect(refused(fileOf("bootloader.bin", -1))).toContain("does not say for which chip it is: name its address");
    expect(refused(fileOf("main.bin", -1))).toContain("nothing says where in the flash it belongs");
    expect(refused(`0x1001=${fileOf("main.bin", -1)}`)).toContain("must be a multiple of 0x1000");
    expect(refused("nowhere.bin")).toContain("cannot read nowhere.bin");
    const packed = fileOf("espruino_esp32.tgz", -1);
    writeFileSync(packed, Buffer.from([0x1f, 0x8b, 8]));
    expect(refused(packed)).toContain("is packed: unpack it (tar xzf)");
  });
});

describe("the doctor", () => {
  const NOW = 1_800_000_000_000;
  const healthy: BoardReport = {
    facts: {
      board: "ESP32",
      version: "2v29.277",
      modules: ["net", "crypto", "Wifi"],
      variables: { free: 4000, total: 8000 },
      storage: { free: 500_000, trash: 1000, total: 917_504 },
      files: [".bootcde", "sapline.a", "sapline.json", "sapline.slot"],
      hasChecksum: true,
    },
    time: NOW / 1000,
    errorFlags: [],
    station: "connected",
    ssid: "home",
    channel: 6,
    rssi: -60,
    powersave: "min",
    hasBluetooth: false,
    hasEspNow: true,
    hasSeal: true,
    slots: { a: [30_000, 10], b: [0, 0] },
    state: { slot: "a", trial: 0, starts: 0, crashes: 0, fell: "" },
    loaderBytes: 1536,
    loaderSum: 7,
    configuration: { id: "kitchen", token: "t", wifi: { ssid: "home" }, parent: {} },
  };
  const complaints = (change: Partial<BoardReport>): string[] =>
    boardFindings({ ...healthy, ...change }, NOW, 7)
      .filter(({ level }) => level !== "ok")
      .map(({ level, what, text }) => `${level} ${what}: ${text}`);

  test("complains of nothing on a healthy board", () => {
    expect(complaints({})).toEqual([]);
    expect(boardFindings(healthy, NOW, 7).map(({ what, text }) => `${what}: ${text}`)).toEqual([
      "board: ESP32, Espruino 2v29.277",
      "variables: 4000 of 8000 free (50 %)",
      "Storage: 501000 of 917504 bytes free",
      "program: slot a, 30000 bytes",
      "settings: this is kitchen",
      "Wi-Fi: connected to home, channel 6, -60 dBm",
      "radio: this build has ESP-NOW; the node does not use it",
      "clock: as this machine's",
    ]);
  });

  const facts = healthy.facts;
  test.each([
    ["another board", { facts: { ...facts, board: "PICO" } }, "fault board: this is a PICO"],
    [
      "an old Espruino",
      { facts: { ...facts, version: "2v21" } },
      "warning board: Espruino 2v21 is older than what was tried",
    ],
    ["errors", { errorFlags: ["MEMORY", "FIFO_FULL"] }, "warning errors: Espruino has seen MEMORY since it started"],
    [
      "few variables",
      { facts: { ...facts, variables: { free: 1999, total: 8000 } } },
      "warning variables: 1999 of 8000 free (25 %)",
    ],
    [
      "hardly any",
      { facts: { ...facts, variables: { free: 600, total: 8000 } } },
      "fault variables: 600 of 8000 free (8 %)",
    ],
    [
      "a full Storage",
      { facts: { ...facts, storage: { free: 60_000, trash: 5000, total: 917_504 } } },
      "warning Storage: 65000 bytes free",
    ],
    [
      "no program",
      { slots: { a: [0, 0], b: [100, 255] } } as Partial<BoardReport>,
      "fault program: there is none on this board",
    ],
    [
      "half a program",
      { slots: { a: [9, 255], b: [9, 1] } } as Partial<BoardReport>,
      "warning program: slot a is to run, and has none that is whole",
    ],
    ["no loader", { loaderBytes: 0 }, "fault loader: nothing starts the program"],
    ["another loader", { loaderSum: 8 }, "warning loader: .bootcde is not the loader of this version"],
    [
      "another start",
      { facts: { ...facts, files: [".bootrst", ".boot0"] } },
      "warning loader: .bootrst, .boot0 run at the start too",
    ],
    ["a trial", { state: { slot: "a", trial: 1 } }, "warning program: it is on trial"],
    ["crashes", { state: { slot: "a", crashes: 2 } }, "warning program: it has failed 2 times"],
    [
      "a fall",
      { state: { slot: "a", fell: "slot b threw: x" } },
      "warning program: the board went back to this one: slot b threw: x",
    ],
    ["no settings", { configuration: undefined }, "fault settings: sapline.json is missing or damaged"],
    ["no token", { configuration: { id: "kitchen" } }, "warning settings: it has no token"],
    ["no Wi-Fi", { station: "no_ap_found" }, "fault Wi-Fi: not connected: no_ap_found"],
    ["weak Wi-Fi", { rssi: -85 }, "warning Wi-Fi: connected to home, channel 6, -85 dBm"],
    ["no Wi-Fi at all", { station: "" }, "fault Wi-Fi: this build of Espruino has none"],
    [
      "no radio",
      { configuration: { id: "a", token: "t", radio: {} }, hasEspNow: false },
      "fault radio: sapline.json wants it, and this build of Espruino has no ESP-NOW",
    ],
    [
      "no seal",
      { configuration: { id: "a", token: "t", radio: {} }, hasSeal: false },
      "fault radio: this build cannot encrypt datagrams",
    ],
    [
      "Bluetooth beside the radio",
      { configuration: { id: "a", token: "t", radio: {} }, hasBluetooth: true },
      "warning radio: Bluetooth is on",
    ],
    [
      "Wi-Fi that sleeps beside the radio",
      { configuration: { id: "a", token: "t", radio: {} } },
      "warning radio: Wi-Fi saves power (min)",
    ],
    ["a wrong clock", { time: NOW / 1000 + 40 }, "warning clock: 40 s ahead of this machine"],
  ] as [string, Partial<BoardReport>, string][])("finds %s", (_, change, complaint) => {
    expect(complaints(change)).toEqual([expect.stringContaining(complaint)]);
  });

  test("each complaint says what to do, and a line is a line", () => {
    const all = boardFindings({ ...healthy, station: "off", loaderBytes: 0, time: 0, rssi: 0 }, NOW, 7);
    expect(all.every(({ level, remedy }) => (level === "ok") === (remedy === ""))).toBe(true);
    expect(findingLines(faultOf("serial", "/dev/x is busy: end it"), false)).toBe(
      `fault    serial          /dev/x is busy\n${" ".repeat(25)}-> end it\n`,
    );
  });
});
