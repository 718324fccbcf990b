/**
 * Plays a large tree: everybody says readings while links are cut, then all is well and has to settle; and says what came of it.
 *
 * Virtual time is counted while applications speak, joining included; settling, in which hardly anything happens, is left out of
 * the speed, for it would only flatter it.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Violation } from "./checks.ts";
import { planFaults } from "./faults.ts";
import { settle } from "./settling.ts";
import { type NodeSums, Statistics, type WorldSums } from "./statistics.ts";
import { treePlan, type TreeSize } from "./tree-plan.ts";
import { World } from "./world.ts";

export interface TreeProgress {
  phase: "playing" | "settling" | "over";
  /** Of so many milliseconds of virtual time in which applications speak, so many have passed. */
  virtualMillis: number;
  lastsMillis: number;
  nodes: number;
  joined: number;
  stored: number;
  /** Milliseconds of virtual time for each one of ours, since the last word. */
  factor: number;
}

export interface TreeResult {
  size: TreeSize;
  /** The promise that was broken, or undefined. */
  violation: string | undefined;
  /** When 99 of 100 nodes, and when all, had joined for the first time, in milliseconds of virtual time; -1: never. */
  joinedAfter: { most: number; all: number };
  /** How long it took to settle once all was well, in milliseconds of virtual time; -1 if it did not. */
  settledAfter: number;
  speed: TreeSpeed;
  sums: WorldSums;
  /** Links that were cut; and what else the world counted. */
  counts: { [what: string]: number };
  nodes: NodeSums[];
}

/** While applications speak. */
export interface TreeSpeed {
  virtualMillis: number;
  wallMillis: number;
  /** Virtual time for wall time, and the same for each node: node-seconds a wall second. */
  factor: number;
  nodeSeconds: number;
  microsecondsPerEvent: number;
  /** Of the whole world, once it has settled and garbage is gone. */
  heapBytesPerNode: number;
  /** The most that the process had at once. */
  residentBytesMost: number;
}

/** A word of progress so often, in milliseconds of wall time. */
const PROGRESS_EVERY = 500;
/** Virtual time between two looks at the clock and at who has joined, in milliseconds. */
const STEP = 250;

/** `now`: the wall's clock, in milliseconds. */
export function runTree(
  size: TreeSize,
  progress: (progress: TreeProgress) => void,
  now: () => number = () => performance.now(),
): TreeResult {
  const heapBefore = heapBytes();
  const world = new World(treePlan(size), { isThorough: false });
  const statistics = new Statistics(world);
  const tell = teller(world, size, progress, now);
  const startedAt = now();
  let violation: string | undefined;
  const joinedAfter = { most: -1, all: -1 };
  let missing = [...world.nodes.values()];
  let settledAfter = -1;
  let wallMillis = 0;
  let virtualMillis = 0;
  try {
    planFaults(world);
    while (world.now < world.plan.lasts) {
      world.run(Math.min(STEP, world.plan.lasts - world.now));
      missing = missing.filter((node) => !node.core.isJoined());
      if (joinedAfter.most < 0 && missing.length <= size.nodes / 100) joinedAfter.most = world.now;
      if (joinedAfter.all < 0 && missing.length === 0) joinedAfter.all = world.now;
      tell("playing");
    }
    [wallMillis, virtualMillis] = [now() - startedAt, world.now];
    statistics.playIsOver();
    tell("settling");
    settledAfter = settle(world);
  } catch (error) {
    violation = error instanceof Violation ? error.message : `a core threw: ${String((error as Error).stack)}`;
    if (wallMillis === 0) [wallMillis, virtualMillis] = [now() - startedAt, world.now];
  }
  tell("over");
  const sums = statistics.sums();
  const factor = virtualMillis / Math.max(1, wallMillis);
  return {
    size,
    violation,
    joinedAfter,
    settledAfter,
    speed: {
      virtualMillis,
      wallMillis,
      factor,
      nodeSeconds: factor * size.nodes,
      microsecondsPerEvent: (wallMillis * 1000) / Math.max(1, sums.delivered),
      heapBytesPerNode: (heapBytes() - heapBefore) / size.nodes,
      residentBytesMost: process.resourceUsage().maxRSS * 1024,
    },
    sums,
    counts: { ...world.counts },
    nodes: statistics.nodes(),
  };
}

/** As one line. */
export function progressLine({
  phase,
  virtualMillis,
  lastsMillis,
  nodes,
  joined,
  stored,
  factor,
}: TreeProgress): string {
  const seconds = (virtualMillis / 1000).toFixed(0);
  const speed = factor >= 10 ? factor.toFixed(0) : factor.toFixed(1);
  return `${phase}: ${seconds} of ${lastsMillis / 1000} s, ${joined} of ${nodes} joined, ${stored} readings stored, ${speed} × real time`;
}

type Tell = (phase: TreeProgress["phase"]) => void;

function teller(world: World, size: TreeSize, progress: (progress: TreeProgress) => void, now: () => number): Tell {
  let toldAt = now();
  let toldVirtual = 0;
  let toldPhase: TreeProgress["phase"] = "playing";
  return (phase) => {
    const wall = now() - toldAt;
    if (wall < PROGRESS_EVERY && phase === toldPhase) return;
    progress({
      phase,
      virtualMillis: world.now,
      lastsMillis: world.plan.lasts,
      nodes: size.nodes,
      joined: joinedIn(world),
      stored: world.checks.stored,
      factor: (world.now - toldVirtual) / Math.max(1, wall),
    });
    [toldAt, toldVirtual, toldPhase] = [now(), world.now, phase];
  };
}

function joinedIn(world: World): number {
  let joined = 0;
  for (const node of world.nodes.values()) if (node.isUp && node.core.isJoined()) joined += 1;
  return joined;
}

/** What is in use, without garbage. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
