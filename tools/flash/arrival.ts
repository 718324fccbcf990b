/** Waits until a node that was just restarted has joined the root: by the root's word if one answers, else by what the board prints. */
import { setTimeout as pause } from "node:timers/promises";
import { BoardConsole } from "#host/board/board-console.ts";
import type { RootClient } from "./root-client.ts";
import { openWire, type Place } from "./wires.ts";

/** The root is asked this often, in milliseconds. Chosen. */
const ASK_EVERY_MILLIS = 400;
/** What Sapline's programs print when they have joined. */
const JOINED = /^sapline: joined/m;
/** Of what the board printed, so many lines are told. Chosen. */
const WORDS_LINES = 12;

export type Arrival =
  | { kind: "joined"; by: "root" | "board" }
  | { kind: "missing"; isRootAway: boolean; printed: string[] };

export interface Awaited {
  id: string;
  /** The epoch of its last session before; 0 if there was none. */
  epochBefore: number;
  root: RootClient;
  place: Place;
  withinMillis: number;
}

/** `board` has been told to restart; it is closed when this resolves. A port that goes away meanwhile is opened again. */
export async function arrival(
  board: BoardConsole,
  { id, epochBefore, root, place, withinMillis }: Awaited,
): Promise<Arrival> {
  const end = Date.now() + withinMillis;
  let console = board;
  const printed: string[] = [];
  try {
    for (;;) {
      const seen = await root.node(id);
      if (seen !== "away" && seen !== undefined && seen.up && seen.epoch !== epochBefore)
        return { kind: "joined", by: "root" };
      // A root that answers knows better than the board, which may have joined another one.
      if (seen === "away" && console.hasPrinted(JOINED)) return { kind: "joined", by: "board" };
      if (Date.now() >= end)
        return {
          kind: "missing",
          isRootAway: seen === "away",
          printed: [...printed, ...console.lastWords(WORDS_LINES)].slice(-WORDS_LINES),
        };
      if (console.isGone) {
        printed.push(...console.lastWords(WORDS_LINES));
        console.forget();
        const wire = await openWire(place).catch(() => undefined);
        if (wire !== undefined) console = new BoardConsole(wire);
      }
      await pause(ASK_EVERY_MILLIS);
    }
  } finally {
    await console.close();
  }
}
