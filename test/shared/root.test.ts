import { expect, test } from "vitest";
import {
  ACTIONS_PENDING_MAX,
  CONFLICT_TAKEOVERS,
  CONFLICT_WITHIN,
  DESIRED_MAX,
  DOWN_FRAME_BYTES,
  EPOCH_OFFERED_MAX,
  HELLOS_MAX,
  HELLOS_PER_SECOND,
  LINE_BYTES_MAX,
  LINK_TIMEOUT,
  ROOT_FRAME_BYTES_MAX,
  ROOT_LINK_BYTES_MAX,
  ROOT_PENDING_BYTES_MAX,
  SET_AGAIN_AFTER,
  SWEEP_EVERY,
} from "#shared/limits.ts";
import { group, RootBench, text, UNIX_AT_START } from "./bench.ts";
import { EMPTY, World } from "./world.ts";

const read = (value: number) => ({ type: "reading", value });

function reads(from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, i) => read(from + i));
}

/** A root with the node `a` on link 1, in the epoch that it answers. */
function joined(): { bench: RootBench; ep: number } {
  const bench = new RootBench();
  bench.settle();
  const ep = bench.join(1, "a");
  bench.sent = [];
  return { bench, ep };
}

function acks(bench: RootBench, link = 1): unknown[] {
  return bench
    .lines(link)
    .filter((line) => line.type === "!ack")
    .map((line) => line["n"]);
}

test("says `!ack` only when the commit that holds the events is on disk", () => {
  const { bench, ep } = joined();
  bench.say(1, group("a", ep, 2, ...reads(1, 2)));
  expect(bench.texts(1)).toEqual([]);
  expect(bench.stored("a")).toEqual([]);
  bench.commit();
  expect(bench.stored("a")).toEqual([`${ep}:1 reading 1`, `${ep}:2 reading 2`]);
  expect(bench.lines(1)).toEqual([{ type: "!ack", dst: "a", ep, n: 2 }]);
});

test("what arrives while one commit is under way makes up the next, all of it, and nothing of it is acknowledged before", () => {
  const { bench, ep } = joined();
  const other = bench.join(2, "b");
  bench.say(1, group("a", ep, 1, read(1)));
  bench.say(1, group("a", ep, 2, read(2)));
  bench.say(2, group("b", other, 1, read(7)));
  bench.say(1, group("a", ep, 4, read(3), read(4)));
  const before = bench.disk.length;
  expect(bench.stores.length).toBe(before + 1);
  bench.commit();
  expect(acks(bench)).toEqual([1]);
  expect(acks(bench, 2)).toEqual([]);
  expect(bench.stores.length).toBe(before + 2);
  expect(bench.stores[before + 1]?.groups.map((row) => [row.node, row.first, row.last])).toEqual([
    ["a", 2, 4],
    ["b", 1, 1],
  ]);
  bench.commit();
  expect(acks(bench)).toEqual([4]);
  expect(acks(bench, 2)).toEqual([1]);
  expect(bench.commit()).toBe(false);
});

test("told to gather, begins a commit once enough waits or nothing more is at hand, and never two", () => {
  const bench = new RootBench(EMPTY, undefined, 200);
  const rest = (): void => bench.do(bench.root.gathered());
  const underWay = (): number => bench.stores.length - bench.disk.length;
  expect(underWay()).toBe(0);
  rest();
  expect(underWay()).toBe(1);
  bench.settle();
  bench.connect(1, "a");
  bench.hello(1, "a");
  rest();
  bench.settle();
  const ep = bench.lines(1)[0]?.["ep"] as number;
  // A little waits, also for a commit that ends.
  bench.say(1, group("a", ep, 1, read(1)));
  expect(underWay()).toBe(0);
  rest();
  bench.say(1, group("a", ep, 2, read(2)));
  rest();
  expect(underWay()).toBe(1);
  bench.commit();
  expect([underWay(), acks(bench)]).toEqual([0, [1]]);
  // Enough does not.
  bench.say(1, group("a", ep, 12, ...reads(3, 12)));
  expect(underWay()).toBe(1);
  bench.say(1, group("a", ep, 22, ...reads(13, 22)));
  bench.commit();
  expect([underWay(), acks(bench)]).toEqual([1, [12]]);
  bench.commit();
  expect([underWay(), acks(bench)]).toEqual([0, [22]]);
  rest();
  expect(underWay()).toBe(0);
  expect(bench.stored("a").length).toBe(22);
});

test("a group that was stored is acknowledged again and not stored again", () => {
  const { bench, ep } = joined();
  for (let i = 0; i < 3; i++) {
    bench.say(1, group("a", ep, 2, ...reads(1, 2)));
    bench.settle();
  }
  expect(acks(bench)).toEqual([2, 2, 2]);
  expect(bench.stored("a").length).toBe(2);
});

