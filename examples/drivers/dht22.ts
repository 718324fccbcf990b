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
/** One for the start of the answer, one for the first bit's beginning, one for the end of each bit. */
const FALLS = 42;
/** Between the longest 0 (85 us, after a byte 92 us) and the shortest 1 (116 us), in seconds. Source: data sheet, and recorded answers. */
const ONE_FROM = 0.000104;
/** No bit is shorter or longer, in seconds: an edge was lost or made up. Chosen. */
const BIT_MIN = 0.00005;
const BIT_MAX = 0.00018;

/** What an answer says, from the times of its falling edges in seconds; or why it says nothing. */
export function decodeDht22(falls: readonly number[]): Climate | string {
  if (falls.length < 2) return "no answer";
  // The first edge is missing where the engine began to watch late. It says nothing.
  const first = falls.length - FALLS + 1;
  if (first < 0 || first > 1) return "broken answer: " + falls.length + " edges of " + FALLS;
  const bytes = [0, 0, 0, 0, 0];
  for (let at = 0; at < 40; at++) {
    const took = (falls[first + at + 1] as number) - (falls[first + at] as number);
    if (took < BIT_MIN || took > BIT_MAX) return "broken answer: bit " + at + " took " + Math.round(took * 1e6) + " us";
    const byte = at >> 3;
    bytes[byte] = ((bytes[byte] as number) << 1) | (took > ONE_FROM ? 1 : 0);
  }
  const sum = (bytes[0] as number) + (bytes[1] as number) + (bytes[2] as number) + (bytes[3] as number);
  if ((sum & 255) !== bytes[4]) return "checksum is wrong";
  const size = (((bytes[2] as number) & 127) << 8) | (bytes[3] as number);
  const temperature = ((bytes[2] as number) & 128 ? -size : size) / 10;
  const humidity = (((bytes[0] as number) << 8) | (bytes[1] as number)) / 10;
  // A line that is held down gives nothing but zeroes, and they add up.
  if (sum === 0 || humidity > 100 || temperature < -40 || temperature > 80) return "not the answer of a DHT22";
  return { temperature: temperature, humidity: humidity };
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
