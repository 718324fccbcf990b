/** A batch of swarm worlds: many seeds, one after the other, and the sums of what they did. */
import { sentence } from "./faults.ts";
import type { NodePlan, WorldPlan } from "./plan.ts";
import { runPlan, type RunResult } from "./run.ts";
import { swarmPlan } from "./swarm.ts";

export interface BatchSums {
  worlds: number;
  /** Seeds whose world broke a promise, with its sentence. */
  failures: { seed: number; violation: string }[];
  /** Milliseconds of virtual time, and of ours. */
  virtualMillis: number;
  wallMillis: number;
  /** Things that happened: deliveries, timers, commits. */
  steps: number;
  stored: number;
  /** The longest that a world took to settle, in milliseconds. */
  settledAfterMost: number;
  /** Faults by kind, frames, bytes. */
  counts: { [what: string]: number };
}

export function emptySums(): BatchSums {
  return {
    worlds: 0,
    failures: [],
    virtualMillis: 0,
    wallMillis: 0,
    steps: 0,
    stored: 0,
    settledAfterMost: 0,
    counts: {},
  };
}

/** Plays the world of a seed and adds it to the sums. `now`: the wall's clock, in milliseconds. */
export function playSeed(seed: number, sums: BatchSums, now: () => number): RunResult {
  const startedAt = now();
  const result = runPlan(swarmPlan(seed));
  sums.wallMillis += now() - startedAt;
  sums.worlds += 1;
  sums.virtualMillis += result.endedAt;
  sums.steps += result.steps;
  sums.stored += result.stored;
  sums.settledAfterMost = Math.max(sums.settledAfterMost, result.settledAfter);
  for (const [what, howMany] of Object.entries(result.counts)) sums.counts[what] = (sums.counts[what] ?? 0) + howMany;
  if (result.violation !== undefined) sums.failures.push({ seed, violation: result.violation });
  return result;
}

export function addSums(to: BatchSums, more: BatchSums): void {
  to.worlds += more.worlds;
  to.failures.push(...more.failures);
  to.virtualMillis += more.virtualMillis;
  to.wallMillis = Math.max(to.wallMillis, more.wallMillis);
  to.steps += more.steps;
  to.stored += more.stored;
  to.settledAfterMost = Math.max(to.settledAfterMost, more.settledAfterMost);
  for (const [what, howMany] of Object.entries(more.counts)) to.counts[what] = (to.counts[what] ?? 0) + howMany;
}

/** For people: what the worlds did, and which faults they met. */
export function batchTable(sums: BatchSums, wallMillis: number): string {
  const { worlds, failures, virtualMillis, settledAfterMost, stored, steps, counts } = sums;
  const seconds = Math.max(wallMillis, 1) / 1000;
  const of = (what: string): number => counts[what] ?? 0;
  const faults = Object.keys(counts)
    .filter((what) => what.startsWith(FAULT))
    .sort((a, b) => (a < b ? -1 : 1));
  const struck = faults.reduce((sum, what) => sum + of(what), 0);
  return columns([
    ["worlds", `${worlds}`],
    ["broken promises", `${failures.length}`],
    ["virtual time", `${(virtualMillis / 3_600_000).toFixed(1)} h`],
    ["wall time", `${seconds.toFixed(1)} s, ${Math.round(virtualMillis / wallMillis)} times faster`],
    ["settled after", `${(settledAfterMost / 1000).toFixed(1)} s at most`],
    ["steps", `${steps}, ${Math.round(steps / seconds)} a second of wall time`],
    ["events on disk", `${stored}, ${Math.round(stored / seconds)} a second of wall time`],
    ["frames", `${of("frames")}, ${of("bytes")} bytes; ${of("frames lost")} frames lost`],
    ["faults", `${struck}`],
    ...faults.map((what): [string, string] => [`  ${what.slice(FAULT.length)}`, `${of(what)}`]),
  ]);
}

/** How `counts` begins where it counts faults. */
const FAULT = "fault: ";

function columns(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** A plan as people read it: who is there, and what breaks. */
export function planText(plan: WorldPlan): string {
  const nodes = plan.nodes.map((node) => `  ${node.id} below ${node.parent}${details(node)}`);
  const faults = plan.faults.map((fault) => `  ${(fault.at / 1000).toFixed(3)} s  ${sentence(fault)}`);
  return [
    `nodes (latency ${plan.link.latencyMillis} ms, commits take ${plan.commitMillis} ms, ${plan.lasts / 1000} s, then all is well):`,
    ...nodes,
    "faults:",
    ...faults,
  ].join("\n");
}

function details(node: NodePlan): string {
  const { limits, driftPpm, bootsAt, traffic } = node;
  const words = Object.entries({ limits, driftPpm, bootsAt, ...traffic })
    .filter(([, value]) => value !== undefined && value !== 0)
    .map(([name, value]) => `${name} ${typeof value === "object" ? "own" : String(value)}`);
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}
