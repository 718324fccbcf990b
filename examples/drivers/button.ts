/**
 * A button between a pin and ground, or anything else that opens and closes a contact: a door, a float. Its bouncing is not reported: a change counts when the
 * pin has been quiet for a while, with the time at which it became quiet.
 */

/** How long the pin has to be quiet, in milliseconds. Chosen: switches bounce for 1 to 10. */
const QUIET = 25;

export interface ButtonOptions {
  /** It connects the pin with 3.3 V instead, with a resistor to ground. */
  isPressedHigh?: boolean;
}

export class Button {
  isPressed: boolean;
  /** How often it has been pressed since the start. */
  presses: number;

  /** `onChange` gets each change, and for how many seconds it was the other way before; undefined before the first. Throws if the pin cannot be watched. */
  constructor(pin: Pin, options: ButtonOptions, onChange: (isPressed: boolean, before: number | undefined) => void) {
    const pressed = options.isPressedHigh === true;
    pinMode(pin, pressed ? "input" : "input_pullup");
    this.isPressed = digitalRead(pin) === (pressed ? 1 : 0);
    this.presses = 0;
    const watch = setWatch(
      (edge) => {
        const isPressed = edge.state === pressed;
        if (isPressed === this.isPressed) return;
        this.isPressed = isPressed;
        if (isPressed) this.presses += 1;
        onChange(isPressed, edge.lastTime === undefined ? undefined : edge.time - edge.lastTime);
      },
      pin,
      { edge: "both", repeat: true, debounce: QUIET },
    );
    if (watch === undefined) throw new Error(pin + " cannot be watched");
  }
}
