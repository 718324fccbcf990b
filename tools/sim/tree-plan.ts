/** Plans of large, even trees: so many nodes, so deep, each branch with about as many children, links that are cut now and then. */
import { CHIP_LIMITS, type Limits, PC_LIMITS } from "#shared/limits.ts";
import { Chance } from "./chance.ts";
import { type Fault, HOUSE_LINK, type NodePlan, planOf, type WorldPlan } from "./plan.ts";

export interface TreeSize {
  nodes: number;
  /** Levels below the root. */
  depth: number;
  /** Applications speak and links are cut for so long, in virtual seconds. */
  seconds: number;
  seed: number;
}

/**
 * A large tree is played in so many parts, in as many threads or fewer. Part of what a tree is, not of how it is played: the same
 * tree goes the same way wherever it is played. Chosen: two cores are everywhere, and each part more has more to say to others.
 */
export const PARTS = 2;
/** Each node says a reading so often, in milliseconds. */
export const READING_EVERY = 10_000;
/** Of all links, so many are cut each minute. */
const CUTS_PER_LINK_AND_MINUTE = 0.01;
/** What a kernel takes for a socket at once. Source: lwIP's TCP_SND_BUF on ESP32. */
const SOCKET_BYTES = 5744;
/** How much later the ends hear of a cut, in milliseconds: at once, late, and never. -1: never. */
const NOTICES = [0, 20, 500, -1];

/** Throws an Error that says what is wrong with a size. */
export function treePlan(size: TreeSize): WorldPlan {
  if (!(size.depth >= 1 && size.nodes >= size.depth))
    throw new Error(`${size.depth} levels need at least ${Math.max(1, size.depth)} nodes, and one level is the least`);
  const chance = new Chance(size.seed);
  const nodes = nodesOf(size);
  const lasts = size.seconds * 1000;
  const faults: Fault[] = [];
  const cuts = Math.round((size.nodes * CUTS_PER_LINK_AND_MINUTE * size.seconds) / 60);
  for (let i = 0; i < cuts; i++) {
    const [childNotice, parentNotice] = [chance.pick(NOTICES), chance.pick(NOTICES)];
    faults.push({ at: chance.between(0, lasts), kind: "cut", node: chance.pick(nodes).id, childNotice, parentNotice });
  }
  faults.sort((a, b) => a.at - b.at);
  return planOf({ seed: size.seed, nodes, faults, lasts, link: { ...HOUSE_LINK, socketBytes: SOCKET_BYTES } });
}

/** How many nodes each level has, from the root's children down: each level as many times more as the next. */
export function widthsOf(nodes: number, depth: number): number[] {
  let least = 1;
  let most = nodes;
  for (let i = 0; i < 60; i++) {
    const fan = (least + most) / 2;
    if (sumOf(fan, depth) > nodes) most = fan;
    else least = fan;
  }
  const widths: number[] = [];
  let left = nodes;
  for (let level = 1; level < depth; level++) {
    widths.push(Math.max(1, Math.round(least ** level)));
    left -= widths[level - 1] as number;
  }
  return [...widths, left];
}

function sumOf(fan: number, depth: number): number {
  let sum = 0;
  for (let level = 1; level <= depth; level++) sum += fan ** level;
  return sum;
}

function nodesOf({ nodes, depth }: TreeSize): NodePlan[] {
  const plans: NodePlan[] = [];
  const widths = widthsOf(nodes, depth);
  const branch = branchLimits(nodes);
  let above = 0;
  for (let level = 0; level < depth; level++) {
    const width = widths[level] as number;
    const start = plans.length;
    for (let i = 0; i < width; i++) {
      const parent = level === 0 ? "root" : `n${above + 1 + Math.floor((i * (widths[level - 1] as number)) / width)}`;
      plans.push({
        id: `n${plans.length + 1}`,
        parent,
        limits: level === depth - 1 ? CHIP_LIMITS : branch,
        traffic: { readingsEvery: READING_EVERY },
      });
    }
    above = start;
  }
  return plans;
}

/** A branch is a PC, as nodes that carry thousands are; it has a route to each node that may be below. */
function branchLimits(nodes: number): Limits {
  return { ...PC_LIMITS, childrenMax: nodes, routesMax: nodes };
}
