/**
 * Wi-Fi as a station. Says `up` when the network is there, and again after each reconnection; connecting is tried for ever.
 * On a board without Wi-Fi, or with no ssid configured, the network is taken as there (Ethernet, or Espruino on a PC).
 *
 * Never run on a board by us so far: only the branch without Wi-Fi has been seen to work.
 */
import type { WifiConfiguration } from "../configuration.ts";

/** Wait before trying again, in milliseconds. Chosen: an access point takes seconds to come back. */
export const WIFI_RETRY_AFTER = 5000;

function wifiModule(): EspruinoWifi | undefined {
  try {
    return require("Wifi");
  } catch {
    return undefined;
  }
}

export class Wifi {
  private configuration: WifiConfiguration | undefined;
  private module: EspruinoWifi | undefined;
  private isWaiting: boolean;

  constructor(configuration: WifiConfiguration | undefined) {
    this.configuration = configuration;
    this.module = configuration === undefined ? undefined : wifiModule();
    this.isWaiting = false;
  }

  start(up: () => void): void {
    const module = this.module;
    if (module === undefined) {
      setTimeout(up, 0);
      return;
    }
    module.on("connected", up);
    module.on("disconnected", () => this.connectLater());
    this.connect();
  }

  private connect(): void {
    const configuration = this.configuration;
    if (this.module === undefined || configuration === undefined) return;
    this.module.connect(configuration.ssid, { password: configuration.password }, (error) => {
      if (error) this.connectLater();
    });
  }

  /** A failed attempt reports itself twice (callback and event): one wait serves both. */
  private connectLater(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    setTimeout(() => {
      this.isWaiting = false;
      this.connect();
    }, WIFI_RETRY_AFTER);
  }
}
