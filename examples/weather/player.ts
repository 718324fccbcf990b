/**
 * Plays back readings from flash, as if sensors made them: the file `readings`, lines of `eid,value,ts`
 * (milliseconds since 1970). `sapline.json` says how fast: {"replay": {"every": 1000, "batch": 4}}, milliseconds and lines; and, if wanted,
 * in what unit each entity is: {"replay": {"units": {"wind": "m/s"}}}.
 *
 * Nothing is refused or squashed: a line is taken from the file only when the outbox has room for it. At the end, when the root has
 * everything, it prints `replay: done N`.
 */
import { LINE_BYTES_MAX } from "../../shared/limits.ts";
import type { Board } from "../../firmware/board.ts";
import { boot } from "../../firmware/boot.ts";
import { Entities } from "../../firmware/entities.ts";
import { LineReader } from "../../firmware/ports/storage.ts";

/** What an event has around its entity, value and time, in bytes. */
const FRAME_OF_EVENT = 64;
const EVERY = 1000;
const BATCH = 1;

class Replay {
  private board: Board;
  private reader: LineReader;
  private every: number;
  private batch: number;
  /** Taken from the file, and waiting for room. */
  private line: string | undefined;
  private emitted: number;
  private faulty: number;
  private units: { [eid: string]: unknown };

  constructor(board: Board, every: number, batch: number, units: { [eid: string]: unknown }) {
    this.units = units;
    this.board = board;
    this.reader = new LineReader("readings", LINE_BYTES_MAX);
    this.every = every;
    this.batch = batch;
    this.line = this.reader.next();
    this.emitted = 0;
    this.faulty = 0;
  }

  /** One turn, and the next one after `every`. */
  turn(): void {
    for (let i = 0; i < this.batch && this.line !== undefined; i++) {
      if (this.board.node.outbox.room() < this.line.length + FRAME_OF_EVENT) break;
      this.emitLine(this.line);
      this.line = this.reader.next();
    }
    if (this.line === undefined && this.board.node.backlog() === 0) {
      console.log("replay: done " + this.emitted + (this.faulty > 0 ? ", faulty lines " + this.faulty : ""));
    } else setTimeout(() => this.turn(), this.every);
  }

  private emitLine(line: string): void {
    const parts = line.split(",");
    const value = parseFloat(parts[1] as string);
    const ts = parseFloat(parts[2] as string);
    if (parts.length !== 3 || !(ts > 0) || !(value === value)) {
      this.faulty++;
      return;
    }
    const eid = parts[0] as string;
    const event: { type: string; [field: string]: unknown } = { type: "!update", eid: eid, value: value, ts: ts };
    if (this.units[eid] !== undefined) {
      // Said once: the root keeps it.
      event["unit"] = this.units[eid];
      this.units[eid] = undefined;
    }
    const emitted = this.board.emit(event);
    if (emitted.accepted) this.emitted++;
    else this.faulty++;
  }
}

function setting(settings: unknown, name: "every" | "batch", usual: number): number {
  if (typeof settings !== "object" || settings === null) return usual;
  const value = (settings as { every?: unknown; batch?: unknown })[name];
  return typeof value === "number" && value >= 1 ? value : usual;
}

function unitsOf(settings: unknown): { [eid: string]: unknown } {
  const units =
    typeof settings === "object" && settings !== null ? (settings as { [name: string]: unknown })["units"] : undefined;
  return typeof units === "object" && units !== null ? (units as { [eid: string]: unknown }) : {};
}

/** Plays, on a board with these carriers: see `boot`. */
export function play(firmware: string, equip: (board: Board) => void): void {
  const entities = new Entities();
  entities.onStatus = (isJoined, reason) => {
    console.log("sapline: " + (isJoined ? "joined" : "away: " + reason));
  };
  const board = boot(firmware, entities, equip);
  if (board === undefined) return;
  const settings = board.configuration.raw["replay"];
  const replay = new Replay(
    board,
    setting(settings, "every", EVERY),
    setting(settings, "batch", BATCH),
    unitsOf(settings),
  );
  entities.start(board);
  board.start();
  replay.turn();
}
