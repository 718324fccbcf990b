/**
 * The small worlds that are explored whole. Each asks one question, and its budget is as large as keeps it to a few hundred thousand
 * states: one more timer or crash makes ten times as many. What two budgets do together is the swarm's to find.
 */
import { type BoardPlan, ROOT, type SmallWorld } from "./small-world.ts";

const BRANCH: BoardPlan = { id: "branch", parent: ROOT, isLeaf: false };
const CHAIN: readonly BoardPlan[] = [BRANCH, { id: "leaf", parent: 0, isLeaf: true }];
const LONE: readonly BoardPlan[] = [{ id: "leaf", parent: ROOT, isLeaf: true }];
const MOVER: readonly BoardPlan[] = [
  { id: "east", parent: ROOT, isLeaf: false },
  { id: "west", parent: ROOT, isLeaf: false },
  { id: "leaf", parent: 0, otherParent: 1, isLeaf: true },
];

/** What was lost is sent again, and who was replaced dials again. Chosen: twice the longest wait for that, which is 5 s and a bit. */
const SOON = 12_000;
/**
 * A `?hello` that was still on its way when its link broke may come to the root after the next one, and then the root has given an epoch
 * that the node never hears of. It sends again after 2, 4, 8, 16 and 32 s, and then asks.
 */
const AFTER_ALL_RESENDS = 70_000;

/** Two leaves of one id at these parents. */
function twins(first: number, second: number): readonly BoardPlan[] {
  return [
    { id: "leaf", name: "first", parent: first, isLeaf: true },
    { id: "leaf", name: "second", parent: second, isLeaf: true },
  ];
}

const KEEPER: readonly BoardPlan[] = [{ id: "leaf", parent: ROOT, isLeaf: true, keeps: true }];
const KEEPER_BEHIND: readonly BoardPlan[] = [BRANCH, { id: "leaf", parent: 0, isLeaf: true, keeps: true }];

export const SMALL_WORLDS: readonly SmallWorld[] = [
  {
    name: "a branch and a leaf are switched on, and any link breaks",
    boards: CHAIN,
    start: "off",
    settlesWithin: AFTER_ALL_RESENDS,
    budget: { events: 1, cuts: 1, timers: 1 },
  },
  {
    name: "a branch and a leaf, and frames are lost and doubled",
    boards: CHAIN,
    start: "joined",
    settlesWithin: SOON,
    budget: { events: 3, drops: 1, copies: 1, timers: 1 },
  },
  {
    name: "a branch and a leaf, and a board and the root die",
    boards: CHAIN,
    start: "joined",
    settlesWithin: AFTER_ALL_RESENDS,
    budget: { events: 1, boardCrashes: 1, rootCrashes: 1, timers: 1 },
  },
  {
    name: "a branch and a leaf, an action and a desired value, and any link breaks",
    boards: CHAIN,
    start: "joined",
    settlesWithin: SOON,
    budget: { acts: 1, sets: 1, cuts: 1, timers: 1 },
  },
  {
    name: "a branch and a leaf, and an action arrives twice",
    boards: CHAIN,
    start: "joined",
    settlesWithin: SOON,
    budget: { events: 1, acts: 1, copies: 1, timers: 1 },
  },
  {
    name: "two leaves of one id at the root",
    boards: twins(ROOT, ROOT),
    start: "off",
    settlesWithin: SOON,
    budget: { events: 2, timers: 1 },
  },
  {
    name: "two leaves of one id at the root, and an action",
    boards: twins(ROOT, ROOT),
    start: "off",
    settlesWithin: SOON,
    budget: { acts: 1, lateWords: 1, timers: 1 },
  },
  {
    name: "two leaves of one id behind a branch",
    boards: [BRANCH, ...twins(0, 0)],
    start: "off",
    settlesWithin: SOON,
    budget: { events: 2 },
  },
  {
    name: "two leaves of one id, one behind a branch",
    boards: [BRANCH, ...twins(0, ROOT)],
    start: "off",
    settlesWithin: SOON,
    budget: { events: 2 },
  },
  {
    name: "a leaf moves from one branch to another, and back",
    boards: MOVER,
    start: "joined",
    settlesWithin: SOON,
    budget: { events: 1, moves: 2, timers: 2 },
  },
  {
    name: "a leaf moves from one branch to another while an action is on its way",
    boards: MOVER,
    start: "joined",
    settlesWithin: SOON,
    budget: { acts: 1, moves: 1, timers: 2 },
  },
  {
    name: "a lone leaf, an action and a desired value, and the root dies",
    boards: LONE,
    start: "joined",
    settlesWithin: SOON,
    budget: { events: 1, acts: 1, sets: 1, rootCrashes: 1, timers: 1 },
  },
  {
    name: "a lone leaf that keeps its events, and its power is cut twice",
    boards: KEEPER,
    start: "joined",
    settlesWithin: AFTER_ALL_RESENDS,
    budget: { events: 1, keeps: 1, boardCrashes: 2 },
  },
  {
    name: "a leaf behind a branch that keeps its events, a power cut, and frames arrive twice",
    boards: KEEPER_BEHIND,
    start: "joined",
    settlesWithin: AFTER_ALL_RESENDS,
    budget: { events: 2, keeps: 1, boardCrashes: 1, copies: 1 },
  },
];
