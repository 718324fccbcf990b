import { describe, expect, test } from "vitest";
import { checkBundle } from "#tools/bundle/engine-gate.ts";
import { bundleFirmware } from "#tools/bundle/firmware-bundle.ts";
import { privateNames } from "#tools/bundle/private-names.ts";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One sample for each rule: what the engine refuses, or accepts and runs with another meaning. */
const FAULTS: [rule: string, sample: string][] = [
  ["label", "out: for (;;) { break out; }"],
  ["computed-key", "const o = { [k]: 1 };"],
  ["computed-key", "class A { [k]() {} }"],
  ["tagged-template", "tag`x`;"],
  ["use-before-definition", "start(); function start() {}"],
  ["use-before-definition", "function start() { help(); } start(); function help() {}"],
  ["use-before-definition", "var x = y + 1; var y = 2;"],
  ["use-before-definition", "(function () { go(); function go() {} })();"],
  ["loop-closure", "for (let i = 0; i < 3; i++) later(() => i);"],
  ["loop-closure", "for (const x of list) { later(function () { return x; }); }"],
  ["class-field", "class A { list = []; }"],
  ["three-levels", "class A {} class B extends A {} class C extends B {}"],
  ["three-levels", "var A = class {}; var B = class extends A {}; var C = class extends B {};"],
  ["extends", "class A extends ns.B {}"],
  ["extends-error", "class A extends Error {}"],
  ["super-property", "class A extends B { m() { return super.x; } }"],
  ["spread", "class A extends B { constructor() { super(...arguments); } }"],
  ["spread", "f(...list);"],
  ["spread", "const o = { ...p };"],
  ["rest", "function f(...rest) {}"],
  ["default-value", "function f(a = 1) {}"],
  ["destructuring", "const { a } = o;"],
  ["destructuring", "const [a] = o;"],
  ["optional-chain", "a?.b;"],
  ["exponent", "x = a ** b;"],
  ["logical-assignment", "a ??= b;"],
  ["async", "async function f() {}"],
  ["async", "function* f() {}"],
  ["private-name", "class A { #x() {} }"],
  ["static-block", "class A { static {} }"],
  ["meta", "function F() { return new.target; }"],
  ["debugger", "debugger;"],
  ["with", "with (o) {}"],
  ["bigint", "x = 10n;"],
  ["arrow-class", "x = () => class {};"],
  ["default-not-last", "switch (x) { default: break; case 1: break; }"],
  ["arguments", "function f() { return arguments.length; }"],
  ["length-assignment", "list.length = 0;"],
  ["emitter-name", "const o = { on: true };"],
  ["emitter-name", "o.emit = 1;"],
  ["missing-global", "x = new Map();"],
  ["missing-global", "queueMicrotask(f);"],
  ["missing-static", "x = Math.trunc(y);"],
  ["missing-static", "x = Number.isInteger(y);"],
  ["missing-static", "x = Array.from(y);"],
  ["missing-static", "Object.freeze(x);"],
  ["missing-static", "Promise.allSettled(x);"],
  ["missing-method", "x = list.flatMap(f);"],
  ["missing-method", "x = list.at(-1);"],
  ["missing-method", "x = text.codePointAt(0);"],
  ["missing-method", "promise.finally(f);"],
  ["missing-method", "for (const x of list.entries()) {}"],
  ["builtin-prototype", "x = Array.prototype.slice;"],
  ["class-name", "x = y.constructor.name;"],
  ["error-class", "x = e instanceof TypeError;"],
  ["regex", "x = /a{2}/;"],
  ["regex", "x = /(ab)+/;"],
  ["regex", "x = /a+?/;"],
  ["regex", "x = /(?=a)/;"],
  ["regex", "x = /\\bword/;"],
  ["regex", "x = /a/m;"],
  ["unicode-escape", 'x = "\\u4e2d";'],
  ["unicode-escape", "x = `\\u4e2d`;"],
  ["template-escape", "x = `\\${y}`;"],
  ["non-ascii", 'x = "é";'],
  ["split-limit", 'x = y.split(",", 2);'],
  ["stringify-replacer", "x = JSON.stringify(y, f);"],
  ["set-time", "setTime(0);"],
];

