/**
 * The chip's monotonic clock. It starts at 0 when the program starts, and never goes back.
 *
 * Espruino's getTime() jumps when somebody sets the time. The firmware never does (the tree's time comes from the root, as an
 * offset in shared/). A jump back, by an application or by SNTP, is taken out here; a jump forward cannot be told from time passing,
 * so applications must not set the clock either.
 */
import type { Instant } from "#shared/units.ts";

export class Clock {
  private offset: number;
  private last: number;

  constructor() {
    this.offset = -getTime() * 1000;
    this.last = 0;
  }

  now(): Instant {
    const now = Math.floor(getTime() * 1000 + this.offset);
    if (now < this.last) this.offset += this.last - now;
    else this.last = now;
    return this.last as Instant;
  }
}
