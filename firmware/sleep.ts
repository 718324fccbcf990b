/**
 * A leaf that sleeps: it starts, reads, says what it has read, and sleeps again as soon as the root has that, or has not been found for too long. What is not
 * acknowledged is in flash then. `sleep` in `sapline.json`: {"every", "least", "most"}.
 *
 * What it knows about its next life is in the Storage file `sapline.nap`: the epoch in which it may go on, and the radio's channel. It is written only when one of them
 * has changed. It counts only after a sleep: a board that was switched on does not know what its former life has said.
 */
import { espNow } from "./ports/espnow.ts";
import { readJson, writeJson } from "./ports/storage.ts";
import type { Board } from "./board.ts";
import type { KeptEvents } from "./kept-events.ts";

export const NAP_FILE = "sapline.nap";

/** Longest sleep, in milliseconds: the engine takes microseconds, as 31 bits. */
export const SLEEP_MAX = 2147483;
/** Usual shortest and longest time awake, in milliseconds. Chosen: a slow sensor has been read; a root that is there has answered. */
const LEAST = 1000;
const MOST = 20000;
/** The root has had everything for so long: what it wants to be set or done has come down, in milliseconds. Chosen. */
const LINGER = 300;
/** How often it is looked whether all is said, in milliseconds. Chosen. */
const LOOK_EVERY = 50;
/** What `ESP32.getWakeupCause` says after a sleep that the clock has ended. Source: esp_sleep.h. */
const WOKEN_BY_CLOCK = 4;

interface Chip {
  readonly deepSleep: (microseconds: number) => void;
  readonly getWakeupCause: () => number;
}

function chip(): Chip | undefined {
  return global["ESP32"] as Chip | undefined;
}

function nap(): { [key: string]: unknown } {
  const read = readJson(NAP_FILE);
  return (typeof read === "object" && read !== null ? read : {}) as { [key: string]: unknown };
}

function asNumber(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

/** The epoch in which this life may go on; 0 if it was not woken by its clock. */
export function sleptIn(): number {
  const esp32 = chip();
  return esp32 !== undefined && esp32["getWakeupCause"]() === WOKEN_BY_CLOCK ? asNumber(nap()["ep"]) : 0;
}

/** Where the parent was heard last; `usual` if that is not known. */
export function napChannel(usual: number): number {
  return asNumber(nap()["channel"]) || usual;
}

export class Sleep {
  private board: Board;
  private every: number;
  private least: number;
  private most: number;
  /** Since when the root has had everything, in milliseconds after the start; -1 if it has not. */
  private quietAt: number;

  constructor(board: Board) {
    const given = board.configuration.raw["sleep"];
    const sleep = (typeof given === "object" && given !== null ? given : {}) as { [key: string]: unknown };
    this.board = board;
    this.every = asNumber(sleep["every"]);
    this.least = asNumber(sleep["least"]) || LEAST;
    this.most = asNumber(sleep["most"]) || MOST;
    this.quietAt = -1;
  }

  /** The board has started. Without `sleep` in its configuration it stays awake. */
  start(): void {
    if (this.every > 0) this.look();
  }

  private look(): void {
    const board = this.board;
    const now = board.now();
    const isQuiet = board.node.isJoined() && board.node.backlog() === 0;
    if (!isQuiet) this.quietAt = -1;
    else if (this.quietAt < 0) this.quietAt = now;
    if (now >= this.most || (isQuiet && now >= this.least && now >= this.quietAt + LINGER)) return this.fall(now);
    if (!isQuiet) board.flush();
    setTimeout(() => this.look(), LOOK_EVERY);
  }

  private fall(now: number): void {
    const board = this.board;
    const kept = board.kept as KeptEvents;
    const file: { [key: string]: unknown } = {};
    // Without room in flash something is lost, and only another epoch will show that.
    file["ep"] = kept.keepNow() ? kept.node.orderlyEpoch() : 0;
    file["channel"] = !board.radio ? 0 : espNow()["getChannel"]();
    const before = nap();
    if (before["ep"] !== file["ep"] || before["channel"] !== file["channel"]) writeJson(NAP_FILE, file);
    const millis = Math.min(SLEEP_MAX, Math.max(LEAST, this.every - now));
    console.log("sapline: sleeps for " + millis + " ms" + (this.quietAt < 0 ? "; the root was not reached" : ""));
    const esp32 = chip();
    if (esp32 !== undefined) esp32["deepSleep"](millis * 1000);
    // A machine that cannot sleep starts again.
    else setTimeout(() => E.reboot(), millis);
  }
}
