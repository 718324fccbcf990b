/**
 * BME280 over I2C: temperature, air pressure, relative humidity; and BMP280, the same without humidity. The sensor sleeps; each measurement is asked for,
 * waited for, and read with its state in one go. What it gives are raw numbers; its own calibration, read once, makes degrees, hectopascals and
 * percent of them by the formulas of the data sheet (appendix 8.1, in floating point: the engine computes with 64 bits).
 *
 * A sensor that does not answer, is another chip, has not measured, or says what it cannot measure is a fault and no reading. After a fault it is set up anew.
 */
import { Sensor, type Tell } from "./sensor.ts";

export interface Weather {
  /** Degrees Celsius, in hundredths. */
  temperature: number;
  /** Hectopascals, in hundredths. */
  pressure: number;
  /** Percent, in hundredths; undefined from a BMP280. */
  humidity: number | undefined;
}

/** What a chip's numbers are made into values with. T, P and H are the data sheet's dig_T1 and so on, at index 1 and up. */
export interface Calibration {
  T: number[];
  P: number[];
  /** Empty of a BMP280. */
  H: number[];
}

const ID = 0xd0;
const BME280 = 0x60;
const BMP280 = 0x58;
const CALIBRATION_LOW = 0x88;
const CALIBRATION_LOW_BYTES = 26;
const CALIBRATION_HIGH = 0xe1;
const CALIBRATION_HIGH_BYTES = 7;
const CONTROL_HUMIDITY = 0xf2;
const CONTROL_MEASURE = 0xf4;
/** State, three registers that do not matter, pressure, temperature, humidity. */
const DATA = 0xf3;
const DATA_BYTES = 12;
const ONCE = 1;
/** Temperature and pressure once each, then sleep: "weather monitoring" in the data sheet. */
const MEASURE_ONCE = (ONCE << 5) | (ONCE << 2) | 1;
const IS_MEASURING = 8;
/** All three measured once, in milliseconds. Source: data sheet, 9.3 at most. */
const MEASURED_AFTER = 12;
/** What it can measure, a little wider than the data sheet says, since at the very edge it may say a hundredth more. */
const DEGREES_MIN = -41;
const DEGREES_MAX = 86;
const HECTOPASCALS_MIN = 299;
const HECTOPASCALS_MAX = 1101;
/** What the registers hold before any measurement. */
const NOTHING = 0x80000;

function signed(value: number, size: number): number {
  return value < size / 2 ? value : value - size;
}

/** The calibration from registers 0x88 to 0xA1, and 0xE1 to 0xE7 (of a BMP280: none). */
export function decodeCalibration(low: ArrayLike<number>, high: ArrayLike<number>): Calibration {
  const calibration: Calibration = { T: [0], P: [0], H: [] };
  for (let at = 0; at < 24; at += 2) {
    const value = (low[at] as number) | ((low[at + 1] as number) << 8);
    // dig_T1 and dig_P1 alone have no sign.
    const number = at === 0 || at === 6 ? value : signed(value, 0x10000);
    if (at < 6) calibration.T.push(number);
    else calibration.P.push(number);
  }
  if (high.length === 0) return calibration;
  const e5 = high[4] as number;
  calibration.H = [
    0,
    low[25] as number,
    signed((high[0] as number) | ((high[1] as number) << 8), 0x10000),
    high[2] as number,
    signed(((high[3] as number) << 4) | (e5 & 15), 0x1000),
    signed(((high[5] as number) << 4) | (e5 >> 4), 0x1000),
    signed(high[6] as number, 0x100),
  ];
  return calibration;
}

/** What pressure and humidity are corrected by: degrees Celsius times 5120. */
function fineTemperature(raw: number, T: number[]): number {
  const above = raw / 16384 - (T[1] as number) / 1024;
  const bend = raw / 131072 - (T[1] as number) / 8192;
  return above * (T[2] as number) + bend * bend * (T[3] as number);
}

