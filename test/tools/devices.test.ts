import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Device, Level, Wire } from "#tools/emulator/devices/device.ts";
import { devicesFrom } from "#tools/emulator/devices/settings.ts";
import { signalAt } from "#tools/emulator/devices/signal.ts";
import { EmulatedButton } from "#tools/emulator/devices/switches.ts";
import { type EmulatedNode, emulate } from "#tools/emulator/emulate.ts";
import { temporaryFolder } from "../temporary.ts";
import { CHIP_TIME } from "./chip-time.ts";

const running: EmulatedNode[] = [];

beforeEach(() => {
  vi.useFakeTimers(CHIP_TIME);
});

afterEach(() => {
  for (const node of running.splice(0)) node.stop();
  vi.useRealTimers();
});

/** What a program prints while it loads; with `lines`, also later. */
function say(source: string, devices: readonly Device[] = [], lines: string[] = []): string[] {
  const bundle = join(temporaryFolder(), "app.js");
  writeFileSync(bundle, source);
  running.push(emulate({ bundle, storageDir: temporaryFolder(), devices, log: (line) => lines.push(line) }));
  return lines;
}

async function until(lines: string[], count: number): Promise<string[]> {
  for (let i = 0; i < 100 && lines.length < count; i++) await vi.advanceTimersByTimeAsync(5);
  return lines;
}

describe("an emulated pin", () => {
  test("has the mode that was set, or, in auto, that of its last use", () => {
    const lines = say(`
      print(getPinMode(D4)); digitalWrite(D4, 1); print(getPinMode(D4)); digitalRead(D4); print(getPinMode(D4));
      pinMode(D4, "input_pullup"); digitalWrite(D4, 0); print(getPinMode(D4), digitalRead(D4));
      pinMode(D4, "auto"); digitalWrite(D4, 0); print(getPinMode(D4));`);
    expect(lines).toEqual(["input", "output", "input", "input_pullup 1", "output"]);
  });

  test("keeps the level that was written before it became an output", () => {
    const heard: (Level | undefined)[] = [];
    const device: Device = { pin: "D4", driven: (level) => heard.push(level) };
    say(
      `digitalWrite(D4, 1); pinMode(D4, "input"); digitalWrite(D4, 0); pinMode(D4, "output"); pinMode(D4, "opendrain");`,
      [device],
    );
    expect(heard).toEqual([1, undefined, 0]);
  });

  test("has the level that the chip, the devices and the resistors make of it", () => {
    const level: Device = { pin: "D4", level: () => 0 };
    const read = `digitalRead(D4)`;
    expect(say(`pinMode(D4, "input_pullup"); print(${read});`, [level])).toEqual(["0"]);
    expect(say(`pinMode(D4, "input_pullup"); print(${read}); pinMode(D4, "input_pulldown"); print(${read});`)).toEqual([
      "1",
      "0",
    ]);
    expect(
      say(`pinMode(D4, "opendrain_pullup"); digitalWrite(D4, 1); print(${read}); digitalWrite(D4, 0); print(${read});`),
    ).toEqual(["1", "0"]);
  });

  test("is an object that prints as its name, and refuses what is no pin or no mode", () => {
    const lines = say(`
      print("" + D4, D4.read());
      [function () { digitalWrite("X1", 1); }, function () { digitalRead(undefined); }, function () { pinMode(D4, "loud"); },
       function () { clearWatch(undefined); }, function () { clearWatch(7); }].forEach(function (f) { try { f(); } catch (e) { print(e.message); } });
      print(typeof D24, typeof D28, typeof D39);`);
    expect(lines).toEqual([
      "D4 false",
      "Invalid pin",
      "Invalid pin",
      "Unknown pin mode loud",
      "clearWatch(undefined) not allowed. Use clearWatch() instead",
      "Unknown Watch 7",
      "undefined undefined object",
    ]);
  });

  test("becomes an input with a pull-up when it is watched, and lets go of its wire", () => {
    const heard: (Level | undefined)[] = [];
    const device: Device = { pin: "D4", driven: (level) => heard.push(level) };
    const lines = say(`digitalWrite(D4, 0); setWatch(function () {}, D4, { repeat: true }); print(getPinMode(D4));`, [
      device,
    ]);
    expect(lines).toEqual(["input_pullup"]);
    expect(heard).toEqual([0, undefined]);
  });

  test("tells the edges that were asked for, afterwards, with their own times", async () => {
    let wire: Wire | undefined;
    let now: Level = 1;
    const device: Device = { pin: "D4", plug: (plugged) => (wire = plugged), level: () => now };
    const lines = say(
      `var seen = [];
       setWatch(function (e) { seen.push(e); if (seen.length === 3) print(seen.map(function (e) {
         return [e.state, Math.round((e.time - seen[0].time) * 1e6), Math.round((e.time - e.lastTime) * 1e6), e.pin].join(" ");
       }).join()); }, D4, { edge: "falling", repeat: true });
       setWatch(function (e) { print("once", e.state); }, D4, { edge: "rising" });`,
      [device],
    );
    now = 0;
    wire?.edges([0, 100, 130, 300, 340].map((after, at) => ({ after, level: at % 2 === 0 ? 0 : 1 })));
    await until(lines, 2);
    // Before the first edge there was the rising one of the pull-up.
    expect(lines).toEqual(["once true", expect.stringMatching(/^false 0 \d+ D4,false 130 30 D4,false 340 40 D4$/)]);
  });

  test("pulses, and stays as the last pulse leaves it", async () => {
    const heard: string[] = [];
    const device: Device = { pin: "D4", driven: (level, { now }) => heard.push(`${level} ${Math.round(now())}`) };
    say(`digitalPulse(D4, 1, [10, 20, 10]);`, [device]);
    await until(heard, 4);
    const times = heard.map((one) => Number(one.split(" ")[1]));
    expect(heard.map((one) => one.split(" ")[0])).toEqual(["1", "0", "1", "0"]);
    expect(times.map((time) => time - (times[0] as number))).toEqual([0, 10, 30, 40]);
  });

  test("measures what a converter of 12 bits does, where there is one", () => {
    const volts = (pin: string, value: number): Device => ({ pin, volts: () => value });
    const lines = say(`print(analogRead(D34) * 4096, analogRead(D35) * 4096, analogRead(D32), analogRead(D4));`, [
      volts("D34", 1.65),
      volts("D35", 5),
      volts("D4", 1),
    ]);
    expect(lines).toEqual(["2048 4095 0 NaN"]);
  });
});

