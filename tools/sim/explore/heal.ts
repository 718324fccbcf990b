/**
 * Healing: from some state on nothing breaks any more, and everything must settle. Boards that are off stay off or are switched on,
 * both are tried; frames arrive in turn; when there is nothing else to do, time goes on.
 *
 * Settled means: every board is joined, of two with one id one; no board holds an event, and each life that goes on has all it said on
 * disk; whoever is off is away for the root; every action has its one outcome; every desired value is settled.
 */
import { brokenIn, isAtRest } from "./invariants.ts";
import { KINDS, nameOf } from "./small-world.ts";
import { draftOf, OFF, type Snapshot, StateWords } from "./snapshot.ts";
import type { Setting } from "./setting.ts";
import { StateSet } from "./state-set.ts";
import { describe, type Step, stepsOf, take, timers } from "./steps.ts";

/** Most steps of a healing. Chosen: far more than were seen. */
const HEAL_STEPS_MAX = 3000;

const NOTHING_LEFT = KINDS.map(() => 0);

export class Healer {
  /** How many states were healed. */
  healed = 0;
  stepsMost = 0;
  millisMost = 0;
  private setting: Setting;
  private words = new StateWords();
  /** States from which it is known to settle, and at which time. */
  private settles = [new StateSet(), new StateSet()];
  private settlesAt: number[][] = [[], []];

  constructor(setting: Setting) {
    this.setting = setting;
  }

  /** The promise that is not kept from there, or "". `trail` takes the steps as lines. */
  brokenFrom(from: Snapshot, boots: boolean, trail: string[] | undefined = undefined): string {
    this.healed += 1;
    const settles = this.settles[boots ? 1 : 0] as StateSet;
    const settlesAt = this.settlesAt[boots ? 1 : 0] as number[];
    const passed: Snapshot[] = [];
    let state: Snapshot = { ...from, budget: NOTHING_LEFT, owed: [] };
    for (let steps = 0; steps < HEAL_STEPS_MAX; steps++) {
      const known = this.words.numberIn(settles, state);
      const unsettled = known >= 0 ? "" : this.unsettled(state);
      if (unsettled === "") {
        const at = known >= 0 ? (settlesAt[known] as number) : state.now;
        // Only now, so that a way that runs in circles is not taken for settled.
        for (const one of passed) if (this.words.isNew(settles, one)) settlesAt.push(at);
        this.millisMost = Math.max(this.millisMost, at - from.now);
        return at - from.now > this.setting.world.settlesWithin ? `takes ${at - from.now} ms to settle` : "";
      }
      passed.push(state);
      this.stepsMost = Math.max(this.stepsMost, passed.length);
      const step = this.next(state, boots, steps);
      if (step === undefined) return "nothing happens any more, and " + unsettled;
      trail?.push(describe(this.setting, state, step));
      const taken = take(this.setting, state, step);
      const next = draftOf(taken.state);
      next.budget = NOTHING_LEFT;
      const broken = taken.broken || brokenIn(this.setting, next, state);
      state = next;
      if (broken !== "") return broken;
    }
    return `does not settle within ${HEAL_STEPS_MAX} steps: ${this.unsettled(state)}`;
  }

  /** From a start on until all boards that can join have, with nothing said by applications yet. */
  joined(from: Snapshot): Snapshot {
    let state: Snapshot = { ...from, budget: NOTHING_LEFT };
    for (let turn = 0; this.unsettled(state) !== ""; turn++) {
      const step = this.next(state, true, turn);
      if (step === undefined || turn > HEAL_STEPS_MAX) throw new Error("this world never joins");
      state = { ...take(this.setting, state, step).state, budget: NOTHING_LEFT };
    }
    return { ...state, budget: from.budget };
  }

  private next(state: Snapshot, boots: boolean, turn: number): Step | undefined {
    const steps = stepsOf(this.setting, state).filter((step) => boots || step.kind !== "boot");
    // In turn, so that nobody waits for ever.
    if (steps.length > 0) return steps[turn % steps.length];
    const timer = timers(this.setting, state)[0];
    return timer === undefined ? undefined : { kind: "timer", at: timer.at };
  }

  /** What is still to settle, or "". */
  private unsettled(state: Snapshot): string {
    if (!isAtRest(state)) return "something is on its way";
    const { world, players, apps, acts, disks, left } = this.setting;
    const members = players.roots.facts(state.root).members;
    const alive = world.boards.flatMap((_, board) => (isCutOff(state, board) ? [] : [board]));
    for (const id of new Set(world.boards.map((board) => board.id))) {
      const boards = alive.filter((board) => world.boards[board]?.id === id);
      const joined = boards.filter((board) => players.boards.facts(state.boards[board] as number).joinedLink !== 0);
      if (boards.length > 0 && joined.length !== 1) return `${joined.length} boards of id ${id} are joined`;
      if (boards.length === 0 && (members[id]?.link ?? 0) !== 0)
        return `the root holds ${id} for connected, which is off`;
      if (joined.length === 1 && disks.unsettled(state.disk, id) > 0) return `a desired value of ${id} is not settled`;
      for (const board of joined) {
        const facts = players.boards.facts(state.boards[board] as number);
        if (facts.backlog > 0) return `${nameOf(world, board)} holds ${facts.backlog} events`;
        const said = apps.value(state.apps[board] as number).said;
        const stored = disks.said(state.disk, board + "." + state.lives[board]);
        if (stored < said) return `the disk has ${stored} of ${said} events of ${nameOf(world, board)}`;
        const lost = left
          .value(state.left)
          .find(({ by, said: kept }) => by.startsWith(board + ".") && disks.said(state.disk, by) < kept);
        if (lost !== undefined) return `the disk has not all of the ${lost.said} events that life ${lost.by} has kept`;
      }
    }
    if (acts.value(state.acts).some((act) => !act.isOver)) return "an action has no outcome";
    return "";
  }
}

/** It is off, or a board on its way is. */
function isCutOff(state: Snapshot, board: number): boolean {
  for (let at = board; at >= 0; at = state.parents[at] as number) if (state.boards[at] === OFF) return true;
  return false;
}
