/** The explorer's own promises: states are not confused, copies of programs behave like the programs, choices can be played again. */
import { expect, test } from "vitest";
import { CoreCopier } from "#tools/sim/explore/core-copy.ts";
import type { Cores, Move } from "#tools/sim/explore/cores.ts";
import { explore } from "#tools/sim/explore/explore.ts";
import { brokenIn } from "#tools/sim/explore/invariants.ts";
import { replay } from "#tools/sim/explore/replay.ts";
import { Setting } from "#tools/sim/explore/setting.ts";
import type { SmallWorld } from "#tools/sim/explore/small-world.ts";
import type { Snapshot } from "#tools/sim/explore/snapshot.ts";
import { startOf } from "#tools/sim/explore/start.ts";
import { StateSet } from "#tools/sim/explore/state-set.ts";
import { stepsOf, take } from "#tools/sim/explore/steps.ts";
import { SMALL_WORLDS } from "#tools/sim/explore/worlds.ts";

/** Ways through each world. */
const WALKS = 15;
const STEPS_MAX = 60;
const SEED = 20_260_101;

/** Numbers from 0 to below 1 that depend on the seed alone. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Plays at random until nothing is left to choose: what was chosen, and where it led. */
function walk(setting: Setting, chance: () => number): { choices: number[]; state: Snapshot } {
  let state = startOf(setting);
  const choices: number[] = [];
  while (choices.length < STEPS_MAX) {
    const steps = stepsOf(setting, state);
    if (steps.length === 0) break;
    choices.push(Math.floor(chance() * steps.length));
    const taken = take(setting, state, steps[choices.at(-1) as number] as (typeof steps)[number]);
    expect(taken.broken || brokenIn(setting, taken.state)).toBe("");
    state = taken.state;
  }
  return { choices, state };
}

test.each(SMALL_WORLDS)("the same choices lead to the same state, also among other stores: $name", (world) => {
  const chance = chanceOf(SEED);
  const setting = new Setting(world);
  for (let i = 0; i < WALKS; i++) {
    const { choices, state } = walk(setting, chance);
    expect(replay(setting, choices).state).toEqual(state);
    // Numbers of stores differ there; what they stand for does not.
    const other = new Setting(world);
    expect(spelled(other, replay(other, choices).state)).toEqual(spelled(setting, state));
  }
});

test("refuses choices that were made in another world", () => {
  expect(() => replay(new Setting(SMALL_WORLDS[0] as SmallWorld), [99])).toThrow("there is no choice 99 here");
});

/** A state with what its numbers stand for. */
function spelled(setting: Setting, state: Snapshot): unknown {
  const { boards, roots } = setting.players;
  return {
    ...state,
    root: state.root < 0 ? state.root : roots.text(state.root),
    boards: state.boards.map((core) => (core < 0 ? core : boards.text(core))),
    apps: state.apps.map((app) => setting.apps.value(app)),
    flashes: state.flashes.map((flash) => setting.flashes.value(flash)),
    left: setting.left.value(state.left),
    acts: setting.acts.value(state.acts),
    disk: setting.disks.image(state.disk),
    storing: state.storing < 0,
    wires: state.wires.map((wire) => ({
      ...wire,
      up: wire.up.map((frame) => setting.frames.frame(frame).text),
      down: wire.down.map((frame) => setting.frames.frame(frame).text),
    })),
  };
}

test.each(SMALL_WORLDS)(
  "a program that was copied at every input does what one does that never was: $name",
  (world) => {
    const chance = chanceOf(SEED);
    const setting = new Setting(world);
    const { boards, roots } = setting.players;
    // Once through some of it, so that much of what follows is looked up rather than played.
    for (let i = 0; i < WALKS; i++) walk(setting, chance);
    const compared = [playAlong(boards), playAlong(roots)];
    for (let i = 0; i < WALKS; i++) walk(setting, chance);
    for (const count of compared) expect(count()).toBeGreaterThan(WALKS);
  },
);

/** From now on each program is played a second time, on the object it was born as. Answers how many inputs were compared. */
function playAlong<Core extends { counters: { [name: string]: number } }, Effect, Facts>(
  cores: Cores<Core, Effect, Facts>,
): () => number {
  const copier = cores.copier;
  const originals = new Map<number, Core>();
  let compared = 0;
  const begin = cores.begin.bind(cores);
  cores.begin = (input, make, play) => {
    const move = begin(input, make, play);
    const original = make();
    compare(move, original, play(original));
    return move;
  };
  const advance = cores.advance.bind(cores);
  cores.advance = (number, input, play) => {
    const move = advance(number, input, play);
    const original = originals.get(number) as Core;
    compare(move, original, play(original));
    return move;
  };
  function compare(move: Move<Effect>, original: Core, effects: Effect[]): void {
    compared += 1;
    expect(effects).toEqual(move.effects);
    expect(copier.text(original)).toBe(cores.text(move.core));
    originals.set(move.core, original);
  }
  return () => compared;
}

test("a copy shares nothing that changes with what it was copied from, and keeps what was one object one", () => {
  const copier = new CoreCopier([]);
  const row = { n: 1 };
  const original = { rows: [row], byName: { row } };
  const copy = copier.copy(original);
  expect(copier.text(copy)).toBe(copier.text(original));
  (copy.rows[0] as typeof row).n = 2;
  expect(copy.byName.row.n).toBe(2);
  expect(row.n).toBe(1);
  // Two rows that are alike are not one.
  expect(copier.text({ rows: [row], byName: { row: { n: 1 } } })).not.toBe(copier.text(original));
});

test("refuses to copy a closure that it does not know", () => {
  expect(() => new CoreCopier([]).copy({ later: () => 1 })).toThrow("a closure that the explorer cannot copy");
});

test("counts the same states whether they are kept as 64 bits or in full", () => {
  const world = SMALL_WORLDS.find(({ name }) => name.includes("one behind a branch")) as SmallWorld;
  const setting = new Setting(world);
  const first = startOf(setting);
  const texts = new Set([JSON.stringify(first)]);
  let level = [first];
  while (level.length > 0) {
    const next: Snapshot[] = [];
    for (const from of level) {
      for (const step of stepsOf(setting, from)) {
        const { state } = take(setting, from, step);
        const text = JSON.stringify(state);
        if (texts.has(text)) continue;
        texts.add(text);
        next.push(state);
      }
    }
    level = next;
  }
  expect(explore(world, { statesMax: 600_000, healOneIn: 1_000_000 }).states).toBe(texts.size);
});

test("keeps a million lists of numbers apart that differ in one bit, and knows each again", () => {
  const set = new StateSet();
  const words = new Int32Array(40);
  const lists = 1_000_000;
  const fill = (number: number) => {
    // Small numbers in a few places, as in states.
    words.fill(0);
    for (let bit = 0; bit < 20; bit++) words[2 * bit] = (number >> bit) & 1;
  };
  for (let number = 0; number < lists; number++) {
    fill(number);
    if (!set.add(words, words.length)) throw new Error(`list ${number} was taken for another`);
  }
  expect(set.size).toBe(lists);
  for (const number of [0, 1, 65_535, 999_999]) {
    fill(number);
    expect(set.numberOf(words, words.length)).toBe(number);
    expect(set.add(words, words.length)).toBe(false);
  }
  // Shorter lists are other lists.
  fill(0);
  expect(set.numberOf(words, words.length - 1)).toBe(-1);
});
