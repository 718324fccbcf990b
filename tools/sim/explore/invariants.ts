/** What must hold in every state: one sentence about what does not, or "". Promises about the log alone are in disks.ts. */
import { nameOf, ROOT } from "./small-world.ts";
import { NONE, OFF, type Snapshot } from "./snapshot.ts";
import type { Setting } from "./setting.ts";

/** The promise that this state breaks, or "". `before`: the state that it was made from, which breaks none. */
export function brokenIn(setting: Setting, state: Snapshot, before?: Snapshot): string {
  const onDisk = setting.disks.broken(state.disk);
  if (onDisk !== "") return onDisk;
  for (let board = 0; board < state.boards.length; board++) {
    if (state.boards[board] === OFF || (before !== undefined && isAsBefore(state, before, board))) continue;
    const sentence = brokenAtBoard(setting, state, board);
    if (sentence !== "") return nameOf(setting.world, board) + " " + sentence;
  }
  return isAtRest(state) ? brokenAtRest(setting, state) : "";
}

/** All that a promise about one board looks at. */
function isAsBefore(state: Snapshot, before: Snapshot, board: number): boolean {
  return (
    state.disk === before.disk &&
    state.boards[board] === before.boards[board] &&
    state.apps[board] === before.apps[board] &&
    state.lives[board] === before.lives[board]
  );
}

function brokenAtBoard(setting: Setting, state: Snapshot, board: number): string {
  const { disks, players, world, apps } = setting;
  const facts = players.boards.facts(state.boards[board] as number);
  const plan = world.boards[board];
  const id = plan?.id ?? "";
  if (facts.excess !== "") return "holds more than " + facts.excess;
  if (facts.epoch !== 0 && !disks.hasEpoch(state.disk, id, facts.epoch))
    return `was given epoch ${facts.epoch}, which is not on disk`;
  const last = disks.last(state.disk, id, facts.epoch);
  if (facts.acked > last)
    return `takes ${facts.acked} events of epoch ${facts.epoch} as stored, and the disk has ${last}`;
  if (!plan?.isLeaf) return "";
  const said = apps.value(state.apps[board] as number).said;
  const stored = disks.said(state.disk, board + "." + state.lives[board]);
  if (said - facts.backlog > stored)
    return `gave up ${said - facts.backlog} events, and the disk has ${stored} of them`;
  return "";
}

/** Nothing is on its way, no link is half known, and the disk is idle: nobody but a timer will change anything. */
export function isAtRest(state: Snapshot): boolean {
  if (state.root === OFF || state.storing !== NONE) return false;
  return state.wires.every(
    (wire) => !wire.isCut && wire.isChildOpen && wire.isParentOpen && wire.up.length === 0 && wire.down.length === 0,
  );
}

/** At rest the root and the boards agree on who is there, and through which link. */
function brokenAtRest(setting: Setting, state: Snapshot): string {
  const { world, players } = setting;
  const members = players.roots.facts(state.root).members;
  for (const id of new Set(world.boards.map((board) => board.id))) {
    const member = members[id];
    const reached =
      member === undefined || member.link === 0 ? OFF : boardAt(setting, state, id, member.link, member.via);
    // A late `?hello` of a dead link may take the place of the newer one's answer: then the board asks again in five seconds.
    const isAsking = state.boards.some(
      (core, board) => core !== OFF && world.boards[board]?.id === id && players.boards.facts(core).isGreeting,
    );
    if (member !== undefined && member.link !== 0 && reached === OFF && !isAsking)
      return `the root holds ${id} for connected, and its way leads nowhere`;
    for (let board = 0; board < world.boards.length; board++) {
      if (world.boards[board]?.id !== id || board === reached || state.boards[board] === OFF) continue;
      if (players.boards.facts(state.boards[board] as number).joinedLink === 0) continue;
      return `${nameOf(world, board)} believes that it is joined, and the root's way to ${id} leads ${reached === OFF ? "nowhere" : "to " + nameOf(world, reached)}`;
    }
  }
  return "";
}

/** The board that lines for `id` reach, by the root's link and the branches' routes, or OFF. */
function boardAt(setting: Setting, state: Snapshot, id: string, link: number, via: readonly string[]): number {
  let parent = ROOT;
  let next = link;
  for (let hop = via.length; hop >= 0; hop--) {
    const wire = state.wires.find((one) => one.parent === parent && one.parentLink === next);
    if (wire === undefined || state.boards[wire.child] === OFF) return OFF;
    const wanted = hop === 0 ? id : via[hop - 1];
    if (setting.world.boards[wire.child]?.id !== wanted) return OFF;
    parent = wire.child;
    if (hop === 0) return parent;
    next = setting.players.boards.facts(state.boards[parent] as number).routes[id] ?? 0;
  }
  return OFF;
}
