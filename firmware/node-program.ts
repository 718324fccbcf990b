/**
 * The node as a program of somebody's own sees it: what types/node.d.ts declares. Entities name their unit and class by themselves, filter by their
 * deadband, and check what comes from outside; a handler that throws is answered or logged, and harms nothing else.
 *
 * Values can be reported as soon as there is a board, so also while the program is loaded. Readings begin with `start`.
 */
import type { Entity as OwnEntity, EntityOptions, SaplineNode, ValueType } from "../types/node.d.ts";
import { isEntityId } from "#shared/wire/message.ts";
import type { Application, Board } from "./board.ts";
import { CONFIGURATION_FILE } from "./configuration.ts";
import { Entity, errorText } from "./entities.ts";

/** Shortest time between two readings of one entity, in milliseconds. Chosen: a chip makes some hundred events a second, in all. */
export const EVERY_MIN = 50;
/** Entities of a node. Measured: with unit, class and reading, each takes 55 of the chip's variables, of which the smallest have 4000. */
export const ENTITIES_MAX = 32;

type Options = EntityOptions<ValueType | undefined>;
/** What the stock programs' layer is told of an entity of ours: all is done here. */
const NO_OPTIONS = {};

/** JSON has no NaN and no Infinity. */
function isValue(value: unknown): boolean {
  return value !== undefined && (typeof value !== "number" || value - value === 0);
}

/** One entity, as its program has it. */
class ProgramEntity extends Entity implements OwnEntity {
  /** What the program said of it. */
  readonly said: Options;
  /** Its next value names unit and class. */
  isNew: boolean;
  /** Its last reading failed. */
  isFailing: boolean;
  /** The number of the desired value that was refused last: it comes again and again. */
  refused: number;
  /** What was reported last. */
  private last: unknown;

  constructor(eid: string, said: Options, board: Board | undefined) {
    super(eid, NO_OPTIONS, board);
    this.said = said;
    this.isNew = true;
    this.isFailing = false;
    this.refused = 0;
    this.last = undefined;
  }

  override update(value: unknown): boolean {
    if (!isValue(value)) return false;
    if (this.said.deadband !== undefined && this.isNear(value, this.said.deadband)) return true;
    const isTaken = this.isNew && this.isNamed() ? this.report(value, 0) : super.update(value);
    if (isTaken) this.last = value;
    return isTaken;
  }

  /** With unit and class, and with `rev` if it answers a desired value. */
  report(value: unknown, rev: number): boolean {
    const event: { type: string; [field: string]: unknown } = { type: "!update", eid: this.eid, value: value };
    const options = this.said;
    if (this.isNew && options.unit !== undefined) event["unit"] = options.unit;
    if (this.isNew && options.class !== undefined) event["class"] = options.class;
    if (rev > 0) event["rev"] = rev;
    if (!this.board || !this.board.emit(event).accepted) return false;
    this.isNew = false;
    this.last = value;
    return true;
  }

  /** What stands against a value from outside, or "". */
  misfit(value: unknown): string {
    const type = this.said.type;
    if (type === undefined) return "";
    if (typeof type === "string") return typeof value === type ? "" : this.eid + " takes a " + type;
    return type.indexOf(value as string) >= 0 ? "" : this.eid + " takes one of " + type.join(", ");
  }

  private isNamed(): boolean {
    return this.said.unit !== undefined || this.said.class !== undefined;
  }

  private isNear(value: unknown, deadband: number): boolean {
    const last = this.last;
    return typeof value === "number" && typeof last === "number"
      ? Math.abs(value - last) <= deadband
      : value === last && (value === null || typeof value !== "object");
  }
}

function nothing(): void {
  // Nobody listens.
}

export class NodeProgram implements Application, SaplineNode {
  id: string;
  private board: Board | undefined;
  private entities: ProgramEntity[];
  private isStarted: boolean;
  private upListener: () => void;
  private downListener: (reason: string) => void;

  constructor(id: string | undefined) {
    this.id = id === undefined ? "" : id;
    this.board = undefined;
    this.entities = [];
    this.isStarted = false;
    this.upListener = nothing;
    this.downListener = nothing;
  }

  /** False, after a line that says why, if this board is of another node. */
  take(board: Board): boolean {
    const id = board.configuration.id;
    if (this.id !== "" && this.id !== id) {
      console.log("sapline: this program is of " + this.id + ", and " + CONFIGURATION_FILE + " of " + id);
      return false;
    }
    this.id = id;
    this.board = board;
    return true;
  }

