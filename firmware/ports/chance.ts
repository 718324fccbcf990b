/**
 * Chance, seeded from the chip's hardware and its clock. The engine's Math.random starts from the same seed at each boot where nobody seeds
 * it, and two boards that draw the same numbers dial at the same moments.
 */

/** A seeded Math.random. */
export function seededRandom(): () => number {
  E.srand(E.hwRand() ^ Math.floor((getTime() * 1000) % 2147483648));
  return Math.random;
}
