/** A program for the engine tests: a lamp that can be switched, a target that can be set, and an action that fails. */
import { boot } from "#firmware/boot.ts";
import { withSockets } from "#firmware/socket-carrier.ts";
import { Entities } from "#firmware/entities.ts";

const entities = new Entities();
entities.onStatus = (isJoined, reason) => console.log("sapline: " + (isJoined ? "joined" : "away: " + reason));
const board = boot("lamp/0", entities, withSockets);
if (board !== undefined) {
  entities.entity("lamp", { onAct: (value) => value === true });
  entities.entity("broken", {
    onAct: () => {
      throw new Error("the relay is stuck");
    },
  });
  entities.entity("target", { onSet: (value) => console.log("target " + String(value)) });
  entities.start(board);
  board.start();
}
