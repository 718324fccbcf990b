/** What the console thinks, without a browser: the tree as it folds events, the words for them, places in the picture, drops, boards. */
import { describe, expect, test } from "vitest";
import { Drops, DROPS_MAX, HOP_MILLIS } from "#host/console/picture/drops.ts";
import { curve, layOut, pointOn, type Shape } from "#host/console/picture/layout.ts";
import { isStale, Model, type NodeJson } from "#host/console/store/model.ts";
import { fits, Tail, TAIL_MAX } from "#host/console/store/tail.ts";
import { eventWords, gapWords, type StoredEvent } from "#host/console/words.ts";

let n = 0;
const event = (node: string, type: string, more: Partial<StoredEvent> = {}): StoredEvent => ({
  node,
  epoch: 1,
  n: ++n,
  type,
  eid: null,
  value: null,
  ts: 1000 * n,
  received: 1000 * n,
  ...more,
});
const nodeJson = (id: string, parent = "root", up = true): NodeJson => ({
  id,
  parent,
  up,
  since: 0,
  epoch: 1,
  fw: "",
  link: null,
});

describe("the model", () => {
  test("follows nodes as they join, change parents, leave, and as the root starts anew", () => {
    const model = new Model();
    model.load(0, [nodeJson("porch"), nodeJson("leaf", "porch")], [], []);
    expect(model.way("leaf")).toEqual(["porch"]);
    model.take(event("root", "!joined", { more: { id: "leaf", via: [], ep: 2, fw: "x" } }));
    expect(model.nodes.get("leaf")).toMatchObject({ parent: "root", isUp: true, epoch: 2, fw: "x" });
    model.take(event("root", "!left", { more: { id: "leaf" } }));
    expect(model.nodes.get("leaf")?.isUp).toBe(false);
    model.take(event("root", "!started"));
    expect([...model.nodes.values()].every(({ isUp }) => !isUp)).toBe(true);
  });

  test("an event that the root's answer held already changes nothing; later ones do, and an older session's never", () => {
    const model = new Model();
    const known = { node: "a", eid: "t", value: 7, unit: "°C", ts: 1, received: 1, epoch: 2, n: 5, desired: null };
    model.load(0, [nodeJson("a")], [known], []);
    const say = (epoch: number, at: number, value: number): unknown => {
      model.take(event("a", "!update", { eid: "t", epoch, n: at, value }));
      return model.nodes.get("a")?.entities.get("t")?.value;
    };
    expect([say(2, 4, 1), say(2, 5, 2), say(1, 99, 3), say(2, 6, 4), say(3, 1, 5)]).toEqual([7, 7, 7, 4, 5]);
    expect(model.nodes.get("a")?.entities.get("t")?.unit).toBe("°C");
  });

  test("a wish is pending until the node confirms that very revision, and a newer one takes its place", () => {
    const model = new Model();
    model.load(0, [nodeJson("a")], [], []);
    const desired = () => model.nodes.get("a")?.entities.get("lamp")?.desired;
    const wish = (rev: number): void =>
      model.take(event("root", "?set", { eid: "lamp", value: true, more: { dst: "a", rev } }));
    const confirm = (rev: number): void =>
      model.take(event("a", "!update", { eid: "lamp", value: true, more: { rev } }));
    wish(1);
    wish(2);
    confirm(1);
    expect(desired()).toEqual({ value: true, rev: 2, isSettled: false });
    confirm(2);
    expect(desired()?.isSettled).toBe(true);
    wish(1);
    expect(desired()?.rev).toBe(2);
  });

  test("a value is stale when it is much older than usual for its entity, or its node is away", () => {
    const model = new Model();
    model.load(0, [nodeJson("a")], [], []);
    for (let i = 0; i < 6; i++) {
      const received = 1_000_000 + i * 10_000;
      model.take(event("a", "!update", { eid: "t", value: i, received, ts: received }));
    }
    const node = model.nodes.get("a");
    const entity = node?.entities.get("t");
    if (node === undefined || entity === undefined) throw new Error("nothing was taken");
    expect(isStale(node, entity, 1_050_000 + 30_000)).toBe(false);
    expect(isStale(node, entity, 1_050_000 + 45_000)).toBe(true);
    model.take(event("root", "!left", { more: { id: "a" } }));
    expect(isStale(node, entity, 1_050_000)).toBe(true);
  });

  test("nothing of an entity grows without bound", () => {
    const model = new Model();
    model.load(0, [nodeJson("a")], [], []);
    for (let i = 0; i < 1000; i++) model.take(event("a", "!update", { eid: "t", value: i }));
    expect(model.nodes.get("a")?.entities.get("t")?.recent.length).toBeLessThanOrEqual(120);
    const tail = new Tail();
    for (let i = 0; i < 30; i++) tail.add(Array.from({ length: 100 }, () => event("a", "!log")));
    expect([tail.events.length, tail.count]).toEqual([TAIL_MAX, 3000]);
  });
});

