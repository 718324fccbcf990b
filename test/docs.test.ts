/** The documents keep their word: rules have ids and proofs, tables agree with the code, links lead somewhere. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as limits from "#shared/limits.ts";
import { isControlType } from "#shared/wire/message.ts";
import { vectorsOf } from "./wire-player.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wire = readFileSync(join(root, "docs/wire.md"), "utf8");
const rules = [...wire.matchAll(/^- \*\*(W-\d+)\*\* (.*)$/gm)].map((match) => match[1] ?? "");

/** Rows of every Markdown table whose first cell matches. */
function rows(first: RegExp): string[][] {
  return wire
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter((cells) => first.test(cells[0] ?? ""));
}

/** Every document of ours. */
function documents(): string[] {
  const found = ["README.md", "CHANGELOG.md"];
  const walk = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = `${folder}/${name}`;
      if (statSync(join(root, path)).isDirectory()) walk(path);
      else if (name.endsWith(".md")) found.push(path);
    }
  };
  walk("docs");
  return found;
}

test("each rule of the wire has its own number, in order, and binds somebody", () => {
  expect(rules.length).toBeGreaterThan(40);
  expect(rules).toEqual(rules.map((_, i) => `W-${i + 1}`));
  const bodies = wire.split(/^- \*\*W-\d+\*\* /m).slice(1);
  const loose = bodies.filter((body) => !/MUST/.test(body.split(/\n(?:- |\n)/)[0] ?? ""));
  expect(loose.map((body) => body.slice(0, 60))).toEqual([]);
});

test("each rule of the wire is proved once, by a vector, by a test that exists, or is said to be a duty of the client", () => {
  const proofs = rows(/^W-\d+$/);
  expect(proofs.map((cells) => cells[0])).toEqual(rules);
  const shown = new Set(vectorsOf(wire).flatMap((vector) => vector.rules));
  for (const [rule = "", proof = ""] of proofs) {
    const named = /^`(test\/[\w./-]+)` "(.+)"$/.exec(proof);
    if (named !== null) {
      const path = join(root, named[1] ?? "");
      expect(existsSync(path) && readFileSync(path, "utf8").includes(`"${named[2]}`), `${rule}: ${proof}`).toBe(true);
    } else if (proof !== "vector") expect(proof, rule).toMatch(/^duty; /);
    expect(shown.has(rule), `${rule}: whether a vector names it`).toBe(proof === "vector");
  }
});

test("vectors name only rules that there are", () => {
  const named = vectorsOf(wire).flatMap((vector) => vector.rules);
  expect(named.filter((rule) => !rules.includes(rule))).toEqual([]);
});

test("the tables of limits have every limit of the code, with its value", () => {
  const { CHIP_LIMITS, PC_LIMITS, ...constants } = limits;
  const single = rows(/^`[A-Z_]+`$/).map((cells) => [(cells[0] ?? "").slice(1, -1), Number(cells[1])]);
  expect(Object.fromEntries(single)).toEqual(constants);
  const pairs = rows(/^`[a-z]+[A-Z]\w+`$/).map((cells) => [
    (cells[0] ?? "").slice(1, -1),
    [Number(cells[1]), Number(cells[2])],
  ]);
  const platforms = Object.keys(PC_LIMITS).map((name) => {
    const key = name as keyof limits.Limits;
    return [key, [CHIP_LIMITS[key], PC_LIMITS[key]]];
  });
  expect(Object.fromEntries(pairs)).toEqual(Object.fromEntries(platforms));
});

test("the table of messages has every control line that the code knows, and the glossary names them", () => {
  const messages = rows(/^`[?!][a-z]+`$/).map((cells) => (cells[0] ?? "").slice(1, -1));
  const control = ["?hello", "!hello", "?ack", "!ack", "?ping", "!ping", "!root", "!gone", "!bye"];
  expect(messages.filter(isControlType)).toEqual(control);
  expect(rows(/^control line$/)[0]?.[1]).toContain(control.map((type) => `\`${type}\``).join(" "));
});

test("no word of the glossary stands for two things", () => {
  const start = wire.indexOf("## 1. Words");
  const words = [...wire.slice(start, wire.indexOf("## 2.")).matchAll(/^\| ([^|]+) \|/gm)].flatMap((match) =>
    (match[1] ?? "").split(", "),
  );
  expect(words.length).toBeGreaterThan(20);
  expect(new Set(words).size).toBe(words.length);
});

test.each(documents())("every link in %s leads to a file or heading of this repository", (path) => {
  const text = readFileSync(join(root, path), "utf8").replace(/```[\s\S]*?```/g, "");
  for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [file = "", heading] = target.split("#");
    const full = file === "" ? join(root, path) : join(root, dirname(path), file);
    expect(existsSync(full), `${path}: ${target}`).toBe(true);
    if (heading !== undefined) expect(headings(readFileSync(full, "utf8")), `${path}: ${target}`).toContain(heading);
  }
});

test.each(documents())("%s names no machine's own paths", (path) => {
  expect(readFileSync(join(root, path), "utf8")).not.toMatch(/\/(home|root|work|Users|tmp)\//);
});

test("the first 40 lines of the README have the sentence, the picture, the commands, goals and anti-goals, and where to read on", () => {
  const head = readFileSync(join(root, "README.md"), "utf8").split("\n").slice(0, 40).join("\n");
  for (const part of [
    "Every node connects up until root",
    "──",
    "make run",
    "make test",
    "make check",
    "Not goals",
    "docs/wire.md",
  ]) {
    expect(head).toContain(part);
  }
});

function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .trim()
      .replace(/\s/g, "-"),
  );
}
