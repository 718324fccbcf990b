/** A DS18B20 on D5. Its page: docs/drivers/ds18b20.md. */
import { node } from "sapline";
import { ds18b20 } from "./ds18b20.ts";

const boiler = node();
const temperature = boiler.entity("temperature", { unit: "°C", class: "temperature" });
const sensor = ds18b20(new OneWire(D5), "", (text) => boiler.log(text));
boiler.entity("ds18b20.faults", { every: 60_000, deadband: 0, read: () => sensor.faults });
sensor.every(10_000, (degrees) => temperature.update(degrees));