  start(): void {
    this.isStarted = true;
    for (const entity of this.entities) this.schedule(entity, 0);
  }

  entity<T extends ValueType | undefined>(eid: string, given?: EntityOptions<T>): OwnEntity {
    const options = (given === undefined ? {} : given) as Options;
    const every = options.every;
    if (!isEntityId(eid) || this.find(eid)) throw new Error("an entity needs a name of its own, of 1 to 64 characters");
    if (every !== undefined && !(every >= EVERY_MIN))
      throw new Error(eid + ": every must be " + EVERY_MIN + " or more");
    if (this.entities.length >= ENTITIES_MAX) throw new Error(ENTITIES_MAX + " entities are the most");
    const entity = new ProgramEntity(eid, options, this.board);
    this.entities.push(entity);
    if (this.isStarted) this.schedule(entity, 0);
    return entity;
  }

  update(eid: string, value: unknown): boolean {
    return isValue(value) && this.emit({ type: "!update", eid: eid, value: value });
  }

  emit(event: { type: string; [field: string]: unknown }): boolean {
    return this.board !== undefined && this.board.emit(event).accepted;
  }

  log(text: string): boolean {
    return this.emit({ type: "!log", text: text });
  }

  flush(): void {
    if (this.board) this.board.flush();
  }

  isRootUp(): boolean {
    return this.board !== undefined && this.board.node.isJoined();
  }

  onRootUp(listener: () => void): void {
    this.upListener = listener;
  }

  onRootDown(listener: (reason: string) => void): void {
    this.downListener = listener;
  }

  act(id: string, eid: string, value: unknown): void {
    const board = this.board as Board;
    const entity = this.find(eid);
    const act = !entity ? undefined : entity.said.act;
    if (!entity || act === undefined) return board.answer(id, false, "no such action: " + eid);
    const misfit = entity.misfit(value);
    if (misfit !== "") return board.answer(id, false, misfit);
    let answer: unknown;
    try {
      answer = act(value);
    } catch (error) {
      return board.answer(id, false, errorText(error));
    }
    if (answer !== undefined) entity.update(answer);
    board.answer(id, true, answer === undefined ? null : answer);
  }

  set(eid: string, value: unknown, rev: number): void {
    const entity = this.find(eid);
    const set = !entity ? undefined : entity.said.set;
    let fault = !entity ? "" : entity.misfit(value);
    if (!entity || set === undefined) fault = "no such setting";
    if (entity && set !== undefined && fault === "") {
      try {
        const applied = set(value);
        entity.report(applied === undefined ? value : applied, rev);
      } catch (error) {
        fault = errorText(error);
      }
    }
    if (fault === "" || (entity && entity.refused === rev)) return;
    if (entity) entity.refused = rev;
    this.log("setting " + eid + " failed: " + fault);
  }

  deliver(): void {
    // No other event means anything to a program.
  }

  status(isJoined: boolean, reason: string): void {
    console.log("sapline: " + (isJoined ? "joined" : "away: " + reason));
    // What was said of an entity may have given way in a full outbox since, or the root be another.
    if (isJoined) for (const entity of this.entities) entity.isNew = true;
    try {
      if (isJoined) this.upListener();
      else this.downListener(reason);
    } catch (error) {
      this.log("on the root's " + (isJoined ? "coming" : "going") + ": " + errorText(error));
    }
  }

  private find(eid: string): ProgramEntity | undefined {
    return this.entities.filter((entity) => entity.eid === eid)[0];
  }

  /** A timer of its own for each, set again before the reading: an interval whose handler dies takes others with it. */
  private schedule(entity: ProgramEntity, wait: number): void {
    const options = entity.said;
    if (options.read === undefined || options.every === undefined) return;
    setTimeout(() => {
      this.schedule(entity, options.every as number);
      this.read(entity, options.read as () => unknown);
    }, wait);
  }

  private read(entity: ProgramEntity, read: () => unknown): void {
    let fault = "";
    try {
      const value = read();
      if (value !== undefined && !isValue(value)) fault = "it is no number";
      else entity.update(value);
    } catch (error) {
      fault = errorText(error);
    }
    const isFailing = fault !== "";
    if (isFailing && !entity.isFailing) this.log("reading " + entity.eid + " failed: " + fault);
    entity.isFailing = isFailing;
  }
}
