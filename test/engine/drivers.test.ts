/**
 * The example drivers on the real interpreter, which has no pins: they are given, in place of pins and buses, what the same drivers have said to emulated devices and
 * heard from them. On the engine they must say the same, and make the same readings of it.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeWeather } from "../../examples/drivers/bme280.ts";
import { decodeDht22 } from "../../examples/drivers/dht22.ts";
import { decodeScratchpad } from "../../examples/drivers/ds18b20.ts";
import { EmulatedBme280 } from "#tools/emulator/devices/bme280.ts";
import { RECORDED_CALIBRATION } from "#tools/emulator/devices/bme280-formulas.ts";
import type { Device } from "#tools/emulator/devices/device.ts";
import { EmulatedDht22 } from "#tools/emulator/devices/dht22.ts";
import { dallasSum, EmulatedDs18b20, romOf } from "#tools/emulator/devices/ds18b20.ts";
import { EmulatedStrip } from "#tools/emulator/devices/strip.ts";
import { EmulatedVoltage } from "#tools/emulator/devices/voltage.ts";
import { emulate } from "#tools/emulator/emulate.ts";
import { temporaryFolder } from "../temporary.ts";
import { SEED, seeded } from "../firmware/random.ts";
import { driversText } from "../tools/driver-bench.ts";
import { until } from "../e2e/processes.ts";
import { Engine, ESPRUINO, SKIP_REASON } from "./espruino.ts";

/** Uses what is in `world`, and says what comes of it as lines "reading …"; then "end". */
const SCRIPT = `
var left = 5;
function say(text) { console.log("reading " + text); }
function done() { left -= 1; if (left === 0) console.log("end"); }
var dht = drivers.dht22("D4", say);
setTimeout(function () { dht.measure(function (r) { say(JSON.stringify(r)); done(); }); }, 2000);
var wire = new world.OneWire("D5");
say(drivers.findDs18b20(wire).join());
drivers.ds18b20(wire, "", say).measure(function (t) { say(t); done(); });
world.I2C1.setup({ sda: "D21", scl: "D22" });
drivers.bme280(world.I2C1, 0x76, say).measure(function (r) { say(JSON.stringify(r)); done(); });
var strip = new drivers.Strip("D15", 4, { milliamps: 60 });
say(strip.fill("#ff8001") + " " + strip.milliamps);
try { strip.fill("red"); } catch (e) { say(e.message); }
done();
var battery = new drivers.Battery("D34", { upper: 100000, lower: 100000 }, say);
say(battery.read());
done();
`;

/** Notes in "call" lines what goes through pins and buses. */
const RECORD = `
var world = (function () {
  function plain(v) { return v && v.buffer ? [].slice.call(v) : v; }
  function note(name, f) {
    return function (a, b, c) {
      // A pin, a number, a text, bytes; never a function.
      var given = [a, b, c].filter(function (v) { return v !== undefined && typeof v !== "function"; }).map(plain);
      if (name === "setWatch") {
        var inner = a;
        a = function (edge) { console.log("call " + JSON.stringify(["edge", [], edge])); inner(edge); };
      }
      var answer = f(a, b, c);
      console.log("call " + JSON.stringify([name, given, answer === undefined ? null : plain(answer)]));
      return answer;
    };
  }
  ["pinMode", "digitalWrite", "digitalRead", "analogRead", "setWatch", "clearWatch"].forEach(function (name) { global[name] = note(name, global[name]); });
  var lights = require("neopixel"), nativeRequire = require;
  global.require = function (name) { return name === "neopixel" ? { write: note("lights", lights.write) } : nativeRequire(name); };
  function bound(o, name) { return note(name, function (a, b, c) { return o[name](a, b, c); }); }
  return {
    I2C1: { setup: bound(I2C1, "setup"), writeTo: bound(I2C1, "writeTo"), readFrom: bound(I2C1, "readFrom") },
    OneWire: function (pin) {
      var w = new OneWire(pin), self = this;
      ["reset", "select", "write", "read", "search"].forEach(function (name) { self[name] = bound(w, name); });
    },
  };
})();
`;

/** Answers from the record, each kind of call in its own order, and says where a call differs. */
const PLAY = `
var world = (function () {
  function plain(v) { return v && v.buffer ? [].slice.call(v) : v; }
  function play(name) {
    return function (a, b, c) {
      var given = [a, b, c].filter(function (v) { return v !== undefined && typeof v !== "function"; }).map(plain);
      var call = (calls[name] || []).shift();
      if (!call || JSON.stringify(call[1]) !== JSON.stringify(given)) console.log("differs: " + name + " " + JSON.stringify(given) + ", recorded " + JSON.stringify(call));
      if (name === "setWatch") setTimeout(function () { calls.edge.forEach(function (edge) { a(edge[2]); }); }, 5);
      var answer = call ? call[2] : undefined;
      return answer === null ? undefined : answer && answer.length !== undefined && typeof answer[0] === "number" ? new Uint8Array(answer) : answer;
    };
  }
  ["pinMode", "digitalWrite", "digitalRead", "analogRead", "setWatch", "clearWatch"].forEach(function (name) { global[name] = play(name); });
  Modules.addCached("neopixel", function () { exports.write = function (a, b) { global.world.lights(a, b); }; });
  function W(pin) {}
  ["reset", "select", "write", "read", "search"].forEach(function (name) { W.prototype[name] = play(name); });
  return { I2C1: { setup: play("setup"), writeTo: play("writeTo"), readFrom: play("readFrom") }, OneWire: W, lights: play("lights") };
})();
`;

