/**
 * Steps are the choices that a state offers: everything that may happen next, one thing at a time, in any order. Time stands still
 * but for "timer"; so a frame may take no time or outlast timers, and a commit need not be soon.
 *
 * Links are TCP: frames of one direction arrive in their order; those on their way when a link breaks arrive up to some point, and
 * then no more. So no frame is lost while its link lives, but for two that shared/ permits itself, and which stay fair on any hop:
 * - "drop": a branch whose relay is full drops whole data frames, and lines to a slow child. We drop groups on their way into a branch and
 *   `!ack`s on their way out of one, whether full or not.
 * - "copy": a group or an action arrives again behind all that is on its way. Its origin may send the very same frame again at any
 *   moment (a repeated `!ack`, a wait that ended), so may a hop that retransmits; we do not wait for a reason.
 */
import { KINDS, type Kind, nameOf, ROOT } from "./small-world.ts";
import { NONE, OFF, type Snapshot, type Wire } from "./snapshot.ts";
import type { Setting } from "./setting.ts";
import { Stage } from "./stage.ts";

type StepKind =
  | "up"
  | "down"
  | "copy up"
  | "copy down"
  | "drop up"
  | "drop down"
  | "parent notices"
  | "child notices"
  | "late word"
  | "cut"
  | "dial opens"
  | "dial fails"
  | "commit"
  | "emit"
  | "answer"
  | "act"
  | "set"
  | "crash"
  | "keep"
  | "boot"
  | "crash root"
  | "crash root, commit durable"
  | "boot root"
  | "move"
  | "timer";

export interface Step {
  kind: StepKind;
  /** The place of the wire or of the late word, or the board, or ROOT. */
  at: number;
}

/** Which faults and applications a state still allows. */
function isLeft(state: Snapshot, kind: Kind): boolean {
  return (state.budget[KINDS.indexOf(kind)] as number) > 0;
}

/** Everything that may happen next. */
export function stepsOf(setting: Setting, state: Snapshot): Step[] {
  const steps: Step[] = [];
  state.wires.forEach((wire, place) => wireSteps(setting, state, wire, place, steps));
  state.boards.forEach((_, board) => boardSteps(setting, state, board, steps));
  if (isLeft(state, "lateWords")) state.owed.forEach((_, at) => steps.push({ kind: "late word", at }));
  if (state.root === OFF) steps.push({ kind: "boot root", at: ROOT });
  else rootSteps(state, steps);
  if (isLeft(state, "timers")) steps.push(...timers(setting, state).map(({ at }) => ({ kind: "timer", at }) as Step));
  return steps;
}

function wireSteps(setting: Setting, state: Snapshot, wire: Wire, place: number, steps: Step[]): void {
  const add = (kind: StepKind) => steps.push({ kind, at: place });
  const isAtBranch = wire.parent !== ROOT;
  if (wire.up.length > 0) {
    add("up");
    if (setting.frames.frame(wire.up[0] as number).isGroup) {
      if (isLeft(state, "copies")) add("copy up");
      if (isLeft(state, "drops") && isAtBranch) add("drop up");
    }
  }
  if (wire.down.length > 0) {
    add("down");
    const { isAck, isAct } = setting.frames.frame(wire.down[0] as number);
    if (isAck && isAtBranch && isLeft(state, "drops")) add("drop down");
    if (isAct && isLeft(state, "copies")) add("copy down");
  }
  if (mayNotice(wire, wire.isParentOpen, wire.isChildOpen, wire.up)) add("parent notices");
  if (mayNotice(wire, wire.isChildOpen, wire.isParentOpen, wire.down)) add("child notices");
  if (!wire.isCut && wire.isChildOpen && wire.isParentOpen && isLeft(state, "cuts")) add("cut");
}

/** The other end has closed and all it said before is read; or the link is cut, and then at any time. */
function mayNotice(wire: Wire, isOpen: boolean, isOtherOpen: boolean, coming: readonly number[]): boolean {
  return isOpen && (wire.isCut || (!isOtherOpen && coming.length === 0));
}

function boardSteps(setting: Setting, state: Snapshot, board: number, steps: Step[]): void {
  const add = (kind: StepKind) => steps.push({ kind, at: board });
  const plan = setting.world.boards[board];
  if (state.boards[board] === OFF) return add("boot") as unknown as void;
  if (state.dials[board] !== 0) add(isReachable(state, board) ? "dial opens" : "dial fails");
  if (plan?.isLeaf && isLeft(state, "events")) add("emit");
  if (setting.apps.value(state.apps[board] as number).running.length > 0) add("answer");
  if (isLeft(state, "boardCrashes")) add("crash");
  if (plan?.keeps === true && isLeft(state, "keeps")) {
    if (setting.players.boards.facts(state.boards[board] as number).unkept > 0) add("keep");
  }
  if (plan?.otherParent !== undefined && isLeft(state, "moves")) add("move");
}

