/** A leaf whose power is cut all the time: each life counts, and prints each number that was taken, and when by its own clock: `made NUMBER MILLISECONDS`. */
import { node } from "sapline";

const storage = require("Storage");
const life = Number(storage.read("life") || "0") + 1;
storage.write("life", String(life));

const keeper = node("keeper");
const count = keeper.entity("count");
let seq = 0;

function make(): void {
  setTimeout(make, 20);
  if (count.update(life * 100000 + seq + 1)) {
    seq += 1;
    console.log("made " + (life * 100000 + seq) + " " + Date.now());
  }
}

make();
