/**
 * Places for simulated boards: a line, a grid, anywhere in a rectangle, a house with walls and a garden, and the Intel lab with the
 * links that were measured there. The first spot of each is meant for the root.
 */
import { Chance } from "../chance.ts";
import { INDOORS, type LandscapePlan, OPEN_FIELD, type Spot, type Wall } from "./landscape.ts";
import type { StationPlan } from "./station.ts";

export interface Topology {
  name: string;
  spots: readonly Spot[];
  landscape: LandscapePlan;
}

/** Over a field one to the next at this distance is a good link, and one to the next but one is a poor one, in metres. */
const FIELD_STEP = 180;

/** Boards in a row. At 180 m each hears its neighbours; at 30 m five of them share their air. */
export function line(count: number, step = FIELD_STEP, landscape = OPEN_FIELD): Topology {
  const spots = Array.from({ length: count }, (_, i) => ({ id: idOf(i), x: i * step, y: 0 }));
  return { name: `line of ${count}`, spots, landscape };
}

export function grid(columns: number, rows: number, step = FIELD_STEP, landscape = OPEN_FIELD): Topology {
  const spots = Array.from({ length: columns * rows }, (_, i) => ({
    id: idOf(i),
    x: (i % columns) * step,
    y: Math.floor(i / columns) * step,
  }));
  return { name: `grid of ${columns} x ${rows}`, spots, landscape };
}

/** Anywhere in a rectangle, the first in its middle. Nobody looks whether all of them can reach it. */
export function scattered(
  count: number,
  width: number,
  height: number,
  seed: number,
  landscape = OPEN_FIELD,
): Topology {
  const chance = new Chance(seed);
  const spots = [{ id: idOf(0), x: width / 2, y: height / 2 }];
  for (let i = 1; i < count; i++) spots.push({ id: idOf(i), x: chance.random() * width, y: chance.random() * height });
  return { name: `${count} in ${width} m x ${height} m`, spots, landscape };
}

const BRICK_DB = 12;
const PARTITION_DB = 7;
const SHED_DB = 5;

/** An old house of 14 m by 10 m, two rows of three rooms; a shed of wood, and a garden of 90 m. */
const HOUSE_WALLS: readonly Wall[] = [
  ...box(0, 0, 14, 10, BRICK_DB),
  // Along the middle, with a door between hall and living room.
  { x1: 0, y1: 5, x2: 6.5, y2: 5, lossDb: PARTITION_DB },
  { x1: 7.5, y1: 5, x2: 14, y2: 5, lossDb: PARTITION_DB },
  { x1: 5, y1: 0, x2: 5, y2: 10, lossDb: PARTITION_DB },
  { x1: 9.5, y1: 0, x2: 9.5, y2: 10, lossDb: PARTITION_DB },
  ...box(40, 2, 44, 6, SHED_DB),
];

const HOUSE_SPOTS: readonly Spot[] = [
  { id: "study", x: 1.5, y: 1.5 },
  { id: "hall", x: 7, y: 2 },
  { id: "kitchen", x: 12, y: 3 },
  { id: "bedroom", x: 2, y: 8 },
  { id: "living", x: 7, y: 8 },
  { id: "bath", x: 12, y: 8.5 },
  { id: "terrace", x: 15.5, y: 4 },
  { id: "shed", x: 42, y: 4 },
  { id: "greenhouse", x: 30, y: 25 },
  { id: "pond", x: 60, y: -10 },
  { id: "orchard", x: 75, y: 15 },
  { id: "gate", x: 95, y: 5 },
];

export function house(): Topology {
  return { name: "house and garden", spots: HOUSE_SPOTS, landscape: { ...INDOORS, walls: HOUSE_WALLS } };
}

/** Where the lab's gateway stood is not said: among those whom it hears best. */
const LAB_GATEWAY = { x: 17, y: 27 };
const LAB_MOTES = 54;
/** Heard by nobody, ever: it was broken. */
const LAB_SILENT = "m5";

/**
 * The Intel Berkeley Research Lab: `m0`, the gateway, and `m1` to `m54` without `m5`, each link as it was measured. Takes the texts of
 * data/intel-lab/mote_locs.txt and connectivity.txt. What the gateway sent was not measured: it is taken to be heard as well as it
 * hears. Throws if the texts are not those.
 */
export function intelLab(locations: string, connectivity: string): Topology {
  const spots: Spot[] = [{ id: "m0", ...LAB_GATEWAY }];
  for (const [mote, x, y] of rowsOf(locations)) spots.push({ id: `m${mote}`, x: x as number, y: y as number });
  const shares = new Map<string, number>();
  for (const [from, to, share] of rowsOf(connectivity)) shares.set(`m${from} m${to}`, share as number);
  for (const { id } of spots) shares.set(`m0 ${id}`, shares.get(`${id} m0`) ?? 0);
  if (spots.length !== LAB_MOTES + 1 || shares.size !== (LAB_MOTES + 1) ** 2)
    throw new Error(
      `the lab has ${LAB_MOTES} motes; these texts tell of ${spots.length - 1}, and ${shares.size} links`,
    );
  const measured = (from: string, to: string): number => shares.get(`${from} ${to}`) ?? 0;
  const heard = spots.filter((spot) => spot.id !== LAB_SILENT);
  return { name: "intel lab", spots: heard, landscape: { ...INDOORS, measured } };
}

/** Stations for the spots of a topology, all on one channel, with addresses by their place. */
export function plansOf(topology: Topology, channel = 1): StationPlan[] {
  return topology.spots.map((spot, i) => ({ id: spot.id, x: spot.x, y: spot.y, mac: macOf(i), channel }));
}

/** An address of the kind that anybody may give out. */
export function macOf(index: number): string {
  const hex = index.toString(16).padStart(4, "0");
  return `02:00:00:00:${hex.slice(0, 2)}:${hex.slice(2)}`;
}

function idOf(index: number): string {
  return `n${index}`;
}

function box(x1: number, y1: number, x2: number, y2: number, lossDb: number): Wall[] {
  return [
    { x1, y1, x2, y2: y1, lossDb },
    { x1: x2, y1, x2, y2, lossDb },
    { x1: x2, y1: y2, x2: x1, y2, lossDb },
    { x1, y1: y2, x2: x1, y2: y1, lossDb },
  ];
}

/** Rows of three numbers; others are left out (the lab's file has one that breaks off). */
function rowsOf(text: string): number[][] {
  const rows = text.split("\n").map((row) => row.trim().split(/\s+/).map(Number));
  return rows.filter((row) => row.length === 3 && row.every(Number.isFinite));
}
