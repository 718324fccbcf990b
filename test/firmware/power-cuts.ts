/**
 * Cuts a keeping leaf's power again and again, at moments from a seed, while its root comes and goes; then holds what the root has against what the leaf
 * had said: each event that was made longer than the flush interval before a cut is there, exactly once, and each life's are in order.
 */
import { expect } from "vitest";
import { Chance } from "#tools/sim/chance.ts";
import type { MemoryRoot } from "../engine/memory-root.ts";

/** A leaf with test/firmware/keeper.ts on it. */
export interface CutBoard {
  /** What it has printed. */
  readonly lines: string[];
  start(): void;
  cut(): Promise<void>;
}

export interface PowerCuts {
  seed: number;
  cuts: number;
  /** `keep.every` of the board, in milliseconds. */
  every: number;
  /** A life lasts so long at the most, in milliseconds. */
  livesFor: number;
  /** The last events have to arrive within this, in milliseconds. */
  within: number;
}

/** What is due at once may take a few turns, a page in each, in milliseconds. */
const LATE = 100;

/** What a board prints when something is wrong with it. */
export const FAULT = /fault|uncaught|flash refuses|overflow|out of memory/i;

const sleep = async (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

export async function cutPower(
  board: CutBoard,
  root: MemoryRoot,
  cuts: PowerCuts,
): Promise<{ made: number; due: number; stored: number }> {
  const chance = new Chance(cuts.seed);
  /** What has to arrive, and how old it was, in milliseconds. */
  const due = new Map<number, number>();
  let made = 0;
  let read = 0;
  let isDeaf = false;
  for (let cut = 0; cut <= cuts.cuts; cut++) {
    board.start();
    const isLast = cut === cuts.cuts;
    // Of two lives, one finds no root, or loses it.
    if (isLast ? isDeaf : chance.happens(0.5)) {
      if (isDeaf) root.hear();
      else root.deafen();
      isDeaf = !isDeaf;
    }
    if (!isLast) await sleep(chance.between(1, cuts.livesFor));
    else {
      const last = (): number => made + board.lines.slice(read).filter((line) => line.startsWith("made ")).length;
      await until(
        () => last() > made + 5 && [...due.keys()].every((number) => has(root, number)),
        cuts.within,
        () => `${missing(root, due, cuts.seed)} ${board.lines.filter((line) => FAULT.test(line)).join("; ")}`,
      );
    }
    await board.cut();
    const said = board.lines
      .slice(read)
      .map((line) => Number(/^made (\d+)$/.exec(line)?.[1]))
      .filter((number) => number > 0);
    // On a machine that has other things to do the leaf may have had no time. What was due when it printed the line before the last is done: its timers run in their order.
    const at = said.at(-2) ?? 0;
    made += said.length;
    for (const number of said) if (number < at - cuts.every - LATE) due.set(number, at - number);
    read = board.lines.length;
  }
  const stored = numbers(root);
  expect(missing(root, due, cuts.seed)).toBe("");
  expect(
    stored.length,
    `twice, SEED=${cuts.seed}: ${stored.filter((number, i) => stored.indexOf(number) < i).join(" ")}`,
  ).toBe(new Set(stored).size);
  expect(stored, `in order, SEED=${cuts.seed}`).toEqual(stored.toSorted((a, b) => a - b));
  return { made, due: due.size, stored: stored.length };
}

function numbers(root: MemoryRoot): number[] {
  return root.events
    .filter(({ node, event }) => node === "keeper" && event["eid"] === "count")
    .map(({ event }) => Number(event["value"]));
}

function has(root: MemoryRoot, number: number): boolean {
  return root.events.some(({ event }) => event["value"] === number);
}

function missing(root: MemoryRoot, due: ReadonlyMap<number, number>, seed: number): string {
  const stored = new Set(numbers(root));
  const lost = [...due].filter(([number]) => !stored.has(number));
  return lost.length === 0
    ? ""
    : `SEED=${seed}: ${lost.length} of ${due.size} are missing: ${lost
        .slice(0, 20)
        .map(([number, age]) => `${number} (made ${age} ms before)`)
        .join(" ")}`;
}

async function until(condition: () => boolean, wait: number, complaint: () => string): Promise<void> {
  const end = performance.now() + wait;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${wait} ms: ${complaint()}`);
    await sleep(20);
  }
}
