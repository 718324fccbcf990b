/**
 * The devices of an emulated chip as a file describes them: a list of objects, each with `kind`, `pin`, and what its kind needs. A mistake is
 * answered with a sentence that says what to write.
 */
import { EmulatedBme280 } from "./bme280.ts";
import { RECORDED_CALIBRATION } from "./bme280-formulas.ts";
import type { Device } from "./device.ts";
import { EmulatedDht22 } from "./dht22.ts";
import { EmulatedDs18b20 } from "./ds18b20.ts";
import { type Signal, signalFrom } from "./signal.ts";
import { EmulatedStrip } from "./strip.ts";
import { EmulatedButton, EmulatedLamp } from "./switches.ts";
import { EmulatedVoltage } from "./voltage.ts";

const PIN = /^D([0-9]|1[0-9]|2[0-3]|2[5-7]|3[2-9])$/;
const ROM = /^28[0-9A-Fa-f]{14}$/;

/** One described device. Each method answers a value, or throws what is wrong with it. */
class Description {
  readonly kind: string;
  private readonly given: { [name: string]: unknown };

  constructor(given: unknown, at: number) {
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw new Error(`device ${at + 1} must be an object`);
    this.given = given as { [name: string]: unknown };
    this.kind = String(this.given["kind"]);
  }

  fault(name: string, wanted: string): Error {
    return new Error(`device "${this.kind}": ${name} must be ${wanted}`);
  }

  pin(name: string, usual?: string): string {
    const pin = this.given[name] ?? usual;
    if (typeof pin !== "string" || !PIN.test(pin)) throw this.fault(name, 'a pin of the chip, such as "D4"');
    return pin;
  }

  signal(name: string, usual: number): Signal {
    const signal = signalFrom(this.given[name] ?? usual);
    if (signal === undefined)
      throw this.fault(name, 'a number, {"between": [low, high], "every": ms} or {"values": [...], "every": ms}');
    return signal;
  }

  number(name: string, usual: number): number {
    const value = this.given[name] ?? usual;
    if (typeof value !== "number" || !(value >= 0)) throw this.fault(name, "a number");
    return value;
  }

  flag(name: string): boolean {
    const value = this.given[name] ?? false;
    if (typeof value !== "boolean") throw this.fault(name, "true or false");
    return value;
  }

  rom(): string | undefined {
    const rom = this.given["rom"];
    if (rom === undefined || (typeof rom === "string" && ROM.test(rom))) return rom;
    throw this.fault("rom", "16 hex digits that begin with 28");
  }
}

const KINDS: { [kind: string]: (device: Description) => Device } = {
  dht22: (d) => new EmulatedDht22(d.pin("pin"), d.signal("temperature", 21), d.signal("humidity", 50)),
  ds18b20: (d) => new EmulatedDs18b20(d.pin("pin"), d.signal("temperature", 21), d.rom()),
  bme280: (d) => bme280(d, 0x60),
  bmp280: (d) => bme280(d, 0x58),
  button: (d) => {
    const every = d.number("every", 0);
    return new EmulatedButton(
      d.pin("pin"),
      every === 0 ? undefined : { every, lasts: d.number("lasts", 200) },
      d.flag("isPressedHigh"),
    );
  },
  lamp: (d) => new EmulatedLamp(d.pin("pin"), d.flag("isOnLow")),
  strip: (d) => new EmulatedStrip(d.pin("pin"), d.number("count", 8)),
  voltage: (d) => new EmulatedVoltage(d.pin("pin"), d.signal("volts", 3.7), d.number("divider", 1)),
};

function bme280(d: Description, id: number): Device {
  const pins = { sda: d.pin("sda", "D21"), scl: d.pin("scl", "D22"), address: d.number("address", 0x76) };
  const values = {
    temperature: d.signal("temperature", 21),
    pressure: d.signal("pressure", 1013),
    humidity: d.signal("humidity", 50),
  };
  return new EmulatedBme280(pins, values, RECORDED_CALIBRATION, id);
}

/** Makes them. Throws a sentence about the first mistake. */
export function devicesFrom(given: unknown): Device[] {
  if (!Array.isArray(given)) throw new Error('devices must be a list, such as [{"kind": "dht22", "pin": "D4"}]');
  return given.map((one, at) => {
    const description = new Description(one, at);
    const make = Object.hasOwn(KINDS, description.kind) ? KINDS[description.kind] : undefined;
    if (make === undefined) throw new Error(`device ${at + 1}: kind must be one of ${Object.keys(KINDS).join(", ")}`);
    return make(description);
  });
}
