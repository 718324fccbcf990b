/** What a lab's air is used for, in shares of the time, at its places. */
import type { Air } from "./air/air.ts";
import { CARRIAGE, CONTROL } from "./radio-kinds.ts";

/** 0 to 1: what is noticed at a place, sent there or elsewhere. */
export interface Shares {
  mean: number;
  busiest: number;
  gateway: number;
  /** Of all places together, as if they were one. */
  sum: number;
}

/** Control is all that carries nobody's words; `parts` has it by kind. */
export interface AirUse {
  control: Shares;
  all: Shares;
  parts: { [kind: string]: Shares };
}

/** What was used up to a moment: microseconds by kind, at each place and of all together. */
export interface AirSoFar {
  micros: number;
  kinds: { [kind: string]: { places: ReadonlyMap<string, number>; sum: number } };
}

const NOTHING_YET: AirSoFar = { micros: 0, kinds: {} };

export function airSoFar(air: Air): AirSoFar {
  const { micros, airMicros } = air.stats();
  const kinds: AirSoFar["kinds"] = {};
  for (const kind of [...CONTROL, ...CARRIAGE]) kinds[kind] = { places: air.micros([kind]), sum: airMicros[kind] ?? 0 };
  return { micros, kinds };
}

/** What was used since then, or since the beginning. */
export function airUse(gateway: string, now: AirSoFar, since: AirSoFar = NOTHING_YET): AirUse {
  const shares = (kinds: readonly string[]): Shares => {
    const share = (used: (so: AirSoFar, kind: string) => number): number =>
      kinds.reduce((sum, kind) => sum + used(now, kind) - used(since, kind), 0) /
      Math.max(1, now.micros - since.micros);
    const at = (place: string): number => share(({ kinds }, kind) => kinds[kind]?.places.get(place) ?? 0);
    const places = [...(now.kinds["beacon"]?.places.keys() ?? [])].map(at);
    return {
      mean: places.reduce((sum, each) => sum + each, 0) / places.length,
      busiest: Math.max(...places),
      gateway: at(gateway),
      sum: share(({ kinds }, kind) => kinds[kind]?.sum ?? 0),
    };
  };
  return {
    control: shares(CONTROL),
    all: shares([...CONTROL, ...CARRIAGE]),
    parts: Object.fromEntries(CONTROL.map((kind) => [kind, shares([kind])])),
  };
}
