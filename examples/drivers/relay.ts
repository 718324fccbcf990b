/**
 * A relay, a lamp, anything that a pin switches on and off. It is off from the start, without a flicker. Whether the pin has followed is read back from
 * it: one that is shorted is an error, which the tree's action gets for an answer.
 */

export interface RelayOptions {
  /** The module switches on when its pin is low, as most relay modules do. */
  isOnLow?: boolean;
  /** It switches itself off after this, in milliseconds: for pumps and heaters, should nobody be there to do it. */
  offAfter?: number;
}

export class Relay {
  isOn: boolean;
  /** Called when it has switched itself off. */
  onOff: () => void;
  private pin: Pin;
  private onLevel: number;
  private offAfter: number;
  private timer: number;

  constructor(pin: Pin, options: RelayOptions) {
    this.isOn = false;
    this.onOff = () => {};
    this.pin = pin;
    this.onLevel = options.isOnLow === true ? 0 : 1;
    this.offAfter = options.offAfter ?? 0;
    this.timer = 0;
    // The level first, then the mode: the pin never shows the other one.
    digitalWrite(pin, 1 - this.onLevel);
    pinMode(pin, "output");
  }

  /** Switches, and answers what it is then. Throws if it is not told true or false, or the pin does not follow. */
  set(isOn: unknown): boolean {
    if (typeof isOn !== "boolean") throw new Error("true or false is wanted");
    if (this.timer !== 0) clearTimeout(this.timer);
    this.timer = 0;
    const level = isOn ? this.onLevel : 1 - this.onLevel;
    digitalWrite(this.pin, level);
    if (digitalRead(this.pin) !== level) {
      digitalWrite(this.pin, 1 - this.onLevel);
      this.isOn = false;
      throw new Error(this.pin + " does not follow: is it shorted?");
    }
    this.isOn = isOn;
    if (isOn && this.offAfter > 0) {
      this.timer = setTimeout(() => {
        this.timer = 0;
        this.set(false);
        this.onOff();
      }, this.offAfter);
    }
    return isOn;
  }
}
