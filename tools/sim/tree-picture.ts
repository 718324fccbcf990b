/**
 * Pictures of a whole tree: rings round the root, a ring a level, a sector a node, coloured by how late its worst reading was or how
 * often it had to send again; and the same in a few lines for terminals.
 *
 * A link that was cut shows as a hot wedge: everything behind it was late. What is too narrow to be seen is one sector with its
 * neighbours, so the picture stays below 3 MB however many nodes there are.
 */
import type { TreeResult } from "./scale.ts";
import type { NodeSums } from "./sums.ts";
import { seconds, table, thousands } from "./statistics-table.ts";
import { label, picture, short } from "./svg.ts";

export type ColouredBy = "latency" | "resends";

/** From fine to bad. */
const COLOURS = ["#3f6fb5", "#4b9fb0", "#86bf83", "#e6cf62", "#f0a046", "#df5f3e", "#9c1c3c"] as const;
const SILENT_COLOUR = "#cfcfcf";
/** The last number of each class but the last: milliseconds, and times. A reading waits 2 s for company; 2.1 s is straight through. */
const CLASSES: { [by in ColouredBy]: readonly number[] } = {
  latency: [500, 2100, 2500, 5000, 10_000, 20_000],
  resends: [0, 1, 2, 4, 8, 16],
};

const SIZE = 1100;
const TOP = 84;
const CENTRE_RADIUS = 44;
const RADIUS = 520;
const LEGEND_HEIGHT = 76;
/** Between two rings, in pixels. */
const GAP = 1.5;
/** What is narrower than this, in pixels, is drawn as one with its neighbours, in the worst colour among them … */
const SEEN = 1;
/** … and what is narrower than this only with siblings of the same colour. */
const NARROW = 2.5;
const MIDDLE = { x: SIZE / 2, y: TOP + RADIUS };

interface Branch {
  node: NodeSums;
  children: Branch[];
  /** How many leaves' room it takes. */
  weight: number;
}

/** Angles run clockwise from the top, in radians. */
interface Sector {
  node: NodeSums;
  from: number;
  to: number;
}

export function treePicture(result: TreeResult, by: ColouredBy): string {
  const { nodes, sums } = result;
  const top = branchesOf(nodes);
  const levels = Math.max(1, ...nodes.map((node) => node.level));
  const ring = (RADIUS - CENTRE_RADIUS) / levels;
  const rings: Sector[][] = [];
  layOut(top, 0, (2 * Math.PI) / Math.max(1, weightOf(top)), rings);
  const what = by === "latency" ? "the worst latency of each node" : "how often each node sent again";
  const title = `${thousands(nodes.length)} nodes in ${levels} levels: ${what}`;
  const { latencyMillis: latency } = sums;
  const subtitle = [
    `${seconds(result.speed.virtualMillis)} of virtual time, ${thousands(result.counts["fault: cut"] ?? 0)} links cut`,
    `${thousands(sums.delivered)} readings delivered, ${sums.duplicates} twice`,
    `latency ${seconds(latency.p50)} / ${seconds(latency.p99)} / ${seconds(latency.max)} (p50 / p99 / max)`,
  ].join(" · ");
  return picture(SIZE, TOP + 2 * RADIUS + LEGEND_HEIGHT, title, colourStyle(), [
    label(SIZE / 2, 34, title, { size: 22, anchor: "middle", isBold: true }),
    label(SIZE / 2, 60, subtitle, { size: 14, anchor: "middle", fill: "#555" }),
    ...rings.flatMap((sectors, place) => {
      const inner = CENTRE_RADIUS + ring * place;
      return drawRing(sectors, inner, inner + ring - GAP, by);
    }),
    `<circle cx="${MIDDLE.x}" cy="${MIDDLE.y}" r="${CENTRE_RADIUS - 3}" fill="#333"/>`,
    label(MIDDLE.x, MIDDLE.y + 5, "root", { size: 15, anchor: "middle", fill: "#fff" }),
    ...sums.levels.map(({ level, nodes: howMany }) => {
      const y = MIDDLE.y - CENTRE_RADIUS - ring * (level - 0.5) + 4;
      return label(MIDDLE.x, y, `level ${level}: ${thousands(howMany)}`, { anchor: "middle", hasHalo: true });
    }),
    ...legend(nodes, by),
  ]);
}

