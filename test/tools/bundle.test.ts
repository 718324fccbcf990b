import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkBundle } from "#tools/bundle/engine-gate.ts";
import { bundleFirmware } from "#tools/bundle/firmware-bundle.ts";
import { dropCalls, numberCounters } from "#tools/bundle/private-words.ts";
import { privateNames } from "#tools/bundle/private-names.ts";
import { optionalNames, shareNames } from "#tools/bundle/share-names.ts";
import { shorten } from "#tools/bundle/shorten.ts";
import { temporaryFolder } from "../temporary.ts";

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
  ["switch-scope", "for (const x of list) switch (x) { case 1: let y = x; later(() => y); }"],
  ["switch-scope", "for (const x of list) if (x) switch (x) { case 1: let y = x; later(() => y); }"],
  ["switch-scope", "function f(y) { switch (y) { case 1: let y = 2; } return y; }"],
  ["switch-scope", "function f(x) { const y = 1; while (x) switch (x) { case 1: const y = 2; } return y; }"],
  ["switch-scope", "for (let y = 0; y < 3; y++) switch (x) { case 1: let y = 2; }"],
  ["switch-scope", "let y = 1; switch (x) { case 1: switch (z) { case 1: class y {} } }"],
  ["switch-scope", "switch (x) { case 1: let y = 1; switch (z) { case 1: let y = 2; } }"],
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
  ["method-name", "class A { of() {} }"],
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
  ["missing-method", "x = text.search(/a/);"],
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
  for (const x of [1, 2]) { switch (x) { case 1: let y = x; setTimeout(() => y, 1); } }
  for (const x of [1, 2]) switch (x) { case 1: { let y = x; setTimeout(() => y, 1); } }
  for (const x of [1, 2]) switch (x) { case 1: let y = x; help(y); setTimeout((y) => y, 1); }
  if (LIMIT) { let y = 1; if (y) { switch (y) { case 1: let y = 2; help(y); } } for (const x of [y]) switch (x) { case 1: let y = x; help(y); } }
  try { new Sub(1).get(0); } catch { help(3); }
  const o = { type: "!update", get size() { return 1; } };
  require("net").createServer((s) => s.on("data", (d) => d.split("\\n")));
  var pattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/, text = "\\xe9\\0\\u00ff";
  new Sub(2).entries();
  new OneWire(D5).search();
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
  const folder = temporaryFolder();
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
});

describe("shorten", () => {
  test("puts a constant's value where that is shorter, unless its name means something else too", () => {
    expect(shorten("var few = 7; var large = 2147483647; f(few, large, large, large);")).toContain("f(7, large");
    expect(shorten("var few = 7; function g(few) { h(few); return few; } g(few);")).toContain("g(few)");
    expect(shorten("var few = 7; few = 8; f(few);")).toContain("f(few)");
    expect(shorten("var few = 7; f(few.toFixed(1));")).toContain("few.toFixed(1)");
    expect(shorten("var few = 7; f({ few: o.few });")).toContain("{ few: o.few }");
  });

  test("makes arrows of functions, but for those that ask who calls them", () => {
    expect(shorten("function f(a, b) { return a + b; }")).toContain("var f = (a, b) => { return a + b; };");
    expect(shorten("function f() { return this.x; }")).toContain("function f()");
  });

  test("keeps every line where it is", () => {
    const lines = ["function f(a) {", "  return a === void 0;", "}", "f(void 0);"];
    const out = shorten(lines.join("\n")).split("\n");
    expect(out).toHaveLength(4);
    expect(out[3]).toMatch(/^f\(\w+\);$/);
  });
});

describe("short classes", () => {
  const own = new Set(["used", "unused", "helper"]);

  test("have no methods of ours that nobody calls, nor what only those called", () => {
    const source = "class A { used() {} unused() { this.helper(); } helper() {} toJSON() {} } new A().used();";
    const out = shorten(source, own);
    expect(out).toContain("used()");
    expect(out).toContain("toJSON()");
    expect(out).not.toMatch(/unused|helper/);
  });

  test("set their fields together, but for one that asks what was set before", () => {
    const source = `class A { constructor(a) {
      this.a = a, this.b = 0, this.c = void 0, this.d = [], this.e = () => this.a,
      this.f = this.d.length;
    } }`;
    const out = shorten(source);
    expect(out).toMatch(/Object.assign\((\w+), \{a: a, b: 0, d: \[\], e: \(\) => \1.a\}\),\s*\1.f = \1.d.length/);
    const { A } = new Function(`${out}; return { A };`)() as { A: new (a: number) => { e(): number; f: number } };
    expect(new A(7).e()).toBe(7);
    expect(new A(7).f).toBe(0);
  });

  test("say this by a variable where that is shorter, in arrows too, and never before super", () => {
    const often = "this.a = this.b; this.c = () => this.d; this.e = this.f;";
    expect(shorten(`class A { often() { ${often} } }`)).toMatch(/let (\w+) = this; \1.a = \1.b; \1.c = \(\) => \1.d;/);
    expect(shorten(`class A { often() { let x = 1; ${often} } }`)).toMatch(/let (\w+) = this, x = 1; \1.a/);
    expect(shorten("class A { seldom() { this.a = this.b; } }")).toContain("{ this.a = this.b; }");
    expect(shorten(`class B extends A { constructor() { super(); ${often} } }`)).toContain("this.a = this.b");
    expect(shorten(`class A { often() { return function () { ${often} }; } }`)).toContain("this.a = this.b");
  });
});

