/**
 * The voltage of a battery, through two resistors, on a pin with an analog converter (D32 to D39). The mean of a few measurements, since the converter is noisy.
 *
 * A voltage that the converter cannot tell from "too much", or that no connected battery has, is a fault and no reading.
 */
import type { Tell } from "./sensor.ts";

export interface BatteryOptions {
  /** From the battery to the pin, in ohms. */
  upper: number;
  /** From the pin to ground, in ohms. */
  lower: number;
  /** What the pin has to get for the most that can be measured, in volts; 3.3 unless told otherwise. Put right by measuring once with a meter: see docs/drivers/battery.md. */
  full?: number;
}

/** Chosen: a few milliseconds on the chip, and an eighth of the noise is gone. */
const SAMPLES = 8;
/** What analogRead gives for too much. */
const FULL = 4095 / 4096;
/** Less than that at the pin is no battery, in parts of the full scale. Chosen. */
const EMPTY = 0.02;

export class Battery {
  /** How many readings have failed since the start. */
  faults: number;
  /** Why the last one failed; "" if it did not. */
  fault: string;
  private pin: Pin;
  private tell: Tell;
  private volts: number;

  constructor(pin: Pin, options: BatteryOptions, tell: Tell) {
    this.faults = 0;
    this.fault = "";
    this.pin = pin;
    this.tell = tell;
    this.volts = ((options.full ?? 3.3) * (options.upper + options.lower)) / options.lower;
  }

  /** Volts of the battery, in hundredths; undefined if there is no telling. */
  read(): number | undefined {
    let sum = 0;
    let most = 0;
    for (let at = 0; at < SAMPLES; at++) {
      const sample = analogRead(this.pin);
      sum += sample;
      if (sample > most) most = sample;
    }
    const mean = sum / SAMPLES;
    if (!(mean >= 0)) return this.failed("this pin has no analog converter");
    if (most >= FULL) return this.failed("too much voltage for the pin: is the lower resistor connected?");
    if (mean < EMPTY) return this.failed("no voltage: is the battery connected?");
    if (this.fault !== "") this.say("works again");
    this.fault = "";
    return Math.round(mean * this.volts * 100) / 100;
  }

  private failed(why: string): undefined {
    this.faults += 1;
    if (why !== this.fault) this.say(why);
    this.fault = why;
    return undefined;
  }

  private say(text: string): void {
    this.tell("battery on " + this.pin + ": " + text);
  }
}
