/**
 * Wi-Fi as a station. Says when the network is there, and when it is gone; connecting is tried for ever.
 * On a board without Wi-Fi, or with no ssid configured, the network is taken as there (Ethernet, or Espruino on a PC).
 *
 * Never run on a board by us so far: only the branch without Wi-Fi has been seen to work.
 */
import type { WifiConfiguration } from "../configuration.ts";

/** Wait before trying again, in milliseconds. Chosen: an access point takes seconds to come back. */
export const WIFI_RETRY_AFTER = 5000;

/** Undefined where the board has none. */
export function wifiModule(): EspruinoWifi | undefined {
  try {
    return require("Wifi");
  } catch {
    return undefined;
  }
}

/** Whether this board has Wi-Fi and is asked to use it. */
export function hasWifi(configuration: WifiConfiguration | undefined): boolean {
  return configuration !== undefined && wifiModule() !== undefined;
}

/** Calls `changed` in a turn of its own, and again at each change. */
export function startWifi(configuration: WifiConfiguration | undefined, changed: (isUp: boolean) => void): void {
  const wifi = configuration === undefined ? undefined : wifiModule();
  if (!wifi || configuration === undefined) {
    setTimeout(() => changed(true), 0);
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
    changed(false);
    if (!isWaiting) setTimeout(connect, WIFI_RETRY_AFTER);
    isWaiting = true;
  };
  wifi.on("connected", () => {
    // Not before: the engine takes it only while Wi-Fi is on.
    if (configuration.powersave) wifi.setConfig({ powersave: configuration.powersave });
    changed(true);
  });
  wifi.on("disconnected", connectLater);
  connect();
}
