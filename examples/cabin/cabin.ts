/**
 * A program for the chip to start from: a lamp to switch, a thermostat to set, and the temperature that follows it. There is no sensor and no
 * relay in it: where a room is made up, read a pin and write one.
 */
import { boot } from "../../firmware/boot.ts";
import { Entities } from "../../firmware/entities.ts";
import { withSockets } from "../../firmware/socket-carrier.ts";

declare const SAPLINE_VERSION: string;

const READ_EVERY = 2000;
/** "°C" in UTF-8, made here: the text of a program for the engine is plain ASCII. */
const CELSIUS = atob("wrBD");

const entities = new Entities();
entities.onStatus = (isJoined, reason) => {
  console.log("sapline: " + (isJoined ? "joined" : "away: " + reason));
};
const board = boot("sapline-cabin/" + SAPLINE_VERSION, entities, withSockets);
if (board !== undefined) {
  let target = 20;
  let temperature = 17;
  const lamp = entities.entity("lamp", {
    onAct: (value) => {
      lamp.update(value === true);
      return value === true;
    },
  });
  entities.entity("thermostat.target", {
    onSet: (value) => {
      if (typeof value !== "number") throw new Error("a number is wanted");
      target = value;
      return target;
    },
  });
  entities.entity("temperature", {
    every: READ_EVERY,
    read: () => {
      temperature += (target - temperature) * 0.1 + Math.random() * 0.2 - 0.1;
      return Math.round(temperature * 10) / 10;
    },
  });
  entities.start(board);
  board.start();
  lamp.update(false);
  // A unit is said once.
  board.emit({ type: "!update", eid: "temperature", value: temperature, unit: CELSIUS });
  board.emit({ type: "!update", eid: "thermostat.target", value: target, unit: CELSIUS });
}
