/** For the tests of updates: a program that counts, four times a second or as often as `every` in its configuration says, tells what it has counted, and takes other programs over the tree. */
import type { Board } from "#firmware/board.ts";
import { boot } from "#firmware/boot.ts";
import { Entities } from "#firmware/entities.ts";
import { Updates } from "#firmware/updates.ts";

declare const SAPLINE_VERSION: string;
const FIRMWARE = "counter/" + SAPLINE_VERSION;
const EVERY = 250;

export function count(equip: (board: Board) => void): void {
  const entities = new Entities();
  const updates = new Updates(entities);
  entities.onStatus = (isJoined, reason) => {
    console.log("sapline: " + SAPLINE_VERSION + " " + (isJoined ? "joined" : "away: " + reason));
  };
  const board = boot(FIRMWARE, updates, equip);
  if (!board) return;
  const every = board.configuration.raw["every"];
  let made = 0;
  const next = (): void => {
    setTimeout(next, typeof every === "number" ? every : EVERY);
    if (!entities.update("count", made + 1)) return;
    made += 1;
    console.log("made " + made);
  };
  entities.start(board);
  updates.start(board, FIRMWARE);
  board.start();
  next();
}
