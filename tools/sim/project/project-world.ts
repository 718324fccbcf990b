/**
 * ProjectWorld is a world whose root is the simulator's, and whose nodes are boards of a project: their own programs, in the emulator, in this world's time. What they have said is held
 * against what is on the root's disk (books.ts).
 */
import { relative } from "node:path";
import type { GroupRow } from "#shared/effect.ts";
import { type Message, parseMessage } from "#shared/wire/message.ts";
import { Trouble } from "#host/trouble.ts";
import type { Network } from "../../emulator/network.ts";
import { Checks, Violation } from "../checks.ts";
import { planOf } from "../plan.ts";
import type { Process } from "../process.ts";
import { World } from "../world.ts";
import { Board, type BoardPlan, type BoardWorld } from "./board.ts";
import { Books } from "./books.ts";
import { type DoorWorld, RootDoor } from "./root-door.ts";
import { VirtualNet } from "./virtual-net.ts";

/** A board's token: its id behind this. */
export const TOKEN_HEAD = "t-";

/** Events of programs carry no marks: they are for the books. */
class LogChecks extends Checks {
  protected override event(node: string, epoch: number, event: Message): void {
    if (event.type === "!gap" && event["reason"] !== "full")
      throw new Violation(`${node}, epoch ${epoch}: a line was lost: ${String(event["reason"])}`);
    this.stored += 1;
  }
}

export interface ProjectWorldOptions {
  seed: number;
  boards: readonly BoardPlan[];
  /** For what the boards keep in flash. */
  folder: string;
  /** Takes what happens, a line each; left out, nothing is told. */
  tell?: ((line: string) => void) | undefined;
}

export class ProjectWorld extends World implements BoardWorld, DoorWorld {
  readonly boards = new Map<string, Board>();
  readonly books: Books;
  readonly net: VirtualNet;
  /** Whose program ran last. */
  running: Board | undefined;
  /** The first exception of each board that its program did not catch. */
  readonly faults = new Map<string, string>();
  /** What each board has printed last. */
  readonly lastLines = new Map<string, string>();
  private readonly door: RootDoor;
  private readonly tell: ((line: string) => void) | undefined;

  constructor({ seed, boards, folder, tell }: ProjectWorldOptions) {
    super(planOf({ seed, nodes: [] }), { checks: new LogChecks(true) });
    this.tell = tell;
    this.books = new Books(() => this.now);
    this.net = new VirtualNet(this);
    this.door = new RootDoor(this, this.net);
    this.door.open();
    for (const plan of boards) {
      this.boards.set(plan.id, new Board(this, plan, folder, this.chance.fork()));
      this.books.add(plan.id, plan.keepsAfter);
    }
    // Not all in one moment: boards are switched on one after the other.
    for (const board of this.boards.values()) this.later(this.chance.between(0, 1000), () => this.switchOn(board));
  }

  board(id: string): Board {
    const board = this.boards.get(id);
    if (board === undefined) throw new Error(`no board ${id}`);
    return board;
  }

  network(id: string): Network {
    return this.net.host(id);
  }

  unix(): number {
    return this.root.unix();
  }

  idOf(token: string): string | undefined {
    const id = token.slice(TOKEN_HEAD.length);
    return this.boards.has(id) && this.accepts(id, token) ? id : undefined;
  }

  switchOn(board: Board): void {
    if (board.isOn) return;
    this.net.restore(board.id);
    board.switchOn();
  }

  /** Nobody is told. */
  cutPower(board: Board): void {
    if (!board.isOn) return;
    board.counts.powerCuts += 1;
    this.net.silence(board.id);
    board.switchOff();
    this.books.end(board.id, false);
  }

  override crash(process: Process, notice: number, fate?: number): void {
    if (process === this.root) this.door.shut();
    super.crash(process, notice, fate);
  }

  override boot(process: Process): void {
    super.boot(process);
    if (process === this.root) this.door.open();
  }

  enters(board: Board): void {
    this.running = board;
  }

  begins(board: Board): void {
    this.tellOf(board.id, "starts");
    this.books.begin(board.id);
  }

  ends(board: Board, isAsleep: boolean): void {
    this.tellOf(board.id, isAsleep ? "sleeps" : "starts again");
    this.books.end(board.id, isAsleep);
  }

  says(board: Board, eid: string, value: unknown, isTaken: boolean): void {
    this.books.says(board.id, eid, value, isTaken);
  }

  fails(board: Board, error: string, isLoading: boolean): void {
    if (isLoading)
      throw new Trouble(`${relative(".", board.plan.entry)}: the program of ${board.id} throws at its start: ${error}`);
    if (!this.faults.has(board.id)) this.faults.set(board.id, error);
    this.tellOf(board.id, `nobody caught: ${error}`);
  }

  prints(board: Board, line: string): void {
    this.lastLines.set(board.id, line);
    this.tellOf(board.id, line);
  }

  tellOf(who: string, what: string): void {
    this.tell?.(`${(this.now / 1000).toFixed(3).padStart(10)}  ${who.padEnd(10)}  ${what}`);
  }

  protected override stored(row: GroupRow): void {
    super.stored(row);
    // The root boots before there are books.
    if (row.node === "root") return;
    const unixAtStart = this.root.unix() - this.now;
    for (const [i, line] of row.lines.split("\n").entries()) {
      const event = parseMessage(line);
      if (event === undefined) throw new Violation(`event ${row.first + i} of ${row.node} on the disk is no message`);
      this.books.stored(row.node, row.epoch, event, unixAtStart);
    }
  }
}
