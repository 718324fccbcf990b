/** The example programs as somebody would flash them, each on an emulated chip with its devices, all of them nodes of one root: up to readings that the root has stored. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programText } from "#tools/bundle/program-text.ts";
import type { Device } from "#tools/emulator/devices/device.ts";
import { devicesFrom } from "#tools/emulator/devices/settings.ts";
import { EmulatedStrip } from "#tools/emulator/devices/strip.ts";
import { EmulatedLamp } from "#tools/emulator/devices/switches.ts";
import { MemoryRoot } from "../engine/memory-root.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";
import { until } from "./processes.ts";

const FOLDER = "examples/drivers";
const { nodes: settings } = JSON.parse(readFileSync(`${FOLDER}/sapline.config.json`, "utf8")) as {
  nodes: { [driver: string]: { program: string; devices: object[] } };
};
const DRIVERS = Object.keys(settings);

/** What each of them must have reported, and within which bounds. */
const READINGS: { [driver: string]: { [eid: string]: [low: number, high: number] | unknown } } = {
  dht22: { temperature: [17, 21], humidity: [58.5, 58.5], "dht22.faults": [0, 0] },
  ds18b20: { temperature: [45, 65], "ds18b20.faults": [0, 0] },
  bme280: { temperature: [15, 30], pressure: [990, 1030], humidity: [35, 65], "bme280.faults": [0, 0] },
  relay: { pump: false },
  button: { bell: true },
  battery: { battery: [3.39, 4.11], "battery.faults": [0, 0] },
  neopixel: { colour: "#000000", current: [8, 8] },
};

let root: MemoryRoot;
const nodes: EmulatedProgram[] = [];
const devices: { [driver: string]: Device[] } = {};

function values(driver: string, eid: string): unknown[] {
  return root.events.flatMap(({ node, event }) =>
    node === driver && event["type"] === "!update" && event["eid"] === eid ? [event["value"]] : [],
  );
}

async function value(driver: string, eid: string, isWanted: (value: unknown) => boolean): Promise<unknown> {
  await until(
    () => values(driver, eid).some(isWanted),
    15_000,
    () => `${eid} of ${driver} among ${JSON.stringify(root.events)}`,
  );
  return values(driver, eid).find(isWanted);
}

async function start(driver: string): Promise<void> {
  const { text, faults } = await programText({
    entry: `${FOLDER}/${settings[driver]?.program}`,
    parts: { sockets: true, radio: false, children: false },
  });
  expect(faults).toEqual([]);
  // Nobody waits seven seconds for somebody to press a button.
  const given = (settings[driver]?.devices ?? []).map((one) =>
    "every" in one ? { ...one, every: 300, lasts: 100 } : one,
  );
  devices[driver] = devicesFrom(given);
  const parent = { host: "127.0.0.1", port: root.port };
  const config = { id: driver, token: `token-${driver}`, parent, limits: { flushAfter: 100 } };
  nodes.push(await EmulatedProgram.runText(text, config, {}, devices[driver]));
}

beforeAll(async () => {
  root = await MemoryRoot.open(Object.fromEntries(DRIVERS.map((driver) => [driver, `token-${driver}`])));
  await Promise.all(DRIVERS.map(start));
}, 60_000);

afterAll(async () => {
  for (const node of nodes) await node.stop();
  await root.close();
});

describe("the programs of the example drivers, emulated", () => {
  test.each(DRIVERS)("%s reports what its devices show", async (driver) => {
    for (const [eid, wanted] of Object.entries(READINGS[driver] ?? {})) {
      const isWanted = (found: unknown): boolean =>
        Array.isArray(wanted)
          ? typeof found === "number" && found >= wanted[0] && found <= wanted[1]
          : JSON.stringify(found) === JSON.stringify(wanted);
      await value(driver, eid, isWanted);
      for (const found of values(driver, eid))
        expect([eid, found, Array.isArray(wanted) && !isWanted(found)]).toEqual([eid, found, false]);
    }
  });

  test("every reading has its unit, once at least", async () => {
    for (const [driver, eid, unit] of [
      ["dht22", "temperature", "°C"],
      ["bme280", "pressure", "hPa"],
      ["battery", "battery", "V"],
      ["neopixel", "current", "mA"],
    ] as const) {
      await value(driver, eid, () => true);
      expect(root.events.filter(({ node, event }) => node === driver && event["eid"] === eid)[0]?.event["unit"]).toBe(
        unit,
      );
    }
  });

  test("the pump is switched from the root, and what it cannot be is answered", async () => {
    const lamp = devices["relay"]?.[0] as EmulatedLamp;
    expect(await root.act("relay", "pump", true)).toEqual({ ok: true, value: true });
    expect(lamp.history).toEqual([1]);
    await value("relay", "pump", (found) => found === true);
    expect(await root.act("relay", "pump", "on")).toEqual({ ok: false, error: "pump takes a boolean" });
    lamp.shortedTo = 1;
    expect(await root.act("relay", "pump", false)).toEqual({ ok: false, error: "D23 does not follow: is it shorted?" });
  });

  test("the shelf takes the colour that the root desires, and says so; what is no colour it does not take", async () => {
    const strip = devices["neopixel"]?.[0] as EmulatedStrip;
    root.set("neopixel", "colour", "#ff8000");
    await value("neopixel", "colour", (found) => found === "#ff8000");
    expect(strip.shown).toEqual(Array(8).fill("#ff8000"));
    root.set("neopixel", "colour", "orange");
    await until(
      () =>
        root.events.some(({ node, event }) => node === "neopixel" && /a colour is wanted/.test(String(event["text"]))),
      15_000,
      () => JSON.stringify(root.events),
    );
    expect(strip.shown[0]).toBe("#ff8000");
  });

  test("none of them has faults of its own", () => {
    expect(nodes.flatMap((node) => node.faults())).toEqual([]);
  });
});
