import { afterEach, beforeEach, expect, test } from "vitest";
import { PC_LIMITS } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import { Root } from "#shared/root.ts";
import type { NodeEffect, RootEffect, RootImage, Transaction } from "#shared/effect.ts";
import type { Instant, LinkId, NodeId, UnixMillis } from "#shared/units.ts";
import { LogReader } from "#host/log/reader.ts";
import { rebuildProjections } from "#host/log/rebuild.ts";
import { logFile, openForWriting } from "#host/log/schema.ts";
import { LogWriter } from "#host/log/writer.ts";
import { PC_TEXT } from "#host/text-codec.ts";
import { temporaryDirectory } from "./built.ts";

let directory: { path: string; remove(): void };
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

/** The real root and real nodes on one thread and one clock, and the real log behind them. */
class LiveRun {
  private clock = 0;
  private readonly writer: LogWriter;
  private root!: Root;
  private links = 0;
  private readonly queue: (() => void)[] = [];
  private readonly children = new Map<number, { node: TreeNode; dial: LinkId }>();
  private transaction: Transaction | undefined;

  private readonly valuesAfterBytes: number;

  constructor(path: string, valuesAfterBytes: number) {
    this.writer = new LogWriter(logFile(path));
    this.valuesAfterBytes = valuesAfterBytes;
    this.restart();
  }

  restart(): void {
    for (const link of this.children.keys()) this.cut(link);
    const { valuesAfterBytes } = this;
    this.root = new Root({ id: "root" as NodeId, valuesAfterBytes }, this.writer.image(), PC_TEXT, () => true);
    this.performRoot(this.root.start(this.now(), this.unix()));
    this.settle();
  }

  join(node: TreeNode, id: string): number {
    const link = ++this.links;
    for (const effect of node.start(this.now()))
      if (effect.kind === "dial") this.children.set(link, { node, dial: effect.link });
    this.performRoot(this.root.opened(link as LinkId, id as NodeId, this.now(), this.unix()));
    this.performNode(link, node.opened(this.children.get(link)?.dial as LinkId, this.now()));
    this.settle();
    return link;
  }

  emit(link: number, ...events: { type: string; [field: string]: unknown }[]): void {
    const node = this.children.get(link)?.node as TreeNode;
    for (const event of events) this.performNode(link, node.emit(event, this.now()).effects);
    this.performNode(link, node.flush(this.now()));
    this.settle();
  }

  set(node: string, eid: string, value: unknown): number {
    const { rev, effects } = this.root.set(node, eid, value, this.now(), this.unix());
    this.performRoot(effects);
    this.settle();
    return rev;
  }

  cut(link: number): void {
    const child = this.children.get(link);
    this.children.delete(link);
    if (child === undefined) return;
    child.node.closed(child.dial, this.now());
    this.performRoot(this.root.closed(link as LinkId, this.now(), this.unix()));
    this.settle();
  }

  close(): void {
    this.settle();
    this.writer.close();
  }

  /** What the root's own memory says, so that the file is compared with something that was never in it. */
  nodes(): object[] {
    return this.root.nodes();
  }

  private settle(): void {
    for (;;) {
      const next = this.queue.shift();
      if (next !== undefined) next();
      else if (this.transaction !== undefined) {
        this.writer.commit(this.transaction);
        this.transaction = undefined;
        this.clock += 1;
        this.performRoot(this.root.stored(this.now(), this.unix()));
      } else return;
    }
  }

  private performRoot(effects: readonly RootEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "store") this.transaction = structuredClone(effect.transaction);
      const child = "link" in effect ? this.children.get(effect.link) : undefined;
      if (effect.kind === "send" && child !== undefined)
        this.queue.push(() => this.performNode(effect.link, child.node.received(child.dial, effect.text, this.now())));
    }
  }

  private performNode(link: number, effects: readonly NodeEffect[]): void {
    for (const effect of effects)
      if (effect.kind === "send")
        this.queue.push(() => {
          this.performRoot(this.root.received(link as LinkId, effect.text, this.now(), this.unix()));
        });
  }

  private now(): Instant {
    return this.clock as Instant;
  }

  private unix(): UnixMillis {
    return (1_700_000_000_000 + this.clock) as UnixMillis;
  }
}

function newNode(id: string): TreeNode {
  return new TreeNode({ id: id as NodeId, token: "", fw: `${id} 1`, limits: PC_LIMITS }, PC_TEXT, () => 0.5);
}

