/**
 * HealthHistory keeps what the root did in each of the last `SECONDS_KEPT` seconds, for charts. It counts; it decides nothing.
 *
 * Bounded: one short row a second, the oldest leaves.
 */

/** Chosen: ten minutes tell a storm from a habit. */
export const SECONDS_KEPT = 600;

/** One second. Times are in milliseconds; null where nothing happened that could be timed. */
export interface Second {
  /** Its end, milliseconds since 1970. */
  at: number;
  /** Events and bytes of them that got to the disk. */
  stored: number;
  bytes: number;
  commits: number;
  acks: number;
  /** From the arrival of a commit's first event to its acknowledgement: the longest. */
  ackMillis: number | null;
  /** From a live event's making to its arrival: the longest. */
  lagMillis: number | null;
  /** Groups that were sent again though they were known: dropped. */
  duplicates: number;
  /** Events that nodes gave up. */
  given: number;
  nodesUp: number;
}

/** Sums since the root's start. */
export interface Totals {
  commits: number;
  acks: number;
  duplicates: number;
  nodesUp: number;
}

export class HealthHistory {
  private readonly kept: Second[] = [];
  private before: Totals = { commits: 0, acks: 0, duplicates: 0, nodesUp: 0 };
  private stored = 0;
  private bytes = 0;
  private given = 0;
  private ackMillis: number | null = null;
  private lagMillis: number | null = null;

  /** A commit has ended. */
  took(commit: {
    events: number;
    bytes: number;
    given: number;
    lagMillis: number | null;
    ackMillis: number | null;
  }): void {
    this.stored += commit.events;
    this.bytes += commit.bytes;
    this.given += commit.given;
    this.ackMillis = largest(this.ackMillis, commit.ackMillis);
    this.lagMillis = largest(this.lagMillis, commit.lagMillis);
  }

  /** Ends a second. `at` is milliseconds since 1970. */
  turn(at: number, totals: Totals): void {
    const { before, stored, bytes, given, ackMillis, lagMillis } = this;
    this.kept.push({
      at,
      stored,
      bytes,
      commits: totals.commits - before.commits,
      acks: totals.acks - before.acks,
      ackMillis,
      lagMillis,
      duplicates: totals.duplicates - before.duplicates,
      given,
      nodesUp: totals.nodesUp,
    });
    if (this.kept.length > SECONDS_KEPT) this.kept.shift();
    this.before = totals;
    this.stored = this.bytes = this.given = 0;
    this.ackMillis = this.lagMillis = null;
  }

  /** Oldest first; those that ended later than `after`. */
  since(after: number): Second[] {
    return this.kept.filter(({ at }) => at > after);
  }
}

function largest(a: number | null, b: number | null): number | null {
  return a === null || (b !== null && b > a) ? b : a;
}
