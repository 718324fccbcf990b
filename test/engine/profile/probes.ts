/**
 * What is put before and into a program to measure it on the engine. None of it is in what is flashed.
 *
 * The stack: the engine says of a buffer on its stack whether it has room for that (I2C1.readFrom, called on a port that has no I2C, does nothing else), so
 * each function of the program can ask, at its start, whether there is as much left as at the deepest call so far.
 */
import { parse } from "acorn";
import { walk } from "#tools/bundle/tree-walk.ts";

/** The engine's clock can be put forward: `ahead` is seconds. */
export const CLOCK = `var ahead = 0, realTime = getTime;
global.getTime = function() { return realTime() + ahead; };
`;

/** Prints the variables in use, collected. */
export const METER = `setInterval(function() { console.log("usage " + process.memory().usage); }, 300);
`;

/** What a chip has, and the chip-like engine. */
export const STACK_BYTES = 25_000;
/** Takes so many variables away: `process.memory` tells that it did. */
export const BALLAST = (variables: number): string => `var ballast;
(function() {
  var before = process.memory().usage;
  ballast = new Uint8Array(${variables} * process.memory().blocksize);
  var taken = process.memory().usage - before;
  if (taken < ${variables}) console.log("fault: only " + taken + " variables were taken");
})();
`;

/** What is left of the stack is noted from here down, in such steps, in bytes: for each step the engine makes an error, which takes it long if the program is in flash. */
const STACK_FROM = 9000;
export const STACK_STEP = 100;

/** Each function notes how much stack is left, and how many variables are taken, those included that the collector would give back. */
export const PROBE = `var stackLeft = ${STACK_FROM}, usageMost = 0, stackAsk = I2C1.readFrom;
var probe = function() {
  var usage = process.memory(false).usage;
  if (usage > usageMost) usageMost = usage;
  var isLess = true;
  while (isLess) { isLess = false; try { stackAsk.call(LoopbackA, 0, stackLeft); } catch (e) { stackLeft -= ${STACK_STEP}; isLess = true; } }
};
`;

/** What the probe itself takes of the stack: what it finds from here, compared with what is found without it. */
export const PROBE_COST = `(function() {
  var known = stackLeft, n = 25000, isLess = true;
  stackLeft = 25000; probe(); var below = stackLeft; stackLeft = known;
  while (isLess) { isLess = false; try { stackAsk.call(LoopbackA, 0, n); } catch (e) { n -= 16; isLess = true; } }
  return n - below;
})()`;

/** Notes the longest turn of the interpreter, in nanoseconds of its processor: what comes from a timer or a socket, until it returns. */
export const BLOCKS = `var blockFs = require("fs"), blockTimeout = setTimeout, blockRequire = require, blockTime = getTime;
var blockLongest = 0;
var blockWaited = function() { return 1 * blockFs.readFileSync("/proc/self/schedstat").split(" ")[1]; };
var blockRun = function(f, a, b, c, d, e) {
  var waited = blockWaited(), from = blockTime();
  f(a, b, c, d, e);
  from = (blockTime() - from) * 1e9;
  from -= blockWaited() - waited;
  if (from > blockLongest) blockLongest = from;
};
var blockSocket = function(s) {
  var on = s.on;
  s.on = function(event, f) { on.call(s, event, function(x) { blockRun(f, x); }); };
  return s;
};
global.setTimeout = function(f, wait) { return blockTimeout(function() { blockRun(f); }, wait); };
global.require = function(name) {
  var library = blockRequire(name);
  if (name == "net" || name == "http") return {
    connect: function(o, f) { var s = library.connect(o, function(c) { blockRun(f, c); }); return blockSocket(s); },
    createServer: function(f) { return library.createServer(function(s, r) { blockSocket(s); blockRun(f, s, r); }); }
  };
  if (name == "ESPNOW") return { init: function(o, f) { library.init(o, function(a, b, c, d, e) { blockRun(f, a, b, c, d, e); }); },
    mac: library.mac, send: library.send, setChannel: library.setChannel, getChannel: library.getChannel, restart: library.restart, seal: library.seal, open: library.open };
  return library;
};
`;

/** How long the engine takes for a statement, `sum = sum + i` in a loop, in nanoseconds: the best of many tries, in which nothing came between. */
export const STATEMENT = `(function() {
  var best = 1e9;
  for (var round = 0; round < 50; round++) {
    var sum = 0, from = blockTime();
    for (var i = 0; i < 500; i++) sum = sum + i;
    from = (blockTime() - from) * 2e6;
    if (from < best) best = from;
  }
  return best;
})()`;

/** The same program, each function of which calls `probe` first. */
export function probed(program: string): string {
  const inserts: { at: number; text: string }[] = [];
  walk(parse(program, { ecmaVersion: 2022 }), (node) => {
    switch (node.type) {
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        if (node.body.type === "BlockStatement") inserts.push({ at: node.body.start + 1, text: "probe();" });
        else {
          // After the arrow, so that parentheses round the body stay round it.
          const at = program.lastIndexOf("=>", node.body.start) + 2;
          inserts.push({ at, text: "(probe()," }, { at: node.end, text: ")" });
        }
        break;
      default:
    }
    return true;
  });
  let text = program;
  for (const { at, text: piece } of inserts.toSorted((a, b) => b.at - a.at))
    text = text.slice(0, at) + piece + text.slice(at);
  return text;
}
