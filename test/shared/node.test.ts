import { expect, test } from "vitest";
import {
  CHIP_LIMITS,
  DIAL_TIMEOUT,
  EPOCH_EVENTS_MAX,
  HELLO_AFTER,
  LINK_TIMEOUT,
  PC_LIMITS,
  REFUSED_WAIT,
  REPLACED_WAIT,
  ROOTLESS_WAIT,
  SWEEP_EVERY,
} from "#shared/limits.ts";
import type { LinkId } from "#shared/units.ts";
import { NodeBench, text, UNIX_AT_START } from "./bench.ts";
import { World } from "./world.ts";

function reading(eid: string, value: number) {
  return { type: "!update", eid, value };
}

function values(world: World, id: string): unknown[] {
  return world.stored(id).map((stored) => stored.event["value"]);
}

test("a reading of a leaf three hops from the root is stored once, and leaves the leaf only then", () => {
  const world = new World();
  world.add("a", "root", CHIP_LIMITS);
  world.add("b", "a", CHIP_LIMITS);
  const leaf = world.add("c", "b", CHIP_LIMITS);
  world.until(() => leaf.core.isJoined());
  world.emit("c", reading("t", 1));
  expect(leaf.core.backlog()).toBe(1);
  world.until(() => leaf.core.backlog() === 0);
  expect(values(world, "c")).toEqual([1]);
});

test("events wait two seconds for company, and not a millisecond longer", () => {
  const world = new World();
  const leaf = world.add("a", "root");
  world.until(() => leaf.core.isJoined());
  const start = world.now;
  world.emit("a", reading("t", 1));
  world.run(1000);
  world.emit("a", reading("t", 2));
  world.run(1500);
  const groups = world.frames.filter((frame) => frame.from === "a" && frame.text.includes('"?ack"'));
  expect(groups.map((group) => group.at - start)).toEqual([2000]);
});

test("stays joined and quiet: an idle tree says pings and nothing else, and knows the root's time", () => {
  const world = new World();
  const leaf = world.add("a", "root", CHIP_LIMITS);
  world.until(() => leaf.core.isJoined());
  const from = world.frames.length;
  world.run(120_000);
  const said = new Set(world.frames.slice(from).map((frame) => (JSON.parse(frame.text) as { type: string }).type));
  expect([...said].sort()).toEqual(["!ping", "?ping"]);
  expect(leaf.statuses.length).toBe(1);
  expect(Math.abs((leaf.core.unix(world.instant()) ?? 0) - world.unix())).toBeLessThanOrEqual(10);
});

test("a link that dies silently while the backlog goes up loses nothing and doubles nothing (nanomq#2432)", () => {
  const world = new World(2);
  world.add("b", "root", CHIP_LIMITS);
  const leaf = world.add("c", "b", CHIP_LIMITS);
  world.until(() => leaf.core.isJoined());
  for (const link of ["b", "c"]) {
    const before = values(world, "c").length;
    for (let i = 1; i <= 30; i++) world.emit("c", { type: "reading", value: before + i });
    world.run(3);
    world.silence(link);
    world.until(() => leaf.core.backlog() === 0);
    expect(values(world, "c")).toEqual(Array.from({ length: before + 30 }, (_, i) => i + 1));
  }
});

test("one lost frame costs one resend, not a stream of them (mosquitto#2248)", () => {
  for (const [limits, commitMillis] of [
    [CHIP_LIMITS, 1],
    [CHIP_LIMITS, 7],
    [PC_LIMITS, 2],
    [PC_LIMITS, 7],
  ] as const) {
    const world = new World(5);
    const leaf = world.add("a", "root", limits);
    world.commitMillis = commitMillis;
    world.until(() => leaf.core.isJoined());
    let value = 0;
    const fill = (millis: number) => {
      for (let i = 0; i < millis; i += 3) {
        for (let k = 0; k < 30 && leaf.core.outbox.room() > 500; k++)
          world.emit("a", { type: "reading", value: ++value });
        world.run(3);
      }
    };
    fill(60);
    let left = 1;
    world.loses = (from, _to, text) => from === "a" && text.includes("?ack") && left-- > 0;
    fill(1500);
    expect(leaf.core.counters["resent"]).toBe(1);
    world.until(() => leaf.core.backlog() === 0);
    expect(values(world, "a").length).toBe(value);
  }
});

test("a lost `!ack` costs nothing but one sending more", () => {
  const world = new World();
  const leaf = world.add("a", "root");
  world.until(() => leaf.core.isJoined());
  let left = 1;
  world.loses = (from, _to, text) => from === "root" && text.includes("!ack") && left-- > 0;
  world.emit("a", reading("t", 1));
  world.until(() => leaf.core.backlog() === 0, 6000);
  expect(values(world, "a")).toEqual([1]);
});

