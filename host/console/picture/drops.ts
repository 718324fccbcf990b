/**
 * Drops are events on their way to the root: one for what a node sent within a moment, larger if that was more.
 * Bounded: `DROPS_MAX` at once, and a node lets go of one each `EVERY_MILLIS` at the most.
 */

/** Chosen: a lively picture, and a millisecond or two of drawing. */
export const DROPS_MAX = 300;
const EVERY_MILLIS = 220;
/** Time from a node to its parent. Chosen: slow enough to follow with the eye. */
export const HOP_MILLIS = 520;

export interface Drop {
  /** The nodes it passes: origin first, the root last. */
  way: string[];
  bornAt: number;
  size: number;
}

export class Drops {
  alive: Drop[] = [];
  private readonly lastAt = new Map<string, number>();

  /** `count` events of a node. Returns whether a drop was let go. */
  add(way: string[], count: number, now: number): boolean {
    const origin = way[0] as string;
    if (this.alive.length >= DROPS_MAX || now - (this.lastAt.get(origin) ?? Number.NEGATIVE_INFINITY) < EVERY_MILLIS)
      return false;
    this.lastAt.set(origin, now);
    this.alive.push({ way, bornAt: now, size: 2.2 + Math.min(3, Math.log2(count) * 0.6) });
    return true;
  }

  /** Those that have arrived are gone. Returns how many there were. */
  settle(now: number): number {
    const before = this.alive.length;
    if (before === 0) return 0;
    this.alive = this.alive.filter((drop) => now - drop.bornAt < (drop.way.length - 1) * HOP_MILLIS);
    return before - this.alive.length;
  }
}
