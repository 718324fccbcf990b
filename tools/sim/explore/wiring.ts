/**
 * Wiring is the connections of a state while a step is taken: which are open, cut, or carry something. It changes the draft it is
 * handed, and tells nobody: who hears of what is Stage's. A wire that neither end knows any more is gone.
 */
import { type Draft, replaced, type Wire } from "./snapshot.ts";

/** The place of the open end that `owner` (a board or ROOT) calls `link`, or -1. Links below zero are dials. */
function findWire(state: Draft, owner: number, link: number): number {
  return state.wires.findIndex((wire) =>
    link < 0
      ? wire.child === owner && wire.childLink === link && wire.isChildOpen
      : wire.parent === owner && wire.parentLink === link && wire.isParentOpen,
  );
}

/** The board's dial has reached its parent. */
export function connect(state: Draft, board: number): Wire {
  const parent = state.parents[board] as number;
  const wire: Wire = {
    child: board,
    childLink: state.dials[board] as number,
    parent,
    parentLink: (state.links[parent + 1] as number) + 1,
    up: [],
    down: [],
    isChildOpen: true,
    isParentOpen: true,
    isCut: false,
  };
  state.links = replaced(state.links, parent + 1, wire.parentLink);
  state.dials = replaced(state.dials, board, 0);
  // Kept in one order, whoever connected first: else the same connections in another order would be another state.
  const isBehind = (other: Wire) => other.child > board || (other.child === board && other.childLink < wire.childLink);
  const behind = state.wires.findIndex(isBehind);
  const place = behind < 0 ? state.wires.length : behind;
  state.wires = [...state.wires.slice(0, place), wire, ...state.wires.slice(place)];
  return wire;
}

/** Puts a frame on the wire; nothing gets on one that is cut, or whose other end is closed. */
export function put(state: Draft, owner: number, link: number, frame: number): void {
  const place = findWire(state, owner, link);
  const wire = state.wires[place];
  if (wire === undefined || wire.isCut || !wire.isChildOpen || !wire.isParentOpen) return;
  change(state, place, link < 0 ? { up: [...wire.up, frame] } : { down: [...wire.down, frame] });
}

/** Takes the oldest frame of one direction off the wire. */
export function takeOff(state: Draft, place: number, isUp: boolean): number {
  const wire = state.wires[place] as Wire;
  change(state, place, isUp ? { up: wire.up.slice(1) } : { down: wire.down.slice(1) });
  return (isUp ? wire.up : wire.down)[0] as number;
}

/** The oldest frame of one direction will arrive once more, behind all that is on its way. */
export function copyFrame(state: Draft, place: number, isUp: boolean): void {
  const { up, down } = state.wires[place] as Wire;
  change(state, place, isUp ? { up: [...up, up[0] as number] } : { down: [...down, down[0] as number] });
}

/** From now on nothing gets on it; what is on its way may still arrive. */
export function cut(state: Draft, place: number): void {
  change(state, place, { isCut: true });
}

/** One end is closed; what was still on its way there is lost. */
export function closeEnd(state: Draft, place: number, isParent: boolean): void {
  change(state, place, isParent ? { isParentOpen: false, up: [] } : { isChildOpen: false, down: [] });
}

/** A program ends its link, or its dial. */
export function hangUp(state: Draft, owner: number, link: number): void {
  if (link < 0 && state.dials[owner] === link) state.dials = replaced(state.dials, owner, 0);
  const place = findWire(state, owner, link);
  if (place >= 0) closeEnd(state, place, link > 0);
}

/** The power of a board or of the root is off: the other ends may notice now or later. */
export function powerOff(state: Draft, owner: number): void {
  state.owed = state.owed.filter((word) => word.owner !== owner);
  for (let place = state.wires.length - 1; place >= 0; place--) {
    const wire = state.wires[place] as Wire;
    if (wire.child === owner && wire.isChildOpen) change(state, place, { isCut: true, isChildOpen: false, down: [] });
    if (wire.parent === owner && wire.isParentOpen) change(state, place, { isCut: true, isParentOpen: false, up: [] });
  }
}

function change(state: Draft, place: number, to: Partial<Wire>): void {
  const wire = state.wires[place] as Wire;
  const isChildOpen = to.isChildOpen ?? wire.isChildOpen;
  const isParentOpen = to.isParentOpen ?? wire.isParentOpen;
  if (!isChildOpen && !isParentOpen) {
    state.wires = state.wires.filter((one) => one !== wire);
    return;
  }
  // Field by field, as in draftOf: a spread is slow.
  state.wires = replaced(state.wires, place, {
    child: wire.child,
    childLink: wire.childLink,
    parent: wire.parent,
    parentLink: wire.parentLink,
    up: to.up ?? wire.up,
    down: to.down ?? wire.down,
    isChildOpen,
    isParentOpen,
    isCut: to.isCut ?? wire.isCut,
  });
}