test("a root that takes longer than a `?hello`'s wait is joined all the same", () => {
  const world = new World();
  world.commitMillis = 7000;
  const leaf = world.add("a", "root");
  world.until(() => leaf.core.isJoined(), 120_000);
  world.run(60_000);
  expect(leaf.core.isJoined()).toBe(true);
});

test("the root down while the parent is up: the leaf knows, keeps its events, and goes on when it is back (sparkplug#22)", () => {
  const world = new World();
  world.add("b", "root");
  const leaf = world.add("c", "b");
  world.until(() => leaf.core.isJoined());
  world.killRoot();
  world.until(() => !leaf.core.isJoined(), 5000);
  world.emit("c", reading("t", 1));
  world.run(60_000);
  expect(leaf.core.backlog()).toBe(1);
  world.bootRoot();
  world.until(() => leaf.core.backlog() === 0);
  expect(values(world, "c")).toEqual([1]);
});

test("news that the root is back may be lost: the leaf asks again by itself", () => {
  const world = new World();
  world.add("b", "root");
  const leaf = world.add("c", "b");
  world.until(() => leaf.core.isJoined());
  world.killRoot();
  world.until(() => !leaf.core.isJoined(), 5000);
  world.loses = (from, to, text) => from === "b" && to === "c" && text.includes('"!root","up":true');
  world.bootRoot();
  world.until(() => world.node("b").core.isJoined());
  world.until(() => leaf.core.isJoined(), ROOTLESS_WAIT + 5000);
});

test("a node that the root believes away, and that has events, says hello again and gets rid of them", () => {
  const world = new World();
  const branch = world.add("b", "root");
  const leaf = world.add("c", "b");
  world.until(() => leaf.core.isJoined());
  const link = (branch.core as unknown as { branch: { routes: { link(id: string): number } } }).branch.routes.link("c");
  const root = world.root as unknown as { roll: { find(id: string): { link: number } } };
  root.roll.find("c").link = 0;
  expect(link).toBeGreaterThan(0);
  world.emit("c", reading("t", 1));
  world.until(() => leaf.core.backlog() === 0, 120_000);
  expect(values(world, "c")).toEqual([1]);
});

test("the old link's late close, at any moment of the new one's joining, leaves the node up (fluxmq#508)", () => {
  for (let late = 0; late <= 60; late += 1) {
    const world = new World(3);
    world.add("b", "root");
    const leaf = world.add("c", "b");
    world.until(() => leaf.core.isJoined());
    world.commitMillis = 9;
    // The leaf's side ends now, its parent's side hears of it later.
    world.cutHalf("c", late);
    world.run(3000);
    world.until(() => leaf.core.isJoined(), 20_000);
    world.run(200);
    expect(world.root.node("c")?.isUp, `late by ${late}`).toBe(true);
    world.act(1, "c", "lamp", late);
    world.run(100);
    expect(leaf.acts.length, `late by ${late}`).toBe(1);
  }
});

test("a node moves to another parent in the middle of a batch: all is stored once, in order", () => {
  const world = new World(9);
  world.add("p", "root", CHIP_LIMITS);
  world.add("q", "root", CHIP_LIMITS);
  const leaf = world.add("c", "p", CHIP_LIMITS);
  world.until(() => leaf.core.isJoined() && world.node("q").core.isJoined());
  for (let i = 1; i <= 60; i++) {
    world.emit("c", { type: "reading", value: i });
    if (i % 20 === 10) {
      leaf.parent = leaf.parent === "p" ? "q" : "p";
      world.cut("c");
    }
    world.run(70);
  }
  world.until(() => leaf.core.backlog() === 0);
  expect(values(world, "c")).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  expect(world.root.node("c")?.via).toEqual([leaf.parent]);
});

test("an action reaches a leaf three hops away and its answer comes back; its command is never replayed after a reconnection", () => {
  const world = new World();
  world.add("a", "root");
  world.add("b", "a");
  const leaf = world.add("c", "b");
  leaf.onAct = (node, act) => world.performFor("c", node.core.answer(act.id, true, act.value, world.instant()));
  world.until(() => leaf.core.isJoined());
  world.act(1, "c", "lamp", 7);
  world.until(() => world.outcomes.has(1), 1000);
  expect(world.outcomes.get(1)).toEqual({ ok: true, value: 7 });
  world.cut("c");
  world.run(6);
  world.act(2, "c", "lamp", 8);
  world.until(() => world.outcomes.has(2), 10_000);
  expect(world.outcomes.get(2)).toMatchObject({ ok: false });
  world.until(() => leaf.core.isJoined());
  world.run(60_000);
  expect(leaf.acts.map((act) => act.value)).toEqual([7]);
});