test("a repeated group whose commit is under way is not acknowledged before it is on disk", () => {
  const { bench, ep } = joined();
  bench.say(1, group("a", ep, 2, ...reads(1, 2)));
  bench.say(1, group("a", ep, 2, ...reads(1, 2)));
  expect(bench.texts(1)).toEqual([]);
  bench.settle();
  expect(acks(bench)).toEqual([2]);
});

test("of a group that overlaps what is stored, only the rest is taken", () => {
  const { bench, ep } = joined();
  bench.say(1, group("a", ep, 3, ...reads(1, 3)));
  bench.say(1, group("a", ep, 5, ...reads(2, 5)));
  bench.settle();
  bench.say(1, group("a", ep, 6, ...reads(6, 6)));
  bench.say(1, group("a", ep, 9, ...reads(4, 9)));
  bench.settle();
  expect(bench.stored("a")).toEqual(reads(1, 9).map((one) => `${ep}:${one.value} reading ${one.value}`));
});

test("a group after a hole is dropped, and answered with the last that is on disk", () => {
  const { bench, ep } = joined();
  bench.say(1, group("a", ep, 2, ...reads(1, 2)));
  bench.settle();
  bench.lines(1);
  bench.say(1, group("a", ep, 3, read(3)));
  bench.say(1, group("a", ep, 5, read(5)));
  expect(acks(bench)).toEqual([2]);
  bench.settle();
  expect(acks(bench)).toEqual([3]);
  expect(bench.stored("a").length).toBe(3);
  expect(bench.root.counters["group after a hole"]).toBe(1);
});

test("in a new epoch nothing is on disk yet: a hole is answered with 0, not with the old epoch's last", () => {
  const { bench, ep } = joined();
  bench.say(1, group("a", ep, 5, ...reads(1, 5)));
  bench.settle();
  const next = bench.rejoin(1, "a");
  bench.say(1, group("a", next, 3, read(8)));
  expect(bench.lines(1)).toEqual([{ type: "!ack", dst: "a", ep: next, n: 0 }]);
});

test("a group whose number cannot be, or of another epoch, or of a stranger is dropped and counted", () => {
  const { bench, ep } = joined();
  bench.join(2, "b");
  for (const n of [1, 0, -1, 2.5, 2 ** 31, "3", null, undefined]) {
    bench.say(1, text(read(1), read(2), { type: "?ack", src: "a", ep, n }));
  }
  expect(bench.root.counters["group with a wrong number"]).toBe(8);
  for (const other of [ep - 1, ep + 1, String(ep), null, undefined])
    bench.say(1, text(read(1), { type: "?ack", src: "a", ep: other, n: 1 }));
  expect(bench.root.counters["group of another epoch"]).toBe(5);
  for (const src of ["b", "root", "x", "__proto__", 5, null]) bench.say(1, group(src as string, 1, 1, read(1)));
  expect(bench.root.counters["group of a stranger"]).toBe(6);
  bench.settle();
  expect([bench.stored("a"), bench.stored("b")]).toEqual([[], []]);
});

test("a malformed or oversized line, or a control line, keeps its number as a gap, and its neighbours are stored", () => {
  const { bench, ep } = joined();
  const long = JSON.stringify({ type: "x", pad: "p".repeat(LINE_BYTES_MAX) });
  bench.say(1, group("a", ep, 6, read(1), "{", long, '{"type":"!ack","n":1}', "5", read(6)));
  bench.settle();
  expect(bench.events("a").map((one) => [one.n, one.event["reason"] ?? one.event["value"]])).toEqual([
    [1, 1],
    [2, "malformed"],
    [3, "long"],
    [4, "malformed"],
    [5, "malformed"],
    [6, 6],
  ]);
  expect(acks(bench)).toEqual([6]);
});

test("pings and hellos inside a group are no part of it", () => {
  const { bench, ep } = joined();
  bench.say(
    1,
    text(read(1), { type: "?ping" }, read(2), { type: "!gone", id: "x" }, { type: "?ack", src: "a", ep, n: 2 }),
  );
  bench.settle();
  expect(bench.stored("a").length).toBe(2);
  expect(bench.lines(1)).toContainEqual({ type: "!ping", now: UNIX_AT_START });
});

test("resumes the epoch that is current, and tells what it holds of it, what waits for the disk included", () => {
  const { bench, ep } = joined();
  bench.say(1, group("a", ep, 3, ...reads(1, 3)));
  bench.say(1, group("a", ep, 5, ...reads(4, 5)));
  bench.connect(2, "a");
  bench.hello(2, "a", { ep });
  bench.commit();
  expect(bench.lines(2).filter((line) => line.type === "!hello")).toEqual([]);
  bench.settle();
  expect(bench.lines(2)[0]).toMatchObject({ type: "!hello", dst: "a", ep, n: 5, now: UNIX_AT_START, nonce: 2 });
  expect(bench.stored("a").length).toBe(5);
});

