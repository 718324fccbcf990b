/**
 * The small worlds, explored whole: every order of deliveries, losses, duplicates and crashes that their budgets allow.
 * What each came to is printed.
 */
import { afterAll, expect, test } from "vitest";
import { explore, type Explored } from "#tools/sim/explore/explore.ts";
import { SMALL_WORLDS } from "#tools/sim/explore/worlds.ts";

/** More than any world has: a world that grows past it is to be given a smaller budget, not half explored. */
const STATES_MAX = 600_000;
/** Those without a choice left, and one other state in so many, must settle. */
const HEAL_ONE_IN = 100;

const explored: Explored[] = [];

for (const world of SMALL_WORLDS) {
  test(`safety and liveness, in every order: ${world.name}`, { timeout: 600_000 }, () => {
    const result = explore(world, { statesMax: STATES_MAX, healOneIn: HEAL_ONE_IN });
    explored.push(result);
    console.info(`${world.name}: ${figures(result)}`);
    const story = result.breach === undefined ? [] : [result.breach.sentence, ...result.breach.steps];
    expect(story).toEqual([]);
    expect(result.isComplete).toBe(true);
  });
}

test("together they have more than a million distinct states, and as many that differ in more than what may still happen", () => {
  expect(explored.length).toBe(SMALL_WORLDS.length);
  expect(sum((one) => one.states)).toBeGreaterThan(1_000_000);
  expect(sum((one) => one.situations)).toBeGreaterThan(1_000_000);
});

test("they reach the corners where groups are late, doubled, missing, of another epoch, or somebody else's", () => {
  const corners = new Set(explored.flatMap((one) => one.corners));
  for (const corner of [
    "group known",
    "group after a hole",
    "group of another epoch",
    "group of a stranger",
    "resent",
    "action dropped",
    "!hello unasked",
    "!gone of a stranger",
    "line for nobody below",
  ])
    expect(corners).toContain(corner);
});

afterAll(() => {
  const seconds = sum((one) => one.millis) / 1000;
  const [states, situations, transitions] = [
    sum((one) => one.states),
    sum((one) => one.situations),
    sum((one) => one.transitions),
  ];
  console.info(
    `together: ${states} states, ${situations} situations, ${transitions} transitions, ${seconds.toFixed(1)} s`,
  );
});

function sum(figure: (one: Explored) => number): number {
  return explored.reduce((total, one) => total + figure(one), 0);
}

function figures(one: Explored): string {
  const seconds = (one.millis / 1000).toFixed(1);
  const megabytes = Math.round(process.memoryUsage().rss / 1e6);
  return `${one.states} states, ${one.transitions} transitions, depth ${one.depth}, ${one.healed} healings (the longest ${one.healMillisMost} ms), ${seconds} s, ${megabytes} MB`;
}
