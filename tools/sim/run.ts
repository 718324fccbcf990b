/** A run: a plan played in two phases, and what came of it. */
import { Violation } from "./checks.ts";
import { planFaults } from "./faults.ts";
import type { WorldPlan } from "./plan.ts";
import { farewell, settle } from "./settling.ts";
import { World, type WorldOptions } from "./world.ts";

export interface RunResult {
  plan: WorldPlan;
  /** The promise that was broken, or undefined. */
  violation: string | undefined;
  /** How long it took to settle once all was well, in milliseconds. */
  settledAfter: number;
  /** When, in milliseconds of virtual time; at the end if all went well. */
  endedAt: number;
  /** Things that happened in the world: deliveries, timers, commits. */
  steps: number;
  stored: number;
  /** Faults by kind, frames, bytes. */
  counts: { [what: string]: number };
}

export function runPlan(plan: WorldPlan, options: WorldOptions = {}): RunResult {
  const world = new World(plan, options);
  let violation: string | undefined;
  let settledAfter = 0;
  try {
    planFaults(world);
    world.run(plan.lasts);
    settledAfter = settle(world);
    farewell(world);
  } catch (error) {
    // Also what a core throws of itself: none of them may throw.
    violation = error instanceof Violation ? error.message : `a core threw: ${String((error as Error).stack)}`;
    world.note("fault", "", "", `VIOLATION: ${violation}`);
  }
  const { now, queue, checks, counts } = world;
  return { plan, violation, settledAfter, endedAt: now, steps: queue.taken, stored: checks.stored, counts };
}
