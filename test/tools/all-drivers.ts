/** Offers the example drivers to a script that is run after it. */
import { Battery } from "../../examples/drivers/battery.ts";
import { bme280, decodeCalibration, decodeWeather } from "../../examples/drivers/bme280.ts";
import { Button } from "../../examples/drivers/button.ts";
import { decodeDht22, dht22 } from "../../examples/drivers/dht22.ts";
import { decodeScratchpad, ds18b20, findDs18b20 } from "../../examples/drivers/ds18b20.ts";
import { Strip } from "../../examples/drivers/neopixel.ts";
import { Relay } from "../../examples/drivers/relay.ts";

(global as { [name: string]: unknown })["drivers"] = {
  Battery,
  Button,
  Relay,
  Strip,
  bme280,
  decodeCalibration,
  decodeDht22,
  decodeScratchpad,
  decodeWeather,
  dht22,
  ds18b20,
  findDs18b20,
};
