/** `sapline lifetime`: what it prints is what the documents show. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LIFETIME_USUAL, lifetimeLines, lifetimeOptions } from "#host/cli/lifetime.ts";
import { flashLife } from "#host/flash-life.ts";

test("the documents show what is printed", () => {
  const lines = lifetimeLines(LIFETIME_USUAL);
  expect(readFileSync("docs/alive.md", "utf8")).toContain(lines.slice(0, 4).join("\n"));
  expect(readFileSync("docs/battery.md", "utf8")).toContain(lines.slice(4).join("\n"));
});

test("a shorter flush interval wears the flash more, and holds less", () => {
  const use = { readingEvery: 10_000, entities: 1, programBytes: 49_152 };
  const [slow, quick] = [flashLife({ ...use, flushEvery: 60_000 }), flashLife({ ...use, flushEvery: 10_000 })];
  expect(quick.years).toBeLessThan(slow.years);
  expect(quick.readings).toBeLessThan(slow.readings);
  expect([slow.writesWhileWell, quick.writesWhileWell]).toEqual([0, 0]);
});

test("an option that is no number is refused with a sentence", () => {
  expect(() => lifetimeOptions({ every: "often" })).toThrow("--every must be a number above 0");
});
