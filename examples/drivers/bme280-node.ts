/** A BME280 on D21 and D22. Its page: docs/drivers/bme280.md. */
import { node } from "sapline";
import { bme280 } from "./bme280.ts";

const attic = node();
I2C1.setup({ sda: D21, scl: D22 });
const sensor = bme280(I2C1, 0x76, (text) => attic.log(text));
const temperature = attic.entity("temperature", { unit: "°C", class: "temperature" });
const pressure = attic.entity("pressure", { unit: "hPa", class: "pressure" });
const humidity = attic.entity("humidity", { unit: "%", class: "humidity" });
attic.entity("bme280.faults", { every: 60_000, deadband: 0, read: () => sensor.faults });
sensor.every(10_000, (reading) => {
  temperature.update(reading.temperature);
  pressure.update(reading.pressure);
  humidity.update(reading.humidity);
});
