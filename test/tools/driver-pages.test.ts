/** Every example driver has all that belongs to it: a program, a page with its wiring, emulated devices, and tests. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bundleOwnCode } from "#tools/bundle/own-code.ts";
import { devicesFrom } from "#tools/emulator/devices/settings.ts";
import { drawPicture } from "#tools/wiring/picture.ts";
import { PICTURES } from "#tools/wiring/pictures.ts";
import { temporaryFolder } from "../temporary.ts";

const FOLDER = "examples/drivers";
const PAGES = "docs/drivers";
/** What the drivers share. */
const SHARED = ["sensor"];
/** Longest program, in lines that are neither empty nor comments. */
const LINES_MAX = 14;

/** The project of all programs. */
const { nodes } = JSON.parse(read(`${FOLDER}/sapline.config.json`)) as {
  nodes: { [driver: string]: { program: string; devices: unknown } };
};
const files = readdirSync(FOLDER);
const drivers = files.flatMap((file) => {
  const name = /^([a-z0-9]+)\.ts$/.exec(file)?.[1];
  return name === undefined || SHARED.includes(name) ? [] : [name];
});

function read(file: string): string {
  return readFileSync(file, "utf8");
}

/** A program without the comment at its head. */
function program(driver: string): string {
  return read(`${FOLDER}/${driver}-node.ts`).replace(/^\/\*\*[\s\S]*?\*\/\n/, "");
}

test("there are seven drivers, and nothing of one that is gone", () => {
  expect(drivers).toEqual(["battery", "bme280", "button", "dht22", "ds18b20", "neopixel", "relay"]);
  expect(Object.keys(PICTURES).toSorted()).toEqual(drivers);
  expect(Object.keys(nodes).toSorted()).toEqual(drivers);
  expect(drivers.map((driver) => nodes[driver]?.program)).toEqual(drivers.map((driver) => `${driver}-node.ts`));
  const pages = readdirSync(PAGES).filter((file) => file !== "README.md");
  expect(pages.toSorted()).toEqual(drivers.flatMap((driver) => [`${driver}.md`, `${driver}.svg`]));
});

test("the driver that the list of pages shows how to write is one that the chip takes", async () => {
  const text = /```ts\n([\s\S]*?)```/.exec(read(`${PAGES}/README.md`))?.[1] ?? "";
  expect(text).toContain("new Sensor<number>");
  const folder = temporaryFolder();
  copyFileSync(`${FOLDER}/sensor.ts`, join(folder, "sensor.ts"));
  writeFileSync(join(folder, "light.ts"), `${text}\nlightMeter(I2C1, print).every(1000, print);\n`);
  expect((await bundleOwnCode(join(folder, "light.ts"))).faults).toEqual([]);
});

describe.each(drivers)("%s", (driver) => {
  const page = existsSync(`${PAGES}/${driver}.md`) ? read(`${PAGES}/${driver}.md`) : "";

  test("has a page with picture, parts, program, what it reports, what to do, and limits, and the list of pages names it", () => {
    expect(page).toContain(`](${driver}.svg)`);
    const sections = [...page.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(sections).toEqual(["Parts", "Program", "What it reports", "When something is wrong", "Limits"]);
    expect(read(`${PAGES}/README.md`)).toContain(`(${driver}.md)`);
  });

  test("has a program of about ten lines, which is on its page word for word", () => {
    const text = program(driver);
    expect(page).toContain(`\`\`\`ts\n${text}\`\`\``);
    expect(text.split("\n").filter((line) => line !== "").length).toBeLessThanOrEqual(LINES_MAX);
  });

  test("says on its page every fault that the driver can have", () => {
    const source = read(`${FOLDER}/${driver}.ts`).replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    const said = [...source.matchAll(/(?:failed\(|Error\(|return |\? |\+ )"( ?[a-z][^"]{8,})"/g)].map(
      (match) => match[1] ?? "",
    );
    expect(said.length).toBeGreaterThan(0);
    for (const fault of said) expect(page, fault).toContain((fault.split(":")[0] ?? "").trim());
  });

  test("has its picture as it is drawn", async () => {
    await expect(drawPicture(PICTURES[driver] as never)).toMatchFileSnapshot(`../../${PAGES}/${driver}.svg`);
  });

  test("is wired in the picture to the pins that its program names", () => {
    const named = new Set(program(driver).match(/\bD\d+\b/g));
    const drawn = PICTURES[driver]?.left.flatMap((box) => box.pins.filter((pin) => /^D\d+$/.test(pin)));
    expect(new Set(drawn)).toEqual(named);
  });

  test("has emulated devices on the pins that its program names, and tests", () => {
    for (const { pin } of devicesFrom(nodes[driver]?.devices)) expect(program(driver)).toContain(pin);
    expect(read("test/tools/drivers.test.ts")).toMatch(new RegExp(`describe\\("${driver}"`, "i"));
  });
});