test("gives a new epoch, larger than both, that is on disk before it is said, and tells what it holds of the one offered", () => {
  const { bench, ep } = joined();
  bench.say(1, group("a", ep, 3, ...reads(1, 3)));
  bench.settle();
  bench.connect(2, "a");
  bench.hello(2, "a", { ep: 700 });
  expect(bench.lines(2)).toEqual([]);
  bench.settle();
  expect(bench.disk.flatMap((transaction) => transaction.epochs)).toContainEqual({ node: "a", epoch: 701, last: 0 });
  expect(bench.lines(2)[0]).toMatchObject({ ep: 701, n: 0 });
  expect(bench.rejoin(2, "a", { ep: 5 })).toBe(702);
  expect(bench.rejoin(2, "a")).toBe(703);
  bench.hello(2, "a", { ep });
  bench.settle();
  expect(bench.lines(2)[0]).toMatchObject({ ep: 704, n: 3 });
});

test("an epoch so large that numbers would end is not believed, and the node joins all the same", () => {
  const { bench, ep } = joined();
  for (const offered of [2 ** 31 - 1, EPOCH_OFFERED_MAX + 1, 2 ** 40, -5, 1.5, "7", null]) {
    expect(bench.rejoin(1, "a", { ep: offered })).toBeLessThan(ep + 20);
  }
  expect(bench.rejoin(1, "a", { ep: EPOCH_OFFERED_MAX })).toBe(EPOCH_OFFERED_MAX + 1);
});

test("a node that comes back with a past epoch renumbers, and nothing of it is stored twice (two boards with one id)", () => {
  const world = new World(4);
  const one = world.add("a", "root");
  world.until(() => one.core.isJoined());
  for (let i = 1; i <= 5; i++) world.emit("a", read(i));
  world.performFor("a", one.core.flush(world.instant()));
  world.run(7);
  world.cut("a");
  const link = world.connect("a");
  world.say(link, text({ type: "?hello", v: 1, id: "a", token: "t-a", nonce: 1 }));
  world.until(() => one.core.backlog() === 0);
  world.emit("a", read(6));
  world.until(() => one.core.backlog() === 0);
  const stored = world.stored("a");
  expect(stored.map((event) => event.event["value"])).toEqual([1, 2, 3, 4, 5, 6]);
  expect(new Set(stored.map((event) => event.epoch)).size).toBe(2);
});

test("a root restarted from its image goes on where the disk ends: epochs, values, desired state, revisions", () => {
  const world = new World();
  const a = world.add("a", "root");
  world.until(() => a.core.isJoined());
  world.emit("a", { type: "!update", eid: "t", value: 21 });
  world.set("a", "lamp", true);
  world.until(() => a.core.backlog() === 0);
  const before = [world.root.values("a"), world.root.desired("a")];
  const epoch = world.root.node("a")?.epoch;
  world.killRoot();
  world.run(1000);
  world.bootRoot();
  expect(world.root.node("a")?.isUp).toBe(false);
  expect([world.root.values("a"), world.root.desired("a")]).toEqual(before);
  world.until(() => a.core.isJoined());
  expect(world.root.node("a")).toMatchObject({ isUp: true, epoch });
  expect(world.set("a", "lamp", false).rev).toBe(2);
  world.emit("a", { type: "!update", eid: "t", value: 22 });
  world.until(() => a.core.backlog() === 0);
  expect(world.stored("a").map((one) => one.n)).toEqual([1, 2]);
});

test("commits that were not on disk when the root died are sent again by their origins and stored once", () => {
  const world = new World();
  const a = world.add("a", "root");
  world.until(() => a.core.isJoined());
  world.commitMillis = 500;
  for (let i = 1; i <= 3; i++) world.emit("a", read(i));
  world.run(2100);
  world.killRoot();
  expect(world.stored("a")).toEqual([]);
  world.bootRoot();
  world.until(() => a.core.backlog() === 0);
  expect(world.stored("a").map((one) => one.event["value"])).toEqual([1, 2, 3]);
});

test("refuses another id than the token's, a reserved id, an unknown version, and says why", () => {
  for (const [hello, error] of [
    [{ id: "b" }, "id"],
    [{ id: "root" }, "id"],
    [{ v: 2 }, "version"],
    [{ v: undefined }, "version"],
    [{ v: "1" }, "version"],
  ] as const) {
    const bench = new RootBench();
    bench.connect(1, "a");
    bench.hello(1, "a", hello);
    expect(bench.lines(1)).toEqual([{ type: "!hello", dst: (hello as { id?: string }).id ?? "a", error, nonce: 1 }]);
    expect(bench.closes).toEqual([{ link: 1, code: 1008, reason: error }]);
    bench.settle();
    expect(bench.root.nodes()).toEqual([]);
  }
});

