/** `node` of "sapline", for those who run a program of the chip with Node.js. */
import { Trouble } from "./trouble.ts";

/** Always throws: there is no board here. */
export function node(): never {
  throw new Trouble(
    "this is a program of the chip: `sapline dev` runs it on this PC, and `sapline build` makes it for a board",
  );
}
