/**
 * Players are the programs of a small world: TreeNode and Root as they are, fed with inputs by number and answering with effects
 * by number. Each socket is empty again at once: what is written is on the wire.
 */
import type { NodeEffect, RootEffect } from "#shared/effect.ts";
import { TreeNode } from "#shared/node.ts";
import { Root } from "#shared/root.ts";
import type { TextCodec } from "#shared/text.ts";
import type { Instant, LinkId, NodeId, UnixMillis } from "#shared/units.ts";
import { CoreCopier, type Dice, diceOf } from "./core-copy.ts";
import { type BoardFacts, boardFacts, type RootFacts, rootFacts } from "./core-facts.ts";
import { Cores, type Move } from "./cores.ts";
import { type Disks, ROOT_ID } from "./disks.ts";
import { KeptBoard } from "./kept-board.ts";
import { EXPLORED_LIMITS, nameOf, type Programs, type SmallWorld } from "./small-world.ts";
import type { Frames } from "./snapshot.ts";

/** What the world has to do about an input. */
export type Effect =
  | { kind: "send"; link: number; frame: number }
  | { kind: "close"; link: number }
  | { kind: "dial"; link: number }
  | { kind: "act"; id: string }
  | { kind: "set"; eid: string; value: unknown; rev: number }
  | { kind: "store"; transaction: number }
  | { kind: "outcome"; call: number };

const UNIX_AT_START = 1_700_000_000_000;
/** Lives of one board, in the numbers of its dice. Chosen: far more than budgets allow. */
const LIVES_MAX = 1000;

const CODEC: TextCodec = { byteLength: (text) => Buffer.byteLength(text), stringify: (value) => JSON.stringify(value) };
const checkToken = (id: string, token: string): boolean => token === "t-" + id;

export function unixAt(now: number): UnixMillis {
  return (UNIX_AT_START + now) as UnixMillis;
}

/** What a board calls its firmware: it tells two boards of one id apart in the log. */
export function firmwareOf(world: SmallWorld, board: number): string {
  return nameOf(world, board) + "#" + board;
}

export class Players {
  readonly boards: Cores<TreeNode, Effect, BoardFacts>;
  readonly roots: Cores<Root, Effect, RootFacts>;
  private frames: Frames;
  private disks: Disks;
  private programs: Programs;
  private rootConfig = { id: ROOT_ID };
  private configs;

  constructor(world: SmallWorld, frames: Frames, disks: Disks) {
    this.frames = frames;
    this.disks = disks;
    this.programs = world.programs ?? { TreeNode, Root };
    const limits = world.limits ?? EXPLORED_LIMITS;
    this.configs = world.boards.map(({ id }, board) => ({
      id: id as NodeId,
      token: "t-" + id,
      fw: firmwareOf(world, board),
      limits,
    }));
    const copier = new CoreCopier([CODEC, checkToken, limits, this.rootConfig, ...this.configs]);
    this.boards = new Cores(copier, boardFacts);
    this.roots = new Cores(copier, rootFacts);
  }

  /** `flash`: what is in it, of a board that keeps its events; else "". */
  boot(board: number, life: number, flash: string, now: number): Move<Effect> {
    const config = this.configs[board] as (typeof this.configs)[number];
    const dice = (): Dice => diceOf(1 + board * LIVES_MAX + life);
    return this.boards.begin(
      `boot ${board} ${life} ${now} ${flash}`,
      () =>
        flash === ""
          ? new this.programs.TreeNode(config, CODEC, dice())
          : new (this.programs.KeptBoard ?? KeptBoard)(config, CODEC, dice(), flash),
      (node) => this.onBoard(node, node.start(now as Instant), now),
    );
  }

  bootRoot(disk: number, now: number): Move<Effect> {
    return this.roots.begin(
      `boot ${disk} ${now}`,
      () => new this.programs.Root(this.rootConfig, this.disks.image(disk), CODEC, checkToken),
      (root) => this.onRoot(root, root.start(now as Instant, unixAt(now)), now),
    );
  }

  board(
    core: number,
    input: string,
    now: number,
    play: (node: TreeNode, now: Instant) => readonly NodeEffect[],
  ): Move<Effect> {
    return this.boards.advance(core, input + " " + now, (node) => this.onBoard(node, play(node, now as Instant), now));
  }

  root(
    core: number,
    input: string,
    now: number,
    play: (root: Root, now: Instant, unix: UnixMillis) => readonly RootEffect[],
  ): Move<Effect> {
    return this.roots.advance(core, input + " " + now, (root) =>
      this.onRoot(root, play(root, now as Instant, unixAt(now)), now),
    );
  }

  private onBoard(node: TreeNode, effects: readonly NodeEffect[], now: number): Effect[] {
    const out: Effect[] = [];
    // What is drained may send more, and so on, until nothing is held back.
    for (let left = effects; left.length > 0; ) {
      if (node instanceof KeptBoard) left = node.withoutFlash(left, now as Instant);
      const sent = this.told(left, out);
      left = sent.flatMap((link) => node.drained(link as LinkId, now as Instant));
    }
    return out;
  }

  private onRoot(root: Root, effects: readonly RootEffect[], now: number): Effect[] {
    const out: Effect[] = [];
    for (const link of this.told(effects, out)) root.drained(link as LinkId, now as Instant, unixAt(now));
    return out;
  }

  /** Adds effects to `out`; answers the links that were written to. */
  private told(effects: readonly (NodeEffect | RootEffect)[], out: Effect[]): number[] {
    const sent: number[] = [];
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          if (!sent.includes(effect.link)) sent.push(effect.link);
          out.push({ kind: "send", link: effect.link, frame: this.frames.number(effect.text) });
          break;
        case "close":
        case "dial":
          out.push({ kind: effect.kind, link: effect.link });
          break;
        case "act":
          out.push({ kind: "act", id: effect.id });
          break;
        case "set":
          out.push({ kind: "set", eid: effect.eid, value: effect.value, rev: effect.rev });
          break;
        case "store":
          out.push({ kind: "store", transaction: this.disks.transaction(effect.transaction) });
          break;
        case "outcome":
          out.push({ kind: "outcome", call: effect.call });
          break;
        case "pause":
        case "resume":
          throw new Error("a link of a small world was paused: its budget of events is too large for its limits");
        case "deliver":
        case "status":
        case "keep":
        case "recall":
        case "free":
          break;
      }
    }
    return sent;
  }
}
