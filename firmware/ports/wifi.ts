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

/** Calls `up` in a turn of its own, and again after each reconnection. */
export function startWifi(configuration: WifiConfiguration | undefined, up: () => void): void {
  const wifi = configuration === undefined ? undefined : wifiModule();
  if (wifi === undefined || configuration === undefined) {
    setTimeout(up, 0);
    return;
  }
  let isWaiting = false;
  const connect = (): void => {
    isWaiting = false;
    wifi.connect(configuration.ssid, { password: configuration.password }, (error) => {
      if (error) connectLater();
    });
  };
  /** A failed attempt reports itself twice (callback and event): one wait serves both. */
  const connectLater = (): void => {
    if (!isWaiting) setTimeout(connect, WIFI_RETRY_AFTER);
    isWaiting = true;
  };
  wifi.on("connected", up);
  wifi.on("disconnected", connectLater);
  connect();
}