test("behind a branch, a node without its own token is refused and the branch stays", () => {
  const { bench } = joined();
  for (const [more, error] of [
    [{ token: "t-b" }, "token"],
    [{ token: undefined }, "token"],
    [{ token: 5 }, "token"],
    [{ via: ["b", "x"] }, "via"],
    [{ via: ["c", "a"] }, "id"],
    [{ via: ["root", "a"] }, "id"],
    [{ v: 9 }, "version"],
  ] as const) {
    bench.hello(1, "c", { via: ["b", "a"], ...more });
    expect(bench.lines(1), error).toEqual([{ type: "!hello", dst: "c", error, nonce: 1 }]);
  }
  expect(bench.closes).toEqual([]);
  bench.hello(1, "c", { via: ["b", "a"] });
  bench.settle();
  expect(bench.root.node("c")).toMatchObject({ isUp: true, via: ["b", "a"] });
});

test("a link that carries no token is nobody's until a `?hello` has said one, and then it is that node's alone", () => {
  const bench = new RootBench();
  bench.settle();
  bench.connect(1, "");
  bench.say(1, text(read(1)));
  bench.say(1, text(read(2), { type: "?ack", n: 2 }));
  bench.say(1, group("a", 1, 1, read(3)));
  bench.say(1, text({ type: "!gone", id: "a" }));
  expect(bench.root.counters).toEqual({ "lines of nobody": 2, "group of a stranger": 1, "!gone of a stranger": 1 });
  for (const [more, error] of [
    [{ token: "t-b" }, "token"],
    [{ token: undefined }, "token"],
    [{ via: ["b"] }, "via"],
    [{ id: "root" }, "id"],
    [{ v: 9 }, "version"],
  ] as const) {
    bench.hello(1, "a", more);
    expect(bench.lines(1), error).toMatchObject([{ type: "!hello", error, nonce: 1 }]);
  }
  expect(bench.closes).toEqual([]);
  bench.settle();
  expect(bench.root.nodes()).toEqual([]);
  const ep = bench.rejoin(1, "a");
  bench.say(1, group("a", ep, 1, read(4)));
  bench.settle();
  expect(bench.stored("a")).toEqual([`${ep}:1 reading 4`]);
  expect(bench.root.node("a")).toMatchObject({ isUp: true, via: [] });
  bench.rejoin(1, "c", { via: ["a"] });
  bench.hello(1, "b");
  expect(bench.closes).toEqual([{ link: 1, code: 1008, reason: "id" }]);
});

test("a token that was said in a `?hello` and is revoked ends the link", () => {
  const bench = new RootBench();
  bench.settle();
  bench.connect(1, "");
  bench.rejoin(1, "a");
  bench.do(bench.root.revoked("a" as never, bench.at, bench.unix));
  expect(bench.closes.map(({ link }) => link)).toEqual([1]);
});

test("a `?hello` that is none is counted and answered by nobody", () => {
  const { bench } = joined();
  for (const more of [{ id: 5 }, { id: "-x" }, { via: "a" }, { via: [5] }, { via: Array(17).fill("a") }])
    bench.hello(1, "a", more);
  expect(bench.texts(1)).toEqual([]);
  expect(bench.root.counters["?hello malformed"]).toBe(5);
});

test("a new connection of a node ends its old one, and the old one's late close changes nothing", () => {
  const { bench, ep } = joined();
  bench.connect(2, "a");
  expect(bench.closes).toEqual([]);
  bench.hello(2, "a", { ep });
  expect(bench.lines(1)).toEqual([{ type: "!bye", dst: "a", reason: "replaced" }]);
  expect(bench.closes).toEqual([{ link: 1, code: 1008, reason: "replaced" }]);
  bench.settle();
  bench.say(1, group("a", ep, 1, read(666)));
  bench.closed(1);
  bench.settle();
  expect(bench.root.node("a")?.isUp).toBe(true);
  bench.say(2, group("a", ep, 1, read(1)));
  bench.settle();
  expect(bench.stored("a")).toEqual([`${ep}:1 reading 1`]);
});

test("a node that moves from behind one link to another leaves only its place: the branch stays", () => {
  const { bench } = joined();
  bench.join(2, "b");
  bench.rejoin(1, "c", { via: ["a"] });
  bench.sent = [];
  bench.hello(2, "c", { via: ["b"] });
  expect(bench.lines(1)).toEqual([{ type: "!bye", dst: "c", reason: "replaced" }]);
  expect(bench.closes).toEqual([]);
  bench.say(1, text({ type: "!gone", id: "c" }));
  bench.settle();
  expect(bench.root.node("c")).toMatchObject({ isUp: true, via: ["b"] });
  expect(bench.root.counters["!gone of a stranger"]).toBe(1);
});

