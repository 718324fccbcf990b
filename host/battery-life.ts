/**
 * How long a battery lasts a leaf that sleeps: from what others have measured on ESP32 boards (docs/battery.md has the sources). Nobody has measured this firmware on a
 * board yet.
 */

/** Start of an interpreter on an ESP32 that nobody has made quick, in millicoulombs. Source: glenn20/upy-esp32-experiments, 635 ms. */
export const BOOT_MILLICOULOMBS = 41.9;
/** A wake with one ESP-NOW message, all of it made quick. Source: there, 119 ms. */
export const BEST_WAKE_MILLICOULOMBS = 7.68;
/** The radio on, listening, in milliamperes. Source: MicroPython's ESPNowPowerManagement, ESP32. */
export const RADIO_MILLIAMPERES = 100;
/**
 * Signed in to a router, and asleep between its beacons, in milliamperes; the engine does not stop meanwhile. Source: esp-idf, "Low Power Mode in Wi-Fi
 * Scenarios", ESP32, Modem-sleep: 28.8 to 31.1.
 */
export const POWERSAVE_MILLIAMPERES = 31;
/** Joining, hello, readings, acknowledgement: the radio is on for so long, in seconds. Chosen: some twenty datagrams there and back. */
export const RADIO_SECONDS = 0.4;
/** A send that fails costs twice as much. Source: as above, 15.4 mC. */
export const FAILED_FACTOR = 2;

export interface BatteryUse {
  /** Seconds from one wake to the next. */
  wakeEvery: number;
  /** Of the sleeping board, in microamperes: the chip itself needs about 10, many boards a thousand. */
  sleepMicroamperes: number;
  milliampereHours: number;
}

export interface BatteryLife {
  wakeMillicoulombs: number;
  wakesPerDay: number;
  /** Coulombs a day. */
  perDay: number;
  days: number;
  /** Days with wakes as quick as the quickest that were measured. */
  bestDays: number;
  /** Hours of a board that never sleeps. */
  awakeHours: number;
  /** The same, by Wi-Fi and with its power saving. */
  powersaveHours: number;
}

const DAY_SECONDS = 86_400;

export function batteryLife(use: BatteryUse): BatteryLife {
  const wakesPerDay = DAY_SECONDS / use.wakeEvery;
  const wakeMillicoulombs = BOOT_MILLICOULOMBS + RADIO_MILLIAMPERES * RADIO_SECONDS;
  const asleep = (use.sleepMicroamperes * DAY_SECONDS) / 1e6;
  const coulombs = use.milliampereHours * 3.6;
  const perDay = (wakesPerDay * wakeMillicoulombs) / 1000 + asleep;
  return {
    wakeMillicoulombs,
    wakesPerDay,
    perDay,
    days: coulombs / perDay,
    bestDays: coulombs / ((wakesPerDay * BEST_WAKE_MILLICOULOMBS) / 1000 + asleep),
    awakeHours: use.milliampereHours / RADIO_MILLIAMPERES,
    powersaveHours: use.milliampereHours / POWERSAVE_MILLIAMPERES,
  };
}
