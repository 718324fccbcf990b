/**
 * How deep the chip's 25000-byte stack is used. An overflow cannot be caught, so the measure is taken from the other side: every entry
 * from the engine (socket events, timers) is called from below a number of padding calls, and the whole scenario must still work.
 */
import { describe, expect, test } from "vitest";
import { Engine, ESPRUINO, firmware, freePort, SKIP_REASON } from "./espruino.ts";
import { figure } from "./figures.ts";
import { MemoryRoot } from "./memory-root.ts";

/** Padding calls that must leave the program unharmed: a third of the 27 that the empty stack holds. PADDING tries another number, to find the most. */
const PADDING = Number(process.env["PADDING"] ?? 9);

function padded(calls: number): string {
  return `
var padDeep = function(n, f, x) { if (n) return padDeep(n - 1, f, x); return f(x); };

var padTimeout = setTimeout; var padRequire = require;
var padSocket = function(s) {
  var on = s.on;
  s.on = function(event, f) { on.call(s, event, function(x) { padDeep(${calls}, f, x); }); };
  return s;
};
global.setTimeout = function(f, wait) { return padTimeout(function() { padDeep(${calls}, f); }, wait); };
global.require = function(name) {
  var library = padRequire(name);
  if (name != "net") return library;
  return {
    connect: function(o, f) { return padSocket(library.connect(o, function() { padDeep(${calls}, f); })); },
    createServer: function(f) { return library.createServer(function(s) { padDeep(${calls}, f, padSocket(s)); }); }
  };
};
`;
}

const TOKENS = { branch: "token-of-branch", leaf: "token-of-leaf" };

/** Calls that the engine's empty stack holds. */
async function emptyStack(): Promise<number> {
  const program = `var deep=function(n,f){if(n)return deep(n-1,f);return f();};var n=0;
setInterval(function(){ n++; deep(n,function(){ console.log("deep "+n); }); },1); setTimeout(function(){ console.log("deep end"); },1500);`;
  const engine = new Engine(program, {});
  await engine.line(/^deep end/);
  await engine.stop();
  return engine.lines.filter((line) => /^deep \d/.test(line)).length;
}

/** The whole life of a branch and its leaf below that many padding calls. Throws at the first fault of either. */
async function live(padding: number, wait: number): Promise<void> {
  const root = await MemoryRoot.open(TOKENS);
  const listen = await freePort();
  const lamp = await firmware("test/engine/lamp.ts");
  const engines: Engine[] = [];
  const start = async (config: object): Promise<Engine> => {
    const engine = new Engine(padded(padding) + lamp, { "sapline.json": JSON.stringify(config) });
    engines.push(engine);
    await engine.line(/joined/, wait);
    return engine;
  };
  try {
    const parent = { host: "127.0.0.1", port: root.port };
    const branch = await start({ id: "branch", token: TOKENS.branch, parent, listen });
    const leaf = await start({ id: "leaf", token: TOKENS.leaf, parent: { host: "127.0.0.1", port: listen } });
    for (const node of ["branch", "leaf"]) {
      expect(await root.act(node, "lamp", true)).toEqual({ ok: true, value: true });
      root.set(node, "target", 21);
    }
    await leaf.line(/target 21/, wait);
    root.deafen();
    await branch.line(/away/, wait);
    await leaf.line(/away/, wait);
    root.hear();
    const isBack = (): boolean => ["branch", "leaf"].every((node) => root.root.node(node)?.isUp === true);
    for (let i = 0; i < 1000 && !isBack(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await root.act("leaf", "lamp", true)).toEqual({ ok: true, value: true });
    expect((await fetch(`http://127.0.0.1:${listen}/ping`)).status).toBe(200);
    expect([...branch.faults(), ...leaf.faults()]).toEqual([]);
  } finally {
    for (const engine of engines) await engine.stop();
    await root.close();
  }
}

describe.skipIf(ESPRUINO === "")(`stack${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  test(`a branch and its leaf join, report, act and survive the root's absence below ${PADDING} padding calls`, async () => {
    await live(PADDING, 15_000);
  });

  test("the deepest call leaves room, and how much is known", async () => {
    const all = await emptyStack();
    // Only a chip's stack is worth finding the end of.
    if (all > 100) {
      figure("deepest call", `leaves ${PADDING} plain calls at least; the empty stack holds more than 100`);
      return;
    }
    let spare = PADDING;
    const isAlive = async (padding: number): Promise<boolean> =>
      live(padding, 4000).then(
        () => true,
        () => false,
      );
    while (spare < all && (await isAlive(spare + 1))) spare++;
    figure("deepest call", `leaves ${spare} plain calls of the ${all} that the empty stack holds`);
    expect(spare).toBeGreaterThanOrEqual(9);
  });
});
