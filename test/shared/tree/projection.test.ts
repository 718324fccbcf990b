import { expect, test } from "vitest";
import type { RootImage, Transaction } from "#shared/effect.ts";
import { CHIP_LIMITS, ENTITIES_MAX, EPOCHS_REMEMBERED } from "#shared/limits.ts";
import { Projection } from "#shared/tree/projection.ts";
import type { NodeId } from "#shared/units.ts";
import { type Message, parseMessage } from "#shared/wire/message.ts";
import { EMPTY, seeded, World } from "../world.ts";

const ROOT = "root" as NodeId;
const A = "a" as NodeId;

function empty(): Projection {
  return new Projection(ROOT, structuredClone(EMPTY));
}

/** The rows of one projection that its log amounts to, from its groups alone. */
function fold(disk: Transaction[]): Projection {
  const projection = empty();
  for (const transaction of disk) {
    for (const row of transaction.groups) {
      row.lines.split("\n").forEach((line, i) => {
        const event = parseMessage(line);
        if (event === undefined) throw new Error("the log holds a line that is none: " + line);
        projection.applyEvent(row.node, row.epoch, row.first + i, event, row.received);
      });
      projection.applyGroup(row.node, row.epoch, row.last);
    }
  }
  return projection;
}

function sorted(rows: object[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}

function everything(projection: Projection, ids: string[]): { [kind: string]: string[] } {
  return {
    nodes: sorted(projection.nodeRows()),
    values: sorted(ids.flatMap((id) => projection.valueRows(id))),
    desired: sorted(ids.flatMap((id) => projection.desiredRows(id))),
    epochs: sorted(ids.map((id) => ({ id, current: projection.currentEpoch(id) }))),
    past: sorted(
      ids.map((id) => ({ id, lasts: Array.from({ length: 40 }, (_, epoch) => projection.lastOf(id, epoch)) })),
    ),
  };
}

function live(world: World): Projection {
  return (world.root as unknown as { projection: Projection }).projection;
}

const IDS = ["a", "b", "c", "d", "p"];

for (let seed = 1; seed <= 8; seed++) {
  test(`the log folded again, the image loaded, and the root as it runs are the same, whatever happened (seed ${seed})`, () => {
    const world = new World(seed);
    const random = seeded(seed + 77);
    const pick = (n: number) => Math.floor(random() * n);
    const parents: { [id: string]: string } = { a: "root", b: "a", c: "a", d: "b" };
    for (const [id, parent] of Object.entries(parents)) world.add(id, parent, CHIP_LIMITS);
    const revs = new Map<string, number>();
    for (let step = 0; step < 150; step++) {
      const id = ["a", "b", "c", "d"][pick(4)] as string;
      switch (pick(9)) {
        case 0:
          world.cut(id);
          break;
        case 1:
          if (pick(4) === 0) {
            world.kill(id);
            world.run(20);
            world.boot(id);
          }
          break;
        case 2:
          if (pick(4) === 0) {
            world.killRoot();
            world.run(pick(3000));
            world.bootRoot();
          }
          break;
        case 3: {
          const set = world.set(id, "e" + pick(3), random());
          if (set.error === "") revs.set(id, set.rev);
          break;
        }
        case 4:
          world.commitMillis = 1 + pick(400);
          break;
        case 5: {
          const link = world.connect("p");
          const lines = [
            `{"type":"!update","eid":"__proto__","value":${pick(9)}}`,
            "{",
            `{"type":"!joined","id":"a","ep":99}`,
            `{"type":"?ack","n":1}`,
          ];
          world.say(link, lines.map((line) => line + "\n").join(""));
          break;
        }
        default:
          for (let i = pick(6); i > 0; i--) {
            const event: Message = {
              type: "!update",
              eid: "e" + pick(4),
              value: [pick(100), null, { deep: [1] }][pick(3)],
            };
            if (pick(3) === 0) event["rev"] = revs.get(id);
            if (pick(3) === 0) event["ts"] = pick(2_000_000_000);
            world.emit(id, event);
          }
      }
      world.run(pick(1500));
    }
    world.commitMillis = 1;
    world.until(() => ["a", "b", "c", "d"].every((id) => world.node(id).core.backlog() === 0), 400_000);
    world.run(2000);
    const running = everything(live(world), IDS);
    expect(running["nodes"]?.length).toBe(5);
    expect(everything(fold(world.disk), IDS)).toEqual(running);
    const loaded = everything(new Projection(ROOT, world.image()), IDS);
    expect(loaded).toEqual(running);
  });
}

test("the last value of an entity is the last event of it, with its own time and the root's", () => {
  const one = empty();
  one.applyEvent(A, 1, 1, { type: "!update", eid: "t", value: 1, ts: 5 }, 100);
  one.applyEvent(A, 1, 2, { type: "!update", eid: "u", value: 7 }, 101);
  one.applyEvent(A, 1, 3, { type: "!update", eid: "t", value: 2, ts: 4 }, 102);
  expect(one.valueRows("a")).toEqual([
    { node: "a", eid: "t", value: 2, ts: 4, received: 102, epoch: 1, n: 3 },
    { node: "a", eid: "u", value: 7, ts: 101, received: 101, epoch: 1, n: 2 },
  ]);
});

test("an `!update` without entity or value, and any other type, is no value", () => {
  const one = empty();
  for (const event of [
    { type: "!update" },
    { type: "!update", eid: "t" },
    { type: "!update", eid: "", value: 1 },
    { type: "!update", eid: 5, value: 1 },
    { type: "reading", eid: "t", value: 1 },
  ]) {
    one.applyEvent(A, 1, 1, event, 100);
  }
  expect(one.valueRows("a")).toEqual([]);
});

test("a node has at most ENTITIES_MAX values; those it has go on changing", () => {
  const one = empty();
  for (let i = 0; i < ENTITIES_MAX + 5; i++)
    one.applyEvent(A, 1, i + 1, { type: "!update", eid: "e" + i, value: 1 }, 100);
  expect(one.valueRows("a").length).toBe(ENTITIES_MAX);
  one.applyEvent(A, 1, 2000, { type: "!update", eid: "e0", value: 2 }, 100);
  one.applyEvent(A, 1, 2001, { type: "!update", eid: "e" + ENTITIES_MAX, value: 2 }, 100);
  expect(
    one
      .valueRows("a")
      .filter((row) => row.value === 2)
      .map((row) => row.eid),
  ).toEqual(["e0"]);
});

test("entities in any order and any number are each found: the turn is only a guess", () => {
  const random = seeded(8);
  const one = empty();
  const obvious = new Map<string, number>();
  for (let n = 1; n <= 2000; n++) {
    const eid = random() < 0.7 ? "e" + (n % 7) : "e" + Math.floor(random() * 12);
    one.applyEvent(A, 1, n, { type: "!update", eid, value: n }, 100);
    obvious.set(eid, n);
  }
  expect(new Map(one.valueRows("a").map((row) => [row.eid, row.value]))).toEqual(obvious);
});

test("only the root's own events make presence and desired state", () => {
  const one = empty();
  for (const event of [
    { type: "!joined", id: "b", ep: 1 },
    { type: "?set", dst: "b", eid: "x", value: 1, rev: 1 },
  ])
    one.applyEvent(A, 1, 1, event, 100);
  expect(one.nodeRows()).toEqual([]);
  expect(one.desiredRows("b")).toEqual([]);
});

test("a started root has everybody away since then, but who was away already", () => {
  const one = empty();
  one.applyEvent(ROOT, 1, 1, { type: "!joined", id: "a", ep: 1, via: [], fw: "x" }, 100);
  one.applyEvent(ROOT, 1, 2, { type: "!joined", id: "b", ep: 1, via: ["a"], fw: "x" }, 100);
  one.applyEvent(ROOT, 1, 3, { type: "!left", id: "b" }, 150);
  one.applyEvent(ROOT, 2, 1, { type: "!started" }, 200);
  expect(one.nodeRows().map((row) => [row.id, row.isUp, row.since])).toEqual([
    ["a", false, 200],
    ["b", false, 150],
  ]);
});

test("remembers the last of past epochs, as many as its limit, loaded or lived", () => {
  const one = empty();
  for (let epoch = 1; epoch <= EPOCHS_REMEMBERED + 10; epoch++) one.applyGroup(A, epoch, epoch * 10);
  expect([one.lastOf("a", 10), one.lastOf("a", 11), one.lastOf("a", 12)]).toEqual([0, 110, 120]);
  expect(one.currentEpoch("a")).toEqual({ node: "a", epoch: 266, last: 2660 });
  const image: RootImage = structuredClone(EMPTY);
  for (let epoch = EPOCHS_REMEMBERED + 10; epoch >= 1; epoch--) image.epochs.push({ node: A, epoch, last: epoch * 10 });
  const loaded = new Projection(ROOT, image);
  expect([loaded.lastOf("a", 10), loaded.lastOf("a", 11)]).toEqual([0, 110]);
  expect(loaded.currentEpoch("a")).toEqual({ node: "a", epoch: 266, last: 2660 });
  expect(loaded.lastOf("x", 1)).toBe(0);
  expect(loaded.currentEpoch("x")).toBeUndefined();
});

test("changes are each listed once, as copies, and only since they were last taken", () => {
  const one = empty();
  one.applyEvent(A, 1, 1, { type: "!update", eid: "t", value: 1 }, 100);
  one.applyEvent(A, 1, 2, { type: "!update", eid: "t", value: 2 }, 100);
  one.applyGroup(A, 1, 2);
  const changes = one.takeChanges(true);
  expect(changes.values.map((row) => row.value)).toEqual([2]);
  expect(changes.epochs).toEqual([{ node: "a", epoch: 1, last: 2 }]);
  one.applyEvent(A, 1, 3, { type: "!update", eid: "t", value: 3 }, 100);
  expect(changes.values[0]?.value).toBe(2);
  expect(one.takeChanges(true).values.map((row) => row.value)).toEqual([3]);
  expect(one.takeChanges(true)).toEqual(EMPTY);
});
