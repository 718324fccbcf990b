/**
 * What Espruino offers to programs of one's own, as far as Sapline knows it: beside firmware/espruino.d.ts and firmware/pins.d.ts, which are part of this.
 * Espruino has more. A name that is missing here is declared by `declare const NAME: any;` in the program.
 */

declare function setInterval(action: () => void, wait: number): number;
declare function clearInterval(timer: number): void;
/** Writes to the console, as console.log does. */
declare function print(...values: unknown[]): void;

/** Boards with an ESP32. */
declare const ESP32: {
  /** Sleeps, and starts again from the beginning: at most 2147483647 microseconds, which is 35 minutes. */
  deepSleep(microseconds: number): void;
  getWakeupCause(): number;
  reboot(): void;
  getState(): { sdkVersion: string; freeHeap: number; BLE: boolean; Wifi: boolean };
};

declare function require(name: "http"): {
  get(url: string, answered: (response: EspruinoResponse) => void): void;
};

interface EspruinoResponse {
  readonly statusCode: string;
  on(event: "data", listener: (text: string) => void): void;
  on(event: "close", listener: () => void): void;
}
