/**
 * What every program of somebody's own stands on: the board, its carriers, and `node`. The build shortens it by itself, apart from the program
 * (see tools/bundle/program-text.ts), and leaves out what the program's parts do without.
 */
import type { SaplineNode } from "../types/node.d.ts";
import { HAS_RADIO, HAS_SOCKETS, SLEEPS, STAYS_ALIVE, TAKES_PROGRAMS } from "#shared/role.ts";
import { Alive } from "./alive.ts";
import type { Board } from "./board.ts";
import { boot } from "./boot.ts";
import { NodeProgram } from "./node-program.ts";
import { withRadio } from "./radio-carrier.ts";
import { Sleep } from "./sleep.ts";
import { withSockets } from "./socket-carrier.ts";
import { Updates } from "./updates.ts";

/** Replaced by the build with the package's version. */
declare const SAPLINE_VERSION: string;
const FIRMWARE = "sapline/" + SAPLINE_VERSION;
/** A variable around this and the program: what `import { node } from "sapline"` becomes there. */
declare const sapline: { node?: (id?: string) => SaplineNode };

let isTaken = false;

function equip(board: Board): void {
  if (HAS_RADIO) withRadio(board);
  if (HAS_SOCKETS) withSockets(board);
}

sapline["node"] = (id) => {
  if (isTaken) throw new Error("a program is one node: call node() once");
  isTaken = true;
  const program = new NodeProgram(id);
  const updates = TAKES_PROGRAMS ? new Updates(program) : undefined;
  const alive = STAYS_ALIVE ? new Alive(updates || program) : undefined;
  const board = boot(FIRMWARE, alive || updates || program, equip);
  if (!board || !program.take(board)) return program;
  // In a turn of its own: the rest of the program is loaded by then.
  setTimeout(() => {
    program.start();
    if (alive) alive.start(board);
    if (updates) updates.start(board, FIRMWARE);
    board.start();
    if (SLEEPS) new Sleep(board).start();
  }, 0);
  return program;
};
