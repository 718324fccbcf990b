/**
 * Espruino's pins and buses as the ESP32 has them, in our own words. Applications use them; the firmware itself touches no pin, so these names
 * are not in espruino.d.ts, which says what the build must not shorten.
 */

/** A pin of the chip. As a text it is its name: "D4". */
interface Pin {
  read(): boolean;
  write(value: boolean | number): void;
  mode(mode: PinMode): void;
}

/** "auto" lets digitalRead, digitalWrite and setWatch choose. */
type PinMode =
  | "analog"
  | "input"
  | "input_pullup"
  | "input_pulldown"
  | "output"
  | "opendrain"
  | "opendrain_pullup"
  | "auto";

/** The chip has no D24 and no D28 to D31; D6 to D11 belong to its flash; D34 to D39 are inputs without a pull-up. */
declare const D0: Pin;
declare const D1: Pin;
declare const D2: Pin;
declare const D3: Pin;
declare const D4: Pin;
declare const D5: Pin;
declare const D12: Pin;
declare const D13: Pin;
declare const D14: Pin;
declare const D15: Pin;
declare const D16: Pin;
declare const D17: Pin;
declare const D18: Pin;
declare const D19: Pin;
declare const D21: Pin;
declare const D22: Pin;
declare const D23: Pin;
declare const D25: Pin;
declare const D26: Pin;
declare const D27: Pin;
declare const D32: Pin;
declare const D33: Pin;
declare const D34: Pin;
declare const D35: Pin;
declare const D36: Pin;
declare const D37: Pin;
declare const D38: Pin;
declare const D39: Pin;

/** An edge. Times are in seconds, of getTime's clock; `lastTime` is that of the edge before, whichever way it went. */
interface PinEdge {
  readonly state: boolean;
  readonly time: number;
  readonly lastTime: number | undefined;
  readonly pin: Pin;
}

interface WatchOptions {
  /** false: the watch is over after one edge. */
  repeat?: boolean;
  edge?: "rising" | "falling" | "both";
  /** Milliseconds for which the pin has to be quiet before it counts. */
  debounce?: number;
}

declare function pinMode(pin: Pin, mode: PinMode): void;
declare function getPinMode(pin: Pin): PinMode;
/** The level that is on the pin; of an output too. */
declare function digitalRead(pin: Pin): number;
declare function digitalWrite(pin: Pin, value: boolean | number): void;
/** A pulse, or a train of them, in milliseconds. Returns at once. */
declare function digitalPulse(pin: Pin, value: boolean | number, wait: number | number[]): void;
/** 0 for no voltage up to 4095/4096 for the most that the converter can measure; NaN on a pin without a converter. */
declare function analogRead(pin: Pin): number;
/** On the ESP32 the pin becomes an input with a pull-up. undefined: this pin cannot be watched. */
declare function setWatch(action: (edge: PinEdge) => void, pin: Pin, options: WatchOptions): number | undefined;
declare function clearWatch(watch: number): void;

/** A OneWire bus on a pin. Each call blocks while its bits are on the wire: 70 us each. */
declare class OneWire {
  constructor(pin: Pin);
  /** True if a device has answered. */
  reset(): boolean;
  /** Resets, and speaks to the device with this address: 16 hex digits, the family first. */
  select(address: string): void;
  /** Speaks to all of them. */
  skip(): void;
  /** With `isPowered`, the wire is held high afterwards, for devices that feed on it. */
  write(bytes: number | number[], isPowered?: boolean): void;
  read(count: number): Uint8Array;
  /** The addresses of all devices. */
  search(): string[];
}

/** An I2C bus. Throws what went wrong, such as a device that does not answer. */
interface I2cBus {
  setup(options: { sda: Pin; scl: Pin; bitrate?: number }): void;
  writeTo(address: number, bytes: number | number[]): void;
  readFrom(address: number, count: number): Uint8Array;
}

declare const I2C1: I2cBus;
declare const I2C2: I2cBus;

/** Throws if there are no bytes, or their number is not a multiple of three. */
declare function require(name: "neopixel"): { write(pin: Pin, bytes: Uint8Array): void };
