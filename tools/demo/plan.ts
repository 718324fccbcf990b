/**
 * The tree that `make run` shows: two branches below the root, three below them, and eight leaves. Each leaf replays two years of one
 * measurement; the branches run the stock program, but for the house, which has a lamp and a thermostat.
 */
import { MEASUREMENTS, type Reading } from "./readings.ts";

export interface PlannedNode {
  id: string;
  parent: string;
  isBranch: boolean;
  /** File of the bundle that it runs. */
  program: string;
  /** What a leaf replays; nothing on a branch. */
  readings: Reading[];
}

const BRANCHES: [id: string, parent: string][] = [
  ["house", "root"],
  ["garden", "root"],
  ["attic", "house"],
  ["greenhouse", "garden"],
  ["pond", "garden"],
];

/** Two leaves a measurement: the first and the second half of the years. */
const HALVES = [
  { name: "2012", from: Date.UTC(2012, 0), to: Date.UTC(2014, 0) },
  { name: "2014", from: Date.UTC(2014, 0), to: Date.UTC(2016, 0) },
];

const LEAF_PARENTS = ["attic", "attic", "attic", "greenhouse", "greenhouse", "greenhouse", "pond", "pond"];

export function planTree(readings: Reading[]): PlannedNode[] {
  const branches = BRANCHES.map(([id, parent]) => ({
    id,
    parent,
    isBranch: true,
    program: id === "house" ? "cabin.js" : "main.js",
    readings: [],
  }));
  const leaves = MEASUREMENTS.flatMap((eid) =>
    HALVES.map(({ name, from, to }) => ({
      id: `${eid.replace("_", "-")}-${name}`,
      isBranch: false,
      program: "weather.js",
      readings: readings.filter((reading) => reading.eid === eid && reading.ts >= from && reading.ts < to),
    })),
  );
  return [...branches, ...leaves.map((leaf, i) => ({ ...leaf, parent: LEAF_PARENTS[i] as string }))];
}

/** Lines that draw the tree; `mark` is put before each node's id. */
export function drawTree(nodes: { id: string; parent: string }[], mark: (id: string) => string): string[] {
  const lines = ["root"];
  const draw = (parent: string, indent: string): void => {
    const children = nodes.filter((node) => node.parent === parent);
    children.forEach((child, i) => {
      const isLast = i === children.length - 1;
      lines.push(`${indent}${isLast ? "└─" : "├─"} ${mark(child.id)}${child.id}`);
      draw(child.id, `${indent}${isLast ? "   " : "│  "}`);
    });
  };
  draw("root", "");
  return lines;
}