function rootSteps(state: Snapshot, steps: Step[]): void {
  const add = (kind: StepKind) => steps.push({ kind, at: ROOT });
  if (state.storing !== NONE) add("commit");
  if (isLeft(state, "acts")) add("act");
  if (isLeft(state, "sets")) add("set");
  if (!isLeft(state, "rootCrashes")) return;
  add("crash root");
  if (state.storing !== NONE) add("crash root, commit durable");
}

export function isReachable(state: Snapshot, board: number): boolean {
  const parent = state.parents[board] as number;
  return (parent === ROOT ? state.root : state.boards[parent]) !== OFF;
}

/** The programs whose timers are the next to fire, and when. */
export function timers(setting: Setting, state: Snapshot): { at: number; wakeAt: number }[] {
  const { boards, roots } = setting.players;
  const all = state.boards.map((core, at) => ({ at, wakeAt: core === OFF ? undefined : boards.facts(core).wakeAt }));
  all.push({ at: ROOT, wakeAt: state.root === OFF ? undefined : roots.facts(state.root).wakeAt });
  const set = all.filter((timer): timer is { at: number; wakeAt: number } => timer.wakeAt !== undefined);
  const soonest = Math.max(state.now, Math.min(...set.map((timer) => timer.wakeAt)));
  return set.filter((timer) => timer.wakeAt <= soonest).map(({ at }) => ({ at, wakeAt: soonest }));
}

/** The state after a step, and the promise broken on the way, or "". */
export function take(setting: Setting, from: Snapshot, step: Step): { state: Snapshot; broken: string } {
  const stage = new Stage(setting, from);
  const { kind, at } = step;
  switch (kind) {
    case "up":
    case "down":
      stage.takeFrame(at, kind === "up", true);
      break;
    case "copy up":
    case "copy down":
      stage.spend("copies");
      stage.takeFrameTwice(at, kind === "copy up");
      break;
    case "drop up":
    case "drop down":
      stage.spend("drops");
      stage.takeFrame(at, kind === "drop up", false);
      break;
    case "parent notices":
    case "child notices":
      stage.notice(at, kind === "parent notices");
      break;
    case "late word":
      stage.sayLate(at);
      stage.spend("lateWords");
      break;
    case "cut":
      stage.spend("cuts");
      stage.cut(at);
      break;
    case "dial opens":
      stage.open(at);
      break;
    case "dial fails":
      stage.failDial(at);
      break;
    case "commit":
      stage.commit();
      break;
    case "emit":
      stage.spend("events");
      stage.emit(at);
      break;
    case "answer":
      stage.answer(at);
      break;
    case "act":
      stage.spend("acts");
      stage.act();
      break;
    case "set":
      stage.spend("sets");
      stage.set();
      break;
    case "crash":
      stage.spend("boardCrashes");
      stage.crash(at);
      break;
    case "keep":
      stage.spend("keeps");
      stage.keep(at);
      break;
    case "boot":
      stage.boot(at);
      break;
    case "crash root, commit durable":
    case "crash root":
      stage.spend("rootCrashes");
      if (kind !== "crash root") stage.becomeDurable();
      stage.crashRoot();
      break;
    case "boot root":
      stage.bootRoot();
      break;
    case "move":
      stage.spend("moves");
      stage.move(at);
      break;
    case "timer":
      stage.spend("timers");
      stage.tick(at, timers(setting, from)[0]?.wakeAt ?? from.now);
      break;
  }
  return { state: stage.state, broken: stage.broken };
}

/** One line for people: what the step does in that state. */
export function describe(setting: Setting, state: Snapshot, step: Step): string {
  const { world, frames } = setting;
  const owed = state.owed[step.at];
  if (step.kind === "late word" && owed !== undefined)
    return `late word: ${nameOf(world, owed.owner)} is told that its link ${owed.link} is closed`;
  const wire = state.wires[step.at];
  if (wire === undefined || !/^(up|down|copy|drop|parent|child|cut)/.test(step.kind)) {
    if (step.kind !== "timer") return `${step.kind}: ${nameOf(world, step.at)}`;
    return `timer: ${nameOf(world, step.at)}, at ${timers(setting, state)[0]?.wakeAt} ms`;
  }
  const link = `${nameOf(world, wire.child)}${wire.childLink} ${nameOf(world, wire.parent)}`;
  const frame = step.kind.endsWith("down") ? wire.down[0] : wire.up[0];
  if (/notices|cut/.test(step.kind) || frame === undefined) return `${step.kind}: ${link}`;
  return `${step.kind}: ${link}: ${frames.frame(frame).text.trimEnd().replaceAll("\n", " ")}`;
}
