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
  /** A piece of a file of `size` bytes, if it says from where. Throws where something else is written already. */
  write(name: string, bytes: string, offset?: number, size?: number): boolean;
  erase(name: string): void;
  list(): string[];
  /** Bytes that a new file may take, in all. */
  readonly getFree: () => number;
}

interface EspruinoWifi {
  connect(ssid: string, options: { password: string }, done: (error: unknown) => void): void;
  on(event: "connected" | "disconnected", listener: () => void): void;
  getStatus(): { readonly station: string; readonly channel: number };
  /** Throws on a word that it does not know. */
  setConfig(options: { powersave: string }): void;
}

/**
 * `readonly` before a name, here and below: it is written in quotes where it is used, so nothing else of that name has to keep its full length in the bundle.
 */
type EspruinoSender = { readonly address: string; readonly port: number };

/** UDP. A datagram longer than the engine's chunk is cut; an empty one closes the socket. */
interface EspruinoDatagramSocket {
  /** Throws if the port is taken. `bound` is called in a turn of its own. */
  readonly bind: (port: number, bound: () => void) => void;
  on(event: "message", listener: (bytes: string, from: EspruinoSender) => void): void;
  on(event: "close", listener: () => void): void;
  readonly send: (bytes: string, port: number, address: string) => void;
  close(): void;
}

/** Gets each datagram; `rssi` (dBm) and `channel` are 0 where the radio does not tell. */
type EspruinoHeard = (bytes: string, mac: string, rssi: number, channel: number, isBroadcast: boolean) => void;

/** Our own library in C (firmware/native/espnow), where the build has it; and what the stand-in over UDP offers as well. */
interface EspruinoEspNow {
  /** Throws if the radio cannot be had. */
  readonly init: (options: { readonly channel: number }, heard: EspruinoHeard) => void;
  readonly deinit: () => void;
  readonly restart: () => void;
  /** "aa:bb:cc:dd:ee:ff"; valid once it is on. */
  readonly mac: () => string;
  /** False while the channel is an access point's to choose. */
  readonly setChannel: (channel: number) => boolean;
  readonly getChannel: () => number;
  /** `done` gets null, "FAIL", "NO_MEM" or "LOST", in a turn of its own. Throws if the radio is off. */
  readonly send: (mac: string, bytes: string, done: (error: string | null) => void) => void;
  /** Whether the next three do without encryption, by checksums. Throws if it is false and the build has none. */
  readonly setOpen: (isOpen: boolean) => void;
  /** AES-128-CCM with a tag of 8 bytes. */
  readonly seal: (key: string, nonce: string, header: string, plain: string) => string;
  /** undefined if the tag is wrong. */
  readonly open: (key: string, nonce: string, header: string, sealed: string) => string | undefined;
  /** HMAC-SHA256, 32 bytes. */
  readonly hmac: (key: string, text: string) => string;
}

interface EspruinoCrypto {
  SHA1(bytes: string): ArrayBuffer;
  SHA256?(bytes: string): ArrayBuffer;
  AES?: {
    /** CBC from a vector of zeroes, unless told otherwise: whole blocks of 16 bytes. */
    encrypt(bytes: string, key: string): ArrayBuffer;
    /** Where the build has USE_AES_CCM. It knows no header. The vector must be an array; a text is refused. */
    ccmEncrypt?(bytes: string, key: string, vector: Uint8Array, tagBytes: number): { readonly data: ArrayBuffer };
  };
}

/** A serial port. Strings are bytes. */
interface EspruinoSerial {
  on(event: "data", listener: (chunk: string) => void): void;
  setup(baud: number): void;
  /** Returns when all of it is with the hardware. */
  write(bytes: string): void;
}

declare function require(name: "net"): EspruinoNet;
declare function require(name: "dgram"): {
  createSocket(options: "udp4" | { type: "udp4"; recvBufferSize: number }): EspruinoDatagramSocket;
};
declare function require(name: "ESPNOW"): EspruinoEspNow;
declare function require(name: "Storage"): EspruinoStorage;
declare function require(name: "Wifi"): EspruinoWifi;
declare function require(name: "crypto"): EspruinoCrypto;
declare function require(name: "TelnetServer"): { setOptions(options: { mode: "off" | "on" }): void };

declare const E: {
  toString(bytes: ArrayBuffer | Uint8Array): string | undefined;
  toArrayBuffer(bytes: string): ArrayBuffer | undefined;
  toUint8Array(bytes: string): Uint8Array;
  CRC32(bytes: string): number;
  /** 32 random bits. */
  hwRand(): number;
  /** Seeds Math.random. */
  srand(seed: number): void;
  /** The console's port by its name; null if it is shut. */
  getConsole(): string | null;
  /** null shuts it; `force` keeps the engine from moving it on its own. */
  setConsole(port: string | null, options?: { force: boolean }): void;
  on(event: "errorFlag", listener: (flags: string[]) => void): void;
  /** On Linux the process ends instead. */
  reboot(): void;
  /** The chip starts again if it is not kicked for so many seconds; `isAuto`: the engine kicks it whenever it is idle. */
  readonly enableWatchdog: (seconds: number, isAuto: boolean) => void;
  readonly kickWatchdog: () => void;
};

declare const process: {
  version: string;
  env: { BOARD: string };
  memory(collectGarbage: boolean): { readonly free: number; readonly usage: number; readonly total: number };
  on(event: "uncaughtException", listener: (error: unknown) => void): void;
};

declare const console: { log(text: string): void };

declare const global: { [name: string]: unknown };

/** Seconds: since 1970 if somebody set the clock, since boot otherwise. */
declare function getTime(): number;
declare function setTimeout(action: () => void, wait: number): number;
declare function clearTimeout(timer: number): void;
declare function btoa(bytes: string): string;
/** Makes something of every text. */
declare function atob(text: string): string;
