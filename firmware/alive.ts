/**
 * Sees to it that a board that is stuck starts again, and says afterwards why: a part that a program names, between its board and its application.
 *
 * - A fault (an exception that nobody caught, memory or stack exhausted) is noted in the Storage file `sapline.fault` before the restart that boot.ts makes,
 *   and said as `!log` once, after the next joining. What the root has not acknowledged goes to flash first, in a program that keeps its events.
 * - The chip's watchdog is kicked only while the board's alarm is alive: an exhausted stack may have taken its timer. An endless loop kicks nobody.
 * - A program that has joined is good: see slots.ts.
 * - The console by Bluetooth, open to everybody in reach on a stock Espruino, is shut. (Telnet is shut by every program.)
 */
import { KEEPS } from "#shared/role.ts";
import type { Application, Board } from "./board.ts";
import { RESTART_AFTER } from "./boot.ts";
import { errorText } from "./entities.ts";
import type { KeptEvents } from "./kept-events.ts";
import { failed, report } from "./slots.ts";

export const FAULT_FILE = "sapline.fault";

/** How often it is looked whether the board lives, in milliseconds. Chosen. */
export const WATCH_EVERY = 10000;
/** The chip starts again after so many seconds without a kick. Chosen: longer than a connection may block the interpreter (20 s), and than two looks. */
export const WATCHDOG_SECONDS = 60;
/** Of a cause, this is kept, in characters. Chosen. */
const CAUSE_CHARS = 120;
/** What the engine's flags mean. */
const MEANINGS: { [flag: string]: string } = {
  MEMORY: "out of memory",
  CALLBACK: "the stack or memory gave out in a handler",
};

export class Alive implements Application {
  private inner: Application;
  private board: Board | undefined;
  /** It was said why the board has started. */
  private hasTold: boolean;
  private isEnding: boolean;

  constructor(inner: Application) {
    this.inner = inner;
    this.board = undefined;
    this.hasTold = false;
    this.isEnding = false;
  }

  /** Before the board starts. */
  start(board: Board): void {
    this.board = board;
    process.on("uncaughtException", (error) => this.end(errorText(error)));
    E.on("errorFlag", (flags) => {
      for (const flag of flags) if (MEANINGS[flag] !== undefined) this.end(MEANINGS[flag] as string);
    });
    const bluetooth = global["NRF"] as
      | { readonly setServices: (services: object, options: object) => void }
      | undefined;
    if (bluetooth !== undefined) bluetooth["setServices"]({}, { uart: false });
    if (E["enableWatchdog"]) E["enableWatchdog"](WATCHDOG_SECONDS, false);
    this.watch();
  }

  act(id: string, eid: string, value: unknown): void {
    this.inner.act(id, eid, value);
  }

  set(eid: string, value: unknown, rev: number): void {
    this.inner.set(eid, value, rev);
  }

  deliver(event: { [key: string]: unknown }): void {
    this.inner.deliver(event);
  }

  status(isJoined: boolean, reason: string): void {
    if (isJoined && !this.hasTold && !this.isEnding) this.tell();
    this.inner.status(isJoined, reason);
  }

  private tell(): void {
    const storage = require("Storage");
    const board = this.board as Board;
    this.hasTold = true;
    const cause = storage.read(FAULT_FILE);
    if (cause !== undefined) {
      board.emit({ type: "!log", text: "restarted: " + cause });
      storage.erase(FAULT_FILE);
    }
    const fell = report();
    if (fell !== "") board.emit({ type: "!log", text: fell });
  }

  private watch(): void {
    const board = this.board as Board;
    if (board.isStuck()) return this.end("its alarm was gone");
    if (E["kickWatchdog"]) E["kickWatchdog"]();
    setTimeout(() => this.watch(), WATCH_EVERY);
  }

  private end(cause: string): void {
    if (this.isEnding) return;
    this.isEnding = true;
    require("Storage").write(FAULT_FILE, cause.substr(0, CAUSE_CHARS));
    if (!this.hasTold) failed();
    // In a turn of its own, with all of the stack.
    setTimeout(() => {
      if (KEEPS) ((this.board as Board).kept as KeptEvents).keepNow();
    }, 0);
    setTimeout(() => E.reboot(), RESTART_AFTER);
  }
}