test("a link's end takes everybody behind it along, each told as left in the log", () => {
  const { bench } = joined();
  bench.rejoin(1, "c", { via: ["a"] });
  bench.rejoin(1, "d", { via: ["c", "a"] });
  bench.join(2, "b");
  bench.closed(1);
  bench.settle();
  expect(
    bench.root
      .nodes()
      .map((row) => `${row.id} ${row.isUp}`)
      .sort(),
  ).toEqual(["a false", "b true", "c false", "d false"]);
  expect(
    bench
      .stored("root")
      .filter((line) => line.includes("!left"))
      .map((line) => line.slice(-1))
      .sort(),
  ).toEqual(["a", "c", "d"]);
});

test("`!gone` takes one node away, and never the branch that says it", () => {
  const { bench } = joined();
  bench.rejoin(1, "c", { via: ["a"] });
  bench.now = 5000;
  bench.say(
    1,
    text({ type: "!gone", id: "c" }, { type: "!gone", id: "a" }, { type: "!gone", id: 5 }, { type: "!gone" }),
  );
  bench.settle();
  expect(bench.root.node("c")).toMatchObject({ isUp: false, since: UNIX_AT_START + 5000 });
  expect(bench.root.node("a")?.isUp).toBe(true);
  expect(bench.root.counters["!gone of a stranger"]).toBe(3);
});

test("a node that left before its `?hello` was on disk is not told that it is in", () => {
  const { bench } = joined();
  bench.hello(1, "c", { via: ["a"] });
  bench.say(1, text({ type: "!gone", id: "c" }));
  bench.settle();
  expect(bench.lines(1).filter((line) => line.type === "!hello")).toEqual([]);
});

test("a node that takes its own place again and again is logged as a conflict, once a minute", () => {
  const { bench } = joined();
  const conflicts = () => bench.stored("root").filter((line) => line.includes("!conflict")).length;
  for (let i = 2; i <= CONFLICT_TAKEOVERS; i++) bench.join(i, "a");
  expect(conflicts()).toBe(0);
  for (let i = 10; i < 20; i++) bench.join(i, "a");
  expect(conflicts()).toBe(1);
  bench.now += CONFLICT_WITHIN + 1;
  for (let i = 20; i < 30; i++) bench.join(i, "a");
  expect(conflicts()).toBe(2);
});

test("reconnecting now and then is no conflict", () => {
  const { bench } = joined();
  for (let i = 2; i < 20; i++) {
    bench.now += CONFLICT_WITHIN;
    bench.join(i, "a");
  }
  expect(bench.root.counters["conflict"]).toBeUndefined();
});

test("a link says HELLOS_MAX `?hello`s at once and twenty a second after that; more are dropped, counted, and cost no row", () => {
  const { bench } = joined();
  for (let i = 1; i < HELLOS_MAX; i++) bench.hello(1, "a");
  expect(bench.root.counters["?hello over the limit"]).toBeUndefined();
  const rows = bench.stored("root").length;
  for (let i = 0; i < 5; i++) bench.hello(1, "a");
  expect(bench.root.counters["?hello over the limit"]).toBe(5);
  bench.settle();
  bench.drained(1);
  expect(bench.stored("root").length - rows).toBeLessThanOrEqual(HELLOS_MAX);
  bench.now += 1000;
  for (let i = 0; i < HELLOS_PER_SECOND + 3; i++) bench.hello(1, "a");
  expect(bench.root.counters["?hello over the limit"]).toBe(8);
});

test("a plain bridge's lines are stored under its token's id, and its `?ack` is answered with its own number when they are on disk", () => {
  const bench = new RootBench();
  bench.settle();
  bench.connect(1, "p");
  bench.say(1, text(read(1), read(2), { type: "?ack", n: 77 }));
  expect(bench.texts(1)).toEqual([]);
  bench.settle();
  expect(bench.lines(1)).toEqual([{ type: "!ack", n: 77 }]);
  expect(bench.stored("p")).toEqual(["1:1 reading 1", "1:2 reading 2"]);
  bench.say(1, text(read(3)));
  bench.say(1, text({ type: "?ack", n: "as you like" }));
  bench.settle();
  expect(bench.lines(1)).toEqual([{ type: "!ack", n: "as you like" }]);
  expect(bench.stored("p")).toEqual(["1:1 reading 1", "1:2 reading 2", "1:3 reading 3"]);
});

test("a plain bridge's `!ack` waits for every line before it, also for those of an earlier commit", () => {
  const bench = new RootBench();
  bench.settle();
  bench.connect(1, "p");
  bench.say(1, text(read(1)));
  bench.say(1, text({ type: "?ack", n: 1 }));
  bench.commit();
  expect(bench.lines(1)).toEqual([]);
  bench.commit();
  expect(bench.lines(1)).toEqual([{ type: "!ack", n: 1 }]);
});

