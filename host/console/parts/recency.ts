/** Ages that are not worth a word. */

/** Chosen: what is younger looks like now. */
const RECENT_MILLIS = 5000;

export function isRecent(unixMillis: number, now: number): boolean {
  return now - unixMillis < RECENT_MILLIS;
}
