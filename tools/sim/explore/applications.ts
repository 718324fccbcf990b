/**
 * Applications are what boards say and do of their own, and the actions that the root's callers ask for. They change the draft they
 * are handed; what they say goes to a program through Stage. Each event carries the life that said it and its place in that life.
 */
import { firmwareOf, unixAt } from "./players.ts";
import type { Setting } from "./setting.ts";
import { KINDS, type SmallWorld } from "./small-world.ts";
import { type App, type Draft, replaced, type SentAct, type Snapshot } from "./snapshot.ts";

/** Where a leaf's desired value lives. */
export const GOAL = "goal";

export const NEW_APP: App = { said: 0, rev: 0, running: [] };

export type Event = { type: string; [field: string]: unknown };

export function appOf(setting: Setting, state: Snapshot, board: number): App {
  return setting.apps.value(state.apps[board] as number);
}

/** The name of one life of one board, as its events carry it. */
export function lifeOf(state: Snapshot, board: number): string {
  return board + "." + (state.lives[board] as number);
}

/** The id that actions and desired values are for. */
export function leafId(world: SmallWorld): string {
  return world.boards.find((board) => board.isLeaf)?.id ?? "";
}

export function setApp(setting: Setting, state: Draft, board: number, app: App): void {
  state.apps = replaced(state.apps, board, setting.apps.number(app));
}

/** A reading. */
export function nextReading(setting: Setting, state: Draft, board: number): Event {
  const app = appOf(setting, state, board);
  const seq = app.said + 1;
  setApp(setting, state, board, { ...app, said: seq });
  // In its value: so it is said in short.
  return { type: "!update", eid: "count", value: { by: lifeOf(state, board), seq } };
}

/** The oldest action that runs is done: its id, and what it answers. */
export function nextAnswer(setting: Setting, state: Draft, board: number): { id: string; mark: { seq: number } } {
  const app = appOf(setting, state, board);
  const mark = { by: lifeOf(state, board), seq: app.said + 1 };
  setApp(setting, state, board, { ...app, said: mark.seq, running: app.running.slice(1) });
  return { id: app.running[0] as string, mark };
}

/** The application takes a newer desired value and says so, once. Undefined if it knows it. */
export function settling(
  setting: Setting,
  state: Draft,
  board: number,
  desired: { eid: string; value: unknown; rev: number },
): Event | undefined {
  const app = appOf(setting, state, board);
  if (desired.rev <= app.rev) return undefined;
  const seq = app.said + 1;
  setApp(setting, state, board, { ...app, said: seq, rev: desired.rev });
  const { eid, value, rev } = desired;
  return { type: "!update", eid, value, rev, by: lifeOf(state, board), seq };
}

/** The next desired value: another one each time. */
export function nextGoal(state: Snapshot): number {
  return state.budget[KINDS.indexOf("sets")] as number;
}

/** An action runs on a board. The promise that this breaks, or "". */
export function runAct(setting: Setting, state: Draft, board: number, id: string): string {
  const acts = setting.acts.value(state.acts);
  const act = acts.find((one) => one.id === id);
  if (act === undefined) return `action ${id} runs, and nobody asked for it`;
  state.acts = setting.acts.number(acts.map((one) => (one === act ? { ...act, hasRun: true } : one)));
  const app = appOf(setting, state, board);
  setApp(setting, state, board, { ...app, running: [...app.running, id] });
  if (act.hasRun) return `action ${id} runs twice`;
  // A board's idea of the root's clock is wrong by half the round trip that taught it at the most: wire.md, W-32.
  const roundTrip = setting.players.boards.facts(state.boards[board] as number).roundTrip;
  const late = unixAt(state.now) - act.until;
  if (late >= roundTrip / 2) return `action ${id} runs ${late} ms after its deadline`;
  return act.mayRun.includes(board) ? "" : `action ${id} runs over a connection that was replaced before it was sent`;
}

/** The root's caller learns how its action ended. The promise that this breaks, or "". */
export function endAct(setting: Setting, state: Draft, call: number): string {
  const acts = setting.acts.value(state.acts);
  const ended = acts.find((one) => one.call === call);
  if (ended === undefined || ended.isOver) return `call ${call} has an outcome, and nobody waits for it`;
  state.acts = setting.acts.number(acts.map((one) => (one === ended ? { ...one, isOver: true } : one)));
  return "";
}

/** The root's process has died, and its callers with it: they learn so from the connection. */
export function loseCallers(setting: Setting, state: Draft): void {
  const acts = setting.acts.value(state.acts);
  if (acts.every((act) => act.isOver)) return;
  state.acts = setting.acts.number(acts.map((act) => ({ ...act, isOver: true })));
}

/** Notes an action that was sent just now, from when on it is overdue, and who may run it. */
export function noteAct(setting: Setting, state: Draft, act: SentAct): void {
  state.acts = setting.acts.number([...setting.acts.value(state.acts), act]);
}

/** Boards that are that node for the root: the last that it admitted, and the one before while that is not on disk. */
export function boardsSeen(setting: Setting, state: Snapshot, id: string): number[] {
  const { world, disks, players } = setting;
  const seen = [players.roots.facts(state.root).members[id]?.fw ?? "", disks.firmware(state.disk, id)];
  return world.boards.flatMap((_, board) => (seen.includes(firmwareOf(world, board)) ? [board] : []));
}
