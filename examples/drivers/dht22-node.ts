/** A DHT22 on D4. Its page: docs/drivers/dht22.md. */
import { node } from "sapline";
import { dht22 } from "./dht22.ts";

const cellar = node();
const temperature = cellar.entity("temperature", { unit: "°C", class: "temperature" });
const humidity = cellar.entity("humidity", { unit: "%", class: "humidity" });
const sensor = dht22(D4, (text) => cellar.log(text));
cellar.entity("dht22.faults", { every: 60_000, deadband: 0, read: () => sensor.faults });
sensor.every(10_000, (reading) => {
  temperature.update(reading.temperature);
  humidity.update(reading.humidity);
});
