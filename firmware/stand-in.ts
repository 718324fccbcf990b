/**
 * To be run before a program on a machine without a radio (Espruino for Linux, the emulator): from then on `require("ESPNOW")` is the stand-in over UDP.
 * `sapline.json` says which node this is: {"standIn": {"base": 43000, "id": 1, "nodes": 16, "loss": 0}}; without that, nothing happens.
 */
import { type UdpSettings, udpEspNow, udpSettings } from "./ports/espnow-udp.ts";
import { readJson } from "./ports/storage.ts";
import { wifiModule } from "./ports/wifi.ts";

/** `engine`: what answers for all other names. */
function standIn(settings: UdpSettings, engine: (name: string) => unknown): void {
  const wifi = wifiModule();
  /** The channel of the network that Wi-Fi is connected to, or 0. */
  const dictated = (): number => {
    if (wifi === undefined) return 0;
    const status = wifi.getStatus();
    return status["station"] === "connected" ? status["channel"] : 0;
  };
  const library = udpEspNow(settings, () => Math.random(), dictated);
  global["require"] = (name: string) => (name === "ESPNOW" ? library : engine(name));
}

const file = readJson("sapline.json") as { [name: string]: unknown } | undefined;
const given = file === undefined ? undefined : file["standIn"];
if (given !== undefined) {
  E.srand(E.hwRand());
  standIn(udpSettings(given as { [name: string]: unknown }), require as (name: string) => unknown);
}