/** For terminals: of each level its nodes, and a bar of them. */
export function treeText(result: TreeResult): string {
  const levels = result.sums.levels;
  const most = Math.max(1, ...levels.map((level) => level.nodes));
  const rows = levels.map((level) => [
    `level ${level.level}`,
    thousands(level.nodes),
    seconds(level.latencyMillis.p99),
    bar(level.nodes / most),
  ]);
  const text = table([["", "nodes", "p99", ""], ["root", "1", "", bar(1 / most)], ...rows]);
  // The bars are to the left, though the last column is of numbers elsewhere.
  const width = Math.max(...text.split("\n").map((line) => line.length));
  return text
    .split("\n")
    .map((line) =>
      line
        .padEnd(width)
        .replace(/( *)(█*[▏▎▍▌▋▊▉]?)( *)$/, "  $2")
        .trimEnd(),
    )
    .join("\n");
}

const BAR_CHARACTERS = 40;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

function bar(share: number): string {
  // Whoever is there is seen.
  const eighths = Math.max(1, Math.round(share * BAR_CHARACTERS * 8));
  return "█".repeat(eighths >> 3) + (EIGHTHS[eighths & 7] as string);
}

function branchesOf(nodes: readonly NodeSums[]): Branch[] {
  const byId = new Map(nodes.map((node) => [node.id, { node, children: [], weight: 0 } as Branch]));
  const top: Branch[] = [];
  for (const branch of byId.values()) (byId.get(branch.node.parent)?.children ?? top).push(branch);
  // Deepest first: a parent's weight is its children's.
  const deepestFirst = [...byId.values()].sort((a, b) => b.node.level - a.node.level);
  for (const branch of deepestFirst) branch.weight = Math.max(1, weightOf(branch.children));
  return top;
}

function weightOf(branches: readonly Branch[]): number {
  return branches.reduce((sum, branch) => sum + branch.weight, 0);
}

/** Gives branches their angles from `start` on, level by level. `perLeaf`: the angle that a leaf takes. */
function layOut(branches: readonly Branch[], start: number, perLeaf: number, rings: Sector[][]): void {
  let from = start;
  for (const { node, children, weight } of branches) {
    const to = from + weight * perLeaf;
    (rings[node.level - 1] ??= []).push({ node, from, to });
    layOut(children, from, perLeaf, rings);
    from = to;
  }
}

function drawRing(sectors: readonly Sector[], inner: number, outer: number, by: ColouredBy): string[] {
  const drawn: string[] = [];
  for (let i = 0; i < sectors.length; ) {
    const run = runFrom(sectors, i, (inner + outer) / 2, by);
    const [first, last] = [run[0] as Sector, run.at(-1) as Sector];
    const colour = Math.max(...run.map(({ node }) => classOf(node, by)));
    // White between sectors as long as it is not all there is to see.
    const look = (last.to - first.from) * inner > NARROW ? `c${colour} wide` : `c${colour}`;
    drawn.push(`<path class="${look}" d="${shapeOf(first.from, last.to, inner, outer)}">${titleOf(run)}</path>`);
    i += run.length;
  }
  return drawn;
}

/** A sector; or as many neighbours as it takes to be seen, and then siblings of the same colour while they are narrow. */
function runFrom(sectors: readonly Sector[], at: number, radius: number, by: ColouredBy): Sector[] {
  const first = sectors[at] as Sector;
  const colour = classOf(first.node, by);
  let end = at + 1;
  for (; end < sectors.length; end++) {
    const [before, next] = [sectors[end - 1] as Sector, sectors[end] as Sector];
    if (next.from - before.to > 1e-9) break;
    const isSeen = (before.to - first.from) * radius >= SEEN;
    const isAlike = next.node.parent === first.node.parent && classOf(next.node, by) === colour;
    if (isSeen && !(isAlike && (next.to - next.from) * radius < NARROW)) break;
    if (!isSeen && (next.to - next.from) * radius >= SEEN) break;
  }
  return sectors.slice(at, end);
}

