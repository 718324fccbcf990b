/** What `make bench` prints of the air, as far as it is a promise. */
import { expect, test } from "vitest";
import { AIR_BYTES_MAX, AIR_LOADS, airCost, airMicros, mqttSnCost, reading } from "../bench/air.ts";

test("the readings that are measured have 82 bytes as plain JSON", () => {
  for (const sensor of [0, 1, 2])
    for (const turn of [0, 1, 57, 1000])
      expect(JSON.stringify(reading(sensor, turn, 1_732_345_678_123))).toHaveLength(82);
});

test.each(AIR_LOADS.filter(({ isFull }) => isFull))(
  "where groups fill, an event in short lines costs at most 20 bytes of air: $name",
  (load) => {
    const short = airCost(load, true);
    expect(AIR_BYTES_MAX).toBe(20);
    expect(short.bytesEach).toBeLessThanOrEqual(AIR_BYTES_MAX);
    // An eighth of the air time of MQTT-SN, though that says no times.
    expect(short.microsEach).toBeLessThan(mqttSnCost(reading(0, 0, 0), 0).microsEach / 7);
    expect(short.events).toBeGreaterThan(10_000);
  },
);

test("air time is that of the rows that others computed", () => {
  expect([1, 12, 75, 250].map(airMicros)).toEqual([1218, 1306, 1810, 3210]);
});
