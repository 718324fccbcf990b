/**
 * The stock program: a node that reports its own health. With `listen` in its configuration it is a branch as well.
 */
import { boot } from "./boot.ts";
import { Entities } from "./entities.ts";

/** Replaced by the build with the package's version. */
declare const SAPLINE_VERSION: string;

const READ_EVERY = 10000;

const entities = new Entities();
entities.onStatus = (isJoined, reason) => {
  console.log("sapline: " + (isJoined ? "joined" : "away: " + reason));
};
const board = boot("sapline/" + SAPLINE_VERSION, entities);
if (board !== undefined) {
  entities.entity("memory.free", { every: READ_EVERY, read: () => process.memory(false).free });
  entities.entity("uptime", { every: READ_EVERY, read: () => Math.floor(board.now() / 1000) });
  entities.start(board);
  board.start();
}