test("a plain bridge is at least once: a new epoch for each connection, what it sends again is stored again, and its old link ends", () => {
  const bench = new RootBench();
  bench.settle();
  for (const link of [1, 2]) {
    bench.connect(link, "p");
    bench.say(link, text(read(1), { type: "?ack", n: 1 }));
    bench.settle();
  }
  expect(bench.stored("p")).toEqual(["1:1 reading 1", "2:1 reading 1"]);
  expect(bench.closes.map((close) => close.link)).toEqual([1]);
});

test("a plain bridge's malformed line is dropped and counted, and its neighbours are stored", () => {
  const bench = new RootBench();
  bench.settle();
  bench.connect(1, "p");
  bench.say(1, text(read(1), "{", '{"type":"!hello"}', read(2), { type: "?ack", n: 4 }));
  bench.settle();
  expect(bench.stored("p")).toEqual(["1:1 reading 1", "1:2 reading 2"]);
  expect(bench.root.counters["line malformed"]).toBe(2);
  expect(bench.lines(1)).toEqual([{ type: "!ack", n: 4 }]);
});

test("a plain bridge that says hello becomes a node in an epoch of its own", () => {
  const bench = new RootBench();
  bench.settle();
  bench.connect(1, "p");
  bench.say(1, text(read(1)));
  bench.settle();
  const ep = bench.rejoin(1, "p", { ep: 1 });
  expect(ep).toBe(2);
  bench.say(1, group("p", ep, 1, read(2)));
  bench.settle();
  expect(acks(bench)).toEqual([1]);
  bench.say(1, text(read(3)));
  bench.settle();
  expect(bench.root.counters["lines without ?ack"]).toBe(1);
});

test("desired state: the newest of each entity goes out once it is on disk, and again after each `?hello`", () => {
  const { bench, ep } = joined();
  expect(bench.set("a", "lamp", 1)).toEqual({ rev: 1, error: "" });
  expect(bench.texts(1)).toEqual([]);
  bench.set("a", "lamp", 2);
  bench.set("a", "fan", 3);
  bench.settle();
  const sets = bench.lines(1);
  expect(sets.every((line) => line.type === "?set")).toBe(true);
  expect(sets.at(-1)).toEqual({ type: "?set", dst: "a", eid: "fan", value: 3, rev: 3 });
  expect(sets.filter((line) => line["eid"] === "lamp").at(-1)).toMatchObject({ value: 2, rev: 2 });
  bench.connect(2, "a");
  bench.hello(2, "a", { ep });
  bench.settle();
  expect(bench.lines(2).slice(1)).toEqual([
    { type: "?set", dst: "a", eid: "lamp", value: 2, rev: 2 },
    { type: "?set", dst: "a", eid: "fan", value: 3, rev: 3 },
  ]);
});

test("a desired value that was lost on its way down is said again to a connected node until it is answered, and no more then", () => {
  const { bench, ep } = joined();
  const { rev } = bench.set("a", "lamp", 1);
  bench.set("a", "fan", 2);
  bench.settle();
  let n = 0;
  const saidIn = (millis: number): unknown[] => {
    bench.lines(1);
    for (let passed = 0; passed < millis; passed += SWEEP_EVERY) {
      bench.run(SWEEP_EVERY);
      bench.say(1, text({ type: "?ping" }));
    }
    return bench.lines(1).flatMap((line) => (line.type === "?set" ? [line["eid"]] : []));
  };
  expect(saidIn(SET_AGAIN_AFTER - SWEEP_EVERY)).toEqual([]);
  expect(saidIn(SWEEP_EVERY)).toEqual(["lamp", "fan"]);
  bench.say(1, group("a", ep, ++n, { type: "!update", eid: "lamp", value: 1, rev }));
  expect(saidIn(2 * SET_AGAIN_AFTER)).toEqual(["fan", "fan"]);
  bench.say(1, group("a", ep, ++n, { type: "!update", eid: "fan", value: 2, rev: rev + 1 }));
  expect(saidIn(2 * SET_AGAIN_AFTER)).toEqual([]);
});

test("desired state is settled by an `!update` of that entity with that revision, and by no other", () => {
  const { bench, ep } = joined();
  bench.set("a", "lamp", 1);
  const { rev } = bench.set("a", "lamp", 2);
  const settled = () => bench.root.desired("a")[0]?.isSettled;
  let n = 0;
  for (const update of [
    { eid: "lamp", value: 2 },
    { eid: "lamp", value: 2, rev: rev - 1 },
    { eid: "lamp", value: 2, rev: String(rev) },
    { eid: "fan", value: 2, rev },
  ]) {
    bench.say(1, group("a", ep, ++n, { type: "!update", ...update }));
    expect(settled()).toBe(false);
  }
  bench.say(1, group("a", ep, ++n, { type: "!update", eid: "lamp", value: 2, rev }));
  expect(settled()).toBe(true);
  bench.set("a", "lamp", 3);
  expect(settled()).toBe(false);
});