/** Epochs, values, wishes and presence, joins, losses and restarts of the root: a little of everything. */
function aRun(path: string, valuesAfterBytes = 0): LiveRun {
  const run = new LiveRun(path, valuesAfterBytes);
  const kitchen = newNode("kitchen");
  const first = run.join(kitchen, "kitchen");
  const porch = run.join(newNode("porch"), "porch");
  run.emit(
    first,
    { type: "!update", eid: "t", value: 1, ts: 5 },
    { type: "!log", text: "hello" },
    { type: "!update", eid: "t", value: 2 },
  );
  const rev = run.set("kitchen", "target", 20);
  run.set("kitchen", "other", "open");
  run.set("porch", "lamp", true);
  run.set("porch", "lamp", false);
  run.emit(
    first,
    { type: "!update", eid: "target", value: 20, rev },
    { type: "!update", eid: "odd", value: { a: [null, "ü"] } },
  );
  run.cut(first);
  run.emit(porch, { type: "!update", eid: "lamp", value: true });
  run.restart();
  const again = run.join(newNode("kitchen"), "kitchen");
  run.emit(again, { type: "!update", eid: "t", value: 3 });
  run.join(newNode("cellar"), "cellar");
  return run;
}

/** The file's projections, in an order of their own. */
function projections(path: string): RootImage {
  const reader = new LogReader(logFile(path));
  const image = reader.image();
  reader.close();
  return image;
}

test("a rebuild comes to the projections that the root came to while it ran", () => {
  const run = aRun(directory.path);
  run.close();
  const live = projections(directory.path);
  expect(live.nodes).toHaveLength(3);
  expect(live.epochs.length).toBeGreaterThan(4);
  expect(live.desired.map(({ isSettled }) => isSettled)).toContain(true);
  expect(rebuildProjections(directory.path)).toMatchObject({ changes: 0, damaged: [] });
  expect(projections(directory.path)).toEqual(live);
});

test("a log whose last values were never written comes to the same when it is opened again", () => {
  const often = temporaryDirectory();
  try {
    aRun(often.path).close();
    aRun(directory.path, Infinity).close();
    expect(projections(directory.path).values).toEqual([]);
    expect(rebuildProjections(directory.path)).toMatchObject({ changes: 0, damaged: [] });
    expect(projections(directory.path)).toEqual(projections(often.path));
  } finally {
    often.remove();
  }
});

test("a rebuild puts right what is wrong, missing or too much, and tells how much it was", () => {
  aRun(directory.path).close();
  const live = projections(directory.path);
  const db = openForWriting(logFile(directory.path));
  db.exec("UPDATE vals SET value = '99' WHERE eid = 't'; DELETE FROM nodes WHERE id = 'porch'");
  db.exec("INSERT INTO desired VALUES ('ghost', 'x', '1', 1, 0)");
  db.close();
  expect(rebuildProjections(directory.path).changes).toBe(3);
  expect(projections(directory.path)).toEqual(live);
});

test("last values, epochs and desired values are those that a fold written another way finds in the events", () => {
  const run = aRun(directory.path);
  run.close();
  const values: { [key: string]: unknown } = {};
  const lasts: { [key: string]: number } = {};
  const wishes: { [key: string]: unknown } = {};
  const reader = new LogReader(logFile(directory.path));
  for (const { node, epoch, n, type, eid, value, more } of reader.events({})) {
    lasts[`${node} ${epoch}`] = n;
    if (type === "!update") values[`${node} ${eid}`] = [epoch, n, value];
    if (type === "!joined") lasts[`${String(more?.["id"])} ${String(more?.["ep"])}`] ??= 0;
    if (type === "?set") wishes[`${String(more?.["dst"])} ${eid}`] = value;
  }
  reader.close();
  const image = projections(directory.path);
  expect(
    Object.fromEntries(image.values.map((row) => [`${row.node} ${row.eid}`, [row.epoch, row.n, row.value]])),
  ).toEqual(values);
  expect(Object.fromEntries(image.epochs.map((row) => [`${row.node} ${row.epoch}`, row.last]))).toEqual(lasts);
  expect(Object.fromEntries(image.desired.map((row) => [`${row.node} ${row.eid}`, row.value]))).toEqual(wishes);
});

test("presence in the file is what the root itself says, and everybody is away after a restart until they join again", () => {
  const run = aRun(directory.path);
  const byId = (rows: readonly object[]): object[] =>
    rows.toSorted((a, b) => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1));
  expect(byId(run.nodes())).toEqual(projections(directory.path).nodes);
  expect(projections(directory.path).nodes.map(({ id, isUp }) => [id, isUp])).toEqual([
    ["cellar", true],
    ["kitchen", true],
    ["porch", false],
  ]);
  run.close();
});

test("a rebuild is refused while a root runs on the directory", async () => {
  const { LogStore } = await import("#host/log/store.ts");
  const { workerFile } = await import("./built.ts");
  const store = await LogStore.open({
    directory: directory.path,
    workerFile: await workerFile(),
    onStored: () => {},
    onFailed: () => {},
  });
  expect(() => rebuildProjections(directory.path)).toThrow("is running on");
  await store.close();
});
