/**
 * The real readings that demos and tests replay: Seattle's weather of 2012 to 2015, see examples/weather/SOURCE.md.
 */
import { readFileSync } from "node:fs";

export interface Reading {
  eid: string;
  value: number;
  /** Noon of the day, milliseconds since 1970. */
  ts: number;
}

/** The columns of numbers, which become entities of the same name. */
export const MEASUREMENTS = ["precipitation", "temp_max", "temp_min", "wind"] as const;

/** Their units, see examples/weather/SOURCE.md. */
export const UNITS: { readonly [eid in (typeof MEASUREMENTS)[number]]: string } = {
  precipitation: "mm",
  temp_max: "°C",
  temp_min: "°C",
  wind: "m/s",
};

const HEAD = "date,precipitation,temp_max,temp_min,wind,weather";
const NOON_MILLIS = 43_200_000;

/** All readings, in the order of the file: 1461 days of four. Throws if the file is not the one we know. */
export function readWeather(file: string): Reading[] {
  const [head, ...rows] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  if (head !== HEAD) throw new Error(`${file}: the first line must be ${HEAD}`);
  return rows.flatMap((row) => {
    const cells = row.split(",");
    const ts = Date.parse(`${cells[0]}T00:00:00Z`) + NOON_MILLIS;
    return MEASUREMENTS.map((eid, i) => ({ eid, value: Number(cells[i + 1]), ts }));
  });
}

/** As the replay program on the chip reads it: one `eid,value,ts` a line. */
export function asReplayFile(readings: Reading[]): string {
  return readings.map((reading) => `${reading.eid},${reading.value},${reading.ts}\n`).join("");
}