const GOOD = `
"use strict";
(() => {
  var LIMIT = 10;
  function help(a) { return a + LIMIT; }
  var Base = class { constructor() { this.list = []; } get(i) { return this.list[i]; } entries() { return this.list; } };
  var Sub = class extends Base { constructor(x) { super(); this.x = x; } get(i) { return super.get(i) ?? late(); } };
  function late() { return after(); }
  function after() { return 0; }
  function each(x) { setTimeout(() => help(x), 1); }
  for (const x of [1, 2]) each(x);
  for (let i = 0; i < 2; i++) { const copy = i; setTimeout(() => copy, 1); }
  switch (help(1)) { case 1: break; default: help(2); }
  try { new Sub(1).get(0); } catch { help(3); }
  const o = { type: "!update", get size() { return 1; } };
  require("net").createServer((s) => s.on("data", (d) => d.split("\\n")));
  var pattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/, text = "\\xe9\\0\\u00ff";
  new Sub(2).entries();
  Object.keys(o).map((k) => o[k]);
  console.log(o, pattern.test(text), \`a\${LIMIT}b\`);
})();
`;

describe("engine gate", () => {
  test.each(FAULTS)("finds %s in: %s", (rule, sample) => {
    expect(checkBundle(`var filler = 1;\n${sample}`).map((finding) => [finding.rule, finding.line])).toContainEqual([
      rule,
      2,
    ]);
  });

  test("lets good code pass", () => {
    expect(checkBundle(GOOD)).toEqual([]);
  });
});

function bundleOf(source: string, bytesMax = 10_000): ReturnType<typeof bundleFirmware> {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  writeFileSync(join(folder, "app.ts"), source);
  return bundleFirmware({
    entry: join(folder, "app.ts"),
    version: "1.2.3",
    declarations: "firmware/espruino.d.ts",
    bytesMax,
  });
}

describe("firmware bundle", () => {
  test("says the file and line of a fault in the source, not in the bundle", async () => {
    const bundle = await bundleOf("const a = 1;\n\nexport const b = new Map([[a, 1]]);\nconsole.log(b);\n");
    expect(bundle.faults.join()).toMatch(/app\.ts:3 Map is missing/);
  });

  test("fails where esbuild can lower nothing: defaults, rest, spread, destructuring, async", async () => {
    for (const source of [
      "console.log((function (a = 1) { return a; })())",
      "console.log((function (...a) { return a; })())",
      "console.log([...globalThis.x])",
      "const { a } = globalThis.x; console.log(a)",
      "(async () => {})()",
    ]) {
      await expect(bundleOf(source), source).rejects.toThrow("not supported");
    }
  });

  test("lowers what esbuild can: ?., **, ??=, object spread", async () => {
    const bundle = await bundleOf("const a = globalThis.x; let b = a?.y ** 2; b ??= 1; console.log(b, { ...a });");
    expect(bundle.faults.filter((fault) => !fault.includes("missing"))).toEqual([]);
    expect(bundle.text).not.toMatch(/\?\.|\*\*|\?\?=|\.\.\./);
  });

  test("refuses a bundle of one byte more than the limit", async () => {
    const source = 'console.log("hello");';
    const { bytes } = await bundleOf(source);
    expect((await bundleOf(source, bytes)).faults).toEqual([]);
    expect((await bundleOf(source, bytes - 1)).faults.join()).toContain(`the limit is ${bytes - 1}`);
  });

  test("writes the version into the program", async () => {
    expect((await bundleOf("console.log(SAPLINE_VERSION);")).text).toContain('"1.2.3"');
  });

  test.each(["firmware/main.ts", "examples/weather/replay.ts"])("%s is fit for the chip", async (entry) => {
    const bundle = await bundleFirmware({
      entry,
      version: "0.0.0",
      declarations: "firmware/espruino.d.ts",
      bytesMax: 40960,
    });
    expect(bundle.faults).toEqual([]);
  });
});

describe("private names", () => {
  const names = (source: string): string[] => privateNames(source, "firmware/espruino.d.ts");

  test("are fields reached through this alone, and methods that are only called", () => {
    const source = "class A { constructor() { this.secret = 1; } hidden() { return this.secret; } } new A().hidden();";
    expect(names(source)).toEqual(["hidden", "secret"]);
  });

  test("are none that a message, a text, a key or the engine also has", () => {
    const fields = "this.eid = 1; this.ts = 2; this.kindly = 3; this.write = 4; this.length2 = 5; this.push = 6;";
    const source = `class A { constructor(m) { ${fields} } } f(m.eid, "ts", { kindly: 1 }, s["length2"]);`;
    expect(names(source)).toEqual([]);
  });

  test("are names with a capital inside, unless a text says them", () => {
    expect(names('f({ madeAt: 1 }); x.isOpen = o["flushBytes"]; l.flushBytes = 1;')).toEqual(["isOpen", "madeAt"]);
  });
});
