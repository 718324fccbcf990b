/** A leaf that sleeps: each life reads once, and says which life it is. */
import { node } from "sapline";

const storage = require("Storage");
const life = Number(storage.read("life") || "0") + 1;
storage.write("life", String(life));
console.log("life " + life);
node("sleeper").entity("life", { every: 60_000, read: () => life });
