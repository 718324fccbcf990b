/**
 * Where each node is drawn: in rows from the root at the left, as an outline where it is narrow, or as a crown round the root where
 * there are many. Plain arithmetic: nothing is drawn here.
 */
import { hierarchy, tree as tidyTree } from "d3-hierarchy";

export type Shape = "rows" | "outline" | "crown";

export interface Placed {
  id: string;
  parent: string | undefined;
  depth: number;
  x: number;
  y: number;
  /** Direction away from the root, in radians: labels of a crown follow it. */
  angle: number;
  isLeaf: boolean;
  /** Nodes below it that are not shown, because it is folded. */
  hidden: number;
}

export interface Parented {
  id: string;
  parent: string;
}

interface Branch {
  id: string;
  children: Branch[];
  hidden: number;
}

const ROW = 34;
/** Where there are few, they have room. */
const ROW_OF_FEW = 50;
const FEW = 14;
const COLUMN = 178;
const OUTLINE_ROW = 46;
const OUTLINE_COLUMN = 26;
/** Room for each node on the outermost circle of a crown, and between two circles. */
const ARC = 20;
const RING = 120;
/** More leaves than this make a crown. */
export const ROWS_MAX = 40;

/** The tree of what is known, and how much of it is folded away. A node whose parent is unknown hangs below the root. */
function grow(nodes: readonly Parented[], folded: ReadonlySet<string>): Branch {
  const children = new Map<string, string[]>();
  const known = new Set(nodes.map(({ id }) => id));
  for (const { id, parent } of nodes) {
    const at = parent !== id && known.has(parent) ? parent : "root";
    children.set(at, [...(children.get(at) ?? []), id]);
  }
  const met = new Set<string>();
  const size = (id: string): number =>
    (children.get(id) ?? []).reduce((sum, child) => sum + (child === id ? 0 : 1 + size(child)), 0);
  const make = (id: string): Branch => {
    met.add(id);
    const below = (children.get(id) ?? []).filter((child) => !met.has(child)).sort(byName);
    if (folded.has(id) && below.length > 0) return { id, children: [], hidden: size(id) };
    return { id, children: below.map(make), hidden: 0 };
  };
  const root = make("root");
  // Two that name each other as parents, which a damaged log may say: they are shown all the same.
  if (folded.size === 0)
    for (const { id } of nodes) if (!met.has(id)) root.children.push({ id, children: [], hidden: 0 });
  return root;
}

const names = new Intl.Collator(undefined, { numeric: true });
export const byName = (a: string, b: string): number => names.compare(a, b);

export function layOut(nodes: readonly Parented[], folded: ReadonlySet<string>, shape: Shape): Map<string, Placed> {
  const root = hierarchy(grow(nodes, folded));
  const placed = new Map<string, Placed>();
  const leaves = root.leaves().length;
  if (shape === "rows") tidyTree<Branch>().nodeSize([roomOf(shape, leaves), COLUMN])(root);
  if (shape === "crown")
    tidyTree<Branch>()
      .size([2 * Math.PI, Math.max((leaves * ARC) / (2 * Math.PI), root.height * RING)])
      .separation((a, b) => (a.parent === b.parent ? 1 : 1.6) / Math.max(1, a.depth))(root);
  let row = 0;
  root.eachBefore((node) => {
    const { id, hidden } = node.data;
    const common = { id, parent: node.parent?.data.id, depth: node.depth, isLeaf: node.children === undefined, hidden };
    // d3 lays trees out from the top down: its x runs across.
    const { x = 0, y = 0 } = node as { x?: number; y?: number };
    if (shape === "rows") placed.set(id, { ...common, x: y, y: x, angle: 0 });
    else if (shape === "outline")
      placed.set(id, { ...common, x: node.depth * OUTLINE_COLUMN, y: row * OUTLINE_ROW, angle: 0 });
    else {
      const angle = x - Math.PI / 2;
      placed.set(id, { ...common, x: y * Math.cos(angle), y: y * Math.sin(angle), angle });
    }
    row++;
  });
  return placed;
}

/** Pixels between two rows, or two names of a crown, at scale 1. */
export function roomOf(shape: Shape, leaves: number): number {
  if (shape === "crown") return ARC;
  return shape === "rows" && leaves <= FEW ? ROW_OF_FEW : ROW;
}

/** A link as a curve from a child to its parent: end, two handles, end. */
export type Curve = [number, number, number, number, number, number, number, number];

export function curve(shape: Shape, x: number, y: number, px: number, py: number): Curve {
  if (shape === "outline") return [x, y, px, y, px, y, px, py];
  if (shape === "rows") {
    const middle = (x + px) / 2;
    return [x, y, middle, y, middle, py, px, py];
  }
  const out = Math.hypot(x, y) || 1;
  const inner = Math.hypot(px, py);
  const half = (out + inner) / 2 / out;
  const angle = inner === 0 ? Math.atan2(y, x) : Math.atan2(py, px);
  const reach = (out + inner) / 2;
  return [x, y, x * half, y * half, Math.cos(angle) * reach, Math.sin(angle) * reach, px, py];
}

/** A point of a curve, `t` from 0 at the child to 1 at the parent. */
export function pointOn(c: Curve, t: number): [x: number, y: number] {
  const u = 1 - t;
  const a = u * u * u;
  const b = 3 * u * u * t;
  const d = 3 * u * t * t;
  const e = t * t * t;
  return [a * c[0] + b * c[2] + d * c[4] + e * c[6], a * c[1] + b * c[3] + d * c[5] + e * c[7]];
}