test("one desired value waits for a node that is away, not a queue of commands (thingsboard#10444)", () => {
  const world = new World();
  const leaf = world.add("a", "root");
  world.until(() => leaf.core.isJoined());
  world.kill("a");
  world.run(1000);
  for (let i = 1; i <= 5; i++) world.set("a", "heater", i);
  world.run(60_000);
  world.boot("a");
  world.until(() => leaf.core.isJoined());
  world.run(100);
  expect(leaf.sets.map((set) => set.value)).toEqual([5]);
  world.emit("a", { type: "!update", eid: "heater", value: 5, rev: leaf.sets[0]?.rev });
  world.until(() => world.root.desired("a")[0]?.isSettled === true);
});

test("a wrong token is tried about once a minute, not in a spin, and said so", () => {
  const world = new World();
  world.add("b", "root");
  const leaf = world.add("c", "b", CHIP_LIMITS, "wrong");
  world.until(() => world.node("b").core.isJoined());
  world.run(600_000);
  const hellos = world.frames.filter((frame) => frame.from === "c" && frame.text.includes("?hello")).length;
  expect(hellos).toBeGreaterThan(4);
  expect(hellos).toBeLessThan(14);
  expect(leaf.statuses.at(-1)).toMatchObject({ isJoined: false, reason: "token" });
  expect(world.root.node("c")).toBeUndefined();
});

test("an HTTP refusal of the token waits a minute, any other answer as any lost link", () => {
  for (const [status, reason, least] of [
    [401, "token refused: check it", REFUSED_WAIT],
    [403, "token refused: check it", REFUSED_WAIT],
    [503, "HTTP 503", 0],
  ] as const) {
    const bench = new NodeBench("a").start();
    bench.do(bench.core.refused(bench.parent as LinkId, status, bench.at));
    expect(bench.statuses()).toEqual([`false ${reason}`]);
    const wait = bench.untilDial();
    expect(wait).toBeGreaterThanOrEqual(least);
    if (least === 0) expect(wait).toBeLessThan(1000);
  }
});

test("two boards with one id take turns slowly, are logged as a conflict, and neither loses what was acknowledged", () => {
  const world = new World(7);
  const one = world.add("a", "root");
  world.until(() => one.core.isJoined());
  const links: number[] = [];
  for (let i = 0; i < 6; i++) {
    const link = world.connect("a");
    links.push(link);
    world.say(link, text({ type: "?hello", v: 1, id: "a", nonce: i }));
    world.run(20_000);
  }
  expect(world.stored("root").some((stored) => stored.event.type === "!conflict")).toBe(true);
  const joins = one.statuses.filter((status) => status.isJoined).map((status) => status.at);
  for (let i = 1; i < joins.length; i++) expect((joins[i] ?? 0) - (joins[i - 1] ?? 0)).toBeGreaterThan(REPLACED_WAIT);
});

test("a dial that neither opens nor fails is given up, and its late opening is ignored", () => {
  const bench = new NodeBench("a").start();
  const first = bench.parent;
  bench.run(DIAL_TIMEOUT - 1);
  expect(bench.closes).toEqual([]);
  bench.run(1);
  expect(bench.closes.map((close) => close.link)).toEqual([first]);
  bench.do(bench.core.opened(first as LinkId, bench.at));
  expect(bench.sent).toEqual([]);
  bench.run(2000);
  expect(bench.parent).not.toBe(first);
  bench.do(bench.core.opened(first as LinkId, bench.at));
  expect(bench.sent).toEqual([]);
  bench.closed(first);
  bench.open();
});

test("`!hello` counts with the nonce that was said last, once, and only while it is waited for", () => {
  const bench = new NodeBench("a").start();
  const first = bench.open();
  bench.run(HELLO_AFTER);
  const second = bench.hello();
  expect(second["nonce"]).not.toBe(first["nonce"]);
  bench.admit(first, 5);
  expect(bench.core.isJoined()).toBe(false);
  bench.admit(second, 6);
  expect(bench.core.isJoined()).toBe(true);
  bench.admit(second, 7);
  expect(bench.core.counters["!hello unasked"]).toBe(2);
  bench.emit({ type: "!act" });
  expect(bench.lines(bench.parent).at(-1)).toMatchObject({ ep: 6 });
});

