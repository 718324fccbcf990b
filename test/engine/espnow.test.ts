/**
 * The radio on the engine: the stand-in over UDP on any engine, the library in C on one that has it, and one node of each, which hear each other. What an engine
 * has is found out before: `require("ESPNOW")` throws where there is none.
 */
import { describe, expect, test } from "vitest";
import { Engine, ESPRUINO, firmware, hasLibrary, SKIP_REASON } from "./espruino.ts";
import { figure } from "./figures.ts";
import { freeBase, radioContract, type RadioNode, standInConfig } from "./radio-contract.ts";

const ENTRY = "test/engine/radio-node.ts";

async function standIn(role: "echo" | "probe", base: number, id: number): Promise<RadioNode> {
  return new Engine(await firmware(ENTRY), { "sapline.json": JSON.stringify(standInConfig(role, base, id)) });
}

/** The library on Linux takes its settings from the environment, which an engine has from us. */
async function native(role: "echo" | "probe", base: number, id: number): Promise<RadioNode> {
  Object.assign(process.env, { ESPNOW_UDP_BASE: String(base), ESPNOW_UDP_ID: String(id), ESPNOW_UDP_NODES: "4" });
  return new Engine(await firmware(ENTRY), { "sapline.json": JSON.stringify({ role }) });
}

const isNative = await hasLibrary("ESPNOW");
const reporter =
  (what: string) =>
  (figures: { rounds: number; seal: number }): void => {
    figure(`radio ${what}: 200 round trips of 250 bytes, ms`, figures.rounds);
    figure(`radio ${what}: sealing 230 bytes, us`, figures.seal);
  };

describe.skipIf(ESPRUINO === "")(
  `the radio's stand-in on the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`,
  () => {
    radioContract(standIn, reporter("stand-in"));
  },
);

describe.skipIf(!isNative)(
  `the radio's library in C on the engine${isNative ? "" : " (skipped: this engine has none)"}`,
  () => {
    radioContract(native, reporter("library in C"));
  },
);

describe.skipIf(!isNative)(
  `a stand-in asks a library in C${isNative ? "" : " (skipped: this engine has none)"}`,
  () => {
    radioContract(
      async (role, base, id) => (role === "echo" ? native : standIn)(role, base, id),
      reporter("stand-in to C"),
    );
  },
);

describe.skipIf(!isNative)(
  `a library in C asks a stand-in${isNative ? "" : " (skipped: this engine has none)"}`,
  () => {
    radioContract(
      async (role, base, id) => (role === "echo" ? standIn : native)(role, base, id),
      reporter("C to stand-in"),
    );
  },
);

