/**
 * The board's side of a node that keeps its events: makes the node, tells it what a former life has left in Storage, and performs what it asks of the
 * flash. `keep` in `sapline.json`: {"every", "bytes"}, or false.
 */
import type { NodeEffect } from "#shared/effect.ts";
import { KeepingNode } from "#shared/keeping-node.ts";
import { KEEP_EVERY } from "#shared/link/kept-limits.ts";
import type { ShelfConfig } from "#shared/link/shelf.ts";
import type { NodeConfig } from "#shared/node.ts";
import { SLEEPS } from "#shared/role.ts";
import type { Board } from "./board.ts";
import { bytesMax, KeptPages } from "./ports/kept-pages.ts";
import { bytesText } from "./ports/text.ts";
import { sleptIn } from "./sleep.ts";

/** Pages at most that are written at once when the power is about to be switched off. Chosen: more than an outbox fills. */
const PAGES_MAX = 16;

export class KeptEvents {
  readonly node: KeepingNode;
  private board: Board;
  private pages: KeptPages;

  constructor(board: Board, config: NodeConfig) {
    const given = board.configuration.raw["keep"];
    const keep = (typeof given === "object" && given !== null ? given : {}) as { [key: string]: unknown };
    const every = keep["every"];
    const keeps: ShelfConfig = { every: typeof every === "number" && every > 0 ? every : KEEP_EVERY, bytes: 0 };
    this.board = board;
    this.pages = new KeptPages();
    this.node = new KeepingNode(config, keeps, bytesText, board.chance);
    const bytes = this.pages.restore(this.node, SLEEPS ? sleptIn() : 0);
    if (given !== false) keeps.bytes = bytesMax(keep["bytes"], bytes);
  }

  /** False if it is nothing of ours. */
  perform(effect: NodeEffect): boolean {
    switch (effect.kind) {
      case "keep": {
        const isOk = this.pages.append(effect.page, effect.size, effect.records);
        if (!isOk) console.log("sapline: the flash refuses: events are kept in memory alone");
        this.node.hasKept(isOk);
        return true;
      }
      case "recall":
        this.board.perform(this.node.recalled(this.pages.read(effect.page), this.board.now()));
        return true;
      case "free":
        this.pages.free(effect.page);
        return true;
      default:
        return false;
    }
  }

  /** Writes all that the root has not acknowledged. False if the flash has no room for it. */
  keepNow(): boolean {
    for (let pages = 0; pages < PAGES_MAX && !this.node.isKept(); pages++)
      this.board.perform(this.node.keepNow(this.board.now()));
    return this.node.isKept();
  }
}
