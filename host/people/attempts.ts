/**
 * Attempts says how long somebody must wait before trying a password again: by the address it comes from, and by the name it is for.
 *
 * Guarantee: of one address, and for one name, no more than `FAILURES_FREE` wrong passwords at once and one more each
 * `FAILURE_EVERY_MILLIS`. Bounded: `KEYS_MAX` addresses and names; past it, the one that failed longest ago is forgotten.
 */

/** Chosen: somebody who mistypes does not notice, and to guess eight characters takes longer than people live. */
export const FAILURES_FREE = 8;
export const FAILURE_EVERY_MILLIS = 20_000;
/** Chosen: some 200 KB. */
export const KEYS_MAX = 2000;

export class Attempts {
  /** By key: when all its failures are forgotten. Oldest failure first. */
  private readonly clearAt = new Map<string, number>();

  /** Milliseconds to wait, 0 if it may be tried now. `now` grows. */
  waitMillis(keys: readonly string[], now: number): number {
    const waits = keys.map((key) => (this.clearAt.get(key) ?? now) - now - (FAILURES_FREE - 1) * FAILURE_EVERY_MILLIS);
    return Math.max(0, ...waits);
  }

  /** Counted before the password is looked at, so that many at once are counted too. */
  begin(keys: readonly string[], now: number): void {
    for (const key of keys) {
      const from = Math.max(now, this.clearAt.get(key) ?? now);
      this.clearAt.delete(key);
      this.clearAt.set(key, from + FAILURE_EVERY_MILLIS);
    }
    for (const key of this.clearAt.keys()) {
      if (this.clearAt.size <= KEYS_MAX) break;
      this.clearAt.delete(key);
    }
  }

  /** It was right: it does not count. Those that were wrong before still do. */
  succeeded(keys: readonly string[]): void {
    for (const key of keys) {
      const clearAt = this.clearAt.get(key);
      if (clearAt !== undefined) this.clearAt.set(key, clearAt - FAILURE_EVERY_MILLIS);
    }
  }
}
