/** A program that goes wrong in each of its lives in another way: `stumbles` in Storage says how. */
import { node } from "sapline";

const storage = require("Storage");
const life = Number(storage.read("life") || "0") + 1;
storage.write("life", String(life));
const how = (storage.read("stumbles") || "").split(" ")[life - 1];
console.log("life " + life + ": " + how);

const stumbler = node("stumbler");
stumbler.entity("life").update(life);

function deeper(): number {
  return 1 + deeper();
}

setTimeout(() => {
  if (how === "throws") throw new Error("no such pin");
  if (how === "recurses") deeper();
  // As a program might that clears what is not its own.
  if (how === "stops") for (let timer = 1; timer < 200; timer++) clearTimeout(timer);
}, 200);
