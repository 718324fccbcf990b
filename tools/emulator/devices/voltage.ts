/** A voltage at a pin with an analog converter, such as a battery's between two resistors. */
import type { Device } from "./device.ts";
import { type Signal, signalAt } from "./signal.ts";

export class EmulatedVoltage implements Device {
  readonly pin: string;
  /** What the signal is divided by on its way to the pin. */
  private readonly divider: number;
  private readonly signal: Signal;

  constructor(pin: string, signal: Signal, divider = 1) {
    this.pin = pin;
    this.signal = signal;
    this.divider = divider;
  }

  volts(now: number): number {
    return signalAt(this.signal, now) / this.divider;
  }
}
