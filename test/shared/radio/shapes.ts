/** Fields of a few shapes. Station 0 is a source on channel 6, unless said otherwise. */
import { expect } from "vitest";
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
export function plant(seed: number, shape: Shape, share = 1, options: FieldOptions = {}): Field {
  const field = new Field(seed);
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

/** Frames go up from every station and down to every station, each once and in order. */
export function expectCarries(field: Field, source: Station, frames: number): void {
  const all = others(field).filter((one) => one.isAlive);
  field.run(15_000);
  source.got = [];
  for (const station of all) station.got = [];
  const wanted: string[] = [];
  for (let i = 0; i < frames; i++) {
    // Some longer than a datagram.
    wanted.push(" " + i + "x".repeat((i % 7) * 100));
    for (const station of all) expect(field.sendUp(station, wanted[i] as string)).toBe(true);
    field.run(100);
  }
  field.run(5000);
  for (let i = 0; i < frames; i++) {
    for (const station of all) expect(field.sendDown(source, station, wanted[i] as string)).toBe(true);
    field.run(100);
  }
  field.run(5000);
  for (const station of all) {
    const up = source.got
      .filter((one) => one.text.startsWith(station.mac))
      .map((one) => one.text.substring(17))
      .filter((text) => text !== "hello");
    expect(up).toEqual(wanted);
    expect(station.got.map((one) => one.text)).toEqual(wanted);
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
