/** A world that somebody wrote down: a .json file, or a .ts file that exports it by default. Checked before it is played. */
import { basename } from "node:path";
import * as v from "valibot";
import { readObject } from "#host/configuration.ts";
import { Trouble } from "#host/trouble.ts";
import { CHIP_LIMITS } from "#shared/limits.ts";
import { isNodeId } from "#shared/wire/message.ts";
import { planOf, type WorldPlan } from "./plan.ts";

const millis = v.pipe(v.number(), v.minValue(0));
/** -1: never. */
const notice = v.pipe(v.number(), v.minValue(-1));
const id = v.pipe(
  v.string(),
  v.check((text) => isNodeId(text), "an id is a letter or digit, then at most 27 letters, digits, _ - ."),
);
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const limits = v.strictObject(
  Object.fromEntries(Object.keys(CHIP_LIMITS).map((name) => [name, v.pipe(v.number(), v.minValue(0))])),
);

const traffic = v.partial(
  v.strictObject({
    readingsEvery: count,
    statesEvery: count,
    entities: count,
    logsEvery: count,
    burst: count,
    padBytes: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3500)),
  }),
);

const channel = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(13));

const radio = v.strictObject({
  x: v.number(),
  y: v.number(),
  channel: v.optional(channel),
  isLeaf: v.optional(v.boolean()),
  isSleepy: v.optional(v.boolean()),
  childrenMax: v.optional(count),
  turnMicros: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  wedgesAfter: v.optional(count),
});

/** The rest of what an air has is for programs. */
const air = v.strictObject({ extraLoss: v.optional(share), ghostShare: v.optional(share) });

const node = v.strictObject({
  id,
  parent: id,
  limits: v.optional(v.union([v.literal("chip"), v.literal("pc"), limits])),
  driftPpm: v.optional(v.number()),
  turnMillis: v.optional(millis),
  bootsAt: v.optional(millis),
  traffic: v.optional(traffic),
  radio: v.optional(radio),
});

/** One schema for each kind of fault: its name and what belongs to it. */
const FAULTS = {
  cut: { node: id, childNotice: notice, parentNotice: notice },
  silence: { node: id },
  lose: { node: id, share, lasts: millis },
  slow: { node: id, latencyMillis: millis, bytesPerSecond: count, lasts: millis },
  stall: { node: id, lasts: millis },
  crash: { node: id, lasts: millis, isSilent: v.boolean() },
  "crash at effect": { node: id, effects: v.pipe(v.number(), v.integer(), v.minValue(0)), lasts: millis },
  move: { node: id, parent: id },
  twin: { node: id, parent: id, lasts: millis },
  revoke: { node: id, lasts: millis },
  "slow disk": { commitMillis: millis, lasts: millis },
  "disk error": { lasts: millis },
  "disk full": { lasts: millis },
  "set clock": { byMillis: v.number() },
  flood: { node: id, events: count },
  act: { node: id, ttlMillis: millis },
  set: { node: id },
  jam: { node: v.optional(id), share, lasts: millis },
  wedge: { node: id },
  retune: { node: id, channel },
  roam: { node: id, x: v.number(), y: v.number() },
};

const fault = v.variant(
  "kind",
  Object.entries(FAULTS).map(([kind, entries]) => v.strictObject({ at: millis, kind: v.literal(kind), ...entries })),
);

const world = v.strictObject({
  nodes: v.array(node),
  faults: v.optional(v.array(fault)),
  seed: v.optional(v.pipe(v.number(), v.integer())),
  link: v.optional(v.strictObject({ latencyMillis: millis, bytesPerSecond: v.optional(count), noticeMillis: millis })),
  commitMillis: v.optional(millis),
  air: v.optional(air),
  lasts: v.optional(millis),
  settlesWithin: v.optional(millis),
});

const AIR = "air";
const RADIO_FAULTS: readonly string[] = ["jam", "wedge", "retune", "roam"];

/** Rejects with `Trouble`, which says what to change. */
export async function readWorld(path: string): Promise<WorldPlan> {
  const parsed = v.safeParse(world, await readObject(path, "a world: { nodes: [...], ... }"));
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const where = v.getDotPath(issue) ?? "the world";
    throw new Trouble(`${basename(path)}: ${where}: ${issue.message} (docs/simulator.md tells what a world has)`);
  }
  const plan = planOf(parsed.output as Partial<WorldPlan> & Pick<WorldPlan, "nodes">);
  const trouble = troubleOf(plan);
  if (trouble !== "") throw new Trouble(`${basename(path)}: ${trouble}`);
  return plan;
}

/** What no schema says: names that nobody has, names that two have, rings. Empty if all is well. */
function troubleOf({ nodes, faults }: WorldPlan): string {
  const parents = new Map<string, string>();
  for (const { id, parent, radio } of nodes) {
    if (id === "root") return "no node may be called root: the root is there anyway";
    if (parents.has(id)) return `two nodes are called ${id}; for a second board with one id there is the fault "twin"`;
    if (id === AIR) return "no node may be called air: that is how nodes say that they have a parent by radio";
    if (parent === AIR && radio === undefined)
      return `${id} has its parent by radio, and no radio: give it one, with x and y`;
    if (parent !== AIR && radio !== undefined && radio.channel === undefined)
      return `${id} is a gateway, so its Wi-Fi dictates a channel: say which`;
    parents.set(id, parent);
  }
  const radios = new Set(nodes.filter((node) => node.radio !== undefined).map((node) => node.id));
  const isKnown = (id: string): boolean => id === "root" || parents.has(id);
  for (const { id, parent } of nodes) {
    if (parent === AIR) continue;
    if (!isKnown(parent)) return `${id} has the parent ${parent}, and no node is called so`;
    if (isInRing(id, parents)) return `${id} is above its own parent: a tree has no rings`;
  }
  for (const one of faults.toSorted((a, b) => a.at - b.at)) {
    for (const named of [("node" in one && one.node) || "root", ("parent" in one && one.parent) || "root"]) {
      if (!isKnown(named)) return `the fault "${one.kind}" names ${named}, and no node is called so`;
    }
    if (RADIO_FAULTS.includes(one.kind) && "node" in one && one.node !== undefined && !radios.has(one.node))
      return `the fault "${one.kind}" is for a radio, and ${one.node} has none`;
    if (one.kind === "move" && parents.get(one.node) === AIR)
      return `${one.node} finds its parent by radio: it does not "move", it may "roam"`;
    if (one.kind === "move") parents.set(one.node, one.parent);
    if (one.kind === "move" && isInRing(one.node, parents))
      return `${one.node} moves below itself: a tree has no rings`;
    const isForNodes = one.kind !== "stall" && one.kind !== "crash" && one.kind !== "crash at effect";
    if (isForNodes && "node" in one && one.node === "root")
      return `the fault "${one.kind}" is for a node, not the root`;
  }
  return "";
}

function isInRing(id: string, parents: ReadonlyMap<string, string>): boolean {
  let hops = 0;
  for (let at = id; at !== "root" && at !== AIR; at = parents.get(at) ?? "root") {
    if (++hops > parents.size) return true;
  }
  return false;
}
