/** A battery through two resistors on D34. Its page: docs/drivers/battery.md. */
import { node } from "sapline";
import { Battery } from "./battery.ts";

const gate = node();
const battery = new Battery(D34, { upper: 100_000, lower: 100_000 }, (text) => gate.log(text));
gate.entity("battery", { unit: "V", class: "battery", every: 60_000, deadband: 0.02, read: () => battery.read() });
gate.entity("battery.faults", { every: 60_000, deadband: 0, read: () => battery.faults });
