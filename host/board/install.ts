/**
 * Puts a program on a board so that it starts with it: into the slot that does not run, then the configuration, then which slot runs, and the loader
 * last. Each file is whole before the next is begun.
 *
 * Guarantee: cut anywhere, the board has the program that it had, or the new one, or none; never half of one that it takes for whole. Calling it
 * again goes on where it stopped. The form of `sapline.slot` is firmware/slots.ts's (docs/alive.md).
 */
import { Trouble } from "../trouble.ts";
import type { BoardConsole } from "./board-console.ts";
import { boardFacts, type BoardFacts, wrongBoard } from "./board-facts.ts";
import { isWhole, upload, type UploadProgress } from "./upload.ts";

export const CONFIGURATION_FILE = "sapline.json";
export const LOADER_FILE = ".bootcde";
const SLOT_FILE = "sapline.slot";
/** Where it is, Espruino starts it and not the loader. */
const OTHER_BOOT = ".bootrst";
/** Storage that a file takes besides its bytes, and some for what the program keeps, in bytes. Chosen. */
const SPARE_BYTES = 4096;
/** A program's watchdog is not kicked any more once the program is gone: the engine shall do it, and ends the board after so long. Chosen. */
const WATCHDOG_SECONDS = 60;

export type Slot = "a" | "b";

export interface Installation {
  program: Uint8Array;
  loader: Uint8Array;
  /** `sapline.json`; if absent, what is there stays. */
  configuration?: Uint8Array | undefined;
}

export interface Installed {
  slot: Slot;
  /** Bytes that had to be sent; 0 if everything was there already. */
  sent: number;
  facts: BoardFacts;
}

/** Ends what runs on a board that answers, and learns what it is. Rejects with `Trouble` if it is the wrong one. */
export async function takeBoard(board: BoardConsole): Promise<BoardFacts> {
  await board.greet();
  await board.reset();
  const facts = await boardFacts(board);
  const wrong = wrongBoard(facts);
  if (wrong !== "") throw new Trouble(wrong);
  if (facts.files.includes(SLOT_FILE))
    await board.ask(`(E.enableWatchdog&&E.enableWatchdog(${WATCHDOG_SECONDS},true),1)`);
  return facts;
}

/** `sapline.json` as it is on the board; undefined if there is none, or it is no JSON object. */
export async function readConfiguration(board: BoardConsole): Promise<{ [key: string]: unknown } | undefined> {
  const packed = await board.ask(
    `(function(f){return f===undefined?"":btoa(f)})(require("Storage").read("${CONFIGURATION_FILE}"))`,
  );
  try {
    const bytes = Uint8Array.from(atob(String(packed)), (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** `board` was taken; see takeBoard. Rejects with `Trouble`. */
export async function install(
  board: BoardConsole,
  facts: BoardFacts,
  { program, loader, configuration }: Installation,
  tell: (progress: UploadProgress) => void = () => {},
): Promise<Installed> {
  const slot = await chooseSlot(board, facts, program);
  let sent = await upload(board, `sapline.${slot}`, program, tell);
  if (configuration !== undefined) sent += await upload(board, CONFIGURATION_FILE, configuration, tell);
  // A program that somebody brings by hand is not on trial: it would be gone again where there is no root to report to.
  const state = { slot, trial: 0, starts: 0, crashes: 0, fell: "" };
  sent += await upload(board, SLOT_FILE, new TextEncoder().encode(JSON.stringify(state)), tell);
  if (facts.files.includes(OTHER_BOOT)) await erase(board, OTHER_BOOT);
  sent += await upload(board, LOADER_FILE, loader, tell);
  return { slot, sent, facts };
}

/** Lets a board go that will not get what it was taken for: what was on it runs again. Never rejects. */
export async function release(board: BoardConsole): Promise<void> {
  if (board.isStopped && !board.isGone) await restart(board).catch(() => {});
  await board.close();
}

/** The board starts anew, with what is stored. Its console may be gone for a while. */
export async function restart(board: BoardConsole): Promise<void> {
  board.isStopped = false;
  board.forget();
  // Espruino on a PC cannot restart the machine.
  await board.say("E.reboot?E.reboot():load()");
  // Whoever closes the port now must not take back what is still in it.
  await new Promise<void>((resolve) => void setTimeout(resolve, board.patience.interrupt));
}

/** Where the program goes. Erases what is in its way. */
async function chooseSlot(board: BoardConsole, facts: BoardFacts, program: Uint8Array): Promise<Slot> {
  const answer = await board.ask(
    `(function(S){function f(n){n=S.read(n);return n===undefined?[0,0]:[n.length,n.charCodeAt(n.length-1)]}
return[f("sapline.a"),f("sapline.b"),(function(t){try{return JSON.parse(t).slot}catch(e){return""}})(S.read("${SLOT_FILE}")||"")]})(require("Storage"))`.replaceAll(
      "\n",
      "",
    ),
  );
  const [a, b, named] = answer as [[number, number], [number, number], unknown];
  const found: { [slot in Slot]: [number, number] } = { a, b };
  for (const slot of ["a", "b"] as const) {
    // It was put there before, and the rest was cut off.
    if (found[slot][0] === program.length && (await isWhole(board, `sapline.${slot}`, program))) return slot;
  }
  for (const slot of ["a", "b"] as const) {
    // One that was begun: this one goes on there. (If it is another program of the same length, upload sees it.)
    if (isBegun(found[slot]) && found[slot][0] === program.length) return slot;
  }
  const runs: Slot | undefined =
    named === "b" && hasProgram(b) ? "b" : hasProgram(a) ? "a" : hasProgram(b) ? "b" : undefined;
  const slot: Slot = runs === "a" ? "b" : "a";
  for (const one of ["a", "b"] as const) if (isBegun(found[one])) await erase(board, `sapline.${one}`);
  const room = facts.storage.free + facts.storage.trash + found[slot][0];
  const needed = program.length + SPARE_BYTES;
  if (room >= needed) return slot;
  if (runs === undefined || room + found[runs][0] < needed)
    throw new Trouble(
      `the program needs ${kilobytes(needed)} of Storage and this board has ${kilobytes(room)} free: erase what is not needed there, or use a board with 4 MB of flash`,
    );
  // There is room for one only: without the old one to go back to.
  await erase(board, `sapline.${runs}`);
  return slot;
}

function isBegun([length, last]: [number, number]): boolean {
  return length > 0 && last === 255;
}

function hasProgram([length, last]: [number, number]): boolean {
  return length > 0 && last !== 255;
}

async function erase(board: BoardConsole, file: string): Promise<void> {
  await board.ask(`require("Storage").erase(${JSON.stringify(file)})||1`, board.patience.tidy);
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} kB`;
}
