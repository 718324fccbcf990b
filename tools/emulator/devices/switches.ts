/** What is on or off at a pin: a button or contact, which bounces as a cheap one does, and a lamp or relay, which says when it is switched. */
import type { Device, Level, Wire } from "./device.ts";

/** Microseconds between the bounces of a contact. Chosen: within what data sheets of buttons call usual, 5 ms in all. */
const BOUNCES = [0, 300, 500, 900, 1400, 3000, 5000];

export interface Presses {
  /** Milliseconds from one press to the next. */
  every: number;
  /** Milliseconds that each lasts. */
  lasts: number;
}

export class EmulatedButton implements Device {
  readonly pin: string;
  private readonly pressedLevel: Level;
  private readonly presses: Presses | undefined;
  private isPressed = false;
  private wire: Wire | undefined;

  /** With `isPressedHigh` it connects the pin with 3.3 V and has a resistor to ground; otherwise it connects the pin with ground. */
  constructor(pin: string, presses?: Presses, isPressedHigh = false) {
    this.pin = pin;
    this.presses = presses;
    this.pressedLevel = isPressedHigh ? 1 : 0;
  }

  plug(wire: Wire): void {
    this.wire = wire;
    const presses = this.presses;
    if (presses === undefined) return;
    const again = (): void => {
      wire.later(presses.every, again);
      this.press();
      wire.later(presses.lasts, () => this.release());
    };
    wire.later(presses.every, again);
  }

  level(): Level | undefined {
    if (this.isPressed) return this.pressedLevel;
    // Open: the pin's own pull-up, or the resistor to ground.
    return this.pressedLevel === 1 ? 0 : undefined;
  }

  press(): void {
    this.turn(true);
  }

  release(): void {
    this.turn(false);
  }

  private turn(isPressed: boolean): void {
    if (isPressed === this.isPressed) return;
    this.isPressed = isPressed;
    const [to, from]: [Level, Level] = (this.pressedLevel === 1) === isPressed ? [1, 0] : [0, 1];
    this.wire?.edges(BOUNCES.map((after, at) => ({ after, level: at % 2 === 0 ? to : from })));
  }
}

export class EmulatedLamp implements Device {
  readonly pin: string;
  /** Everything that it has been: 1 for on. */
  readonly history: Level[] = [];
  shortedTo: Level | undefined;
  private readonly onLevel: Level;

  constructor(pin: string, isOnLow = false) {
    this.pin = pin;
    this.onLevel = isOnLow ? 0 : 1;
  }

  driven(level: Level | undefined, wire: Wire): void {
    const isOn: Level = level === this.onLevel ? 1 : 0;
    if (this.history.at(-1) === isOn || (this.history.length === 0 && isOn === 0)) return;
    this.history.push(isOn);
    wire.say(`${this.pin}: ${isOn === 1 ? "on" : "off"}`);
  }
}
