/**
 * NeoPixel (WS2812B): any number of lights on one pin. Colours are texts such as "#ff8000". The strip is kept from taking more current than it may: what would be more
 * is made darker as a whole.
 */

export interface StripOptions {
  /** The most that all of it may take, in milliamperes; 500 unless told otherwise, which is what USB gives. */
  milliamps?: number;
  /** In which order the lights take their colours; "grb" unless told otherwise. */
  order?: string;
}

/** One colour of one light, at its brightest, in milliamperes. Source: data sheet of the WS2812B. */
const MILLIAMPS_EACH = 20;
/** A light that is dark, in milliamperes. Source: measured by others; the data sheet is silent. */
const MILLIAMPS_DARK = 1;
const COLOUR = /^#[0-9a-fA-F]+$/;
const COLOUR_CHARS = 7;

export class Strip {
  readonly count: number;
  /** What it takes, in milliamperes, as far as that can be computed. */
  milliamps: number;
  private pin: Pin;
  private wanted: Uint8Array;
  private milliampsMax: number;
  private places: number[];

  constructor(pin: Pin, count: number, options: StripOptions) {
    this.count = count;
    this.milliamps = 0;
    this.pin = pin;
    this.wanted = new Uint8Array(count * 3);
    this.milliampsMax = options.milliamps ?? 500;
    const order = options.order ?? "grb";
    this.places = [order.indexOf("r"), order.indexOf("g"), order.indexOf("b")];
  }

  /** All lights in one colour, at once. Answers the colour. Throws if it is none. */
  fill(colour: unknown): string {
    const parts = this.parts(colour);
    for (let at = 0; at < this.count; at++) this.put(at, parts);
    this.show();
    return colour as string;
  }

  /** One light, from 0 on; to be seen after `show`. Throws if it is not a colour, or there is no such light. */
  set(at: number, colour: unknown): void {
    if (!(at >= 0 && at < this.count)) throw new Error("there are lights 0 to " + (this.count - 1));
    this.put(at, this.parts(colour));
  }

  /** Sends the colours to the strip: 30 us for each light, in which nothing else runs. */
  show(): void {
    let sum = 0;
    for (let at = 0; at < this.wanted.length; at++) sum += this.wanted[at] as number;
    const dark = this.count * MILLIAMPS_DARK;
    const light = (sum * MILLIAMPS_EACH) / 255;
    const room = this.milliampsMax > dark ? this.milliampsMax - dark : 0;
    let shown = this.wanted;
    this.milliamps = Math.round(dark + light);
    if (light > room) {
      const part = room / light;
      shown = this.wanted.map((byte) => Math.floor(byte * part));
      this.milliamps = Math.round(dark + room);
    }
    require("neopixel").write(this.pin, shown);
  }

  private put(at: number, parts: number[]): void {
    for (let one = 0; one < 3; one++) this.wanted[at * 3 + (this.places[one] as number)] = parts[one] as number;
  }

  private parts(colour: unknown): number[] {
    if (typeof colour !== "string" || colour.length !== COLOUR_CHARS || !COLOUR.test(colour)) {
      throw new Error("a colour is wanted, such as #ff8000");
    }
    const bits = parseInt(colour.substr(1), 16);
    return [bits >> 16, (bits >> 8) & 255, bits & 255];
  }
}
