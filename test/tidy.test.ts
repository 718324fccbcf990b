/** The laws of the repository that no compiler checks: import arrows, the purity of shared/, names, and what must not be left lying. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/** Longest file, in lines. Chosen: 300 is the aim; node.ts and root.ts, which join all parts, are the longest. */
const FILE_LINES_MAX = 410;

/** Which folder may import which; a folder may always import itself. */
const ARROWS: { [folder: string]: string[] } = {
  shared: [],
  firmware: ["shared"],
  host: ["shared"],
  tools: ["shared", "host"],
  examples: ["shared", "firmware"],
  test: ["shared", "firmware", "host", "tools", "examples"],
};

/** What would make shared/ depend on more than the bytes, time and chance it is handed. */
const IMPURE =
  /\b(Date|Math\.random|performance|setTimeout|setInterval|console|process|globalThis|Promise|async|await|fetch|require)\b|extends Error/;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "");
const code = files.filter((file) => /\.(ts|mjs)$/.test(file) && !file.endsWith(".d.ts"));
const texts = new Map(code.map((file) => [file, readFileSync(file, "utf8")]));

function offenders(of: string[], isBad: (file: string, text: string) => boolean): string[] {
  return of.filter((file) => isBad(file, texts.get(file) ?? readFileSync(file, "utf8")));
}

/** The text without comments and strings, roughly: enough to find a name in use. */
function codeOnly(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\/\/.*$/gm, "")
    .replace(/"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*'/g, '""');
}

function importsOf(file: string, text: string): string[] {
  const specifiers = [...text.matchAll(/^(?:import|export)\s[^;]*?from "([^"]+)"/gm)].map(
    (match) => match[1] as string,
  );
  return specifiers.flatMap((specifier) => {
    if (specifier.startsWith("#")) return [specifier.slice(1)];
    return specifier.startsWith(".") ? [normalize(join(dirname(file), specifier))] : [];
  });
}

test("each folder imports only what the arrows allow", () => {
  const wrong = code.flatMap((file) => {
    const folder = file.split("/")[0] as string;
    const allowed = ARROWS[folder];
    if (allowed === undefined || !file.includes("/")) return [];
    return importsOf(file, texts.get(file) as string)
      .map((target) => target.split("/")[0] as string)
      .filter((target) => target !== folder && target in ARROWS && !allowed.includes(target))
      .map((target) => `${file} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

test("shared/ imports no package and nothing of Node", () => {
  const shared = code.filter((file) => file.startsWith("shared/"));
  expect(shared.length).toBeGreaterThan(10);
  expect(offenders(shared, (_, text) => /from "(?![.#])/.test(text))).toEqual([]);
});

test("shared/ has no clock, no dice, no timers, no console and nothing asynchronous of its own", () => {
  const shared = code.filter((file) => file.startsWith("shared/"));
  expect(offenders(shared, (_, text) => IMPURE.test(codeOnly(text)))).toEqual([]);
});

test("firmware/ and shared/ depend on no package", () => {
  const chip = code.filter((file) => file.startsWith("firmware/") || file.startsWith("shared/"));
  expect(offenders(chip, (_, text) => /^import .* from "(?![.#])/m.test(text))).toEqual([]);
});

test("files are nouns in kebab-case, and none is a drawer for everything", () => {
  expect(
    code.filter((file) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.(ts|mjs)$/.test(file.split("/").at(-1) as string)),
  ).toEqual([]);
  expect(code.filter((file) => /(^|\/)(utils?|helpers?|common|misc)\.ts$/.test(file))).toEqual([]);
});

test("no file of the product has grown into two", () => {
  const product = code.filter((file) => !file.startsWith("test/"));
  expect(offenders(product, (_, text) => text.split("\n").length > FILE_LINES_MAX)).toEqual([]);
});

test("there are no default exports", () => {
  const others = code.filter((file) => file !== "vitest.config.ts");
  expect(offenders(others, (_, text) => /^export default\b/m.test(text.replace(/`[^`]*`/g, "``")))).toEqual([]);
});

test("every file of the product says at its head what it is", () => {
  const product = code.filter((file) => !file.startsWith("test/") && file.includes("/"));
  expect(offenders(product, (_, text) => !/^(#!.*\n)?\s*\/\*\*/.test(text))).toEqual([]);
});

test("nothing is left for later, skipped in silence, or bound to one machine", () => {
  const self = "test/tidy.test.ts";
  const readable = files.filter(
    (file) => /\.(ts|mjs|js|py|md|json|c|h|sh)$/.test(file) && file !== self && file !== "package-lock.json",
  );
  const leftOver = /\b(TODO|FIXME|XXX)\b|\b(it|test|describe)\.(only|todo)\b/;
  expect(offenders(readable, (_, text) => leftOver.test(text))).toEqual([]);
  expect(offenders(readable, (_, text) => /\/(work|root|home)\/[a-z]|registry\.npmjs|\/tmp\/[a-z]/.test(text))).toEqual(
    [],
  );
});
