/**
 * The chip's monotonic clock. It starts at 0 when the program starts, and never goes back.
 *
 * Espruino's getTime() jumps when somebody sets the time. The firmware never does (the tree's time comes from the root, as an
 * offset in shared/). A jump back, by an application or by SNTP, is taken out here; a jump forward cannot be told from time passing,
 * so applications must not set the clock either.
 */
import type { Instant } from "#shared/units.ts";

/** A clock, at 0 now. */
export function monotonicClock(): () => Instant {
  let offset = -getTime() * 1000;
  let last = 0;
  return () => {
    const now = Math.floor(getTime() * 1000 + offset);
    if (now < last) offset += last - now;
    else last = now;
    return last as Instant;
  };
}
