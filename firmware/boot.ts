/**
 * What every program on the chip does first and in the same way: read the configuration, hook the engine's error events, make a board.
 */
import { type Application, Board } from "./board.ts";
import { readConfiguration } from "./configuration.ts";
import { errorText } from "./entities.ts";

/** Time to let the last words out before a restart, in milliseconds. Chosen. */
export const RESTART_AFTER = 1000;

/**
 * A bug of ours, a stack overflow or exhausted memory leaves the program in pieces (the engine removes the handlers that ran): say so and
 * start again. What the outbox held is lost with it, and the next session's epoch tells the root.
 */
function hookErrors(): void {
  const restart = (reason: string): void => {
    console.log("sapline: fault: " + reason + "; restarting");
    if (process.env.BOARD !== "LINUX") setTimeout(() => E.reboot(), RESTART_AFTER);
  };
  process.on("uncaughtException", (error) => restart(errorText(error)));
  E.on("errorFlag", (flags) => {
    for (const flag of flags) if (flag === "MEMORY" || flag === "CALLBACK") restart(flag);
  });
}

/** Telnet builds of Espruino open a console to the whole network. */
function closeTelnet(): void {
  try {
    require("TelnetServer").setOptions({ mode: "off" });
  } catch {
    // This build has none.
  }
}

/**
 * The board of this node; undefined, after a line that says why, if it is not configured. `equip` gives it its carriers, and throws what stands against
 * that in this board's configuration.
 */
export function boot(firmware: string, application: Application, equip: (board: Board) => void): Board | undefined {
  hookErrors();
  closeTelnet();
  try {
    const board = new Board(readConfiguration(), firmware, application);
    equip(board);
    return board;
  } catch (error) {
    console.log("sapline: " + errorText(error));
    return undefined;
  }
}
