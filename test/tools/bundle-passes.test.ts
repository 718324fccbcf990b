/** What the bundle's own passes do to small programs: less text, and the same answers. */
import { describe, expect, test } from "vitest";
import { checkBundle } from "#tools/bundle/engine-gate.ts";
import { dropParameters, dropUnread, dropVariables, foldObjects } from "#tools/bundle/idle-members.ts";
import { inlineOnce } from "#tools/bundle/inline-once.ts";
import { variablesAsParameters } from "#tools/bundle/local-parameters.ts";
import { plainComparisons } from "#tools/bundle/loose-equals.ts";
import { MovedText } from "#tools/bundle/moved-text.ts";
import { dropUnused } from "#tools/bundle/short-classes.ts";

/** What a program's `run` answers, for some arguments. */
function answers(text: string): unknown[] {
  const run = new Function(`${text}\nreturn run;`)() as (n: number) => unknown;
  return [-2, -1, 0, 1, 2, 3, 7].map((n) => run(n));
}

function inlined(text: string, own: readonly string[]): string {
  const moved = new MovedText(text);
  inlineOnce(moved, new Set(own));
  return moved.text;
}

describe("what is called once becomes part of its caller, with the same answers:", () => {
  test.each<[string, string]>([
    [
      "a statement with guards",
      "class A{ m(n){ this.x = 1; this.g(n); return this.x; } g(n){ if (n < 0) return; if (n > 2) { this.x = 9; return; } this.x += n; } }",
    ],
    [
      "what is returned",
      "class A{ m(n){ if (n > 1) return this.g(n, 2); return 5; } g(a, b){ if (a > 2) return a; for (let i = 0; i < 9; i++) if (i * b > a) return i; return 0; } }",
    ],
    [
      "the start of a variable",
      "class A{ m(n){ const a = 1, b = this.g(n), c = b + a; return [a, b, c]; } g(n){ const a = n * 2; return a + 1; } }",
    ],
    [
      "one of two values",
      "class A{ m(n){ let b = this.g(n); return b; } g(n){ if (n > 1) return 'x'; else if (n < 0) { return 'y'; } } }",
    ],
    [
      "a condition",
      "class A{ m(n){ if (n > 0 && !this.g(n, n + 1)) return 'no'; return 'yes'; } g(a, b){ let c = a + b; if (c > 5) return true; c = 0; return c; } }",
    ],
    [
      "a part of an expression",
      "class A{ m(n){ return [n, this.g(n) + this.x, n]; } g(n){ this.x = n; return n > 1 ? 1 : 0; } }",
    ],
    [
      "what it was called on",
      "class B{ constructor(n){ this.v = n; } g(d){ this.v += d; return this.v; } } class A{ m(n){ const b = new B(n); const c = b.g(3); return c + b.v; } }",
    ],
    [
      "parameters that are set",
      "class A{ m(n){ const k = this.g(n); return [k, n]; } g(n){ n += 1; n *= 2; return n; } }",
    ],
    [
      "names of the caller",
      "class A{ m(n){ const x = n, y = 2; this.g(y, x); return [x, y, this.z]; } g(x, y){ const n = x - y; this.z = n; } }",
    ],
    [
      "inner functions",
      "class A{ m(n){ const l = [() => n]; const f = this.g(2, n); l.push(f); return l.map((f) => f()); } g(i, n){ const k = i + n; return () => k; } }",
    ],
    [
      "a branch of a switch",
      "class A{ m(n){ let r = 0; switch (n) { case 1: r = this.g(n); break; case 2: r = 4; } return r; } g(n){ const r = n; return r + 1; } }",
    ],
    [
      "an arrow's whole body",
      "class A{ m(n){ const f = (q) => this.g(q); return [f(n), f(1)]; } g(q){ const t = q + 1; if (t > 2) return t; return -t; } }",
    ],
    [
      "an argument that is left out",
      "class A{ m(n){ return this.g(n); } g(n, more){ return more === undefined ? n : more; } }",
    ],
    [
      "an argument that is a sequence in parentheses",
      "class A{ m(n){ let b = n; if (n > 0) { this.g((b += 1, b > 2)); } return [b, this.x]; } g(is){ let t = is; t = is && t; if (is) this.x = t; else this.x = 0; } }",
    ],
  ])("%s", (_what, program) => {
    const text = `${program} function run(n){ return new A().m(n); }`;
    const short = inlined(text, ["g"]);
    expect(short).not.toMatch(/\bg\(/);
    expect(answers(short)).toEqual(answers(text));
  });

  test("but a loop that returns in the middle of another function stays, and so does what two call, or what is not ours", () => {
    const loop = "class A{ m(n){ this.g(n); return 1; } g(n){ for (;;) if (n > 0) return; else n++; } }";
    expect(inlined(loop, ["g"])).toBe(loop);
    const twice = "class A{ m(n){ this.g(n); this.g(2); } g(n){ this.x = n; } }";
    expect(inlined(twice, ["g"])).toBe(twice);
    const theirs = "class A{ m(n){ this.g(n); } g(n){ this.x = n; } }";
    expect(inlined(theirs, [])).toBe(theirs);
  });

  test("a function, from another function, where no name of the caller hides what it uses", () => {
    const text = "const k = 3; function half(n){ const h = n / k; return h; } function run(n){ return half(n) + 1; }";
    expect(answers(inlined(text, []))).toEqual(answers(text));
    const hidden =
      "const k = 3; function half(n){ const h = n / k; return h; } function run(n){ const k = 1; return half(n) + k; }";
    expect(inlined(hidden, [])).toBe(hidden);
  });

  // A root that was up and four settings became the last setting, five times: the chip gives a `switch` no scope.
  test.each([
    "for (const one of list) this.g(one, all);",
    "for (let i = 0; i < 2; i++) { const one = list[i]; this.g(one, all); }",
    "for (const one of list) switch (one > 0) { case true: case false: this.g(one, all); break; }",
    "while (list.length > 0) switch (1) { case 1: if (list) this.g(list.shift(), all); }",
  ])("what makes a closure has variables of its own in each round of: %s", (loop) => {
    const text = `class A{ m(list){ const all = []; ${loop} return all.map((one) => one()); } g(n, all){ const twice = n * 2; all.push(() => [n, twice]); } } function run(n) { return new A().m([n, n + 1]); }`;
    const short = inlined(text, ["g"]);
    expect(short).not.toContain("g(n, all)");
    expect(answers(short)).toEqual(answers(text));
    expect(checkBundle(short).filter(({ rule }) => /^(loop-closure|switch-scope)$/.test(rule))).toEqual([]);
  });

  test("but what makes a closure stays where its variables would be the whole function's", () => {
    const text =
      "class A{ m(list){ while (more(this.g(list), 1)); } g(n){ const x = n.pop(); later(() => x); return x; } }";
    expect(inlined(text, ["g"])).toBe(text);
  });
});

describe("variables become parameters that nobody passes", () => {
  test.each<[string, string, string]>([
    ["one of a method", "var A = class { m(n) { let a = this; return a.x + n; } };", "m(n, a)"],
    [
      "one of two loops",
      "var f = (n, l) => { for (let i = 0; i < n; i++) l.push(i); for (let i = 0; i < n; i++) l.push(i); };",
      "(n, l, i) =>",
    ],
    ["one without a value", "var A = class { m(n) { let b; if (n) b = 1; return b; } };", "m(n, b)"],
  ])("%s", (_what, text, head) => {
    const short = variablesAsParameters(text);
    expect(short).toContain(head);
    expect(short.length).toBeLessThan(text.length);
    expect(() => new Function(short)).not.toThrow();
  });

  test.each<[string, string]>([
    ["that an inner function uses", "var A = class { m(n) { let a = n; return () => a; } };"],
    [
      "that is undefined anew in each round",
      "var A = class { m(n, l) { for (let i of n) { let b; if (i) b = 1; l.push(b); l = [() => i]; } } };",
    ],
    ["of a function that others call", "list.map((n) => { let a = n; return a * a; });"],
    ["of a getter", "var A = class { get m() { let a = this; return a.x + a.x; } };"],
  ])("but not one %s", (_what, text) => {
    expect(variablesAsParameters(text)).toBe(text);
  });
});

describe("what nobody asks for is left out:", () => {
  const own = new Set(["a", "b", "m", "g"]);

  test("properties that are only set, but for what comes of their value", () => {
    expect(dropUnread("x.a = 1; x.b = f(); y = {a: 1, c: 2, b: q};", own).replaceAll(" ", "")).toBe("1;f();y={c:2};");
    expect(dropUnread("x.a = 1; z = x.a;", own)).toBe("x.a = 1; z = x.a;");
    expect(dropUnread("x.a += 1;", own)).toBe("x.a += 1;");
    expect(dropUnread("y = (x.a = 1);", own)).toBe("y = (x.a = 1);");
  });

  test("parameters that no method of a name reads, with what is passed", () => {
    const text = "class A { m(p, q, r) { return p + r; } } class B { m(p, q) { return p; } } x.m(1, y.z, 3);";
    expect(dropParameters(text, own)).toBe(
      "class A { m(p, r) { return p + r; } } class B { m(p) { return p; } } x.m(1, 3);",
    );
    const effects = "class A { m(p, q) { return p; } } x.m(1, f());";
    expect(dropParameters(effects, own)).toBe(effects);
    const handed = "class A { m(p, q) { return p; } } x.m(1, 2); later(x.m);";
    expect(dropParameters(handed, own)).toBe(handed);
  });

  test("variables that are only read into", () => {
    expect(dropVariables("function f(o) { let a = o.x, b = 2, c = o.y; return b; }")).toBe(
      "function f(o) { let b = 2; return b; }",
    );
    expect(dropVariables("function f(o) { let a = o.x(); return 1; }")).toBe(
      "function f(o) { let a = o.x(); return 1; }",
    );
  });

  test("methods that only outsiders could call, where there are none", () => {
    const text = "class A { keys() { return Object.keys(this); } toJSON() { return 1; } m() {} }";
    expect(dropUnused(text, own)).toBe("class A { keys() { return Object.keys(this); } toJSON() { return 1; }  }");
    expect(dropUnused(text, own, true)).toBe("class A {  toJSON() { return 1; }  }");
  });

  test("constant objects of numbers, unless they are handed on", () => {
    expect(foldObjects("var L = {a: 1, b: 2}; f(L.a, L.b);", own)).toBe("var L = {a: 1, b: 2}; f(1, 2);");
    expect(foldObjects("var L = {a: 1}; f(L.a, L);", own)).toBe("var L = {a: 1}; f(L.a, L);");
  });
});

test("a moment that is not set is neither past nor to come", () => {
  const text =
    "function run(n){ const o = {at: n > 0 ? n : undefined}; return [o.at !== void 0 && 2 >= o.at, o.at === void 0 || 2 < o.at]; }";
  expect(plainComparisons(text)).toContain("(2 >= o.at), !(2 >= o.at)");
  expect(answers(plainComparisons(text))).toEqual(answers(text));
});

test("what is moved still knows where it came from", () => {
  const text = "one();\ntwo();\n";
  const moved = new MovedText(text);
  moved.edit([
    { start: 0, end: 6, parts: [] },
    { start: 13, end: 13, parts: ["new(); ", { start: 0, end: 6 }] },
  ]);
  expect(moved.text).toBe("\ntwo();new(); one();\n");
  const [map] =
    /[\w+/=]+$/m.exec(
      moved.map(text, { version: 3, sources: ["x"], mappings: "AAAA;AACA", names: [] } as never).trim(),
    ) ?? [];
  const { mappings } = JSON.parse(Buffer.from(map as string, "base64").toString()) as { mappings: string };
  expect(mappings.split(";")).toHaveLength(3);
});