test("desired state of an unknown node, without an entity or a value, too long, or of too many entities is refused", () => {
  const { bench } = joined();
  expect(bench.set("x", "lamp", 1).error).toMatch(/never joined/);
  expect(bench.set("root", "lamp", 1).error).toMatch(/never joined/);
  expect(bench.set("a", "", 1).error).toMatch(/eid/);
  expect(bench.set("a", "lamp", undefined).error).toMatch(/value/);
  expect(bench.set("a", "lamp", "x".repeat(LINE_BYTES_MAX)).error).toBe("long");
  for (let i = 0; i < DESIRED_MAX; i++) expect(bench.set("a", "e" + i, i).error).toBe("");
  expect(bench.set("a", "one more", 1).error).toBe("full");
  expect(bench.set("a", "e0", 9).error).toBe("");
});

test("an action goes down at once, and ends in its node's answer", () => {
  const { bench, ep } = joined();
  bench.act(7, "a", "lamp", { on: true }, 3000);
  const [act] = bench.lines(1);
  expect(act).toMatchObject({ type: "?act", dst: "a", eid: "lamp", value: { on: true }, ttl: 3000, ts: UNIX_AT_START });
  bench.say(1, group("a", ep, 1, { type: "!act", id: act?.["id"], ok: true, value: "done" }));
  expect(bench.outcomes).toEqual([{ call: 7, outcome: { ok: true, value: "done" } }]);
  bench.say(1, group("a", ep, 2, { type: "!act", id: act?.["id"], ok: false, error: "late" }));
  bench.run(60_000);
  expect(bench.outcomes.length).toBe(1);
});

test("an action without an answer ends in a timeout, for a node that is away in offline, both exactly once", () => {
  const { bench, ep } = joined();
  bench.act(1, "a", "lamp", 1, 100);
  const [act] = bench.lines(1);
  bench.act(2, "x");
  bench.act(3, "root");
  bench.run(60_000);
  bench.act(4, "a");
  bench.say(1, group("a", ep, 1, { type: "!act", id: act?.["id"], ok: true }));
  bench.run(60_000);
  expect(bench.outcomes).toEqual(
    [
      [2, "offline"],
      [3, "offline"],
      [1, "timeout"],
      [4, "offline"],
    ].map(([call, error]) => ({ call, outcome: { ok: false, error } })),
  );
});

test("an answer counts from the node that was asked or a branch on its way, and from nobody else", () => {
  const { bench, ep } = joined();
  const other = bench.join(2, "b");
  bench.rejoin(1, "c", { via: ["a"] });
  bench.sent = [];
  bench.act(1, "c");
  const id = bench.lines(1)[0]?.["id"];
  bench.say(2, group("b", other, 1, { type: "!act", id, ok: true }));
  expect(bench.outcomes).toEqual([]);
  bench.say(1, group("a", ep, 1, { type: "!act", id, ok: false, error: "offline" }));
  expect(bench.outcomes).toEqual([{ call: 1, outcome: { ok: false, error: "offline" } }]);
});

test("an action that cannot be is refused at once: no entity, no ttl, endless, too long, too many", () => {
  const { bench } = joined();
  bench.act(1, "a", "");
  for (const ttl of [0, -1, Number.NaN, Infinity]) bench.act(2, "a", "lamp", 1, ttl);
  bench.act(3, "a", "lamp", "x".repeat(LINE_BYTES_MAX));
  expect(bench.outcomes.length).toBe(6);
  expect(bench.texts(1)).toEqual([]);
  for (let i = 0; i < ACTIONS_PENDING_MAX + 1; i++) {
    bench.act(100 + i, "a");
    bench.drained(1);
  }
  expect(bench.outcomes.length).toBe(7);
  expect(bench.outcomes[6]?.outcome).toEqual({ ok: false, error: "busy" });
});

test("no action goes out before the root's own epoch is on disk: its id could be given out twice", () => {
  const bench = new RootBench();
  bench.connect(1, "a");
  bench.hello(1, "a");
  bench.act(1, "a");
  expect(bench.outcomes).toEqual([{ call: 1, outcome: { ok: false, error: "offline" } }]);
  expect(bench.texts(1)).toEqual([]);
});

test("past ROOT_PENDING_BYTES_MAX of events not on disk the senders are paused, and resumed when half is", () => {
  const { bench, ep } = joined();
  let n = 0;
  let bytes = 0;
  const line = JSON.stringify({ type: "x", pad: "p".repeat(4000) });
  const say = () => {
    bench.say(1, group("a", ep, (n += 50), ...Array(50).fill(line)));
    bytes += 50 * (line.length + 1) - 1;
  };
  say();
  while (bytes + 50 * (line.length + 1) - 1 <= ROOT_PENDING_BYTES_MAX) say();
  expect(bench.flow).toEqual([]);
  say();
  expect(bench.flow).toEqual(["pause 1"]);
  bench.run(LINK_TIMEOUT + SWEEP_EVERY);
  expect(bench.closes).toEqual([]);
  bench.commit();
  expect(bench.flow).toEqual(["pause 1"]);
  bench.commit();
  expect(bench.flow).toEqual(["pause 1", "resume 1"]);
  expect(bench.lines(1).at(-1)).toMatchObject({ type: "!ack", n });
});

