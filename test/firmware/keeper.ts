/**
 * A leaf whose power is cut all the time: it says the time as a number, and prints each that was taken as `made NUMBER`. So no number comes twice in any of its
 * lives; a count of lives in Storage would not do, for a cut while it is written loses it.
 */
import { node } from "sapline";

const keeper = node("keeper");
const count = keeper.entity("count");

function make(): void {
  setTimeout(make, 20);
  const number = Math.floor(Date.now());
  if (count.update(number)) console.log("made " + number);
}

make();
