/** A large tree, played in one thread or several: what came of it, whatever the number of threads. */
import { PARTS } from "./tree-plan.ts";
import { crewMemory } from "./parts/crew.ts";
import { countsOf, nodesOf, type NodeSums, worldSums, type WorldSums } from "./sums.ts";
import { type Played, playTree, type TreeProgress } from "./tree-play.ts";
import type { TreeSize } from "./tree-plan.ts";

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
  threads: number;
  virtualMillis: number;
  wallMillis: number;
  /** Virtual time for wall time, and the same for each node: node-seconds a wall second. */
  factor: number;
  nodeSeconds: number;
  microsecondsPerEvent: number;
  /** What all threads together took of the processor. */
  processorMicrosecondsPerEvent: number;
  /** Of the whole world, once it has settled and garbage is gone. */
  heapBytesPerNode: number;
  /** The most that the process had at once. */
  residentBytesMost: number;
}

/** In this thread. `now`: the wall's clock, in milliseconds. */
export function runTree(
  size: TreeSize,
  progress: (progress: TreeProgress) => void,
  now: () => number = () => performance.now(),
): TreeResult {
  const memory = crewMemory(size.nodes, PARTS);
  return resultOf(size, [playTree({ size, memory, thread: 0, threads: 1 }, progress, now)]);
}

/** Of what each thread has to say, the first one first. */
export function resultOf(size: TreeSize, played: readonly [Played, ...Played[]]): TreeResult {
  const parts = played.flatMap((each) => each.parts);
  const { violation, joinedAfter, settledAfter, virtualMillis, wallMillis, processorMillis } = played[0];
  const sums = worldSums(parts);
  const factor = virtualMillis / Math.max(1, wallMillis);
  const perEvent = (millis: number): number => (millis * 1000) / Math.max(1, sums.delivered);
  const heapBytes = played.reduce((sum, each) => sum + each.heapBytes, 0);
  return {
    size,
    violation,
    joinedAfter,
    settledAfter,
    speed: {
      threads: played.length,
      virtualMillis,
      wallMillis,
      factor,
      nodeSeconds: factor * size.nodes,
      microsecondsPerEvent: perEvent(wallMillis),
      processorMicrosecondsPerEvent: perEvent(processorMillis),
      heapBytesPerNode: heapBytes / size.nodes,
      residentBytesMost: process.resourceUsage().maxRSS * 1024,
    },
    sums,
    counts: countsOf(parts),
    nodes: nodesOf(parts),
  };
}

/** As one line. */
export function progressLine(progress: TreeProgress): string {
  const { phase, virtualMillis, lastsMillis, nodes, joined, stored, factor } = progress;
  const seconds = (virtualMillis / 1000).toFixed(0);
  const speed = factor >= 10 ? factor.toFixed(0) : factor.toFixed(1);
  return `${phase}: ${seconds} of ${lastsMillis / 1000} s, ${joined} of ${nodes} joined, ${stored} readings stored, ${speed} × real time`;
}
