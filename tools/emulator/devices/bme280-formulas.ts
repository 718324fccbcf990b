/**
 * The compensation of a BME280 as its data sheet gives it for integers of 32 and 64 bits (section 4.2.3), and its way back: which raw numbers a sensor with this calibration
 * has for a temperature, a pressure and a humidity. In integers, so that the driver, in floating point, is held against another way to compute.
 */

export interface Bme280Calibration {
  T: readonly [number, number, number];
  P: readonly [number, number, number, number, number, number, number, number, number];
  H: readonly [number, number, number, number, number, number];
}

/**
 * Of a real sensor. Source: github.com/rm-hull/bme280, issue 2 (dig_H5, which that program read wrongly, from the same registers: 0x29, 0x03).
 */
export const RECORDED_CALIBRATION: Bme280Calibration = {
  T: [28814, 26441, 50],
  P: [35567, -10609, 3024, 7295, -40, -7, 9900, -10230, 4285],
  H: [75, 358, 0, 329, 50, 30],
};

export interface RawWeather {
  temperature: number;
  pressure: number;
  humidity: number;
}

/** "t_fine". */
export function fineTemperature(raw: number, { T }: Bme280Calibration): number {
  const above = (((raw >> 3) - (T[0] << 1)) * T[1]) >> 11;
  const bend = (((((raw >> 4) - T[0]) * ((raw >> 4) - T[0])) >> 12) * T[2]) >> 14;
  return above + bend;
}

/** Degrees Celsius. */
export function temperatureFrom(fine: number): number {
  return ((fine * 5 + 128) >> 8) / 100;
}

/** Pascals. */
export function pressureFrom(raw: number, fine: number, { P }: Bme280Calibration): number {
  const [p1, p2, p3, p4, p5, p6, p7, p8, p9] = P.map(BigInt) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  let a = BigInt(fine) - 128000n;
  let b = a * a * p6;
  b += (a * p5) << 17n;
  b += p4 << 35n;
  a = ((a * a * p3) >> 8n) + ((a * p2) << 12n);
  a = (((1n << 47n) + a) * p1) >> 33n;
  if (a === 0n) return 0;
  let p = 1048576n - BigInt(raw);
  p = (((p << 31n) - b) * 3125n) / a;
  a = (p9 * (p >> 13n) * (p >> 13n)) >> 25n;
  b = (p8 * p) >> 19n;
  return Number(((p + a + b) >> 8n) + (p7 << 4n)) / 256;
}

/** Percent. */
export function humidityFrom(raw: number, fine: number, { H }: Bme280Calibration): number {
  const [h1, h2, h3, h4, h5, h6] = H.map(BigInt) as [bigint, bigint, bigint, bigint, bigint, bigint];
  const t = BigInt(fine) - 76800n;
  const first = ((BigInt(raw) << 14n) - (h4 << 20n) - h5 * t + 16384n) >> 15n;
  const second = ((((((t * h6) >> 10n) * (((t * h3) >> 11n) + 32768n)) >> 10n) + 2097152n) * h2 + 8192n) >> 14n;
  let v = first * second;
  v -= ((((v >> 15n) * (v >> 15n)) >> 7n) * h1) >> 4n;
  v = v < 0n ? 0n : v > 419430400n ? 419430400n : v;
  return Number(v >> 12n) / 1024;
}

/** The raw number between 0 and `most` that comes nearest, by halving; `of` must rise, or fall, all the way. */
function solve(wanted: number, most: number, of: (raw: number) => number): number {
  let low = 0;
  let high = most;
  const rises = of(high) > of(low);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (of(middle) < wanted === rises) low = middle;
    else high = middle;
  }
  return Math.abs(of(low) - wanted) < Math.abs(of(high) - wanted) ? low : high;
}

/** What a sensor with this calibration measures. `pressure` is in pascals. */
export function rawWeather(values: RawWeather, calibration: Bme280Calibration): RawWeather {
  const temperature = solve(values.temperature, 0xfffff, (raw) => fineTemperature(raw, calibration) / 5120);
  const fine = fineTemperature(temperature, calibration);
  return {
    temperature,
    pressure: solve(values.pressure, 0xfffff, (raw) => pressureFrom(raw, fine, calibration)),
    humidity: solve(values.humidity, 0xffff, (raw) => humidityFrom(raw, fine, calibration)),
  };
}
