/**
 * A BME280 as its registers: id, calibration, controls, state and data, with one measurement at a time, which takes as long as the data sheet allows (`forced mode`). As a BMP280
 * it has no humidity. Not faithful: it does not measure on its own (`normal mode`), and does not filter.
 */
import { type Bme280Calibration, RECORDED_CALIBRATION, type RawWeather, rawWeather } from "./bme280-formulas.ts";
import type { Device, I2cDevice } from "./device.ts";
import { type Signal, signalAt } from "./signal.ts";

const REGISTER = {
  calibration: 0x88,
  h1: 0xa1,
  id: 0xd0,
  reset: 0xe0,
  high: 0xe1,
  humidity: 0xf2,
  state: 0xf3,
  measure: 0xf4,
  data: 0xf7,
};
const RESET = 0xb6;
const FORCED = [1, 2];
/** Milliseconds, each measured once. Source: data sheet, appendix B. */
const TAKES = 1.25 + 2.3 + 2.3 + 0.575 + 2.3 + 0.575;
const SKIPPED = { temperature: 0x80000, pressure: 0x80000, humidity: 0x8000 };

export interface Bme280Values {
  temperature: Signal;
  /** Hectopascals. */
  pressure: Signal;
  humidity: Signal;
}

export class EmulatedBme280 implements Device, I2cDevice {
  readonly pin: string;
  readonly scl: string;
  readonly address: number;
  /** It does not answer. */
  isSilent = false;
  /** It never gets ready. */
  isStuck = false;
  /** What it measures, instead of its values. */
  raw: RawWeather | undefined;
  private readonly values: Bme280Values;
  private readonly calibration: Bme280Calibration;
  private readonly registers = new Uint8Array(256);
  private pointer = 0;
  private readyAt: number | undefined;

  constructor(
    pins: { sda: string; scl: string; address: number },
    values: Bme280Values,
    calibration: Bme280Calibration = RECORDED_CALIBRATION,
    id = 0x60,
  ) {
    this.pin = pins.sda;
    this.scl = pins.scl;
    this.address = pins.address;
    this.values = values;
    this.calibration = calibration;
    this.registers[REGISTER.id] = id;
    this.reset();
  }

  get i2c(): I2cDevice {
    return this;
  }

  write(bytes: readonly number[], now: number): boolean {
    if (this.isSilent) return false;
    this.pointer = bytes[0] ?? 0;
    for (let at = 0; at + 1 < bytes.length; at += 2) this.store(bytes[at] as number, bytes[at + 1] as number, now);
    return true;
  }

  read(count: number, now: number): number[] | undefined {
    if (this.isSilent) return undefined;
    this.settle(now);
    const bytes = Array.from({ length: count }, (_, at) => this.registers[(this.pointer + at) & 255] as number);
    this.pointer = (this.pointer + count) & 255;
    return bytes;
  }

  private store(register: number, value: number, now: number): void {
    if (register === REGISTER.reset && value === RESET) this.reset();
    if (register === REGISTER.humidity) this.registers[register] = value & 7;
    if (register !== REGISTER.measure) return;
    this.registers[register] = value;
    if (!FORCED.includes(value & 3)) return;
    this.readyAt = now + TAKES;
    this.registers[REGISTER.state] = 8;
  }

  /** What a measurement has led to, if its time is over. */
  private settle(now: number): void {
    if (this.isStuck || this.readyAt === undefined || now < this.readyAt) return;
    const control = this.registers[REGISTER.measure] as number;
    const raw = this.raw ?? this.measure(this.readyAt);
    this.readyAt = undefined;
    this.registers[REGISTER.state] = 0;
    this.registers[REGISTER.measure] = control & 0xfc;
    const isHumid = this.registers[REGISTER.id] === 0x60 && this.registers[REGISTER.humidity] !== 0;
    this.show({
      temperature: control >> 5 === 0 ? SKIPPED.temperature : raw.temperature,
      pressure: (control & 0x1c) === 0 ? SKIPPED.pressure : raw.pressure,
      humidity: isHumid ? raw.humidity : SKIPPED.humidity,
    });
  }

  private measure(now: number): RawWeather {
    const { temperature, pressure, humidity } = this.values;
    return rawWeather(
      {
        temperature: signalAt(temperature, now),
        pressure: signalAt(pressure, now) * 100,
        humidity: signalAt(humidity, now),
      },
      this.calibration,
    );
  }

  private show({ temperature, pressure, humidity }: RawWeather): void {
    const three = (value: number): number[] => [value >> 12, (value >> 4) & 255, (value & 15) << 4];
    this.registers.set([...three(pressure), ...three(temperature), humidity >> 8, humidity & 255], REGISTER.data);
  }

  private reset(): void {
    const { T, P, H } = this.calibration;
    const id = this.registers[REGISTER.id] as number;
    this.registers.fill(0);
    this.registers[REGISTER.id] = id;
    this.registers.set(
      [...T, ...P].flatMap((value) => [value & 255, (value >> 8) & 255]),
      REGISTER.calibration,
    );
    this.registers[REGISTER.h1] = H[0];
    this.registers.set(
      [
        H[1] & 255,
        (H[1] >> 8) & 255,
        H[2],
        (H[3] >> 4) & 255,
        (H[3] & 15) | ((H[4] & 15) << 4),
        (H[4] >> 4) & 255,
        H[5] & 255,
      ],
      REGISTER.high,
    );
    this.readyAt = undefined;
    this.show(SKIPPED);
  }
}
