/**
 * DS18B20: temperature, any number of sensors on one wire. We ask for a conversion, wait as long as the slowest takes, and read the nine bytes of the
 * scratchpad, of which the last is a checksum.
 *
 * What a broken wire (all ones), a short (all zeroes) and a sensor that has lost its power meanwhile (85 degrees) give is a fault and no reading.
 */
import { Sensor, type Tell } from "./sensor.ts";

/** The longest conversion, of 12 bits, in milliseconds. Source: data sheet. */
const CONVERSION = 750;
const FAMILY = "28";
const CONVERT = 0x44;
const READ_SCRATCHPAD = 0xbe;
const SCRATCHPAD_BYTES = 9;
/** The temperature after power-on, before any conversion: 85 degrees. */
const POWER_ON = 0x0550;
/** What byte 6 is after a conversion that gives 85 degrees. (After power-on it is 12; in copies of the chip anything.) */
const CONVERTED_85 = 16;

/** The sum over four bits, of the polynomial x^8 + x^5 + x^4 + 1: by halves of bytes, since each step is felt on the chip. */
const SUMS = [0, 157, 35, 190, 70, 219, 101, 248, 140, 17, 175, 50, 202, 87, 233, 116];

/** The checksum of OneWire over the first `count` bytes. */
export function oneWireSum(bytes: ArrayLike<number>, count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at++) {
    sum ^= bytes[at] as number;
    sum = (sum >> 4) ^ (SUMS[sum & 15] as number);
    sum = (sum >> 4) ^ (SUMS[sum & 15] as number);
  }
  return sum;
}

/** Degrees Celsius that a scratchpad holds; or why it holds none. */
export function decodeScratchpad(bytes: ArrayLike<number>): number | string {
  let highs = 0;
  for (let at = 0; at < SCRATCHPAD_BYTES; at++) if (bytes[at] === 255) highs += 1;
  if (highs === SCRATCHPAD_BYTES) return "no answer";
  if (oneWireSum(bytes, SCRATCHPAD_BYTES - 1) !== bytes[SCRATCHPAD_BYTES - 1]) return "checksum is wrong";
  const configuration = bytes[4] as number;
  if ((configuration & 0x9f) !== 0x1f) return "not the answer of a DS18B20: is the wire shorted?";
  const raw = (bytes[0] as number) | ((bytes[1] as number) << 8);
  if (raw === POWER_ON && bytes[6] !== CONVERTED_85) return "lost its power while measuring";
  // With fewer bits than twelve, the lowest mean nothing.
  const unused = 3 - ((configuration >> 5) & 3);
  const degrees = (((raw & 0x8000 ? raw - 0x10000 : raw) >> unused) << unused) / 16;
  return degrees < -55 || degrees > 125 ? "not the answer of a DS18B20" : degrees;
}

/** The addresses of the DS18B20 on a wire, in the order of the search. */
export function findDs18b20(wire: OneWire): string[] {
  return wire.search().filter((address) => address.substr(0, 2) === FAMILY);
}

/** The DS18B20 with this address on a wire; with "", the first that is found. See Sensor for what `tell` hears. */
export function ds18b20(wire: OneWire, address: string, tell: Tell): Sensor<number> {
  let found = address;
  return new Sensor<number>("DS18B20" + (address === "" ? "" : " " + address), 0, tell, (measurement) => {
    if (found === "") found = findDs18b20(wire)[0] ?? "";
    if (found === "" || !wire.reset()) {
      found = address;
      measurement.failed("nothing on the wire");
      return;
    }
    wire.select(found);
    // The wire stays high meanwhile, for a sensor that feeds on it.
    wire.write(CONVERT, true);
    measurement.later(CONVERSION, () => {
      wire.select(found);
      wire.write(READ_SCRATCHPAD);
      const degrees = decodeScratchpad(wire.read(SCRATCHPAD_BYTES));
      if (typeof degrees === "number") measurement.done(degrees);
      else {
        // Another sensor may be there by the next time.
        found = address;
        measurement.failed(degrees);
      }
    });
  });
}
