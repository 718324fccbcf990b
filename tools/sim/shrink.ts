/**
 * Makes a plan that breaks a promise smaller while it still breaks one: fewer faults, fewer nodes, less said, a shorter time. What is
 * left is mostly a story of five lines.
 */
import type { NodePlan, WorldPlan } from "./plan.ts";
import { runPlan, type RunResult } from "./run.ts";

/** Runs that a shrinking may take. Chosen: some ten seconds. */
const RUNS_MAX = 300;

/** The smallest plan found, and its result. `result` is of a run that broke a promise. */
export function shrink(result: RunResult, runsMax = RUNS_MAX): RunResult {
  let best = result;
  let runs = 0;
  const tries = (plan: WorldPlan): boolean => {
    if (runs >= runsMax) return false;
    runs += 1;
    const other = runPlan(plan);
    if (other.violation === undefined) return false;
    best = other;
    return true;
  };
  // What is behind the end changes nothing.
  tries({ ...best.plan, faults: best.plan.faults.filter((fault) => fault.at <= best.endedAt) });
  // Each round makes it smaller or is the last; without runs left nothing gets smaller.
  for (let before = -1; before !== sizeOf(best.plan); ) {
    before = sizeOf(best.plan);
    fewerFaults(() => best.plan, tries);
    fewerNodes(() => best.plan, tries);
    lessTraffic(() => best.plan, tries);
    for (const share of [0.5, 0.8]) tries({ ...best.plan, lasts: Math.ceil(best.plan.lasts * share) });
  }
  return best;
}

/** What makes a plan large. */
function sizeOf(plan: WorldPlan): number {
  const said = plan.nodes.reduce((sum, node) => sum + Object.keys(node.traffic ?? {}).length, 0);
  return plan.faults.length + plan.nodes.length + said + plan.lasts;
}

type Tries = (plan: WorldPlan) => boolean;

/** Leaves out large runs of faults first, then smaller ones, then single ones. */
function fewerFaults(plan: () => WorldPlan, tries: Tries): void {
  for (let length = Math.ceil(plan().faults.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at < plan().faults.length; ) {
      const faults = plan().faults.slice();
      faults.splice(at, length);
      if (!tries({ ...plan(), faults })) at += length;
    }
  }
}

/** Leaves out a node; its children turn to its parent, and what breaks at it breaks no more. */
function fewerNodes(plan: () => WorldPlan, tries: Tries): void {
  for (let at = plan().nodes.length - 1; at >= 0 && plan().nodes.length > 1; at--) {
    const gone = plan().nodes[at] as NodePlan;
    const instead = (parent: string): string => (parent === gone.id ? gone.parent : parent);
    const nodes = plan().nodes.filter((node) => node !== gone);
    const faults = plan()
      .faults.filter((fault) => !("node" in fault) || fault.node !== gone.id)
      .map((fault) => ("parent" in fault ? { ...fault, parent: instead(fault.parent) } : fault));
    tries({ ...plan(), nodes: nodes.map((node) => ({ ...node, parent: instead(node.parent) })), faults });
  }
}

function lessTraffic(plan: () => WorldPlan, tries: Tries): void {
  for (let at = 0; at < plan().nodes.length; at++) {
    for (const kind of ["readingsEvery", "statesEvery", "logsEvery", "padBytes", "burst"] as const) {
      const node = plan().nodes[at] as NodePlan;
      if (node.traffic?.[kind] === undefined) continue;
      const { [kind]: _gone, ...traffic } = node.traffic;
      const nodes = plan().nodes.slice();
      nodes[at] = { ...node, traffic };
      tries({ ...plan(), nodes });
    }
  }
}
