/**
 * A stand-in for the console of an Espruino board: what it echoes, its prompt, its input buffer of 1 kB that overflows, and the characters by which it
 * says stop and go. Lines are run by Node, with Espruino's Storage (tools/emulator). Not faithful: the language.
 */
import { createContext, runInContext } from "node:vm";
import type { Wire } from "#host/board/wire.ts";
import { crc32 } from "#host/board/upload.ts";
import { EngineStorage } from "#tools/emulator/engine-storage.ts";

/** As in Espruino for an ESP32: its buffer, and how full it is when it says stop, and go again. */
const BUFFER_BYTES = 1024;
const STOP_AT = 768;
const GO_AT = 384;
/** Taken from the buffer in one turn. Slower than a cable, so that the buffer fills. */
const TURN_BYTES = 40;
const STORAGE_BYTES = 917_504;
const BANNER = "\r\n ____                 _ \r\n|  __|___ ___ ___ _ _|_|___ ___ \r\n 2v29 (c) 2026 G.Williams\r\n\r\n";

export interface StandInOptions {
  folder: string;
  board?: string;
  modules?: string;
  version?: string;
  storageBytes?: number;
  /** Says nothing of its own accord but this, and understands nothing. */
  foreign?: string;
  password?: boolean;
}

export class EspruinoConsole {
  readonly storage: EngineStorage;
  restarts = 0;
  /** Ctrl-C. */
  interrupts = 0;
  /** Bytes that did not fit into the buffer. */
  lost = 0;
  /** Stops that it said. */
  stops = 0;
  /** Lines that it has run. */
  lines: string[] = [];
  /** What becomes of each byte on its way to the board, and of its answers. */
  towards: (text: string) => string = (text) => text;
  back: (text: string) => string = (text) => text;
  private readonly options: StandInOptions;
  private buffer = "";
  private line = "";
  private isQuiet = false;
  private escape = "";
  private isStopped = false;
  private isRunning = false;
  private context = createContext({});
  private wire: Wire | undefined;
  /** Bytes that go to the board until the cable is pulled. */
  private bytesLeft = Infinity;

  constructor(options: StandInOptions) {
    this.options = options;
    this.storage = new EngineStorage(options.folder);
    this.clear();
  }

  /** A cable to it; an older one is pulled. It is pulled by itself after so many bytes. */
  plug(bytesLeft = Infinity): Wire {
    this.bytesLeft = bytesLeft;
    const wire: Wire = {
      write: async (text) => {
        if (this.wire !== wire) return;
        const passed = text.slice(0, this.bytesLeft);
        this.bytesLeft -= text.length;
        this.hear(this.towards(passed));
        if (this.bytesLeft <= 0) {
          this.wire = undefined;
          wire.onClosed("the cable was pulled");
        }
      },
      onText: () => {},
      onClosed: () => {},
      close: async () => {
        if (this.wire === wire) this.wire = undefined;
      },
    };
    this.wire = wire;
    return wire;
  }

  /** As a power cut: what was in its memory is gone. */
  cut(): void {
    this.buffer = "";
    this.line = "";
    this.isQuiet = false;
    this.isStopped = false;
    this.clear();
  }

  print(text: string): void {
    const wire = this.wire;
    if (wire !== undefined) queueMicrotask(() => wire.onText(this.back(text)));
  }

  private hear(text: string): void {
    for (const character of text) {
      if (this.buffer.length >= BUFFER_BYTES) this.lost++;
      else this.buffer += character;
    }
    if (this.buffer.length > STOP_AT && !this.isStopped) {
      this.isStopped = true;
      this.stops++;
      this.print("\u0013");
    }
    if (this.isRunning) return;
    this.isRunning = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    const taken = this.buffer.slice(0, TURN_BYTES);
    this.buffer = this.buffer.slice(TURN_BYTES);
    for (const character of taken) this.take(character);
    if (this.isStopped && this.buffer.length < GO_AT) {
      this.isStopped = false;
      this.print("\u0011");
    }
    if (this.buffer === "") this.isRunning = false;
    else setImmediate(() => this.turn());
  }

  private take(character: string): void {
    if (this.options.foreign !== undefined) return this.print(this.options.foreign);
    if (character === "\u001b" || this.escape !== "") {
      this.escape += character;
      if (!/[A-Za-z]/.test(character)) return;
      if (this.escape.endsWith("[2H")) this.line = "";
      this.escape = "";
      return;
    }
    if (character === "\u0003") {
      this.interrupts++;
      this.line = "";
      this.isQuiet = false;
      return this.print("\u001b[J");
    }
    if (character === "\u0010" && this.line === "") {
      this.isQuiet = true;
      return;
    }
    if (character !== "\n") {
      this.line += character;
      if (!this.isQuiet) this.print(character);
      return;
    }
    const line = this.line;
    // Espruino goes on with the next line until the brackets are closed.
    if ((line.match(/[({[]/g) ?? []).length > (line.match(/[)}\]]/g) ?? []).length) {
      this.line += "\n";
      return this.print("\r\n:");
    }
    this.line = "";
    this.isQuiet = false;
    if (this.options.password === true) return this.print("\r\n  Invalid password\r\npassword>");
    this.lines.push(line);
    try {
      runInContext(line, this.context);
    } catch (error) {
      this.print(`Uncaught ${String(error)}\r\n`);
    }
    this.print("\r\n>");
  }

  private clear(): void {
    const { board = "ESP32", version = "2v29", modules = "Flash,Storage,net,crypto,Wifi" } = this.options;
    const total = this.options.storageBytes ?? STORAGE_BYTES;
    const used = (): number =>
      this.storage.list().reduce((sum, name) => sum + 32 + (this.storage.read(name) ?? "").length, 0);
    const restart = (): void => {
      this.restarts++;
      this.cut();
      this.print(BANNER);
    };
    this.context = createContext({
      print: (text: unknown) => this.print(`${String(text)}\r\n`),
      atob,
      btoa,
      reset: () => {
        this.clear();
        this.print(BANNER);
      },
      load: restart,
      process: {
        env: { BOARD: board, VERSION: version, MODULES: modules },
        memory: () => ({ free: 5000, total: 6000 }),
      },
      E: { CRC32: (text: string) => crc32(Buffer.from(text, "latin1")), reboot: restart },
      require: (name: string) => {
        if (name !== "Storage") throw new Error(`Module "${name}" not found`);
        return {
          read: (file: string, offset?: number, length?: number) => this.storage.read(file, offset, length),
          write: (file: string, bytes: string, offset?: number, size?: number) => {
            if (size !== undefined && offset === 0 && this.storage.read(file) === undefined && used() + size > total)
              throw new Error("Unable to find or create file");
            return this.storage.write(file, bytes, offset, size);
          },
          erase: (file: string) => this.storage.erase(file),
          list: () => this.storage.list(),
          getStats: () => ({ freeBytes: total - used(), trashBytes: 0, totalBytes: total }),
        };
      },
    });
  }
}
