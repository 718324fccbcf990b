/**
 * The part of Espruino that the firmware uses, in our own words. What is not declared here does not compile, so nothing
 * that the chip lacks can slip in by name; what compiles and still runs wrong is the bundle gate's business (tools/bundle).
 */

/** A TCP socket. Strings are bytes. `write` answers nothing useful: `drain` fires when everything written has left. */
interface EspruinoSocket {
  on(event: "data", listener: (chunk: string) => void): void;
  on(event: "drain" | "close" | "end", listener: () => void): void;
  on(event: "error", listener: (error: { code: number; message: string }) => void): void;
  write(bytes: string): void;
  end(): void;
  /** The engine's own handle, plus one; 0 while we hold it back, and then the engine neither reads nor writes. */
  sckt?: number;
  /** The engine's own mark: close in the next pass, whatever is unsent. */
  clsNow?: boolean;
}

interface EspruinoServer {
  listen(port: number): void;
  close(): void;
}

interface EspruinoNet {
  /** Blocks until the connection stands; throws when it is refused. */
  connect(options: { host: string; port: number }, connected: () => void): EspruinoSocket;
  createServer(accept: (socket: EspruinoSocket) => void): EspruinoServer;
}

interface EspruinoStorage {
  /** The file's bytes, `length` of them from `offset` on; undefined if there is no such file. */
  read(name: string, offset?: number, length?: number): string | undefined;
  write(name: string, bytes: string): boolean;
  erase(name: string): void;
  list(): string[];
}

interface EspruinoWifi {
  connect(ssid: string, options: { password: string }, done: (error: unknown) => void): void;
  on(event: "connected" | "disconnected", listener: () => void): void;
}

declare function require(name: "net"): EspruinoNet;
declare function require(name: "dgram"): {
  createSocket(options: { type: "udp4"; recvBufferSize: number }): { close(): void };
};
declare function require(name: "Storage"): EspruinoStorage;
declare function require(name: "Wifi"): EspruinoWifi;
declare function require(name: "crypto"): { SHA1(bytes: string): ArrayBuffer };
declare function require(name: "TelnetServer"): { setOptions(options: { mode: "off" | "on" }): void };

declare const E: {
  toString(bytes: ArrayBuffer | Uint8Array): string | undefined;
  toArrayBuffer(bytes: string): ArrayBuffer | undefined;
  /** 32 random bits. */
  hwRand(): number;
  /** Seeds Math.random. */
  srand(seed: number): void;
  on(event: "errorFlag", listener: (flags: string[]) => void): void;
  reboot(): void;
};

declare const process: {
  version: string;
  env: { BOARD: string };
  memory(collectGarbage: boolean): { free: number; usage: number; total: number };
  on(event: "uncaughtException", listener: (error: unknown) => void): void;
};

declare const console: { log(text: string): void };

/** Seconds: since 1970 if somebody set the clock, since boot otherwise. */
declare function getTime(): number;
declare function setTimeout(action: () => void, wait: number): number;
declare function clearTimeout(timer: number): void;
declare function btoa(bytes: string): string;