test("a filter takes parts of names, and kinds whole", () => {
  const update = event("wind-2012", "!update", { eid: "wind" });
  expect(fits(update, { node: "WIND", eid: "", type: "" })).toBe(true);
  expect(fits(update, { node: "", eid: "win", type: "!update" })).toBe(true);
  expect(fits(update, { node: "", eid: "", type: "!up" })).toBe(false);
  expect(fits(event("a", "!log"), { node: "", eid: "x", type: "" })).toBe(false);
});

test("a gap is said as what it is, and every event in words, whatever it holds", () => {
  expect(gapWords("attic", { n: 12, reason: "full", class: "state" })).toBe(
    "attic gave up 12 readings: its buffer was full while it could not reach the root",
  );
  expect(gapWords("attic", { n: 1, reason: "long" })).toBe(
    "1 event of attic was longer than a line may be, and not kept",
  );
  expect(gapWords("attic", { n: "many", reason: { a: 1 } })).toBe('1 event of attic is missing: {"a":1}');
  expect(eventWords(event("root", "!joined", { more: { id: "leaf", via: ["pond"] } }))).toBe("leaf joined below pond");
  for (const type of ["!joined", "!left", "?set", "!act", "!gap", "!update", "anything"])
    expect(typeof eventWords(event("a", type, { value: { deep: [null] }, more: { via: 7, n: null } }))).toBe("string");
});

describe("the picture", () => {
  const tree = [
    { id: "a", parent: "root" },
    { id: "b", parent: "a" },
    { id: "c", parent: "a" },
    { id: "orphan", parent: "nobody" },
    { id: "x", parent: "y" },
    { id: "y", parent: "x" },
  ];

  test.each(["rows", "outline", "crown"] as Shape[])(
    "every node has a place of its own, also one whose parents are nonsense: %s",
    (shape) => {
      const placed = layOut(tree, new Set(), shape);
      expect([...placed.keys()].sort()).toEqual(["a", "b", "c", "orphan", "root", "x", "y"]);
      const places = [...placed.values()].map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`);
      expect(new Set(places).size).toBe(places.length);
      const [a, b] = [placed.get("a"), placed.get("b")];
      if (a === undefined || b === undefined) throw new Error("not placed");
      const link = curve(shape, b.x, b.y, a.x, a.y);
      for (const [t, end] of [
        [0, b],
        [1, a],
      ] as const) {
        const [x, y] = pointOn(link, t);
        expect(Math.hypot(x - end.x, y - end.y)).toBeLessThan(1e-6);
      }
    },
  );

  test("what is below a folded node is not placed, and counted", () => {
    const placed = layOut(tree.slice(0, 4), new Set(["a"]), "rows");
    expect([placed.has("b"), placed.get("a")?.hidden]).toEqual([false, 2]);
  });

  test("drops are let go of in turn, never more than their bound, and are gone when they have arrived", () => {
    const drops = new Drops();
    expect([drops.add(["a", "root"], 3, 0), drops.add(["a", "root"], 1, 10)]).toEqual([true, false]);
    for (let i = 0; i < 2 * DROPS_MAX; i++) drops.add([`n${i}`, "b", "root"], 1, 0);
    expect(drops.alive.length).toBe(DROPS_MAX);
    expect(drops.settle(HOP_MILLIS)).toBe(1);
    expect(drops.settle(2 * HOP_MILLIS)).toBe(DROPS_MAX - 1);
  });
});
