/**
 * A value that an emulated device measures, and that changes with time: a number that stays; `{"between": [18, 24], "every": 60000}`, up and down in so many
 * milliseconds, beginning in the middle; `{"values": [18, 19.5], "every": 1000}`, one after the other, and again from the beginning.
 */

export type Signal =
  | number
  | { between: readonly [number, number]; every: number }
  | { values: readonly number[]; every: number };

/** The value at a time in milliseconds. */
export function signalAt(signal: Signal, now: number): number {
  if (typeof signal === "number") return signal;
  if ("values" in signal) return signal.values[Math.floor(now / signal.every) % signal.values.length] as number;
  const [low, high] = signal.between;
  return (low + high) / 2 + ((high - low) / 2) * Math.sin((2 * Math.PI * now) / signal.every);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isNumber);
}

/** The signal that a file describes; undefined if it describes none. */
export function signalFrom(given: unknown): Signal | undefined {
  if (isNumber(given)) return given;
  if (typeof given !== "object" || given === null) return undefined;
  const { between, values, every } = given as { between?: unknown; values?: unknown; every?: unknown };
  if (!isNumber(every) || every <= 0) return undefined;
  if (isNumbers(values)) return { values, every };
  if (isNumbers(between) && between.length === 2)
    return { between: [between[0] as number, between[1] as number], every };
  return undefined;
}
