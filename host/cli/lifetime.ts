/** `sapline lifetime`: how long a board's flash and battery last, from figures that are said with the answer. */
import { KEEP_EVERY } from "#shared/link/kept-limits.ts";
import { Trouble } from "../trouble.ts";
import { batteryLife } from "../battery-life.ts";
import { ERASURES, flashLife } from "../flash-life.ts";

/** A program of the node API with some drivers, in bytes. Chosen. */
const PROGRAM_BYTES = 49_152;

export interface LifetimeOptions {
  every: number;
  entities: number;
  flush: number;
  wake: number;
  battery: number;
  asleep: number;
}

export const LIFETIME_USUAL: LifetimeOptions = {
  every: 10,
  entities: 1,
  flush: KEEP_EVERY / 1000,
  wake: 600,
  battery: 2500,
  asleep: 10,
};

/** Flags as numbers above 0. */
export function lifetimeOptions(flags: { [name: string]: unknown }): LifetimeOptions {
  const options = { ...LIFETIME_USUAL };
  for (const name of Object.keys(options) as (keyof LifetimeOptions)[]) {
    if (flags[name] === undefined) continue;
    const value = Number(flags[name]);
    if (!(value > 0 && value < 1e9)) throw new Trouble(`--${name} must be a number above 0`);
    options[name] = value;
  }
  return options;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** In hours up to three days, then in days, then in years. */
function span(days: number): string {
  if (days < 3) return `${(days * 24).toFixed(1)} hours`;
  return days < 1000 ? `${count(days)} days` : `${count(days / 365)} years`;
}

export function lifetimeLines(options: LifetimeOptions): string[] {
  const flash = flashLife({
    readingEvery: options.every * 1000,
    entities: options.entities,
    flushEvery: options.flush * 1000,
    programBytes: PROGRAM_BYTES,
  });
  const battery = batteryLife({
    wakeEvery: options.wake,
    sleepMicroamperes: options.asleep,
    milliampereHours: options.battery,
  });
  const what = options.entities === 1 ? "one reading" : `${options.entities} readings`;
  return [
    `Flash of a board with 4 MB, events kept, ${what} every ${options.every} s, flush interval ${options.flush} s:`,
    `  root there:        ${flash.writesWhileWell === 0 ? "no writes" : `${flash.writesWhileWell} writes an hour`}`,
    `  longest backlog:   ${count(flash.readings)} readings, ${span(flash.outageMillis / 86_400_000)} of an outage, ${flash.bytesPerReading.toFixed(1)} bytes each`,
    `  root always late:  ${count(flash.bytesPerDay)} bytes a day; each sector erased once in ${flash.compactionDays.toFixed(1)} days; worn out after ${span(flash.compactionDays * ERASURES)}`,
    `Battery of ${count(options.battery)} mAh, a leaf by radio that wakes every ${options.wake} s (an estimate: docs/battery.md):`,
    `  a wake:            ${battery.wakeMillicoulombs.toFixed(1)} mC, ${count(battery.wakesPerDay)} a day; asleep ${options.asleep} µA; ${battery.perDay.toFixed(1)} C a day`,
    `  lasts:             ${span(battery.days)}; with the quickest wakes that were measured on an ESP32, ${span(battery.bestDays)}`,
    `  never asleep:      ${count(battery.awakeHours)} hours; by Wi-Fi that saves power, ${count(battery.powersaveHours)} hours`,
  ];
}
