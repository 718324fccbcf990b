/** Eight NeoPixels on D15. Its page: docs/drivers/neopixel.md. */
import { node } from "sapline";
import { Strip } from "./neopixel.ts";

const shelf = node();
const strip = new Strip(D15, 8, { milliamps: 500 });
const colour = shelf.entity("colour", { type: "string", class: "light", set: (wanted) => strip.fill(wanted) });
shelf.entity("current", { unit: "mA", every: 10_000, deadband: 0, read: () => strip.milliamps });
colour.update(strip.fill("#000000"));
