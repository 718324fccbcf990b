/**
 * Moments as people write them: milliseconds since 1970, ISO 8601, or a length of time ago ("90s", "15m", "2h", "7d").
 */
const UNIT_MILLIS: { [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const MOMENT_FORMS =
  'milliseconds since 1970, ISO 8601 ("2026-11-23T08:00:00Z"), or a length of time ago ("15m", "2h", "7d")';

/** Milliseconds since 1970, or undefined if it is none of the forms. */
export function parseMoment(text: string, nowMillis: number): number | undefined {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  const ago = /^(\d+)([smhd])$/.exec(text);
  if (ago !== null) return nowMillis - Number(ago[1]) * (UNIT_MILLIS[ago[2] as string] as number);
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}
