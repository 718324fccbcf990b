/** Fields of a few shapes. Station 0 is a source on channel 6, unless said otherwise. */
import { expect } from "vitest";
import type { Seal } from "#shared/radio/seal.ts";
import { Field, type FieldOptions, type Station } from "./field.ts";

const index = (mac: string) => parseInt(mac.substring(15), 16);

export interface Shape {
  name: string;
  size: number;
  isLinked: (a: number, b: number) => boolean;
}

export const LINE: Shape = { name: "a line of 5", size: 5, isLinked: (a, b) => Math.abs(a - b) === 1 };
export const STAR: Shape = { name: "a star of 7", size: 7, isLinked: (a, b) => a * b === 0 };
export const GRID: Shape = {
  name: "a grid of 9",
  size: 9,
  isLinked: (a, b) => Math.abs((a % 3) - (b % 3)) + Math.abs(Math.floor(a / 3) - Math.floor(b / 3)) === 1,
};

/** A field of that shape, each link as good as `share` says, both ways. */
export function plant(seed: number, shape: Shape, share = 1, options: FieldOptions = {}, seal?: Seal): Field {
  const field = new Field(seed, seal);
  field.link = (a, b) => (shape.isLinked(index(a), index(b)) ? share : 0);
  field.add(0, { isSource: true, channel: 6 });
  for (let n = 1; n < shape.size; n++) field.add(n, options);
  return field;
}

export function others(field: Field): Station[] {
  return [...field.stations.values()].filter((one) => !one.options.isSource);
}

/** Traffic of every station, one frame in so many milliseconds, for that long. */
export function chatter(field: Field, millis: number, every: number, watch: () => void = () => {}): void {
  for (let at = 0; at < millis; at += every) {
    for (const station of others(field)) if (station.isAlive) field.sendUp(station, " reading");
    field.run(every);
    watch();
  }
}

/** How often it is tried to catch a tree in which nobody changes its parent meanwhile. */
const QUIET_TRIES = 5;

/** Frames go up from every station and down to every station, each once and in order; unless a parent is changed: then once more. */
export function expectCarries(field: Field, source: Station, frames: number): void {
  const all = others(field).filter((one) => one.isAlive);
  // Some longer than a datagram.
  const wanted = Array.from({ length: frames }, (_, i) => ` ${i}${"x".repeat((i % 7) * 100)}`);
  const changes = (): number => all.reduce((sum, one) => sum + one.changes.length, 0);
  for (let left = QUIET_TRIES; ; left--) {
    field.run(15_000);
    const before = changes();
    const isCarried = carry(field, source, all, wanted);
    // What a link takes along when it closes is TreeNode's to say again, and there is none here.
    if (changes() !== before && left > 0) continue;
    expect(isCarried).toBe(true);
    break;
  }
  for (const station of all) {
    const up = source.got
      .filter((one) => one.text.startsWith(station.mac))
      .map((one) => one.text.substring(17))
      .filter((text) => text !== "hello");
    expect(up).toEqual(wanted);
    expect(station.got.map((one) => one.text)).toEqual(wanted);
  }
}

/** False if there was no way for one of the frames. */
function carry(field: Field, source: Station, all: readonly Station[], wanted: readonly string[]): boolean {
  source.got = [];
  for (const station of all) station.got = [];
  let isCarried = true;
  for (const text of wanted) {
    for (const station of all) isCarried = field.sendUp(station, text) && isCarried;
    field.run(100);
  }
  field.run(5000);
  for (const text of wanted) {
    for (const station of all) isCarried = field.sendDown(source, station, text) && isCarried;
    field.run(100);
  }
  field.run(5000);
  return isCarried;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
