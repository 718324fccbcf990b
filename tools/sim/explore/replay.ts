/** Replay plays given choices from the start of a world, and tells what happens in lines for people. */
import { brokenIn } from "./invariants.ts";
import type { Setting } from "./setting.ts";
import type { Snapshot } from "./snapshot.ts";
import { startOf } from "./start.ts";
import { describe, stepsOf, take } from "./steps.ts";

export interface Replayed {
  /** One for each step. */
  lines: string[];
  /** Where they led. */
  state: Snapshot;
  /** The first promise that was broken on the way, or "". */
  broken: string;
}

/** `choices`: each step as its place among those that the state offers. Throws if a state does not offer as many. */
export function replay(setting: Setting, choices: readonly number[]): Replayed {
  let state = startOf(setting);
  let broken = "";
  const lines = choices.map((choice) => {
    const step = stepsOf(setting, state)[choice];
    if (step === undefined) throw new Error(`there is no choice ${choice} here: were these made in another world?`);
    const line = describe(setting, state, step);
    const taken = take(setting, state, step);
    state = taken.state;
    broken ||= taken.broken || brokenIn(setting, state);
    return line;
  });
  return { lines, state, broken };
}
