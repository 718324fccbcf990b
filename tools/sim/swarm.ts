/** Random worlds from a seed: each its own shape, traffic and mix of faults, so that rare combinations come up. */
import { Chance } from "./chance.ts";
import { type Fault, type FaultKind, type NodePlan, planOf, type TrafficPlan, type WorldPlan } from "./plan.ts";

/** Sizes of a swarm's worlds. Chosen: small worlds break in the same ways as large ones, and are quicker. */
const NODES_MAX = 9;
const FAULTS_MAX = 30;
const LASTS_MIN = 20_000;
const LASTS_MAX = 120_000;

type Make = (chance: Chance, nodes: readonly NodePlan[], id: string) => FaultKind;

/** Each kind of fault, made with chance. A world uses some of them: those that never meet others are met more often. */
const KINDS: readonly Make[] = [
  (chance, _, node) => ({ kind: "cut", node, childNotice: notice(chance), parentNotice: notice(chance) }),
  // The child is back before its parent has missed it.
  (_, __, node) => ({ kind: "cut", node, childNotice: 0, parentNotice: -1 }),
  (_, __, node) => ({ kind: "silence", node }),
  (chance, _, node) => ({ kind: "lose", node, share: chance.pick([0.05, 0.3, 1]), lasts: chance.between(100, 20_000) }),
  (chance, _, node) => ({
    kind: "slow",
    node,
    latencyMillis: chance.pick([50, 500, 3000]),
    bytesPerSecond: chance.pick([500, 5000, 100_000]),
    lasts: chance.between(1000, 40_000),
  }),
  (chance, _, node) => ({ kind: "stall", node: orRoot(chance, node), lasts: chance.between(10, 40_000) }),
  (chance, _, node) => ({
    kind: "crash",
    node: orRoot(chance, node),
    lasts: chance.between(0, 20_000),
    isSilent: chance.happens(0.3),
  }),
  (chance, _, node) => ({
    kind: "crash at effect",
    node: orRoot(chance, node),
    effects: chance.between(0, 20),
    lasts: chance.between(0, 5000),
  }),
  (chance, nodes, node) => ({ kind: "move", node, parent: anotherParent(chance, nodes, node) }),
  (chance, nodes, node) => ({
    kind: "twin",
    node,
    parent: anotherParent(chance, nodes, node),
    lasts: chance.between(100, 30_000),
  }),
  (chance, _, node) => ({ kind: "revoke", node, lasts: chance.between(100, 20_000) }),
  (chance) => ({ kind: "slow disk", commitMillis: chance.pick([50, 1000, 9000]), lasts: chance.between(100, 20_000) }),
  (chance) => ({ kind: "disk error", lasts: chance.between(100, 5000) }),
  (chance) => ({ kind: "disk full", lasts: chance.between(100, 10_000) }),
  (chance) => ({ kind: "set clock", byMillis: chance.pick([-3_600_000, -5000, 5000, 3_600_000]) }),
  (chance, _, node) => ({ kind: "flood", node, events: chance.between(10, 400) }),
  (chance, _, node) => ({ kind: "act", node, ttlMillis: chance.pick([50, 1000, 5000]) }),
  (_, __, node) => ({ kind: "set", node }),
];

export function swarmPlan(seed: number): WorldPlan {
  const chance = new Chance(seed);
  const nodes: NodePlan[] = [];
  const size = chance.between(1, NODES_MAX);
  for (let i = 0; i < size; i++) {
    const parents = ["root", ...nodes.filter((node) => depthOf(nodes, node.id) < 4).map((node) => node.id)];
    nodes.push({
      id: `n${i + 1}`,
      parent: chance.pick(parents),
      limits: chance.happens(0.7) ? "chip" : "pc",
      driftPpm: chance.pick([0, 0, -40, 40]),
      bootsAt: chance.happens(0.8) ? 0 : chance.between(0, 20_000),
      traffic: trafficOf(chance),
    });
  }
  const lasts = chance.between(LASTS_MIN, LASTS_MAX);
  const kinds = KINDS.filter(() => chance.happens(0.5));
  const faults: Fault[] = [];
  const howMany = kinds.length === 0 ? 0 : chance.between(1, FAULTS_MAX);
  for (let i = 0; i < howMany; i++) {
    const node = chance.pick(nodes).id;
    const at = chance.between(0, lasts);
    const fault = chance.pick(kinds)(chance, nodes, node);
    faults.push({ at, ...fault });
    // What is on its way while things stand still is what goes wrong.
    if ((fault.kind === "stall" || fault.kind === "slow") && chance.happens(0.5))
      faults.push({ at: at + chance.between(0, 1000), kind: "act", node, ttlMillis: chance.pick([50, 1000]) });
  }
  faults.sort((a, b) => a.at - b.at);
  return planOf({
    seed,
    nodes,
    faults,
    lasts,
    link: { latencyMillis: chance.pick([1, 5, 40]), bytesPerSecond: 250_000, noticeMillis: chance.pick([0, 20, 500]) },
    commitMillis: chance.pick([1, 3, 30]),
  });
}

function trafficOf(chance: Chance): TrafficPlan {
  const traffic: TrafficPlan = { burst: chance.pick([1, 1, 5]), entities: chance.between(1, 5) };
  if (chance.happens(0.8)) traffic.readingsEvery = chance.pick([100, 700, 3000]);
  if (chance.happens(0.6)) traffic.statesEvery = chance.pick([100, 700, 3000]);
  if (chance.happens(0.4)) traffic.logsEvery = chance.pick([100, 1000]);
  if (chance.happens(0.2)) traffic.padBytes = chance.pick([100, 1000, 3000]);
  return traffic;
}

function depthOf(nodes: readonly NodePlan[], id: string): number {
  let depth = 0;
  for (let at = id; at !== "root"; at = nodes.find((node) => node.id === at)?.parent ?? "root") depth += 1;
  return depth;
}

/** A parent that does not make a ring: one that was there before it, or the root. */
function anotherParent(chance: Chance, nodes: readonly NodePlan[], id: string): string {
  const place = nodes.findIndex((node) => node.id === id);
  return chance.pick(["root", ...nodes.slice(0, place).map((node) => node.id)]);
}

function orRoot(chance: Chance, node: string): string {
  return chance.happens(0.3) ? "root" : node;
}

function notice(chance: Chance): number {
  return chance.pick([-1, 0, 20, 500, 20_000]);
}
