/**
 * Espruino's buses over the devices at an emulated chip's pins: OneWire, I2C, and the neopixel library. Faithful: who is addressed and who answers, what is read where nobody does,
 * and the errors that the ESP32's I2C throws. Not faithful: they take no time.
 */
import type { Device, I2cDevice, OneWireDevice } from "./devices/device.ts";
import type { MakeError } from "./engine-net.ts";
import type { EnginePins } from "./engine-pins.ts";

export interface BusWorld {
  pins: EnginePins;
  devices: readonly Device[];
  makeError: MakeError;
  /** Milliseconds: the devices' clock. */
  now: () => number;
}

/** The bytes of a number, or of arrays of them. */
function bytesOf(given: readonly unknown[]): number[] {
  return given.flatMap((one) =>
    typeof one === "object" && one !== null ? bytesOf(Array.from(one as ArrayLike<unknown>)) : [Number(one) & 255],
  );
}

/** The class OneWire. */
export function oneWireClass({ pins, devices, makeError, now }: BusWorld): object {
  return class OneWire {
    private readonly pin: string;
    private selected: OneWireDevice[] = [];

    constructor(pin: unknown) {
      this.pin = String(pins.line(pin).pin);
    }

    reset(): boolean {
      return this.present().length > 0;
    }

    select(address: unknown): void {
      if (typeof address !== "string" || address.length !== 16) {
        throw makeError(`Invalid OneWire device address ${JSON.stringify(address)}`);
      }
      this.selected = this.present().filter((device) => device.rom.toUpperCase() === address.toUpperCase());
    }

    skip(): void {
      this.selected = this.present();
    }

    write(bytes: unknown): void {
      for (const byte of bytesOf([bytes])) for (const device of this.selected) device.write(byte, now());
    }

    /** What several say at once is what all of them leave high. */
    read(count?: number): number | Uint8Array {
      const one = (): number => this.selected.reduce((byte, device) => byte & (device.read(now()) ?? 255), 255);
      return count === undefined ? one() : Uint8Array.from({ length: count }, one);
    }

    search(): string[] {
      return this.present().map((device) => device.rom);
    }

    /** Those that answer a reset. */
    private present(): OneWireDevice[] {
      this.selected = [];
      const wired = devices.flatMap((device) => (device.pin === this.pin && device.oneWire ? [device.oneWire] : []));
      return wired.filter((device) => device.reset());
    }
  };
}

/** I2C1 and its like. */
export class EngineI2c {
  private readonly world: BusWorld;
  private pins: { sda: string; scl: string } | undefined;

  constructor(world: BusWorld) {
    this.world = world;
  }

  setup({ sda, scl }: { sda?: unknown; scl?: unknown } = {}): void {
    const { pins } = this.world;
    this.pins = { sda: String(pins.line(sda ?? "D21").pin), scl: String(pins.line(scl ?? "D22").pin) };
  }

  writeTo(address: number | { address: number }, ...data: unknown[]): void {
    const device = this.find(address, "jshI2CWrite");
    if (!device.write(bytesOf(data), this.world.now())) throw this.deaf("jshI2CWrite");
  }

  readFrom(address: number | { address: number }, count: number): Uint8Array {
    const bytes = this.find(address, "jshI2CRead").read(count, this.world.now());
    if (bytes === undefined) throw this.deaf("jshI2CRead");
    return Uint8Array.from(bytes);
  }

  readReg(address: number, register: number, count: number): Uint8Array {
    this.writeTo(address, register);
    return this.readFrom(address, count);
  }

  private find(given: number | { address: number }, caller: string): I2cDevice {
    if (this.pins === undefined) throw this.world.makeError(`${caller}:, unknown error code 259`);
    const { sda, scl } = this.pins;
    const address = typeof given === "number" ? given : given.address;
    const device = this.world.devices.find(
      ({ pin, i2c }) => pin === sda && i2c?.scl === scl && i2c.address === address,
    );
    if (device?.i2c === undefined) throw this.deaf(caller);
    return device.i2c;
  }

  private deaf(caller: string): unknown {
    return this.world.makeError(`${caller}: slave doesn't ACK the transfer`);
  }
}

/** What the program gets from require("neopixel"). */
export function neopixelLibrary({ pins, devices, makeError }: Omit<BusWorld, "now">): object {
  return {
    write: (pin: unknown, data: unknown) => {
      const line = pins.line(pin);
      const bytes = bytesOf([data]);
      if (bytes.length === 0) throw makeError("Data must be a non empty array");
      if (bytes.length % 3 !== 0) throw makeError("Data length must be a multiple of 3 (RGB)");
      for (const device of devices) {
        if (device.pin === String(line.pin)) device.lights?.(Uint8Array.from(bytes), line.wire);
      }
    },
  };
}