function titleOf(run: readonly Sector[]): string {
  const first = (run[0] as Sector).node;
  const last = (run.at(-1) as Sector).node;
  const worst = Math.max(...run.map(({ node }) => node.worstMillis));
  const resends = run.reduce((sum, { node }) => sum + node.resends, 0);
  const who = run.length === 1 ? first.id : `${first.id} to ${last.id}, ${run.length} nodes`;
  // Ids have no characters that would have to be escaped.
  return `<title>${who}: worst ${seconds(worst)}, sent again ${resends}</title>`;
}

function shapeOf(from: number, to: number, inner: number, outer: number): string {
  // A whole ring would begin where it ends, and be nothing.
  const end = Math.min(to, from + 2 * Math.PI - 0.002);
  const isLarge = end - from > Math.PI ? 1 : 0;
  const [a, b, c, d] = [point(from, outer), point(end, outer), point(end, inner), point(from, inner)];
  const [r, q] = [short(outer), short(inner)];
  return `M${a}A${r} ${r} 0 ${isLarge} 1 ${b}L${c}A${q} ${q} 0 ${isLarge} 0 ${d}Z`;
}

function point(angle: number, radius: number): string {
  const precise = (value: number): string => String(Math.round(value * 100) / 100);
  return `${precise(MIDDLE.x + radius * Math.sin(angle))} ${precise(MIDDLE.y - radius * Math.cos(angle))}`;
}

/** -1: nothing of it is on the disk. */
function classOf(node: NodeSums, by: ColouredBy): number {
  if (node.stored === 0) return -1;
  const value = by === "latency" ? node.worstMillis : node.resends;
  const place = CLASSES[by].findIndex((last) => value <= last);
  return place < 0 ? CLASSES[by].length : place;
}

function colourStyle(): string {
  const look = (place: number, colour: string): string => `.c${place}{fill:${colour};stroke:${colour};stroke-width:.4}`;
  const looks = [look(-1, SILENT_COLOUR), ...COLOURS.map((colour, place) => look(place, colour))];
  return `${looks.join("")}.wide{stroke:#fff;stroke-width:.6}`;
}

function legend(nodes: readonly NodeSums[], by: ColouredBy): string[] {
  const howMany = new Map<number, number>();
  for (const node of nodes) howMany.set(classOf(node, by), (howMany.get(classOf(node, by)) ?? 0) + 1);
  const parts: string[] = [];
  const width = (SIZE - 80) / (COLOURS.length + 1);
  const y = TOP + 2 * RADIUS + 28;
  for (let place = -1; place < COLOURS.length; place++) {
    const x = 40 + width * (place + 1);
    const count = `${thousands(howMany.get(place) ?? 0)} nodes`;
    parts.push(`<rect class="c${place}" x="${short(x)}" y="${y}" width="18" height="18" rx="3"/>`);
    parts.push(label(x + 25, y + 8, className(place, by)), label(x + 25, y + 23, count, { size: 11, fill: "#777" }));
  }
  return parts;
}

function className(place: number, by: ColouredBy): string {
  if (place < 0) return "nothing stored";
  const classes = CLASSES[by];
  const least = classes[place - 1];
  const most = classes[place];
  const say = (value: number): string =>
    by === "latency" ? `${value < 1000 ? `${value} ms` : `${value / 1000} s`}` : `${value}×`;
  if (most === undefined) return `over ${say(least as number)}`;
  if (by === "latency") return `up to ${say(most)}`;
  return most === 0 ? "never" : most === (least as number) + 1 ? say(most) : `${(least as number) + 1} to ${say(most)}`;
}
