/**
 * Partition says which part of a large world each process is in: the root and the branches near it in the first part, whole subtrees
 * in the others, so that all parts have about as much to do. It depends on the plan alone, never on how many threads play it.
 */
import type { NodePlan } from "../plan.ts";

/** The root's part. */
export const ROOT_PART = 0;

/**
 * What a node costs for itself, and the root for each node, where passing on what one node says costs 1. Measured: how busy the
 * threads were.
 */
const NODE_COST = 2;
const ROOT_COST = 0.6;
/** A subtree that costs more than this share of a part is divided. Chosen: parts may then differ by as much. */
const UNIT_SHARE = 0.15;

export class Partition {
  readonly parts: number;
  /** The place in the plan of each node. */
  private readonly places = new Map<string, number>();
  private readonly partAt: Uint8Array;

  /** Parents stand before their children. */
  constructor(nodes: readonly NodePlan[], parts: number) {
    this.parts = parts;
    nodes.forEach((node, place) => this.places.set(node.id, place));
    const above = nodes.map((node) => this.places.get(node.parent) ?? -1);
    const costs = costsOf(above);
    this.partAt = divided(above, costs, parts);
  }

  /** The place in the plan of a node, -1 of the root; undefined if it is in no plan. */
  placeOf(id: string): number | undefined {
    return id === "root" ? -1 : this.places.get(id);
  }

  /** The part that a process is in. */
  partOf(id: string): number | undefined {
    const place = this.placeOf(id);
    return place === undefined || place < 0 ? (place === undefined ? undefined : ROOT_PART) : this.partAt[place];
  }
}

/** What the subtree of each node costs. */
function costsOf(above: readonly number[]): Float64Array {
  const sizes = new Float64Array(above.length).fill(1);
  const costs = new Float64Array(above.length);
  for (let place = above.length - 1; place >= 0; place--) {
    const size = sizes[place] as number;
    const cost = (costs[place] as number) + size + NODE_COST;
    costs[place] = cost;
    const parent = above[place] as number;
    if (parent >= place) throw new Error("a partition needs parents to stand before their children");
    if (parent < 0) continue;
    sizes[parent] = (sizes[parent] as number) + size;
    costs[parent] = (costs[parent] as number) + cost;
  }
  return costs;
}

function divided(above: readonly number[], costs: Float64Array, parts: number): Uint8Array {
  let total = ROOT_COST * above.length;
  for (let place = 0; place < above.length; place++) if ((above[place] as number) < 0) total += costs[place] as number;
  const most = (UNIT_SHARE * total) / parts;
  /** Of a node in the trunk: -1; of others the root of the unit that they are in. */
  const units = new Int32Array(above.length);
  const loads = new Float64Array(parts);
  loads[ROOT_PART] = total;
  const roots: number[] = [];
  for (let place = 0; place < above.length; place++) {
    const parent = above[place] as number;
    const unit = parent < 0 ? -1 : (units[parent] as number);
    if (unit >= 0) units[place] = unit;
    else if ((costs[place] as number) > most) units[place] = -1;
    else {
      units[place] = place;
      roots.push(place);
      loads[ROOT_PART] -= costs[place] as number;
    }
  }
  const partAt = new Uint8Array(above.length);
  roots.sort((a, b) => (costs[b] as number) - (costs[a] as number) || a - b);
  for (const unit of roots) {
    const part = loads.indexOf(Math.min(...loads));
    partAt[unit] = part;
    loads[part] = (loads[part] as number) + (costs[unit] as number);
  }
  for (let place = 0; place < above.length; place++) {
    const unit = units[place] as number;
    partAt[place] = unit < 0 ? ROOT_PART : (partAt[unit] as number);
  }
  return partAt;
}
