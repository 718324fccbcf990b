/** docs/simulator.md keeps its word: its scenario runs and can fail, its table and the tests agree, and it has every word of a plan. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { runPlan } from "#tools/sim/run.ts";
import { readWorld } from "#tools/sim/world-file.ts";
import { temporaryFolder } from "../temporary.ts";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const page = readFileSync(join(root, "docs/simulator.md"), "utf8");
const planSource = readFileSync(join(root, "tools/sim/plan.ts"), "utf8");
const scenario = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? "";

/** Files of the corpus: whoever plays scenes. Each of their tests is a scenario. */
const FILES = readdirSync(here)
  .filter(
    (name) =>
      name.endsWith(".test.ts") && /^(import|\}) .*"\.\/scenes\.ts";$/m.test(readFileSync(join(here, name), "utf8")),
  )
  .map((name) => name.replace(".test.ts", ""));

/** Runs a file of tests as if it stood in this folder; the errors of its tests, by their names. */
async function runTests(source: string): Promise<{ name: string; error: unknown }[]> {
  const built = await build({
    stdin: { contents: source, resolveDir: here, loader: "ts", sourcefile: "page.ts" },
    bundle: true,
    write: false,
    format: "iife",
    platform: "node",
    plugins: [
      {
        name: "the tests' own runner",
        setup(each) {
          each.onResolve({ filter: /^vitest$/ }, () => ({ path: "vitest", namespace: "page" }));
          each.onLoad({ filter: /.*/, namespace: "page" }, () => ({
            contents: "export const { test, expect, onTestFailed } = runner;",
          }));
        },
      },
    ],
  });
  const found: { name: string; run: () => void }[] = [];
  const runner = {
    test: (name: string, run: () => void) => void found.push({ name, run }),
    expect,
    onTestFailed: () => {},
  };
  const play = runInThisContext(`(function (runner) {${built.outputFiles[0]?.text}\n})`) as (with_: object) => void;
  play(runner);
  return found.map(({ name, run }) => {
    try {
      run();
      return { name, error: undefined };
    } catch (error) {
      return { name, error };
    }
  });
}

test("the scenario of the page is about ten lines, and passes", async () => {
  const body = scenario.split("\n").filter((line) => line.startsWith("  "));
  expect(body.length).toBeGreaterThan(5);
  expect(body.length).toBeLessThanOrEqual(10);
  const results = await runTests(scenario);
  expect(results).toHaveLength(1);
  expect(results[0]?.error).toBeUndefined();
});

test.each([
  ["nothing is mended", "settle(world);", ""],
  ["nothing breaks", 'world.crash(world.node("porch"), 20);', ""],
  ["one more is expected than was said", "upTo(taken)", "upTo(taken + 1)"],
  ["the leaf dies too", "world.run(60_000);", 'world.crash(world.node("leaf"), 20); world.run(60_000);'],
])("the scenario of the page fails where %s", async (_, words, instead) => {
  expect(scenario).toContain(words);
  const results = await runTests(scenario.replace(words, instead));
  expect(results).toHaveLength(1);
  expect(results[0]?.error).toBeInstanceOf(Error);
});

test("the world of the page can be read and played, and keeps every promise", async () => {
  const file = join(temporaryFolder(), "world.json");
  writeFileSync(file, /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "");
  const result = runPlan(await readWorld(file));
  expect(result.violation).toBeUndefined();
  expect(result.counts["fault: crash"]).toBe(1);
  expect(result.stored).toBeGreaterThan(50);
});

/** Cells of the rows between two headings. */
function rows(heading: string): string[][] {
  const section = page.split(/^## /m).find((each) => each.startsWith(heading)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (what happened|kind|part) /.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The names of the tests in a file, as they stand in its source. */
function testNames(file: string): string[] {
  const source = readFileSync(join(here, `${file}.test.ts`), "utf8");
  const names = [...source.matchAll(/^(?:test|test\.each\([\s\S]*?\))\(\s*"((?:[^"\\]|\\.)*)"/gm)];
  return names.map((match) => match[1] as string);
}

const corpus = rows("The corpus");

test("each row of the corpus has a test that there is, or a reason why there is none", () => {
  expect(corpus.length).toBeGreaterThan(35);
  for (const [what, where, proof = ""] of corpus) {
    expect(where, what).not.toBe("");
    const named = /^`([\w-]+)` "(.+)"$/.exec(proof);
    if (named === null) expect(proof, what).toMatch(/^none: .{10,}/);
    else expect(testNames(named[1] as string), what).toContain(named[2]);
  }
});

test("each scenario is in the table, and says above itself what it is about", () => {
  const named = new Set(corpus.map(([, , proof]) => proof));
  expect(FILES.length).toBeGreaterThan(6);
  for (const file of FILES) {
    const source = readFileSync(join(here, `${file}.test.ts`), "utf8");
    const names = testNames(file);
    expect(names.length, file).toBe([...source.matchAll(/^test[.(]/gm)].length);
    for (const name of names) expect([...named], name).toContain(`\`${file}\` "${name}"`);
    expect([...source.matchAll(/^\/\/ .+\ntest[.(]/gm)].length, `comments of ${file}`).toBe(names.length);
  }
});

test("each reference of the table stands above its test", () => {
  for (const [what, where = "", proof = ""] of corpus) {
    const named = /^`([\w-]+)` "(.+)"$/.exec(proof);
    if (named === null || where === "own" || where === "found here") continue;
    const source = readFileSync(join(here, `${named[1]}.test.ts`), "utf8");
    const above = source.slice(0, source.indexOf(`"${named[2]}"`));
    const comment = above.slice(above.lastIndexOf("\n//"));
    for (const number of where.matchAll(/\d{2,}/g)) expect(comment, what).toContain(number[0]);
  }
});

test("the page has every word of a plan: faults with their fields, nodes, traffic, links, worlds", () => {
  const kinds = [...planSource.matchAll(/\| \{ kind: "([^"]+)"([^}]*)\}/g)].map(([, kind = "", fields = ""]) => [
    kind,
    [...fields.matchAll(/(\w+): /g)].map((match) => match[1] as string),
  ]);
  const told = rows("The words").filter(([first = ""]) => first.startsWith("`"));
  expect(kinds.length).toBeGreaterThan(15);
  expect(told.map(([kind = "", fields = ""]) => [kind.slice(1, -1), words(fields)])).toEqual(kinds);
  for (const [name, part] of [
    ["NodePlan", "node"],
    ["TrafficPlan", "traffic"],
    ["LinkPlan", "link"],
    ["RadioPlan", "radio"],
    ["WorldPlan", "world"],
  ]) {
    const body = planSource.slice(planSource.indexOf(`export interface ${name} {`)).split("\n}")[0] ?? "";
    const fields = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((match) => match[1] as string);
    const row = rows("The words").find(([first]) => first === part)?.[1] ?? "";
    expect(fields.length).toBeGreaterThan(2);
    for (const field of fields) expect(words(row), `${name}.${field}`).toContain(field);
  }
});

function words(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1] as string);
}
