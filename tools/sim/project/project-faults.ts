/** What breaks in a project's world, with `--faults`: links, the power of boards, and the root's program, in the words of a plan (docs/simulator.md). */
import type { Chance } from "../chance.ts";
import { sentence } from "../faults.ts";
import type { Fault } from "../plan.ts";
import type { ProjectWorld } from "./project-world.ts";

/** Shortest and longest time from one fault to the next, and when they begin, in milliseconds. Chosen: a dozen an hour. */
const APART_MIN = 60_000;
const APART_MAX = 540_000;
const BEGIN = 30_000;
/** How long a board is without power, and the root away, in milliseconds. Chosen: from less than anybody notices to more than an outbox needs to fill. */
const OFF_MIN = 2000;
const OFF_MAX = 120_000;

type Make = (chance: Chance, node: string) => { kind: string } & Fault;

/** Plain data: the same seed and boards, the same faults. */
export function faultsOf(chance: Chance, ids: readonly string[], lastsMillis: number): Fault[] {
  const faults: Fault[] = [];
  for (let at = BEGIN; at < lastsMillis; at += chance.between(APART_MIN, APART_MAX))
    faults.push({ ...chance.pick(KINDS)(chance, chance.pick(ids)), at });
  return faults;
}

const KINDS: readonly Make[] = [
  (chance, node) => ({ at: 0, kind: "cut", node, childNotice: notice(chance), parentNotice: notice(chance) }),
  (_, node) => ({ at: 0, kind: "silence", node }),
  (chance, node) => ({ at: 0, kind: "crash", node, lasts: chance.between(OFF_MIN, OFF_MAX), isSilent: true }),
  (chance, node) => ({ at: 0, kind: "crash", node, lasts: chance.between(OFF_MIN, OFF_MAX), isSilent: true }),
  (chance) => ({ at: 0, kind: "crash", node: "root", lasts: chance.between(OFF_MIN, OFF_MAX), isSilent: false }),
];

function notice(chance: Chance): number {
  return chance.pick([-1, 0, 20, 5000]);
}

/** Breaks something now. */
export function strikeBoards(world: ProjectWorld, fault: Fault): void {
  if (!world.isBusy) return;
  switch (fault.kind) {
    case "cut":
    case "silence": {
      const { childNotice, parentNotice } = fault.kind === "cut" ? fault : { childNotice: -1, parentNotice: -1 };
      const { parent } = world.board(fault.node).plan;
      if (world.net.cut(fault.node, parent, childNotice, parentNotice) === 0) return;
      world.count("links cut");
      break;
    }
    case "crash":
      if (fault.node === "root" ? !world.root.isUp : !world.board(fault.node).isOn) return;
      if (fault.node === "root") killRoot(world, fault.lasts);
      else cutPower(world, fault.node, fault.lasts);
      break;
    default:
      throw new Error(`boards do not know the fault "${fault.kind}"`);
  }
  world.tellOf("node" in fault ? String(fault.node) : "", `FAULT: ${sentence(fault)}`);
}

function killRoot(world: ProjectWorld, lasts: number): void {
  world.count("root killed");
  world.crash(world.root, world.plan.link.noticeMillis);
  const { life } = world.root;
  world.later(lasts, () => {
    if (life === world.root.life) world.boot(world.root);
  });
}

function cutPower(world: ProjectWorld, id: string, lasts: number): void {
  const board = world.board(id);
  world.count("power cuts");
  world.cutPower(board);
  const cuts = board.counts.powerCuts;
  world.later(lasts, () => {
    if (cuts === board.counts.powerCuts) world.switchOn(board);
  });
}

/** Everything is well again. */
export function healBoards(world: ProjectWorld): void {
  world.isBusy = false;
  world.boot(world.root);
  for (const board of world.boards.values()) world.switchOn(board);
}