function devices(): Device[] {
  const values = { temperature: 21.37, pressure: 1003.25, humidity: 44.2 };
  return [
    new EmulatedDht22("D4", -7.5, 61.3),
    new EmulatedDs18b20("D5", -10.125, romOf(0x123456)),
    new EmulatedBme280({ sda: "D21", scl: "D22", address: 0x76 }, values),
    new EmulatedStrip("D15", 4),
    new EmulatedVoltage("D34", 3.71, 2),
  ];
}

/** The times of a DHT22's falling edges, in seconds. */
function falls(bytes: readonly number[]): number[] {
  let time = 160;
  const bits = bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));
  return [0, 160, ...bits.map((bit) => (time += bit === 1 ? 120 : 77))].map((microseconds) => microseconds / 1e6);
}

type Call = [name: string, given: unknown[], answer: unknown];

/** What the drivers say on the emulator: readings, and calls by name. */
async function record(): Promise<{ readings: string[]; calls: { [name: string]: Call[] } }> {
  const folder = temporaryFolder();
  const [first, bundle] = [join(folder, "drivers.js"), join(folder, "script.js")];
  writeFileSync(first, await driversText());
  writeFileSync(bundle, RECORD + SCRIPT);
  const lines: string[] = [];
  const node = emulate({ first, bundle, storageDir: folder, devices: devices(), log: (line) => lines.push(line) });
  await until(
    () => lines.includes("end"),
    10_000,
    () => lines.join("\n"),
  );
  node.stop();
  const calls: { [name: string]: Call[] } = {};
  for (const line of lines) {
    if (!line.startsWith("call ")) continue;
    const call = JSON.parse(line.slice(5)) as Call;
    (calls[call[0]] ??= []).push(call);
  }
  return { readings: lines.filter((line) => line.startsWith("reading ")), calls };
}

describe.skipIf(ESPRUINO === "")(`example drivers on the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  test("say to pins and buses what they say on the emulator, and read the same", async () => {
    const { readings, calls } = await record();
    expect(calls["edge"]).toHaveLength(42);
    expect(readings).toContain('reading {"temperature":21.37,"pressure":1003.25,"humidity":44.2}');
    const before = `var calls = ${JSON.stringify(calls)};\n${PLAY}`;
    const engine = Engine.fromFlash(before, await driversText(), SCRIPT, {});
    await engine.line(/^end/, 30_000);
    const faults = engine.faults();
    await engine.stop();
    expect(engine.lines.filter((line) => line.startsWith("differs"))).toEqual([]);
    expect(engine.lines.filter((line) => line.startsWith("reading ")).toSorted()).toEqual(readings.toSorted());
    expect(faults).toEqual([]);
  });

  test("decode 300 seeded answers, right and wrong ones, as Node does", async () => {
    const random = seeded(SEED);
    const bytes = (count: number): number[] => Array.from({ length: count }, () => Math.floor(random() * 256));
    const climates = Array.from({ length: 100 }, () => {
      const [a, b, c, d] = [
        Math.floor(random() * 4),
        ...bytes(1),
        Math.floor(random() * 4) + (random() < 0.3 ? 128 : 0),
        ...bytes(1),
      ];
      const sum = (a as number) + (b as number) + (c as number) + (d as number);
      return falls([a, b, c, d, random() < 0.8 ? sum & 255 : sum & 127] as number[]);
    });
    const scratchpads = Array.from({ length: 100 }, () => {
      const degrees = Math.floor(random() * 2900 - 880) & 0xffff;
      const pad = [degrees & 255, degrees >> 8, ...bytes(2), 0x1f + 32 * Math.floor(random() * 4), 255, 1, 16];
      return [...pad, random() < 0.8 ? dallasSum(pad) : 7];
    });
    const { T, P, H } = RECORDED_CALIBRATION;
    const calibration = { T: [0, ...T], P: [0, ...P], H: [0, ...H] };
    const weathers = Array.from({ length: 100 }, () => [0, 0, 0, 0, ...bytes(8)]).map((raw, at) =>
      at % 4 === 0
        ? raw
        : [0, 0, 0, 0, 80 + at, raw[5], 0, 110 + at / 2, raw[8], 16, 100 + at / 4, raw[11]].map((b) =>
            Math.floor(b as number),
          ),
    );
    const given = { climates, scratchpads, weathers };
    const engine = Engine.fromFlash(
      `var given = ${JSON.stringify(given)}, calibration = ${JSON.stringify(calibration)};`,
      await driversText(),
      `given.climates.forEach(function (c) { console.log("got " + JSON.stringify(drivers.decodeDht22(c))); });
       given.scratchpads.forEach(function (s) { console.log("got " + JSON.stringify(drivers.decodeScratchpad(s))); });
       given.weathers.forEach(function (w) { console.log("got " + JSON.stringify(drivers.decodeWeather(w, calibration))); });
       console.log("end");`,
      {},
    );
    await engine.line(/^end/, 60_000);
    await engine.stop();
    const wanted = [
      ...climates.map((one) => decodeDht22(one)),
      ...scratchpads.map((one) => decodeScratchpad(one)),
      ...weathers.map((one) => decodeWeather(one, calibration)),
    ];
    for (const kind of ["object", "number"])
      expect(wanted.filter((one) => typeof one === kind).length).toBeGreaterThan(30);
    expect(
      engine.lines.filter((line) => line.startsWith("got ")),
      `SEED=${SEED}`,
    ).toEqual(wanted.map((one) => `got ${JSON.stringify(one)}`));
  });
});