test("a `!hello` with nonsense in it joins nobody", () => {
  for (const more of [
    { ep: 0 },
    { ep: -1 },
    { ep: "1" },
    { ep: 2 ** 31 },
    { n: -1 },
    { n: 0.5 },
    { n: null },
    { now: 0 },
    { now: "1" },
    { now: 1e300 },
    { now: null },
  ]) {
    const bench = new NodeBench("a").start();
    const hello = bench.open();
    bench.down({ type: "!hello", dst: "a", ep: 1, n: 0, now: UNIX_AT_START, nonce: hello["nonce"], ...more });
    expect(bench.core.isJoined(), JSON.stringify(more)).toBe(false);
    bench.run(HELLO_AFTER);
    bench.admit(bench.hello());
    expect(bench.core.isJoined()).toBe(true);
  }
});

test("offers its epoch in `?hello`, and none before it was given one", () => {
  const bench = new NodeBench("a").start();
  const hello = bench.open();
  expect(hello).toMatchObject({ type: "?hello", v: 1, id: "a", token: "t-a", fw: "test" });
  expect("ep" in hello).toBe(false);
  bench.admit(hello, 9);
  bench.down({ type: "!root", up: true });
  expect(bench.hello()["ep"]).toBe(9);
});

test("a root whose disk is older than its acknowledgements gets the rest in a new epoch instead of nothing at all", () => {
  const bench = new NodeBench("a").join(3);
  for (let i = 1; i <= 4; i++) bench.emit({ type: "reading", value: i });
  bench.do(bench.core.flush(bench.at));
  bench.down({ type: "!ack", dst: "a", ep: 3, n: 3 });
  bench.sent = [];
  bench.down({ type: "!root", up: true });
  bench.admit(bench.hello(), 3, 1);
  const again = bench.hello();
  expect("ep" in again).toBe(false);
  bench.admit(again, 4, 0);
  expect(bench.lines(bench.parent)).toMatchObject([
    { type: "reading", value: 4 },
    { type: "?ack", ep: 4, n: 1 },
  ]);
});

test("after half of all numbers it asks for another epoch", () => {
  const bench = new NodeBench("a").join(3);
  (bench.core as unknown as { flight: { acked: number } }).flight.acked = EPOCH_EVENTS_MAX;
  bench.run(3000);
  bench.admit(bench.hello(), 4, EPOCH_EVENTS_MAX);
  expect(bench.core.isJoined()).toBe(true);
  bench.emit({ type: "!act" });
  expect(bench.lines(bench.parent).at(-1)).toMatchObject({ ep: 4, n: 1 });
});

test("a heartbeat is never queued behind data: it is asked and answered while the pipe is full (nats#7615)", () => {
  const bench = new NodeBench("a").join();
  for (let i = 0; i < 60; i++) bench.emit({ type: "reading", value: i });
  const full = bench.texts(bench.parent).join("").length;
  expect(full).toBeLessThan(CHIP_LIMITS.pipeBytes + CHIP_LIMITS.flushBytes + 200);
  bench.down({ type: "?ping" });
  expect(bench.lines(bench.parent)).toEqual([{ type: "!ping" }]);
  bench.run(10_000);
  expect(bench.lines(bench.parent).map((line) => line.type)).toContain("?ping");
});

test("a `!ping` that nobody asked for does not set the clock", () => {
  const bench = new NodeBench("a").join();
  bench.down({ type: "!ping", now: UNIX_AT_START + 9_000_000 });
  expect(bench.core.unix(bench.at)).toBe(UNIX_AT_START);
});

test("a silent parent is asked, and left at the timeout", () => {
  const bench = new NodeBench("a").join();
  bench.run(LINK_TIMEOUT + SWEEP_EVERY);
  expect(bench.closes).toEqual([{ link: -1, code: 1001, reason: "silent for too long" }]);
  expect(bench.statuses()).toEqual(["true joined", "false silent for too long"]);
});

test("`!bye` ends the link: replaced waits five seconds, anything else a minute", () => {
  for (const [reason, wait] of [
    ["replaced", REPLACED_WAIT],
    ["revoked", REFUSED_WAIT],
  ] as const) {
    const bench = new NodeBench("a").join();
    bench.down({ type: "!bye", dst: "a", reason }, { type: "!ack", dst: "a", ep: 1, n: 0 });
    expect(bench.closes).toEqual([{ link: -1, code: 1000, reason: "dismissed" }]);
    expect(bench.statuses().at(-1)).toBe(`false ${reason}`);
    expect(bench.untilDial()).toBeGreaterThanOrEqual(wait);
  }
});