describe("emulated buses", () => {
  test("give ones where nobody answers on OneWire, and refuse an address that is none", () => {
    const lines = say(`
      var w = new OneWire(D5); print(w.reset(), w.search().length, [].slice.call(w.read(2)).join(), w.read());
      try { w.select("28"); } catch (e) { print(e.message); }`);
    expect(lines).toEqual(["false 0 255,255 255", 'Invalid OneWire device address "28"']);
  });

  test("refuse a number of bytes for lights that is no multiple of three", () => {
    const lines = say(`
      var n = require("neopixel");
      [[], [1, 2], new Uint8Array(4)].forEach(function (b) { try { n.write(D15, b); } catch (e) { print(e.message); } }); n.write(D15, [1, 2, 3]);`);
    expect(lines).toEqual([
      "Data must be a non empty array",
      "Data length must be a multiple of 3 (RGB)",
      "Data length must be a multiple of 3 (RGB)",
    ]);
  });
});

describe("devices", () => {
  test("stay as they are while the chip restarts", async () => {
    const button = new EmulatedButton("D13");
    button.press();
    const lines = say(
      `pinMode(D13, "input_pullup"); print(digitalRead(D13)); if (!global.x && !require("Storage").read("x")) { require("Storage").write("x", "1"); E.reboot(); }`,
      [button],
    );
    expect(await until(lines, 2)).toEqual(["0", "0"]);
  });

  test("are pressed in the rhythm that the file asks for", async () => {
    const lines = say(
      `pinMode(D13, "input_pullup"); setWatch(function (e) { print(e.state); }, D13, { edge: "both", repeat: true, debounce: 10 });`,
      devicesFrom([{ kind: "button", pin: "D13", every: 60, lasts: 30 }]),
    );
    expect((await until(lines, 4)).slice(0, 4)).toEqual(["false", "true", "false", "true"]);
  });

  test("measure values that stay, swing, or follow one another", () => {
    const at = (signal: Parameters<typeof signalAt>[0]): number[] =>
      [0, 250, 500, 750, 1000, 1250].map((now) => Math.round(signalAt(signal, now) * 100) / 100);
    expect(at(7)).toEqual([7, 7, 7, 7, 7, 7]);
    expect(at({ between: [18, 24], every: 1000 })).toEqual([21, 24, 21, 18, 21, 24]);
    expect(at({ values: [1, 2, 3], every: 250 })).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test("are made from a file, each kind with nothing but its pin", () => {
    const kinds = ["dht22", "ds18b20", "button", "lamp", "strip", "voltage"].map((kind) => ({ kind, pin: "D33" }));
    const devices = devicesFrom([...kinds, { kind: "bme280" }, { kind: "bmp280", address: 0x77 }]);
    expect(devices.map(({ pin }) => pin)).toEqual([...kinds.map(({ pin }) => pin), "D21", "D21"]);
  });

  test.each([
    [{}, /^devices must be a list/],
    [[7], /^device 1 must be an object/],
    [[{ kind: "toaster" }], /^device 1: kind must be one of dht22, /],
    [[{ kind: "__proto__" }], /^device 1: kind must be one of/],
    [[{ kind: "dht22" }], /^device "dht22": pin must be a pin of the chip, such as "D4"/],
    [[{ kind: "dht22", pin: "D24" }], /pin must be a pin/],
    [[{ kind: "dht22", pin: "D4", temperature: "warm" }], /temperature must be a number, \{"between"/],
    [[{ kind: "dht22", pin: "D4", temperature: { between: [1], every: 5 } }], /temperature must be/],
    [[{ kind: "dht22", pin: "D4", temperature: { values: [], every: 5 } }], /temperature must be/],
    [[{ kind: "dht22", pin: "D4", temperature: { values: [1], every: 0 } }], /temperature must be/],
    [[{ kind: "ds18b20", pin: "D4", rom: "xyz" }], /rom must be 16 hex digits/],
    [[{ kind: "strip", pin: "D4", count: -1 }], /count must be a number/],
    [[{ kind: "lamp", pin: "D4", isOnLow: 1 }], /isOnLow must be true or false/],
  ])("answer a mistake in %j with what to write", (given, sentence) => {
    expect(() => devicesFrom(given)).toThrow(sentence);
  });
});
