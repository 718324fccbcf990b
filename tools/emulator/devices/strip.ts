/** A strip of NeoPixels: takes bytes, in the order green, red, blue, and says what it shows. */
import type { Device, Wire } from "./device.ts";

export class EmulatedStrip implements Device {
  readonly pin: string;
  /** What is shown, as "#rrggbb", one for each light. */
  shown: string[];

  constructor(pin: string, count: number) {
    this.pin = pin;
    this.shown = Array.from({ length: count }, () => "#000000");
  }

  /** Bytes beyond the last light leave the strip at its end; lights beyond the last byte stay as they are. */
  lights(bytes: Uint8Array, wire: Wire): void {
    const before = this.shown.join();
    this.shown = this.shown.map((colour, at) => {
      if (at * 3 + 2 >= bytes.length) return colour;
      const [green = 0, red = 0, blue = 0] = bytes.subarray(at * 3, at * 3 + 3);
      return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
    });
    if (this.shown.join() !== before) wire.say(`${this.pin}: ${[...new Set(this.shown)].join(" ")}`);
  }
}
