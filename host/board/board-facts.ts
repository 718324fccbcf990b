/** What a board says of itself, and what of that keeps Sapline's programs from running on it. */
import { Trouble } from "../trouble.ts";
import type { BoardConsole } from "./board-console.ts";

export interface BoardFacts {
  /** Espruino's name of the board, such as "ESP32". */
  board: string;
  /** Espruino's version, such as "2v29.277". */
  version: string;
  /** Its libraries. */
  modules: readonly string[];
  /** Espruino's variables. */
  variables: { free: number; total: number };
  /** Storage, in bytes; what is free at once, and after it was tidied up. */
  storage: { free: number; trash: number; total: number };
  /** Names in Storage. */
  files: readonly string[];
  /** It can check what it was sent. */
  hasChecksum: boolean;
}

const QUESTION = [
  'process.env.BOARD||""',
  'process.env.VERSION||""',
  'process.env.MODULES||""',
  "process.memory().free",
  "process.memory().total",
  '(function(S){S=S.getStats?S.getStats():{};return[S.freeBytes||0,S.trashBytes||0,S.totalBytes||0]})(require("Storage"))',
  'require("Storage").list()',
  'typeof atob=="function"&&!!E.CRC32',
].join(",");

/** Rejects with `Trouble`. */
export async function boardFacts(board: BoardConsole): Promise<BoardFacts> {
  let answer: unknown;
  try {
    answer = await board.ask(`[${QUESTION}]`);
  } catch (error) {
    if (!/Storage|MODULES|not defined|not found/.test((error as Error).message)) throw error;
    throw new Trouble(
      "this Espruino has no Storage: it is too old, or the board too small; Sapline runs on ESP32 boards",
    );
  }
  const [name, version, modules, free, total, [left, trash, storage], files, hasChecksum] = answer as [
    string,
    string,
    string,
    number,
    number,
    [number, number, number],
    string[],
    boolean,
  ];
  return {
    board: String(name),
    version: String(version),
    modules: String(modules).split(","),
    variables: { free, total },
    storage: { free: left, trash, total: storage },
    files,
    hasChecksum,
  };
}

/** A board that Sapline's programs run on; "LINUX" is Espruino on a PC, where they are tried. */
const BOARD = /^(ESP32|LINUX)/;

/** Why this is the wrong board, with what to do; "" if it is not. */
export function wrongBoard(facts: BoardFacts): string {
  if (!BOARD.test(facts.board))
    return `this is a ${facts.board || "board without a name"}; Sapline's programs run on ESP32 boards: connect one of those`;
  if (!facts.hasChecksum)
    return `Espruino ${facts.version} on this board is too old: put 2v29 or newer on it by sapline firmware (docs/flash.md)`;
  if (!facts.modules.includes("crypto"))
    return `this Espruino (${facts.board} ${facts.version}) is built without CRYPTO, which WebSocket and the radio need: put a build on it that has it (docs/flash.md)`;
  return "";
}
