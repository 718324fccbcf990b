/** What somebody's own program for the chip comes to: bytes for its texts, its names as they were, and sentences for what the chip does not run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { bundleOwnCode, type OwnCode } from "#tools/bundle/own-code.ts";
import { temporaryFolder } from "../temporary.ts";

async function made(source: string, files: { [name: string]: string } = {}): Promise<OwnCode> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries({ ...files, "app.ts": source })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return bundleOwnCode(join(folder, "app.ts"));
}

/** What the program says, its texts as the bytes that the engine would have. */
function said(code: OwnCode): unknown[] {
  expect(code.faults).toEqual([]);
  expect(code.text).toMatch(/^[\0-\x7f]*$/);
  const lines: unknown[] = [];
  const sapline = { node: (id: string) => ({ id }) };
  runInNewContext(code.text, { sapline, say: (value: unknown) => lines.push(value), require: (name: string) => name });
  return lines;
}

const utf8 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

test("texts are the bytes of their UTF-8, however they are written", async () => {
  const code = await made(`
    declare const say: (value: unknown) => void;
    const t = 21;
    say("°C"); say('größer "x"'); say(\`\${t} °C\\\\ \\\${}\n\`); say("\\u00b0 \\u{1F600} 😀"); say(\`plain \\\${t}\`);
    say({ "größe": 1, tür: 2 }); say({ tür: { öl: 3 } }.tür.öl);
  `);
  expect(said(code)).toEqual([
    utf8("°C"),
    utf8('größer "x"'),
    utf8("21 °C\\ ${}\n"),
    utf8("° 😀 😀"),
    "plain ${t}",
    { [utf8("größe")]: 1, [utf8("tür")]: 2 },
    3,
  ]);
});

test("all names but those of variables stay, also where the firmware has the same ones", async () => {
  const code = await made(`
    declare const say: (value: unknown) => void;
    function unreachable(kind: string) { say(kind); }
    function count(counters: object, reason: string) { say(reason); return counters; }
    class Sensor { kind: string; constructor() { this.kind = "send"; } outbox() { return this.kind; } }
    count({ kind: new Sensor().outbox() }, "line malformed");
    unreachable("called");
    say(Object.keys(count({ kind: 1, flush: 2 }, "x")).join());
  `);
  expect(said(code)).toEqual(["line malformed", "called", "x", "kind,flush"]);
  expect(code.text).toContain("outbox");
});

test("a program of several files, of a package, and of the engine's modules is one text", async () => {
  const code = await made(
    `import { node } from "sapline"; import { twice } from "./lib/twice.ts"; import { sensor } from "a-sensor";
     declare const say: (value: unknown) => void;
     say(node("kitchen").id + twice(4) + sensor + require("Storage"));
     export const unused = 1;`,
    {
      "lib/twice.ts": "export function twice(x: number): number { return 2 * x; }",
      "node_modules/a-sensor/package.json": '{"name":"a-sensor","type":"module","main":"index.js"}',
      "node_modules/a-sensor/index.js": 'export const sensor = "s";',
    },
  );
  expect(said(code)).toEqual(["kitchen8sStorage"]);
  expect(code.files.map((file) => file.split("/").at(-1))).toEqual(
    expect.arrayContaining(["app.ts", "twice.ts", "index.js"]),
  );
});

test.each([
  ["function f(a = 1) { return a; }\nf();", /app\.ts:2 default values are refused by the chip: test for undefined/],
  ["function f(...a: number[]) { return a; }\nf();", /app\.ts:2 rest parameters .* name each parameter/],
  ["const { length } = 'x';\nconsole.log(length);", /app\.ts:2 destructuring .*`const a = o.a;`/],
  ["console.log([...'ab']);", /app\.ts:2 spread .* concat/],
  ["export const f = async () => 1;", /app\.ts:2 async and await .* callbacks/],
  ["go();\nfunction go() { console.log(1); }", /app\.ts:2 go is used before it is defined/],
  ["const m = new Map();\nconsole.log(m);", /app\.ts:2 Map is missing/],
  ["console.log('°');\nconsole.log('°', [1].at(0));", /app\.ts:3 \.at is missing/],
  ["for (let i = 0; i < 3; i++) setTimeout(() => console.log(i), 1);", /app\.ts:2 a closure sees only the last i/],
  ["console.log(/°/);", /app\.ts:2 only texts and names of properties/],
  ["import fs from 'node:fs';\nconsole.log(fs);", /app\.ts:2 "node:fs" is of Node/],
  ["import x from 'Storage';\nconsole.log(x);", /app\.ts:2 "Storage" is Espruino's own: write require\("Storage"\)/],
  ["console.log(require('DHT22'));", /app\.ts:2 there is no "DHT22": neither Espruino nor node_modules has it/],
  ["import { Bridge } from 'sapline';\nconsole.log(Bridge);", /app\.ts:2 a program of the chip gets only `node`/],
  ["console.log(;", /app\.ts:2 Unexpected ";"/],
  ["import './gone.ts';", /app\.ts:2 Could not resolve "\.\/gone\.ts"/],
])("what the chip does not run is told with file and line: %s", async (source, sentence) => {
  const { text, faults } = await made(`// The first line.\n${source}`);
  expect(faults.join("\n")).toMatch(sentence);
  expect(text).toBe("");
});

test("a package of the old kind is a sentence", async () => {
  const { faults } = await made(`import { sensor } from "old"; console.log(sensor);`, {
    "node_modules/old/package.json": '{"name":"old","main":"index.js"}',
    "node_modules/old/index.js": 'exports.sensor = "s";',
  });
  expect(faults.join("\n")).toMatch(/app\.ts: a package that is no ES module is not for the chip/);
});

test("a file that is not there is a sentence", async () => {
  const { faults } = await bundleOwnCode("no/such/file.ts");
  expect(faults).toEqual(["no/such/file.ts: there is no such file"]);
});
