/**
 * A DS18B20: its address, its scratchpad with checksum, and a conversion that takes as long as the data sheet allows. Until one is done it says 85 degrees, as after
 * power-on. Not faithful: no alarms, and nothing is kept in its EEPROM.
 */
import type { Device, OneWireDevice } from "./device.ts";
import { type Signal, signalAt } from "./signal.ts";

const CONVERT = 0x44;
const READ = 0xbe;
const WRITE = 0x4e;
/** Milliseconds at twelve bits; half of it for each bit less. Source: data sheet, 750 at most; a PC's timers may be a little early. */
const CONVERSION = 745;
const POWER_ON = [0x50, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10];

/** The checksum of OneWire, bit by bit. */
export function dallasSum(bytes: readonly number[]): number {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >> 1) ^ 0x8c : sum >> 1;
  }
  return sum;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

/** The address of a sensor with this serial number, as Espruino writes it: family, serial number from its lowest byte on, checksum. */
export function romOf(serial: number): string {
  const bytes = [0x28, serial & 255, (serial >> 8) & 255, (serial >> 16) & 255, serial >>> 24, 0, 0];
  return [...bytes, dallasSum(bytes)].map(hex).join("");
}

export class EmulatedDs18b20 implements Device, OneWireDevice {
  readonly pin: string;
  readonly rom: string;
  /** The scratchpads of the next readings, instead of its own: what was recorded, or nonsense. */
  scratchpads: number[][] = [];
  /** It does not answer. */
  isSilent = false;
  private readonly temperature: Signal;
  private scratchpad = POWER_ON;
  private readyAt: number | undefined;
  private command = 0;
  private written: number[] = [];
  private unread: number[] = [];

  constructor(pin: string, temperature: Signal, rom = romOf(0x05abb69d)) {
    this.pin = pin;
    this.rom = rom;
    this.temperature = temperature;
  }

  get oneWire(): OneWireDevice {
    return this;
  }

  /** Its supply is gone for a moment: what it was converting is lost. */
  losePower(): void {
    this.scratchpad = POWER_ON;
    this.readyAt = undefined;
  }

  reset(): boolean {
    this.command = 0;
    this.written = [];
    this.unread = [];
    return !this.isSilent;
  }

  write(byte: number, now: number): void {
    if (this.isSilent) return;
    if (this.command === WRITE && this.written.length < 3) {
      this.written.push(byte);
      if (this.written.length < 3) return;
      const [high = 0, low = 0, configuration = 0] = this.written;
      this.scratchpad = [...this.scratchpad.slice(0, 2), high, low, (configuration & 0x60) | 0x1f, 0xff, 0x0c, 0x10];
      return;
    }
    this.command = byte;
    if (byte === CONVERT) this.readyAt = now + this.conversion();
    if (byte === READ) this.unread = this.scratchpads.shift() ?? this.held(now);
  }

  read(now: number): number | undefined {
    if (this.isSilent) return undefined;
    if (this.command === CONVERT) return this.readyAt !== undefined && now < this.readyAt ? 0 : 255;
    return this.unread.shift();
  }

  private unusedBits(): number {
    return 3 - (((this.scratchpad[4] as number) >> 5) & 3);
  }

  private conversion(): number {
    return CONVERSION / 2 ** this.unusedBits();
  }

  private held(now: number): number[] {
    if (this.readyAt !== undefined && now >= this.readyAt) {
      const raw = Math.round(signalAt(this.temperature, this.readyAt) * 16) & (0xffff << this.unusedBits()) & 0xffff;
      this.scratchpad = [raw & 255, raw >> 8, ...this.scratchpad.slice(2, 6), 16 - (raw & 15), 0x10];
      this.readyAt = undefined;
    }
    return [...this.scratchpad, dallasSum(this.scratchpad)];
  }
}
