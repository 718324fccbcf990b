/** What is wired to what, for each driver of examples/drivers: the pictures of docs/drivers. Their tests draw them anew, with `vitest -u` into the files. */
import type { Picture } from "./picture.ts";

const ESP32 = { title: "ESP32", row: 0, icon: "chip" } as const;

export const PICTURES: { readonly [driver: string]: Picture } = {
  dht22: {
    description: "DHT22: VCC to 3V3, DATA to D4, GND to GND, and a resistor of 10 kilohms between VCC and DATA",
    left: [{ ...ESP32, pins: ["3V3", "D4", "GND"] }],
    right: [{ title: "DHT22", row: 0, pins: ["1 VCC", "2 DATA", "4 GND"], icon: "grid" }],
    wires: ["red", "yellow", "black"],
    between: [{ rows: [0, 1], kind: "resistor", text: "10 kΩ", at: 0.45 }],
    notes: ["Pin 3 of the sensor stays free. A module with three pins has the resistor on it."],
  },
  ds18b20: {
    description: "DS18B20: VDD to 3V3, DQ to D5, GND to GND, and a resistor of 4.7 kilohms between VDD and DQ",
    left: [{ ...ESP32, pins: ["3V3", "D5", "GND"] }],
    right: [{ title: "DS18B20", row: 0, pins: ["VDD", "DQ", "GND"], icon: "transistor" }],
    wires: ["red", "yellow", "black"],
    between: [{ rows: [0, 1], kind: "resistor", text: "4.7 kΩ", at: 0.45 }],
    notes: ["More sensors: the same three wires on to the next one. One resistor is enough for all of them."],
  },
  bme280: {
    description: "BME280 module: VIN to 3V3, SDA to D21, SCL to D22, GND to GND",
    left: [{ ...ESP32, pins: ["3V3", "D21", "D22", "GND"] }],
    right: [{ title: "BME280 module", row: 0, pins: ["VIN", "SDA", "SCL", "GND"], icon: "module" }],
    wires: ["red", "blue", "yellow", "black"],
    notes: ["SDO to GND: address 0x76. SDO to 3V3: address 0x77. Modules with six pins: CSB to 3V3."],
  },
  relay: {
    description: "Relay module: VCC to 5V, IN to D23, GND to GND",
    left: [{ ...ESP32, pins: ["5V", "D23", "GND"] }],
    right: [{ title: "Relay module", row: 0, pins: ["VCC", "IN", "GND"], icon: "relay" }],
    wires: ["red", "yellow", "black"],
    notes: [
      "What the relay switches is connected to its screws COM and NO: on when the relay is on.",
      "Mains voltage kills. Have it connected by somebody who may.",
    ],
  },
  button: {
    description: "Button: one side to D13, the other to GND",
    left: [{ ...ESP32, pins: ["D13", "GND"] }],
    right: [{ title: "Button", row: 0, pins: ["1", "2"], icon: "button" }],
    wires: ["yellow", "black"],
    notes: ["Of a button with four legs, take two that lie across from each other."],
  },
  battery: {
    description: "Battery: plus through 100 kilohms to D34, from there 100 kilohms to GND, minus to GND",
    left: [{ ...ESP32, pins: ["D34", "GND"] }],
    right: [{ title: "Battery", row: 0, pins: ["+", "−"], icon: "battery" }],
    wires: ["red", "black"],
    inside: [{ row: 0, text: "upper 100 kΩ", at: 0.76 }],
    between: [
      { rows: [0, 1], kind: "resistor", text: "lower 100 kΩ", at: 0.26 },
      { rows: [0, 1], kind: "capacitor", text: "", at: 0.08 },
    ],
    notes: ["The capacitor of 100 nF lies at the pin. More than 3.3 V at D34 destroys the chip."],
  },
  neopixel: {
    description:
      "NeoPixel strip: DIN through 330 ohms to D15, GND to GND, 5V to a supply of its own, whose GND is joined to that of the ESP32; 1000 microfarads at the supply",
    left: [
      { ...ESP32, pins: ["D15", "GND"] },
      { title: "Supply 5 V", row: 3, pins: ["GND", "5V"], icon: "supply" },
    ],
    right: [{ title: "WS2812B strip", row: 0, pins: ["DIN", "", "", "GND", "5V"], icon: "strip" }],
    wires: ["yellow", "", "", "black", "red"],
    inside: [{ row: 0, text: "330 Ω", at: 0.6 }],
    between: [
      { rows: [1, 3], kind: "joint", text: "", at: 0.2 },
      { rows: [3, 4], kind: "capacitor", text: "1000 µF", at: 0.5 },
    ],
    notes: ["The arrow on the strip leads away from DIN. Up to 8 lights can be fed from the ESP32's 5V pin instead."],
  },
};
