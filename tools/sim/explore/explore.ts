/**
 * Explores a small world whole: from its start every step of every state, breadth first, each distinct state once. Every state is
 * checked; from those without a choice left, and from a share of the others, everything must settle (heal.ts).
 *
 * Breadth first, so the way to the first breach is a shortest one. What is counted as distinct: programs' memories, wires, disk,
 * applications, clock, and what may still happen. The log's rows and the numbers of links are part of it: two ways that
 * differ in how commits were cut are two.
 */
import { Healer } from "./heal.ts";
import { brokenIn, isAtRest } from "./invariants.ts";
import { replay } from "./replay.ts";
import { Setting } from "./setting.ts";
import type { SmallWorld } from "./small-world.ts";
import { type Snapshot, StateWords } from "./snapshot.ts";
import { startOf } from "./start.ts";
import { StateSet } from "./state-set.ts";
import { type Step, stepsOf, take } from "./steps.ts";

export interface Bounds {
  /** Stop after so many states. */
  statesMax: number;
  /** One state in so many is healed, besides those without a choice left. */
  healOneIn: number;
}

export interface Explored {
  states: number;
  /** Of these, how many differ in more than in what may still happen to them. */
  situations: number;
  transitions: number;
  /** Steps of the longest shortest way. */
  depth: number;
  /** States that nothing is on its way in. */
  resting: number;
  /** States from which settling was tried, with boards that are off and with them on. */
  healed: number;
  healStepsMost: number;
  /** The longest that settling took, in milliseconds of that world. */
  healMillisMost: number;
  /** Whether all was seen, or `statesMax` ended it. */
  isComplete: boolean;
  /** Distinct memories of boards and of the root, and distinct disks. */
  boards: number;
  roots: number;
  disks: number;
  /** Counters of shared/ that moved: which of its corners were reached. */
  corners: string[];
  millis: number;
  breach: Breach | undefined;
}

export interface Breach {
  sentence: string;
  /** What happens, one step a line, from the start on. */
  steps: string[];
  /** The steps as places among those that each state offers: `replay` takes them. */
  choices: number[];
}

export function explore(world: SmallWorld, bounds: Bounds): Explored {
  return new Exploration(world, bounds).run();
}

class Exploration {
  private setting: Setting;
  private bounds: Bounds;
  private healer: Healer;
  private words = new StateWords();
  private met = new StateSet();
  private metNow = new StateSet();
  /** Where each state was first met from, and by which of the steps there. */
  private cameFrom: number[] = [];
  private choices: number[] = [];
  private transitions = 0;
  private resting = 0;
  private breach: Breach | undefined;

  constructor(world: SmallWorld, bounds: Bounds) {
    this.setting = new Setting(world);
    this.bounds = bounds;
    this.healer = new Healer(this.setting);
  }

  run(): Explored {
    const startedAt = performance.now();
    let depth = 0;
    let level: Snapshot[] = [startOf(this.setting)];
    this.note(level[0] as Snapshot, 0, 0);
    const atStart = brokenIn(this.setting, level[0] as Snapshot);
    if (atStart !== "") this.report(atStart, 0, []);
    while (level.length > 0 && this.breach === undefined && this.met.size < this.bounds.statesMax) {
      const before = this.met.size - level.length;
      const next: Snapshot[] = [];
      for (let i = 0; i < level.length && this.breach === undefined && this.met.size < this.bounds.statesMax; i++) {
        this.expand(level[i] as Snapshot, before + i, next);
      }
      if (next.length > 0) depth += 1;
      level = next;
    }
    const { players, disks } = this.setting;
    return {
      states: this.met.size,
      situations: this.metNow.size,
      transitions: this.transitions,
      depth,
      resting: this.resting,
      healed: this.healer.healed,
      healStepsMost: this.healer.stepsMost,
      healMillisMost: this.healer.millisMost,
      isComplete: level.length === 0,
      boards: players.boards.size,
      roots: players.roots.size,
      disks: disks.size,
      corners: [...new Set([...players.boards.corners, ...players.roots.corners])].sort(),
      millis: performance.now() - startedAt,
      breach: this.breach,
    };
  }

  private expand(from: Snapshot, number: number, next: Snapshot[]): void {
    const steps = stepsOf(this.setting, from);
    this.checkHealing(from, number, steps);
    for (let choice = 0; choice < steps.length && this.breach === undefined; choice++) {
      const { state, broken } = take(this.setting, from, steps[choice] as Step);
      this.transitions += 1;
      const isNew = this.note(state, number, choice);
      const sentence = broken || (isNew ? brokenIn(this.setting, state, from) : "");
      if (sentence !== "") this.report(sentence, number, [choice]);
      if (isNew) next.push(state);
    }
  }

  /** Remembers a state and how it was come by. False if it was met before. */
  private note(state: Snapshot, from: number, choice: number): boolean {
    if (!this.words.isNew(this.met, state, this.metNow)) return false;
    this.cameFrom.push(from);
    this.choices.push(choice);
    if (isAtRest(state)) this.resting += 1;
    return true;
  }

  private checkHealing(from: Snapshot, number: number, steps: Step[]): void {
    if (steps.length > 0 && number % this.bounds.healOneIn !== 0) return;
    for (const boots of [true, false]) {
      const sentence = this.healer.brokenFrom(from, boots);
      if (sentence === "") continue;
      this.report(sentence, number, []);
      const trail: string[] = [];
      this.healer.brokenFrom(from, boots, trail);
      this.breach?.steps.push("from here on nothing breaks:", ...trail.slice(-HEAL_LINES_MAX));
      return;
    }
  }

  private report(sentence: string, number: number, last: number[]): void {
    const choices = last.slice();
    for (let at = number; at > 0; at = this.cameFrom[at] as number) choices.unshift(this.choices[at] as number);
    this.breach = { sentence, choices, steps: replay(this.setting, choices).lines };
  }
}

/** Most lines of a healing in a report. */
const HEAL_LINES_MAX = 60;