describe("private words", () => {
  const own = new Set(["kind", "reason"]);

  test("become numbers where a property of ours is only compared with words", () => {
    const source = `list.push({ kind: late ? "wait" : "go" }, { kind: "go", reason: "late" });
      switch (effect.kind) { case "wait": break; default: f(effect.kind === "go" && effect.reason !== "never"); }`;
    const out = shorten(source, own);
    expect(out).toContain("{ kind: late ? 1 : 0 }, { kind: 0, reason: ");
    expect(out).toContain("case 1:");
    expect(out).toContain("effect.kind == 0");
    expect(out).not.toMatch(/wait|late"|never/);
  });

  test("stay where the property is read, written, or compared in any other way, or is not ours", () => {
    for (const use of [
      "log(effect.kind)",
      "effect.kind = word",
      "x === effect.kind",
      'effect.kind + "s"',
      "f({ kind })",
    ]) {
      expect(shorten(`list.push({ kind: "go" }); ${use};`, own), use).toContain('kind: "go"');
    }
    expect(shorten('list.push({ type: "go" }); f(effect.type === "go");', own)).toContain('type: "go"');
  });

  test("of counters become numbers, and the list says which", () => {
    const source = 'count(a, "late"); count(a, x ? "late" : "lost"); count(a, word); say("late");';
    const { text, counters } = numberCounters(source);
    expect(text).toBe('count(a, 0); count(a, x ? 0 : 1); count(a, word); say("late");');
    expect(counters).toEqual(["late", "lost"]);
  });

  test("of calls that nobody needs go with them", () => {
    const silent = dropCalls('() => { count(a, "late"); if (x) return count(b, "lost"); f(count); };', ["count"]);
    expect(silent).toBe("() => { void 0; if (x) return void 0; f(count); };");
  });

  test("that stand in several places are one variable, where that is shorter", () => {
    const out = shorten('f("a long text", { "a long text": 1 }); g("a long text"); h("ab", "ab");');
    expect(out).toMatch(/var (\w+) = "a long text";f\(\1, \{ "a long text": 1 \}\); g\(\1\); h\("ab", "ab"\)/);
  });
});

describe("short members", () => {
  test("read by a variable what is not ours to shorten and is used often, and nothing else", () => {
    const often = Array.from({ length: 9 }, (_, at) => `f(a${at}.length)`).join("; ");
    const out = shorten(`${often}; f(a.own, b.own, c.own, d.own, e.own, g.own, h.own); x.pop();`, new Set(["own"]));
    expect(out).toContain('var saplineMemberlength = "length";f(a0[saplineMemberlength]); ');
    expect(out).toMatch(/f\(a\.own, .*x\.pop\(\)/);
  });

  test("stand for calls of functions that answer one small expression", () => {
    const add = "function add(a, b) { return a + b; }";
    expect(shorten(`${add} x = add(y, add(2, z)) * 2;`)).toContain("x = ((y) + ((2) + (z))) * 2;");
    const { x } = new Function(`${shorten(`${add} var x = 2 * add(1, add(2, 3));`)} return { x };`)() as { x: number };
    expect(x).toBe(12);
    // What is not its own may have another meaning where it is called.
    expect(shorten("function next() { return step; } x = next();")).toContain("next()");
    // Swapped, the arguments would be read in another order; twice, one would be read again.
    expect(shorten("function less(a, b) { return b - a; } x = less(y, z);")).toContain("less(y, z)");
    expect(shorten("function twice(a) { return a + a; } x = twice(y());")).toContain("twice(y())");
  });
});

describe("loose equals", () => {
  const own = new Set(["at", "find"]);

  test("stand where both sides are of our own making", () => {
    expect(shorten("f(o.at === 5, 5 !== o.at, o.at === void 0, o.at !== 'x');", own)).toMatch(
      /f\(o\.at == 5, 5 != o\.at, o\.at == \w+, o\.at != 'x'\)/,
    );
    expect(
      shorten("f(list.length === 0, t.charCodeAt(0) !== 1, (a & b) === 2, o.find(1) === void 0);", own),
    ).not.toMatch(/[!=]==/);
  });

  test("are not put where anything may stand", () => {
    for (const pair of [
      "message.ep === 0",
      "raw.token === void 0",
      "x === 5",
      "o.at === x",
      "o[at] === 5",
      "a + b === 5",
    ]) {
      expect(shorten(`f(${pair});`, own), pair).toContain("===");
    }
  });
});

describe("sizes", () => {
  test("add up to the bundle, file by file", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "other.ts"), `export function other() { console.log("${"o".repeat(500)}"); }`);
    writeFileSync(join(folder, "app.ts"), 'import { other } from "./other.ts"; other(); console.log("app");');
    const bundle = await bundleFirmware({
      entry: join(folder, "app.ts"),
      version: "1.2.3",
      declarations: "firmware/espruino.d.ts",
      bytesMax: 10_000,
    });
    const sizes = bundle.sizes();
    // Line ends are nobody's.
    expect(sizes.reduce((sum, size) => sum + size.bytes, 0)).toBeGreaterThanOrEqual(bundle.bytes - 3);
    expect(sizes[0]?.file).toMatch(/other\.ts$/);
    expect(sizes[0]?.bytes).toBeGreaterThan(500);
  });
});

