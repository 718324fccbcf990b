/**
 * What can be wired to an emulated chip's pins. A device is made once, and lives on while the chip restarts, as a real one does; each start of the chip
 * plugs it in anew. It has those of the parts below that it needs.
 */

export type Level = 0 | 1;

/** A level that a device puts on its pin, so many microseconds from now. */
export interface Edge {
  after: number;
  level: Level;
}

/** The chip's side of a device's pin. */
export interface Wire {
  /** Milliseconds; the same clock for all devices, which never goes back. */
  now(): number;
  /** The device's level changes in this way, from now on; its `level` must answer with the last of them at once. */
  edges(edges: readonly Edge[]): void;
  /** Calls `action` after so many milliseconds, unless the chip ends first. */
  later(wait: number, action: () => void): void;
  /** Says something to the person at the emulator. */
  say(text: string): void;
}

/** A device on a OneWire bus, spoken to by bytes. */
export interface OneWireDevice {
  /** 16 hex digits, as the search gives them. */
  readonly rom: string;
  /** False if it does not answer. */
  reset(): boolean;
  write(byte: number, now: number): void;
  /** Undefined if it says nothing: the wire stays high. */
  read(now: number): number | undefined;
}

/** A device on an I2C bus. */
export interface I2cDevice {
  readonly scl: string;
  readonly address: number;
  /** False if it does not acknowledge. */
  write(bytes: readonly number[], now: number): boolean;
  /** Undefined if it does not acknowledge. */
  read(count: number, now: number): number[] | undefined;
}

export interface Device {
  /** Its pin, such as "D4"; SDA of a device on I2C. */
  readonly pin: string;
  /** The chip has started. What it still had to do for the last start is forgotten. */
  plug?(wire: Wire): void;
  /** What it puts on its pin now, for want of anything stronger; a 0 is stronger than a 1. Undefined if nothing. */
  level?(): Level | undefined;
  /** What holds the pin, whatever the chip wants. */
  shortedTo?: Level | undefined;
  /** What the chip puts on the pin has changed; undefined: it has let go. */
  driven?(level: Level | undefined, wire: Wire): void;
  /** Volts at the pin. */
  volts?(now: number): number;
  readonly oneWire?: OneWireDevice;
  readonly i2c?: I2cDevice;
  /** Three bytes for each light. */
  lights?(bytes: Uint8Array, wire: Wire): void;
}
