/**
 * How deep the chip's 25000-byte stack is used. An overflow cannot be caught, so the measure is taken from the other side: every entry
 * from the engine (socket events, timers) is called from below a number of padding calls, and the whole scenario must still work.
 */
import { describe, expect, test } from "vitest";
import { Engine, ESPRUINO, firmware, freePort, SKIP_REASON } from "./espruino.ts";
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

describe.skipIf(ESPRUINO === "")(`stack${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  test(`a branch and its leaf join, report, act and survive the root's absence below ${PADDING} padding calls`, async () => {
    const root = await MemoryRoot.open(TOKENS);
    const listen = await freePort();
    const lamp = await firmware("test/engine/lamp.ts");
    const engines: Engine[] = [];
    const start = async (config: object): Promise<Engine> => {
      const engine = new Engine(padded(PADDING) + lamp, { "sapline.json": JSON.stringify(config) });
      engines.push(engine);
      await engine.line(/joined/, 15_000);
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
      await leaf.line(/target 21/);
      root.deafen();
      await branch.line(/away/);
      await leaf.line(/away/);
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
  });
});
