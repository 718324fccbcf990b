/** A program of somebody's own, as the tests of the node API run it everywhere. */
import { node } from "sapline";

const kitchen = node("kitchen");
let readings = 0;
let isOn = false;

kitchen.entity("temperature", {
  unit: "°C",
  class: "temperature",
  every: 100,
  read: () => {
    readings += 1;
    return readings < 4 ? 20 + readings : undefined;
  },
});
kitchen.entity("steady", { every: 50, deadband: 0.5, read: () => 7 + (readings % 2) * 0.4 });
kitchen.entity("broken", {
  every: 50,
  read: () => {
    throw new Error("no sensor");
  },
});
kitchen.entity("nonsense", { every: 50, read: () => 0 / 0 });
const lamp = kitchen.entity("lamp", {
  type: "boolean",
  class: "switch",
  act: (on) => {
    isOn = on;
    return isOn;
  },
});
kitchen.entity("fan", { type: ["off", "low", "high"], act: (speed) => (speed === "low" ? "lüftet" : undefined) });
kitchen.entity("stuck", {
  act: () => {
    throw new Error("the relay is stuck");
  },
});
kitchen.entity("target", { type: "number", unit: "°C", set: (value) => Math.min(value, 25) });
kitchen.entity("fussy", {
  set: () => {
    throw new Error("never");
  },
});
kitchen.onRootUp(() => {
  kitchen.log("größer");
  kitchen.flush();
  if (kitchen.isRootUp()) console.log("root up, " + kitchen.id);
});
kitchen.onRootDown((reason) => console.log("root down: " + reason));
lamp.update(isOn);
kitchen.update("loose", [1, "é"]);
kitchen.emit({ type: "rang", times: 2 });
console.log("at once: " + lamp.update(0 / 0) + " " + lamp.eid);
