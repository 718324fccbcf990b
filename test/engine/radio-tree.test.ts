/**
 * A radio tree of real interpreters, over UDP on this machine: a gateway (WebSocket up, radio down), a branch and a leaf by radio, and a root in this
 * process. With an engine that has the library in C that is used, otherwise the stand-in. The gateway's broadcasts reach the branch alone, so the leaf is behind
 * the branch for good.
 */
import { afterEach, describe, expect, test } from "vitest";
import { Engine, ESPRUINO, firmware, hasLibrary, isChipLike, SKIP_REASON } from "./espruino.ts";
import { figure } from "./figures.ts";
import { MemoryRoot } from "./memory-root.ts";
import { freeBase } from "./radio-contract.ts";

const TOKENS = { gate: "token-of-gate", branch: "token-of-branch", leaf: "token-of-leaf" };
type Id = keyof typeof TOKENS;
const KEY = "00112233445566778899aabbccddeeff";
const READINGS = 2000;
/** Prints the variables that are free, collected, four times a second. */
const METER = `setInterval(function(){ console.log("free " + process.memory().free); }, 250);`;

const isNative = await hasLibrary("ESPNOW");
/** An engine with a chip's memory runs its program from flash, as a chip does; another from memory, which is quicker. */
const hasFlash = await isChipLike();

/**
 * How many times slower the engines' clocks go: a chip-like engine whose program is in a file for flash takes several times as long for everything, on a PC that
 * also runs two others of its kind, and so misses what is due in 60 ms. SLOW sets it.
 */
const SLOW = Number(process.env["SLOW"] ?? (hasFlash && !isNative ? 4 : 1));
const CLOCK = `var realTime = getTime; var realTimeout = setTimeout;
global.getTime = function() { return realTime() / ${SLOW}; };
global.setTimeout = function(f, wait) { return realTimeout(f, wait * ${SLOW}); };
`;

/** Calls that lie below all that comes from a timer or the radio: what is left of a chip's stack is at least that. PADDING sets it. */
const PADDING = Number(process.env["PADDING"] ?? 0);
const PAD = `var padDeep = function(n, f) { if (n) return padDeep(n - 1, f); return f(); };
var padTimeout = setTimeout; var padRequire = require;
global.setTimeout = function(f, wait) { return padTimeout(function() { padDeep(${PADDING}, f); }, wait); };
global.require = function(name) {
  var library = padRequire(name);
  if (name != "ESPNOW") return library;
  var init = library.init;
  return { init: function(o, f) { init(o, function(a, b, c, d, e) { padDeep(${PADDING}, function() { f(a, b, c, d, e); }); }); },
    mac: library.mac, send: library.send, setChannel: library.setChannel, getChannel: library.getChannel, restart: library.restart,
    setOpen: function(isOpen) { library.setOpen(isOpen); this.seal = library.seal; this.open = library.open; this.hmac = library.hmac; } };
};
`;

function readings(node: string, count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `${node}.s${at % 5},${((at * 37) % 1000) / 10},${1_732_345_600_000 + at}`,
  );
}

async function until(condition: () => boolean, what: () => string, wait: number): Promise<void> {
  const end = Date.now() + wait;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${wait} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(ESPRUINO === "")(`a radio tree of engines${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  const engines: Engine[] = [];
  let root: MemoryRoot;
  let base = 0;

  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.stop();
    await root.close();
  });

  /** `nodes`: a broadcast goes to the nodes from 1 to this one. */
  const start = async (id: Id, nodes: number, more: object, made: string[]): Promise<Engine> => {
    const number = Object.keys(TOKENS).indexOf(id) + 1;
    const config = {
      id,
      token: TOKENS[id],
      radio: { key: KEY },
      ...(isNative ? {} : { standIn: { base, id: number, nodes } }),
      replay: { every: 20, batch: 3 },
      ...more,
    };
    Object.assign(process.env, {
      ESPNOW_UDP_BASE: String(base),
      ESPNOW_UDP_ID: String(number),
      ESPNOW_UDP_NODES: String(nodes),
    });
    const before =
      (SLOW > 1 ? CLOCK : "") + (isNative ? "" : await firmware("firmware/stand-in.ts")) + (PADDING > 0 ? PAD : "");
    const program = await firmware("test/engine/radio-replay.ts");
    const files = { "sapline.json": JSON.stringify(config), readings: made.map((line) => `${line}\n`).join("") };
    const engine = hasFlash
      ? Engine.fromFlash(before, program, METER, files)
      : new Engine(`${before}\n${program}\n${METER}`, files);
    engines.push(engine);
    return engine;
  };

  test(
    `${READINGS} readings of a leaf arrive once, in order, while the branch in the middle is killed twice`,
    async () => {
      root = await MemoryRoot.open(TOKENS);
      base = await freeBase(3);
      const made = readings("leaf", READINGS);
      const gate = await start("gate", 2, { parent: { host: "127.0.0.1", port: root.port } }, []);
      let branch = await start("branch", 3, {}, []);
      const leaf = await start("leaf", 3, { radio: { key: KEY, children: false } }, made);
      const said = (): string =>
        [gate, branch, leaf]
          .map((one) =>
            one.lines
              .filter((line) => !line.startsWith("free "))
              .slice(-15)
              .join("\n"),
          )
          .join("\n--\n");
      const stored = (): number => root.readings("leaf").length;
      const startedAt = performance.now();
      for (const part of [1 / 3, 2 / 3]) {
        await until(
          () => stored() > READINGS * part,
          () => `${stored()} readings\n${said()}`,
          110_000 * SLOW,
        );
        await branch.stop();
        expect(branch.faults()).toEqual([]);
        branch = await start("branch", 3, {}, []);
        const before = stored();
        const killedAt = performance.now();
        await until(
          () => stored() > before,
          () => `readings after a kill\n${said()}`,
          20_000 * SLOW,
        );
        figure("radio tree: silence after the branch was killed, ms", Math.round(performance.now() - killedAt));
      }
      await until(
        () => stored() >= READINGS,
        () => `${stored()} readings\n${said()}`,
        110_000 * SLOW,
      );
      await leaf.line(/replay: done 2000$/);
      figure(
        "radio tree: events a second, with two kills",
        Math.round((READINGS * 1000) / (performance.now() - startedAt)),
      );
      expect(root.readings("leaf")).toEqual(made);
      expect(root.root.node("leaf")?.via).toEqual(["branch", "gate"]);
      expect([gate, branch, leaf].flatMap((engine) => engine.faults())).toEqual([]);
      for (const [name, engine] of [
        ["gateway", gate],
        ["branch", branch],
        ["leaf", leaf],
      ] as const) {
        const free = engine.lines.filter((line) => line.startsWith("free ")).map((line) => Number(line.split(" ")[1]));
        figure(`radio tree: variables free at the least, ${name}`, Math.min(...free));
      }
      expect([gate, branch, leaf].flatMap((engine) => engine.lines).some((line) => line.includes(KEY))).toBe(false);
    },
    240_000 * SLOW,
  );
});
