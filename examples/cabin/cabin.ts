/**
 * A program to start from: a lamp to switch, a thermostat to set, and the temperature that follows it. There is no sensor and no relay in it:
 * where a room is made up, read a pin and write one.
 */
import { node } from "sapline";

const cabin = node();
let target = 20;
let celsius = 17;

const lamp = cabin.entity("lamp", { type: "boolean", class: "switch", act: (on) => on });
const thermostat = cabin.entity("thermostat.target", { type: "number", unit: "°C", set: (value) => (target = value) });
cabin.entity("temperature", {
  unit: "°C",
  class: "temperature",
  every: 2000,
  read: () => {
    celsius += (target - celsius) * 0.1 + Math.random() * 0.2 - 0.1;
    return Math.round(celsius * 10) / 10;
  },
});
lamp.update(false);
thermostat.update(target);
