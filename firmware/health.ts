/**
 * What the stock programs do: a node reports its own health. What it is besides, its carriers and its configuration say.
 */
import type { Board } from "./board.ts";
import { boot } from "./boot.ts";
import { Entities } from "./entities.ts";

/** Replaced by the build with the package's version. */
declare const SAPLINE_VERSION: string;

const READ_EVERY = 10000;

/** `equip`: see boot. */
export function reportHealth(equip: (board: Board) => void): void {
  const entities = new Entities();
  entities.onStatus = (isJoined, reason) => {
    console.log("sapline: " + (isJoined ? "joined" : "away: " + reason));
  };
  const board = boot("sapline/" + SAPLINE_VERSION, entities, equip);
  if (!board) return;
  entities.entity("memory.free", { every: READ_EVERY, read: () => process.memory(false)["free"] });
  entities.entity("uptime", { every: READ_EVERY, read: () => Math.floor(board.now() / 1000) });
  entities.start(board);
  board.start();
}
