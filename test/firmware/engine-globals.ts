/**
 * The few globals of Espruino that the pure parts of the firmware use, for unit tests in Node. Texts are bytes here too: tests hand in
 * and compare Latin-1 texts.
 */
import { createHash } from "node:crypto";
import Module from "node:module";

export interface FakeSocket {
  listeners: { [event: string]: ((value?: unknown) => void)[] };
  written: string[];
  isEnded: boolean;
  sckt: number;
  clsNow?: boolean;
  on(event: string, listener: (value?: unknown) => void): void;
  write(bytes: string): void;
  end(): void;
  /** Calls the listeners of an event, as the engine would. */
  happen(event: string, value?: unknown): void;
}

export function fakeSocket(): FakeSocket {
  return {
    listeners: {},
    written: [],
    isEnded: false,
    sckt: 7,
    on(event, listener) {
      this.listeners[event] = [...(this.listeners[event] ?? []), listener];
    },
    write(bytes) {
      if (this.isEnded) throw new Error("This socket is closed");
      this.written.push(bytes);
    },
    end() {
      this.isEnded = true;
    },
    happen(event, value) {
      for (const listener of this.listeners[event] ?? []) listener(value);
    },
  };
}

/** Files that `require("Storage")` finds; tests fill it. */
export const storedFiles: { [name: string]: string } = {};
/** How many bytes the longest single read of Storage returned. */
export const storageUse = { longestRead: 0 };
function bytesOf(text: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(text, "latin1")).buffer;
}

/** What the firmware asked of `require("net")`. Tests play the network. */
export const network = {
  /** Dials so far, the last one last; `connected` tells the firmware that it stands. */
  dials: [] as { socket: FakeSocket; host: string; port: number; connected: () => void }[],
  /** Hands a socket to the firmware's server, as the engine does for each that connects. */
  accept: (_socket: FakeSocket): void => {
    throw new Error("nobody listens");
  },
};

const modules: { [name: string]: unknown } = {
  crypto: { SHA1: (text: string) => Uint8Array.from(createHash("sha1").update(text, "latin1").digest()).buffer },
  net: {
    connect(options: { host: string; port: number }, connected: () => void): FakeSocket {
      const socket = fakeSocket();
      network.dials.push({ socket, host: options.host, port: options.port, connected });
      return socket;
    },
    createServer: (accept: (socket: FakeSocket) => void) => ({
      listen: () => {
        network.accept = accept;
      },
    }),
  },
  Storage: {
    read(name: string, offset?: number, length?: number): string | undefined {
      const text = storedFiles[name];
      if (text === undefined) return undefined;
      const piece = text.substr(offset ?? 0, length);
      storageUse.longestRead = Math.max(storageUse.longestRead, piece.length);
      return piece;
    },
    write(name: string, text: string): boolean {
      storedFiles[name] = text;
      return true;
    },
  },
};

Object.assign(globalThis, {
  E: {
    toArrayBuffer: bytesOf,
    toString: (bytes: ArrayBuffer) => Buffer.from(bytes).toString("latin1"),
    hwRand: () => 1,
    srand: () => {},
  },
});

// The test runner hands every module a `require` of Node's: what the firmware asks of it is answered here.
const loader = Module as unknown as {
  _load(name: string, parent: { filename?: string } | undefined, isMain: boolean): unknown;
};
const nodeLoad = loader._load;
loader._load = (name, parent, isMain) => {
  const isFirmware = (parent?.filename ?? "").includes("/firmware/");
  return isFirmware && name in modules ? modules[name] : nodeLoad.call(loader, name, parent, isMain);
};