test("a link that takes nothing of what it is sent is cut past ROOT_LINK_BYTES_MAX, and one that takes it is not", () => {
  const { bench } = joined();
  bench.join(2, "b");
  for (let i = 0; i < ROOT_LINK_BYTES_MAX / 1000; i++) {
    bench.act(i, "a", "lamp", "x".repeat(1000));
    bench.act(1e6 + i, "b", "lamp", "x".repeat(1000));
    bench.drained(2);
  }
  expect(bench.closes).toEqual([{ link: 1, code: 1013, reason: "too slow: read what you are sent" }]);
  const bytes = bench.texts(1).join("").length;
  expect(bytes).toBeGreaterThan(ROOT_LINK_BYTES_MAX);
  expect(bytes).toBeLessThan(ROOT_LINK_BYTES_MAX + 2000);
  bench.settle();
  expect(bench.root.node("a")?.isUp).toBe(false);
  expect(bench.root.node("b")?.isUp).toBe(true);
});

test("takes a frame of ROOT_FRAME_BYTES_MAX, and closes the link with a reason for one of a byte more", () => {
  for (const more of [0, 1]) {
    const { bench, ep } = joined();
    const frame = group("a", ep, 1, read(1));
    bench.say(1, frame + "x".repeat(ROOT_FRAME_BYTES_MAX + more - frame.length));
    bench.settle();
    expect(bench.stored("a").length).toBe(1 - more);
    expect(bench.closes.map((close) => close.code)).toEqual(more === 0 ? [] : [1009]);
  }
});

test("a cut last line is dropped and counted, and the groups before it are stored", () => {
  const { bench, ep } = joined();
  bench.say(1, group("a", ep, 1, read(1)) + '{"type":"reading","value":2}');
  bench.settle();
  expect(bench.stored("a").length).toBe(1);
  expect(bench.root.counters["line cut"]).toBe(1);
});

test("a revoked token ends its node's link, and behind a branch its place", () => {
  const { bench } = joined();
  bench.rejoin(1, "c", { via: ["a"] });
  bench.sent = [];
  bench.do(bench.root.revoked("c" as never, bench.at, bench.unix));
  expect(bench.lines(1)).toEqual([{ type: "!bye", dst: "c", reason: "revoked" }]);
  expect(bench.closes).toEqual([]);
  bench.connect(2, "a");
  bench.do(bench.root.revoked("a" as never, bench.at, bench.unix));
  expect(bench.closes.map((close) => close.link).sort()).toEqual([1, 2]);
  bench.settle();
  expect(bench.root.nodes().some((row) => row.isUp)).toBe(false);
});

test("a silent link is asked and then ended; one that answers stays", () => {
  const { bench } = joined();
  bench.join(2, "b");
  for (let i = 0; i < 20; i++) {
    bench.say(2, text({ type: "!ping" }));
    bench.run(1000);
  }
  expect(bench.lines(1).filter((line) => line.type === "?ping").length).toBeGreaterThan(0);
  expect(bench.closes.map((close) => close.link)).toEqual([1]);
  bench.settle();
  expect(bench.root.node("a")?.isUp).toBe(false);
});

test("acks and other lines down are cut into frames of about a thousand bytes", () => {
  const { bench } = joined();
  for (let i = 0; i < 60; i++) bench.hello(1, "n" + i, { via: ["a"] });
  bench.settle();
  const frames = bench.texts(1);
  expect(frames.length).toBeGreaterThan(3);
  for (const frame of frames) expect(frame.length).toBeLessThan(DOWN_FRAME_BYTES + 200);
  expect(frames.join("").split("\n").length).toBe(61);
});

test("at its start the root logs that it started, in an epoch of its own that is larger than the last", () => {
  const bench = new RootBench();
  bench.settle();
  expect(bench.stored("root")).toEqual(["1:1 !started"]);
  const again = new RootBench({ ...EMPTY, epochs: [{ node: "root" as never, epoch: 1, last: 9 }] });
  again.settle();
  expect(again.stored("root")).toEqual(["2:1 !started"]);
});

test("links that were closed or never opened are ignored", () => {
  const { bench, ep } = joined();
  bench.closed(1);
  bench.settle();
  bench.sent = [];
  bench.say(1, group("a", ep, 1, read(1)));
  bench.say(99, group("a", ep, 1, read(1)));
  bench.closed(1);
  bench.closed(99);
  bench.drained(99);
  bench.settle();
  expect(bench.stored("a")).toEqual([]);
  expect(bench.sent).toEqual([]);
});