test("says nothing of its own before it is joined, and then all of it", () => {
  const bench = new NodeBench("a").start();
  for (let i = 0; i < 5; i++) expect(bench.emit({ type: "!act", value: i })).toBe(true);
  const hello = bench.open();
  bench.run(2500);
  expect(bench.texts(bench.parent)).toEqual([]);
  bench.admit(hello);
  expect(bench.lines(bench.parent).at(-1)).toMatchObject({ type: "?ack", n: 5 });
});

test("an event is stamped when it is made, also before the clock is known", () => {
  const bench = new NodeBench("a").start();
  bench.now = 1000;
  bench.emit({ type: "!act" });
  bench.now = 5000;
  bench.admit(bench.open());
  expect(bench.lines(bench.parent)[0]?.["ts"]).toBe(UNIX_AT_START + 1000);
});

test("an action while the clock is unknown, late, or malformed does not run, and is counted", () => {
  const bench = new NodeBench("a").start();
  const hello = bench.open();
  const act = { type: "?act", dst: "a", id: "x1", eid: "lamp", value: 1, ttl: 1000, ts: UNIX_AT_START };
  bench.down(act);
  bench.admit(hello);
  bench.now += 1000;
  bench.down(act, { ...act, id: 5 }, { ...act, eid: "" });
  expect(bench.others.filter((one) => one.kind === "act")).toEqual([]);
  expect(bench.core.counters["action dropped"]).toBe(4);
  bench.down({ ...act, ts: UNIX_AT_START + 1 });
  expect(bench.others.filter((one) => one.kind === "act")).toEqual([{ kind: "act", id: "x1", eid: "lamp", value: 1 }]);
});

test("an action seen before is answered again, not run again", () => {
  const bench = new NodeBench("a").join();
  const act = { type: "?act", dst: "a", id: "x1", eid: "lamp", value: 1, ttl: 1000, ts: UNIX_AT_START };
  bench.down(act);
  bench.do(bench.core.answer("x1", true, 5, bench.at));
  bench.down(act);
  const answers = bench.lines(bench.parent).filter((line) => line.type === "!act");
  expect(answers).toMatchObject([
    { id: "x1", ok: true, value: 5 },
    { id: "x1", ok: true, value: 5 },
  ]);
  expect(bench.others.filter((one) => one.kind === "act").length).toBe(1);
  expect(bench.core.answer("x1", true, 6, bench.at)).toEqual([]);
});

test("desired state and unknown lines from above reach the application; malformed ones are counted", () => {
  const bench = new NodeBench("a").join();
  bench.down(
    { type: "?set", dst: "a", eid: "lamp", value: null, rev: 3 },
    { type: "?set", dst: "a", eid: "", value: 1, rev: 3 },
    { type: "?set", dst: "a", eid: "lamp", value: 1, rev: "3" },
    { type: "news", dst: "a", text: "hi" },
    "{",
    JSON.stringify({ type: "x", pad: "p".repeat(5000) }),
  );
  expect(bench.others.filter((one) => one.kind === "set" || one.kind === "deliver")).toEqual([
    { kind: "set", eid: "lamp", value: null, rev: 3 },
    { kind: "deliver", event: { type: "news", dst: "a", text: "hi" } },
  ]);
  expect(bench.core.counters["line malformed"]).toBe(4);
});

test("a refused event is told with its reason and counted, and leaves nothing behind", () => {
  const bench = new NodeBench("a", { outboxBytes: 1000 }).start();
  while (bench.core.emit({ type: "reading" }, bench.at).accepted);
  const before = [bench.core.backlog(), bench.core.outbox.room()];
  expect(bench.core.emit({ type: "reading" }, bench.at)).toEqual({ accepted: false, reason: "full", effects: [] });
  expect(bench.core.emit({ type: "x", pad: "p".repeat(5000) }, bench.at).reason).toBe("long");
  expect(bench.core.emit({ type: "?ack" }, bench.at).reason).toBe("type");
  expect([bench.core.backlog(), bench.core.outbox.room()]).toEqual(before);
  expect(bench.core.counters["event refused"]).toBe(4);
});

test("frames and ends of links that are not its parent's change nothing", () => {
  const bench = new NodeBench("a").join();
  for (const link of [-2, -7, 5]) {
    bench.do(bench.core.received(link as LinkId, text({ type: "!bye", dst: "a" }, { type: "?ping" }), bench.at));
    bench.do(bench.core.closed(link as LinkId, bench.at));
    bench.do(bench.core.refused(link as LinkId, 401, bench.at));
    bench.do(bench.core.drained(link as LinkId, bench.at));
    bench.do(bench.core.opened((link < 0 ? link : -3) as LinkId, bench.at));
  }
  expect(bench.core.isJoined()).toBe(true);
  expect(bench.sent).toEqual([]);
});
