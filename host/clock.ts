/** The two clocks of a PC, in the units of the protocol. */
import type { Instant, UnixMillis } from "#shared/units.ts";

/** Monotonic: unmoved by whoever sets the wall clock. Whole milliseconds, as on a chip. */
export function monotonicNow(): Instant {
  return Math.floor(performance.now()) as Instant;
}

export function unixNow(): UnixMillis {
  return Date.now() as UnixMillis;
}
