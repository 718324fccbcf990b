/** Figures of a world that was played, as they are told; and how those of its parts are added up. */
import { Histogram } from "./histogram.ts";

/** Milliseconds. */
export interface Spread {
  p50: number;
  p99: number;
  max: number;
}

/** The nodes so many links below the root. */
export interface LevelSums {
  level: number;
  nodes: number;
  stored: number;
  latencyMillis: Spread;
  resends: number;
  /** The fullest that any of its buffers was, in bytes. */
  outboxBytesMost: number;
  relayBytesMost: number;
  socketBytesMost: number;
}

export interface WorldSums {
  nodes: number;
  /** Events that nodes took, that they had no room for, and that are on the disk. */
  taken: number;
  refused: number;
  delivered: number;
  /** Events on the disk more than once … */
  duplicates: number;
  /** … and groups that the root was sent again, and knew. */
  groupsKnown: number;
  /** How often a node began to send again what it had in flight. */
  resends: number;
  latencyMillis: Spread;
  frames: number;
  /** For each event on the disk, everything counted: joining, acknowledgements, pings. */
  bytesPerEvent: { lastLinkUp: number; lastLinkDown: number; allLinks: number };
  steps: number;
  stepsPerEvent: number;
  levels: LevelSums[];
}

/** What came of one node. */
export interface NodeSums {
  id: string;
  parent: string;
  level: number;
  stored: number;
  worstMillis: number;
  resends: number;
}

/** What was done until playing was over. */
export interface Effort {
  stored: number;
  groupsKnown: number;
  frames: number;
  bytes: number;
  bytesUp: number;
  bytesDown: number;
  steps: number;
  /** By level, from 1 on. */
  levels: LevelEffort[];
}

export interface LevelEffort {
  nodes: number;
  resends: number;
  outboxBytesMost: number;
  relayBytesMost: number;
  socketBytesMost: number;
}

/** What one part of a world did: plain data, that can be sent from thread to thread. */
export interface PartSums {
  taken: number;
  refused: number;
  delivered: number;
  duplicates: number;
  effort: Effort;
  /** Of each level, from 1 on. */
  latencies: Histogram["buckets"][];
  latencyMost: number[];
  /** Faults by kind, and what else the world counted. */
  counts: { [what: string]: number };
  /** Its nodes, and the place of each in the plan. */
  places: number[];
  nodes: NodeSums[];
}

/** The figures of all parts together. Each has all levels. */
export function worldSums(parts: readonly PartSums[]): WorldSums {
  const sumOf = (figure: (part: PartSums) => number): number => parts.reduce((sum, part) => sum + figure(part), 0);
  const storedThen = sumOf(({ effort }) => effort.stored);
  const perEvent = (total: number): number => (storedThen === 0 ? 0 : total / storedThen);
  const all = new Histogram();
  const levels: LevelSums[] = [];
  const depth = Math.max(0, ...parts.map(({ effort }) => effort.levels.length));
  for (let level = 1; level <= depth; level++) {
    const latencies = new Histogram();
    for (const part of parts) latencies.addCounts(part.latencies[level - 1], part.latencyMost[level - 1] ?? 0);
    all.addAll(latencies);
    const efforts = parts.flatMap(({ effort }) => effort.levels[level - 1] ?? []);
    const mostOf = (figure: (effort: LevelEffort) => number): number => Math.max(0, ...efforts.map(figure));
    levels.push({
      level,
      nodes: efforts.reduce((sum, effort) => sum + effort.nodes, 0),
      stored: sumOf(({ nodes }) => nodes.reduce((sum, node) => sum + (node.level === level ? node.stored : 0), 0)),
      latencyMillis: spreadOf(latencies),
      resends: efforts.reduce((sum, effort) => sum + effort.resends, 0),
      outboxBytesMost: mostOf((effort) => effort.outboxBytesMost),
      relayBytesMost: mostOf((effort) => effort.relayBytesMost),
      socketBytesMost: mostOf((effort) => effort.socketBytesMost),
    });
  }
  const steps = sumOf(({ effort }) => effort.steps);
  return {
    nodes: sumOf(({ nodes }) => nodes.length),
    taken: sumOf((part) => part.taken),
    refused: sumOf((part) => part.refused),
    delivered: sumOf((part) => part.delivered),
    duplicates: sumOf((part) => part.duplicates),
    groupsKnown: sumOf(({ effort }) => effort.groupsKnown),
    resends: levels.reduce((sum, level) => sum + level.resends, 0),
    latencyMillis: spreadOf(all),
    frames: sumOf(({ effort }) => effort.frames),
    bytesPerEvent: {
      lastLinkUp: perEvent(sumOf(({ effort }) => effort.bytesUp)),
      lastLinkDown: perEvent(sumOf(({ effort }) => effort.bytesDown)),
      allLinks: perEvent(sumOf(({ effort }) => effort.bytes)),
    },
    steps,
    stepsPerEvent: perEvent(steps),
    levels,
  };
}

/** The nodes of all parts, in the order of the plan. */
export function nodesOf(parts: readonly PartSums[]): NodeSums[] {
  const nodes: NodeSums[] = [];
  for (const part of parts)
    part.places.forEach((place, i) => {
      nodes[place] = part.nodes[i] as NodeSums;
    });
  return nodes;
}

export function countsOf(parts: readonly PartSums[]): { [what: string]: number } {
  const counts: { [what: string]: number } = {};
  for (const part of parts)
    for (const [what, howMany] of Object.entries(part.counts)) counts[what] = (counts[what] ?? 0) + howMany;
  return counts;
}

function spreadOf(histogram: Histogram): Spread {
  return { p50: histogram.quantile(0.5), p99: histogram.quantile(0.99), max: histogram.most };
}
