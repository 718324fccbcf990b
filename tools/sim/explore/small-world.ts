/**
 * A small world that is explored whole: which boards there are, where they dial, and how much may happen to them.
 * The budget is what makes the world finite: each entry is how often such a thing may happen on one way through it.
 */
import { type Limits, PC_LIMITS } from "#shared/limits.ts";
import type { TreeNode } from "#shared/node.ts";
import type { Root } from "#shared/root.ts";
import type { KeptBoard } from "./kept-board.ts";

/** The place of the root where a board's place is asked for. */
export const ROOT = -1;

export interface BoardPlan {
  /** Two boards may have one id. */
  id: string;
  /** What it is called in reports, where that is not its id. */
  name?: string;
  /** Its place in the list of boards, or ROOT. */
  parent: number;
  /** Another parent that it may move to, and back. */
  otherParent?: number;
  /** It keeps its events in flash across its lives. */
  keeps?: boolean;
  /** Its application emits events, answers actions, and settles desired values. */
  isLeaf: boolean;
}

export interface Budget {
  /** Events emitted by all leaves together. */
  events: number;
  acts: number;
  sets: number;
  /** Links that go dead: what was sent may still arrive, up to any point; each end notices whenever it does. */
  cuts: number;
  /** Data frames lost at a branch. */
  drops: number;
  /** Groups and actions that arrive a second time. */
  copies: number;
  /** Links that a program ended itself, of which its edge tells it afterwards. */
  lateWords: number;
  boardCrashes: number;
  /** Times that a board which keeps its events writes them. */
  keeps: number;
  rootCrashes: number;
  moves: number;
  /** Times that the clock is moved on to the next timer while anything may still be on its way. */
  timers: number;
}

export type Kind = keyof Budget;

/** The order in which a state holds them. */
export const KINDS: readonly Kind[] = [
  "events",
  "acts",
  "sets",
  "cuts",
  "drops",
  "copies",
  "lateWords",
  "boardCrashes",
  "keeps",
  "rootCrashes",
  "moves",
  "timers",
];

export interface Programs {
  TreeNode: typeof TreeNode;
  Root: typeof Root;
  KeptBoard?: typeof KeptBoard;
}

export interface SmallWorld {
  name: string;
  boards: readonly BoardPlan[];
  budget: Partial<Budget>;
  /** "off": everything was switched on in this instant. "joined": all boards that can join have, before the first choice. */
  start: "off" | "joined";
  /** Once nothing breaks any more, in milliseconds. */
  settlesWithin: number;
  limits?: Limits;
  /** Played in place of the product's own, by those who want to see a breakage found. */
  programs?: Programs;
}

/** Events go out at once: waiting for company is a timer, and says nothing of order. */
export const EXPLORED_LIMITS: Limits = { ...PC_LIMITS, flushAfter: 0 };

export function nameOf(world: SmallWorld, board: number): string {
  if (board === ROOT) return "root";
  const plan = world.boards[board] as BoardPlan;
  return plan.name ?? plan.id;
}
