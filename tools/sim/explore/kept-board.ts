/** A board that keeps its events, with its flash: what is on it is part of what the explorer compares and copies. */
import type { NodeEffect } from "#shared/effect.ts";
import { KeepingNode } from "#shared/keeping-node.ts";
import { KEPT_RECORD_BYTES } from "#shared/link/kept-limits.ts";
import type { NodeConfig } from "#shared/node.ts";
import type { TextCodec } from "#shared/text.ts";
import type { Instant, Random } from "#shared/units.ts";

interface Page {
  page: number;
  size: number;
  used: number;
  records: string[];
}

/** It writes when it is told to, and at no time of its own: a step of the world, and not a timer. */
const NEVER = 1_000_000_000;

/** Made by hand of what a board keeps: `programs` of a world may be another. */
export class KeptBoard extends KeepingNode {
  private flash: Page[];

  constructor(config: NodeConfig, codec: TextCodec, random: Random, flash: string) {
    super(config, { every: NEVER, bytes: NEVER }, codec, random);
    this.flash = JSON.parse(flash) as Page[];
    for (const { page, size, used, records } of this.flash) this.restore(page, size, used, records);
    this.restored(0);
  }

  /** What is in flash, for the next life. */
  flashText(): string {
    return JSON.stringify(this.flash);
  }

  /** What is left of effects when those on the flash are done. */
  withoutFlash(effects: readonly NodeEffect[], now: Instant): NodeEffect[] {
    const rest: NodeEffect[] = [];
    for (const effect of effects) {
      switch (effect.kind) {
        case "keep": {
          let page = this.flash.find((one) => one.page === effect.page);
          if (page === undefined)
            this.flash.push((page = { page: effect.page, size: effect.size, used: 0, records: [] }));
          page.records = page.records.concat(effect.records);
          for (const record of effect.records) page.used += Buffer.byteLength(record) + KEPT_RECORD_BYTES;
          this.hasKept(true);
          break;
        }
        case "recall": {
          const { records } = this.flash.find((one) => one.page === effect.page) ?? { records: [] };
          rest.push(...this.withoutFlash(this.recalled(records, now), now));
          break;
        }
        case "free":
          this.flash = this.flash.filter((one) => one.page !== effect.page);
          break;
        default:
          rest.push(effect);
      }
    }
    return rest;
  }
}