/** Pascals. */
function pressureOf(raw: number, fine: number, P: number[]): number {
  const t = fine / 2 - 64000;
  const offset = ((t * t * (P[6] as number)) / 32768 + t * (P[5] as number) * 2) / 4 + (P[4] as number) * 65536;
  const slope = (((P[3] as number) * t * t) / 524288 + (P[2] as number) * t) / 524288;
  const scale = (1 + slope / 32768) * (P[1] as number);
  if (scale === 0) return 0;
  const p = ((1048576 - raw - offset / 4096) * 6250) / scale;
  return p + (((P[9] as number) * p * p) / 2147483648 + (p * (P[8] as number)) / 32768 + (P[7] as number)) / 16;
}

/** Percent. */
function humidityOf(raw: number, fine: number, H: number[]): number {
  const t = fine - 76800;
  const offset = (H[4] as number) * 64 + ((H[5] as number) / 16384) * t;
  const bend = 1 + ((H[3] as number) / 67108864) * t;
  const scale = ((H[2] as number) / 65536) * (1 + ((H[6] as number) / 67108864) * t * bend);
  const h = (raw - offset) * scale;
  const percent = h * (1 - ((H[1] as number) * h) / 524288);
  return percent < 0 ? 0 : percent > 100 ? 100 : percent;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** What the twelve registers from 0xF3 say; or why they say nothing. */
export function decodeWeather(bytes: ArrayLike<number>, calibration: Calibration): Weather | string {
  if ((bytes[0] as number) & IS_MEASURING) return "not ready in time";
  const pressureRaw = ((bytes[4] as number) << 12) | ((bytes[5] as number) << 4) | ((bytes[6] as number) >> 4);
  const temperatureRaw = ((bytes[7] as number) << 12) | ((bytes[8] as number) << 4) | ((bytes[9] as number) >> 4);
  if (temperatureRaw === NOTHING || pressureRaw === NOTHING) return "has not measured";
  const fine = fineTemperature(temperatureRaw, calibration.T);
  const temperature = fine / 5120;
  const pressure = pressureOf(pressureRaw, fine, calibration.P) / 100;
  // Asked like this, what is not a number fits nowhere.
  const isWarm = temperature >= DEGREES_MIN && temperature <= DEGREES_MAX;
  if (!isWarm || !(pressure >= HECTOPASCALS_MIN && pressure <= HECTOPASCALS_MAX)) return "says what it cannot measure";
  const humidityRaw = ((bytes[10] as number) << 8) | (bytes[11] as number);
  return {
    temperature: hundredths(temperature),
    pressure: hundredths(pressure),
    humidity: calibration.H.length > 0 ? hundredths(humidityOf(humidityRaw, fine, calibration.H)) : undefined,
  };
}

/** A BME280 or BMP280 on a bus that is set up, at 0x76 or 0x77. See Sensor for what `tell` hears. */
export function bme280(bus: I2cBus, address: number, tell: Tell): Sensor<Weather> {
  let calibration: Calibration | undefined;
  const read = (register: number, count: number): Uint8Array => {
    bus.writeTo(address, register);
    return bus.readFrom(address, count);
  };
  const calibrate = (): Calibration => {
    const id = read(ID, 1)[0] as number;
    if (id !== BME280 && id !== BMP280) throw new Error("another chip is at this address, with id " + id);
    const high = id === BME280 ? read(CALIBRATION_HIGH, CALIBRATION_HIGH_BYTES) : [];
    const found = decodeCalibration(read(CALIBRATION_LOW, CALIBRATION_LOW_BYTES), high);
    if (found.T[1] === 0 || found.P[1] === 0) throw new Error("its calibration cannot be read");
    return found;
  };
  return new Sensor<Weather>("BME280 at 0x" + address.toString(16), 0, tell, (measurement) => {
    const known = calibration ?? calibrate();
    // Until all has gone well: whatever goes wrong, it may be another sensor next time.
    calibration = undefined;
    bus.writeTo(address, [CONTROL_HUMIDITY, ONCE, CONTROL_MEASURE, MEASURE_ONCE]);
    measurement.later(MEASURED_AFTER, () => {
      const weather = decodeWeather(read(DATA, DATA_BYTES), known);
      if (typeof weather === "string") {
        measurement.failed(weather);
        return;
      }
      calibration = known;
      measurement.done(weather);
    });
  });
}
