/** docs/radio.md and the scenarios say the same. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const here = dirname(fileURLToPath(import.meta.url));
const page = readFileSync(join(here, "../../../docs/radio.md"), "utf8");
const source = readFileSync(join(here, "scenarios.test.ts"), "utf8");

test("each scenario of the page is a test of that name, and each test is on the page", () => {
  const names = [...source.matchAll(/^test(?:\.each\([^\n]*?\))?\(\s*"((?:[^"\\]|\\.)*)"/gm)].map((match) => match[1]);
  expect(names.length).toBe([...source.matchAll(/^test[.(]/gm)].length);
  const section = page.split(/^## /m).find((each) => each.startsWith("What a tree has to live through")) ?? "";
  const rows = [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)]
    .map(([, what, promise]) => `${what}: ${promise}`)
    .filter((row) => !row.startsWith("what happens"));
  expect(rows.length).toBeGreaterThan(15);
  expect(rows).toEqual(names);
});

test("the scenarios that the facts on ESP-NOW ask for are among them", () => {
  for (const name of [
    "root reboot",
    "temporary root loss",
    "random rearrangement",
    "long run",
    "frame loss",
    "hidden pair",
    "asymmetric link",
    "channel ghost",
    "router channel change",
    "power cut at every step of custody",
    "NO_MEM wedge",
    "lost callback",
    "replayed frames",
    "clock drift 1 %",
    "burst of 50 nodes after a power outage",
  ])
    expect(source).toMatch(new RegExp(`^test[^\\n]*\\(\\s*"${name}: `, "m"));
  expect(source).toContain("test.each([30, 50, 70])");
});
