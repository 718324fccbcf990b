/**
 * A DHT22 on its wire, by the data sheet's times: it wants a low of 0.8 ms at least, answers 30 us after it is let go, and wants to be left alone for
 * two seconds. Not faithful: it measures when it is asked, where a real one tells what it measured the time before.
 */
import type { Device, Edge, Level, Wire } from "./device.ts";
import { type Signal, signalAt } from "./signal.ts";

const START_MIN = 0.8;
/** Source: data sheet, 2000; a PC's timers may be a little early. */
const REST_MIN = 1995;
/** Microseconds. Source: data sheet, typical values. */
const TIMES = { release: 30, answer: 80, low: 50, zero: 26, one: 70 };

export class EmulatedDht22 implements Device {
  readonly pin: string;
  /** The bytes of the next answers instead of what it measures: what was recorded, or nonsense. */
  answers: number[][] = [];
  /** It does not answer. */
  isSilent = false;
  /** Gets the times of an answer in microseconds, low and high by turns from the first low on, and returns what the wire shows. */
  disturb: (times: number[]) => number[] = (times) => times;
  private readonly temperature: Signal;
  private readonly humidity: Signal;
  private lowSince: number | undefined;
  private askedAt = -Infinity;

  constructor(pin: string, temperature: Signal, humidity: Signal) {
    this.pin = pin;
    this.temperature = temperature;
    this.humidity = humidity;
  }

  /** Its pull-up resistor. */
  level(): Level {
    return 1;
  }

  driven(level: Level | undefined, wire: Wire): void {
    const now = wire.now();
    if (level === 0) {
      this.lowSince ??= now;
      return;
    }
    const lowFor = this.lowSince === undefined ? 0 : now - this.lowSince;
    this.lowSince = undefined;
    if (level !== undefined || lowFor < START_MIN) return;
    const isRested = now - this.askedAt >= REST_MIN;
    this.askedAt = now;
    if (isRested && !this.isSilent) wire.edges(this.answer(this.answers.shift() ?? this.measure(now)));
  }

  private measure(now: number): number[] {
    const humidity = Math.round(signalAt(this.humidity, now) * 10);
    const degrees = Math.round(signalAt(this.temperature, now) * 10);
    const size = Math.abs(degrees) | (degrees < 0 ? 0x8000 : 0);
    const bytes = [humidity >> 8, humidity & 255, size >> 8, size & 255];
    return [...bytes, bytes.reduce((sum, byte) => sum + byte, 0) & 255];
  }

  private answer(bytes: readonly number[]): Edge[] {
    const bits = bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));
    const times = bits.flatMap((bit) => [TIMES.low, bit === 1 ? TIMES.one : TIMES.zero]);
    let after = TIMES.release;
    const edges: Edge[] = [];
    for (const [at, time] of this.disturb([TIMES.answer, TIMES.answer, ...times, TIMES.low]).entries()) {
      edges.push({ after, level: at % 2 === 0 ? 0 : 1 });
      after += time;
    }
    return [...edges, { after, level: 1 }];
  }
}
