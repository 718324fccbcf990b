/**
 * The application's layer: entities with a reading, an action, a setting. It turns readings into `!update` events, and the tree's
 * actions and settings into calls. A handler that throws is reported and harms nothing else.
 */
import type { OpenChunk } from "#shared/link/outbox.ts";
import { SAME_TIME } from "#shared/wire/short-line.ts";
import type { Application, Board } from "./board.ts";

export interface EntityOptions {
  /** The current value, asked every `every` milliseconds; undefined means "nothing to say now". */
  read?: () => unknown;
  /** Milliseconds between readings. */
  every?: number;
  /** Runs an action; what it returns is the answer, what it throws is the error. */
  onAct?: (value: unknown) => unknown;
  /** Applies a desired value; returns the value that now holds (undefined: the desired one). */
  onSet?: (value: unknown) => unknown;
}

/** Of entities that have not started, or have no alias: nothing fits. */
const NOTHING_FITS = { free: 0, stampUntil: 0 } as OpenChunk;

/** What `entity` answers: the quick way to report values. */
export class Entity {
  private open: OpenChunk;
  /** undefined before it has started. */
  protected board: Board | undefined;
  /** Its short line up to the value. */
  private head: string;
  readonly eid: string;
  readonly options: EntityOptions;

  constructor(eid: string, options: EntityOptions, board: Board | undefined) {
    this.open = NOTHING_FITS;
    this.board = undefined;
    this.head = "";
    this.eid = eid;
    this.options = options;
    if (board) this.start(board);
  }

  start(board: Board): void {
    const outbox = board.node.outbox;
    const alias = outbox.aliases.aliasOf(this.eid);
    if (alias > 0) this.open = outbox.open;
    this.head = "[" + alias + ",";
    this.board = board;
  }

  /** Reports a value now, apart from any schedule. False if it was refused. */
  update(value: unknown): boolean {
    const open = this.open;
    // The quick way, with as few calls and objects as can be: on the chip each is felt. (NaN and Infinity, which JSON does not have, are not 0 here.)
    if (typeof value === "number" && value - value === 0 && (getTime() < open.stampUntil || this.restamp())) {
      const line = this.head + value + open.stamp;
      const free = open.free - line.length;
      if (free >= 0) {
        open.free = free;
        open.lines += line;
        open.events += 1;
        open.stamp = SAME_TIME;
        return true;
      }
    }
    return this.board !== undefined && this.board.emit({ type: "!update", eid: this.eid, value: value }).accepted;
  }

  private restamp(): boolean {
    return this.board !== undefined && this.board.restamp();
  }
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export class Entities implements Application {
  /** Called on each change of the way to the root. */
  onStatus: (isJoined: boolean, reason: string) => void;
  private board: Board | undefined;
  private entities: Entity[];

  constructor() {
    this.onStatus = () => {};
    this.board = undefined;
    this.entities = [];
  }

  /** Registers an entity. Its readings start with the board. */
  entity(eid: string, options: EntityOptions): Entity {
    const entity = new Entity(eid, options, this.board);
    this.entities.push(entity);
    if (this.board) this.schedule(entity);
    return entity;
  }

  start(board: Board): void {
    this.board = board;
    for (const entity of this.entities) {
      entity.start(board);
      this.schedule(entity);
    }
  }

  /** Reports a value now, of an entity that need not be registered. False if it was refused. */
  update(eid: string, value: unknown): boolean {
    return new Entity(eid, {}, this.board).update(value);
  }

  act(id: string, eid: string, value: unknown): void {
    const board = this.board;
    const entity = this.entityOf(eid);
    if (!board) return;
    if (!entity || entity.options.onAct === undefined) {
      board.answer(id, false, "no such action: " + eid);
      return;
    }
    let ok = true;
    let answer: unknown;
    try {
      answer = entity.options.onAct(value);
    } catch (error) {
      ok = false;
      answer = errorText(error);
    }
    board.answer(id, ok, answer);
  }

  set(eid: string, value: unknown, rev: number): void {
    const board = this.board;
    const entity = this.entityOf(eid);
    if (!board) return;
    if (!entity || entity.options.onSet === undefined) {
      this.say("cannot be set: " + eid);
      return;
    }
    let applied: unknown;
    try {
      applied = entity.options.onSet(value);
    } catch (error) {
      this.say("setting " + eid + " failed: " + errorText(error));
      return;
    }
    board.emit({ type: "!update", eid: eid, value: applied === undefined ? value : applied, rev: rev });
  }

  deliver(): void {
    // No other event means anything to entities.
  }

  status(isJoined: boolean, reason: string): void {
    this.onStatus(isJoined, reason);
  }

  private say(text: string): void {
    if (this.board) this.board.emit({ type: "!log", text: text });
  }

  private entityOf(eid: string): Entity | undefined {
    for (const entity of this.entities) if (entity.eid === eid) return entity;
    return undefined;
  }

  /** A timer of its own for each, set again before the reading: an interval whose handler dies takes others with it. */
  private schedule(entity: Entity): void {
    const read = entity.options.read;
    const every = entity.options.every;
    if (read === undefined || every === undefined) return;
    setTimeout(() => {
      this.schedule(entity);
      let value: unknown;
      try {
        value = read();
      } catch (error) {
        this.say("reading " + entity.eid + " failed: " + errorText(error));
      }
      if (value !== undefined) entity.update(value);
    }, every);
  }
}