/** Whatever is handed to the library is taken, or refused with a sentence; and nothing of it stays in memory. */
const MISUSE = String.raw`
var N = require("ESPNOW"), K = "k".repeat(16), NONCE = "n".repeat(13), left = 0, bad = 0;
var mac = "02:00:00:00:00:07", heard = 0;
function refused(what, f) { try { f(); bad++; console.log("taken: " + what); } catch (e) { if (!/ESPNOW|address|specifying/.test(e.message) || (!(e instanceof Error) && what != "send of [object Object]")) { bad++; console.log("wrong " + what + ": " + e); } } }
refused("send while off", function() { N.send(mac, "x"); });
refused("restart while off", function() { N.restart(); });
refused("peer while off", function() { N.addPeer(mac); });
refused("no listener", function() { N.init({channel : 6}); });
refused("channel 15", function() { N.init({channel : 15}, function() {}); });
refused("short pmk", function() { N.init({channel : 6, pmk : "short"}, function() {}); });
if (N.setChannel(3) !== false || N.getChannel() !== 0) bad++;
N.init({channel : 6, pmk : K}, function(bytes) { heard++; });
[undefined, null, 7, "", "02:00:00:00:00", "02:00:00:00:00:077", "02-00-00-00-00-07", "zz:00:00:00:00:07", {}, [2, 0, 0, 0, 0, 7]].forEach(function(to) {
  refused("send to " + to, function() { N.send(to, "x"); });
  refused("peer " + to, function() { N.addPeer(to); });
  refused("no peer " + to, function() { N.removePeer(to); });
});
[undefined, null, 7, "", "x".repeat(251), "x".repeat(5000), [], new Uint8Array(251), {}, function() {}].forEach(function(data) {
  refused("send of " + data, function() { N.send(mac, data); });
});
refused("short lmk", function() { N.addPeer(mac, {lmk : "short"}); });
refused("lmk 7", function() { N.addPeer(mac, {lmk : 7}); });
refused("not a peer", function() { N.removePeer("02:00:00:00:00:55"); });
[[K, NONCE, "h"], ["short", NONCE, "h", "p"], [K, "short", "h", "p"], [K, NONCE, undefined, "p"], [K, NONCE, "h", "p".repeat(513)], [7, 7, 7, 7]].forEach(function(a) {
  refused("seal " + a.length, function() { N.seal(a[0], a[1], a[2], a[3]); });
  refused("open " + a.length, function() { N.open(a[0], a[1], a[2], a[3]); });
});
[[undefined, "x"], [K, "x".repeat(513)], ["x".repeat(513), ""]].forEach(function(a) { refused("hmac " + a.length, function() { N.hmac(a[0], a[1]); }); });
["", "1234567", "12345678", "x".repeat(512)].forEach(function(s) { if (N.open(K, NONCE, "h", s) !== undefined) bad++; });
if (N.open(K, NONCE, "", N.seal(K, NONCE, "", new Uint8Array([0, 255, 7]))) !== "\x00\xff\x07") bad++;
N.addPeer(mac, {lmk : new Uint8Array(16), channel : 6, ap : true});
for (var i = 20; i < 60; i++) try { N.addPeer("02:00:00:00:00:" + i); left++; } catch (e) { if (e.message.indexOf("FULL") < 0) bad++; }
if (left !== 19 || N.peers().length !== 20) bad++;
N.peers().forEach(function(m) { N.removePeer(m); });
var outcomes = {}, sent = 0, before = 0;
function count(error) { outcomes[error] = (outcomes[error] || 0) + 1; next(); }
function next() {
  if (sent === 100) before = process.memory().usage;
  if (sent === 2000) { finish(); return; }
  sent++;
  if (sent % 40 === 0) N.deinit(), N.init({channel : 6}, function() {}), N.send("ff:ff:ff:ff:ff:ff", [1, 2, 3]);
  if (sent % 97 === 0) N.restart();
  N.send("ff:ff:ff:ff:ff:ff", "x".repeat(1 + sent % 250), count);
}
function finish() {
  var grown = process.memory().usage - before;
  N.deinit(); N.deinit();
  console.log("misuse bad " + bad + " outcomes " + JSON.stringify(outcomes) + " grown " + (grown < 20 ? "no" : grown));
}
/* Nine at once: the ninth has no room. */
var nine = 0, full = 0;
for (var j = 0; j < 9; j++) N.send("ff:ff:ff:ff:ff:ff", "x", function(e) { if (e === "NO_MEM") full++; if (++nine === 9) { if (full !== 1) bad++; next(); } });
`;

describe.skipIf(!isNative)(`the library in C, misused${isNative ? "" : " (skipped: this engine has none)"}`, () => {
  test("refuses nonsense with a sentence, and leaves nothing in memory after 2000 sends, 50 stops and 20 restarts", async () => {
    const base = await freeBase(8);
    Object.assign(process.env, { ESPNOW_UDP_BASE: String(base), ESPNOW_UDP_ID: "1", ESPNOW_UDP_NODES: "2" });
    const engine = new Engine(`function misuse() {${MISUSE}}\nmisuse();`.replaceAll("\n", " "), {});
    const line = await engine.line(/^misuse/, 60_000);
    const { lines } = engine;
    await engine.stop();
    expect(lines.filter((one) => /^(taken|wrong)|Uncaught/.test(one))).toEqual([]);
    expect(line).toBe('misuse bad 0 outcomes {"null":2000} grown no');
  });
});