describe("private names", () => {
  const names = (source: string, ...applications: string[]): string[] =>
    privateNames(source, applications, ["firmware/espruino.d.ts"]);

  test("are all that is written without quotes", () => {
    const source = "class A { constructor() { this.secret = 1; } hidden() { return { madeAt: this.secret }; } }";
    expect(names(`${source} new A().hidden().madeAt;`)).toEqual(["hidden", "madeAt", "secret"]);
  });

  test("are none that JavaScript or the engine has", () => {
    const source = "f.push(1); f.length2 = f.length; f.sckt = 0; f.createServer(); f.host; Math.max(1); f.slice();";
    expect(names(source)).toEqual(["length2"]);
  });

  test("take no notice of quotes: what is quoted is somebody else's", () => {
    expect(names('message["dst"] = message["via"]; route.via = 1;')).toEqual(["via"]);
  });

  test("are none in a literal that has a type, at any depth, wherever else they are used", () => {
    expect(names('emit({ type: "!door", open: { wide: 1 } }); state.open = door.wide + door.high;')).toEqual(["high"]);
  });

  test("are none that an application's file uses", () => {
    expect(names("o.level = o.depth", "entity({ read: () => ({ level: 1 }) })")).toEqual(["depth"]);
  });
});

describe("names of properties that several may share", () => {
  const named = (text: string, own: string[], optional: string[] = []): string =>
    shareNames(text, new Set(own), new Set(optional));

  test("two classes have the same short names, and a class none twice, nor with its base", () => {
    const text =
      "class A { constructor() { this.aa = 1; this.bb = 2; } }\nclass B extends A { cc() { return this.dd; } }";
    expect(named(`${text} class C { ee() {} }`, ["aa", "bb", "cc", "dd", "ee"])).toBe(
      "class A { constructor() { this.aa = 1; this.bb = 2; } }\nclass B extends A { cc() { return this.dd; } } class C { aa() {} }",
    );
  });

  test("names of one literal differ, and so do those of one object that is filled in elsewhere, however it got there", () => {
    expect(named("x = { aa: 1, bb: 2 }; y = { cc: 3 };", ["aa", "bb", "cc"])).toBe(
      "x = { aa: 1, bb: 2 }; y = { aa: 3 };",
    );
    for (const text of [
      "function f(x) { x.aa = 1; } function g(y) { y.bb = 1; } var z = {}; f(z); g(z);",
      "class A { constructor() { this.open = {}; } f() { const x = this.open; x.aa = 1; } g() { const y = this.open; y.bb = 1; } }",
      "function f() { return {}; } const x = f(); x.aa = 1; function g() { return f(); } g().bb = 1;",
      "const list = []; function f() { list.push({ aa: 1 }); } function g() { for (const x of list) x.bb = 1; }",
      "const list = [{ aa: 1 }]; function f() { return list.filter((x) => x.bb === 1)[0]; }",
      "const x = y ? { aa: 1 } : undefined; (x || z).bb = 1;",
    ]) {
      expect(new Set([...named(text, ["aa", "bb"]).matchAll(/\b(aa|bb)\b/g)].map((match) => match[1])).size, text).toBe(
        2,
      );
    }
  });

  test("names differ that are asked in two functions of variables which stand for one property", () => {
    const text = `function f() { const x = this.aa; x.bb = 1; } function g() { let y = this.aa; y.cc = 1; } function h() { a.aa.dd; }`;
    const short = /x\.(..) .*y\.(..) .*aa\.(..);/.exec(named(text, ["bb", "cc", "dd"]));
    expect(new Set(short?.slice(1)).size).toBe(3);
  });

  test("what may be absent has a name of its own", () => {
    expect(optionalNames(["interface A { aa?: number; bb: string; cc?(): void }"])).toEqual(["aa", "cc"]);
    expect(named("x = { aa: 1 }; f(y).bb; z = { cc: 1 };", ["aa", "bb", "cc"], ["bb"])).toMatch(
      /x = \{ (..): 1 \}; f\(y\)\.(?!\1)(..); z = \{ \1: 1 \};/,
    );
  });

  test("no short name is one that the wire has", async () => {
    const { text } = await bundleOf(`class A { constructor() { this.long = 1; this.longer = 2; } }
      const line = JSON.parse("{}"); console.log(line["n"] + line["a"] + new A().long + new A().longer);`);
    expect(text).toMatch(/\.n\+\w+\.a\b/);
    expect(text).not.toMatch(/this\.[na]=|[{,][na]:/);
  });
});
