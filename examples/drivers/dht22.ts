/**
 * DHT22 (AM2302): temperature and relative humidity on one wire. We hold the line low for a moment and let go; the sensor answers with 40 bits, each a
 * low of 50 us and a high of 27 us (a 0) or 70 us (a 1). The engine notes the time of each falling edge; from one to the next a 0 takes 77 us, a 1 120 us.
 *
 * An answer that is short, that does not add up, or that no DHT22 can give, is a fault and no reading.
 */
import { Sensor, type Tell } from "./sensor.ts";

export interface Climate {
  /** Degrees Celsius, in tenths. */
  temperature: number;
  /** Percent, in tenths. */
  humidity: number;
}

/** How often it can be asked, in milliseconds; as long it is unsure after power-on. Source: data sheet, 2 s. */
const REST = 2000;
/** How long the line is held low, in milliseconds. Source: data sheet, 0.8 to 20 ms. */
const START_LOW = 2;
/** When the answer, of 5 ms, has surely come and its edges are out of the engine's queue, in milliseconds. Chosen. */
const ANSWER_WITHIN = 30;
/** Humidity, temperature and checksum. */
const BITS = 40;
/** One for the start of the answer, one for the first bit's beginning, one for the end of each bit. */
const FALLS = 42;
/** Between the longest 0 (85 us, after a byte 92 us) and the shortest 1 (116 us), in seconds. Source: data sheet, and recorded answers. */
const ONE_FROM = 0.000104;
/** No bit is shorter or longer, in seconds: an edge was lost or made up. Chosen. */
const BIT_MIN = 0.00005;
const BIT_MAX = 0.00018;

function oddBit(number: number, took: number): string {
  return "broken answer: bit " + number + " took " + Math.round(took * 1e6) + " us";
}

/** What an answer says, from the times of its falling edges in seconds; or why it says nothing. */
export function decodeDht22(falls: readonly number[]): Climate | string {
  if (falls.length < 2) return "no answer";
  // The first edge is missing where the engine began to watch late. It says nothing.
  const first = falls.length - BITS - 1;
  if (first < 0 || first > 1) return "broken answer: " + falls.length + " edges of " + FALLS;
  // All bits in one number: a loop like this one is felt on the chip, and up to 2^53 numbers are exact.
  let bits = 0;
  let last = falls[first] as number;
  for (let at = first + 1; at < falls.length; at++) {
    const fall = falls[at] as number;
    const took = fall - last;
    if (took < BIT_MIN || took > BIT_MAX) return oddBit(at - first, took);
    last = fall;
    bits += bits;
    if (took > ONE_FROM) bits += 1;
  }
  // By division: the chip's bit operators have 32 bits.
  const above = Math.floor(bits / 0x100);
  const humid = Math.floor(above / 0x10000);
  const warm = above - humid * 0x10000;
  const sum = (humid >> 8) + (humid & 255) + (warm >> 8) + (warm & 255);
  if ((sum & 255) !== bits - above * 0x100) return "checksum is wrong";
  const temperature = (warm & 0x8000 ? -(warm & 0x7fff) : warm) / 10;
  // A line that is held down gives nothing but zeroes, and they add up.
  if (sum === 0 || humid > 1000 || temperature < -40 || temperature > 80) return "not the answer of a DHT22";
  return { temperature: temperature, humidity: humid / 10 };
}

/** A DHT22 on a pin. See Sensor for what `tell` hears. */
export function dht22(pin: Pin, tell: Tell): Sensor<Climate> {
  return new Sensor<Climate>("DHT22 on " + pin, REST, tell, (measurement) => {
    const falls: number[] = [];
    digitalWrite(pin, 0);
    pinMode(pin, "output");
    measurement.later(START_LOW, () => {
      // First the watch: on the ESP32 it lets go of the line, and the answer comes 20 us later, before another statement is read.
      const watch = setWatch(
        (edge) => {
          // One more than can be of use, so that noise has no end in memory.
          if (falls.length <= FALLS) falls.push(edge.time);
        },
        pin,
        { edge: "falling", repeat: true },
      );
      pinMode(pin, "input_pullup");
      measurement.later(ANSWER_WITHIN, () => {
        if (watch === undefined) {
          measurement.failed("this pin cannot be watched");
          return;
        }
        clearWatch(watch);
        const answer = decodeDht22(falls);
        if (typeof answer === "string") measurement.failed(answer);
        else measurement.done(answer);
      });
    });
  });
}
