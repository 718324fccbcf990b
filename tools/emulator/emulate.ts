/**
 * Runs a firmware bundle in this process, in a world that offers only what Espruino offers (see engine-prelude.ts), over real sockets on
 * this machine. Any number of nodes fit in one process; each has its own world, sockets, timers and storage, and `stop` ends all of them.
 *
 * What it does not show: the interpreter's own misreadings (loop closures, stack depth, memory, speed); those are for test/engine.
 */
import { readFileSync } from "node:fs";
import { createContext, runInContext, Script } from "node:vm";
import type { Device } from "./devices/device.ts";
import { EngineI2c, neopixelLibrary, oneWireClass } from "./engine-buses.ts";
import { engineCrypto } from "./engine-crypto.ts";
import { EngineDatagrams } from "./engine-dgram.ts";
import { EngineTurns } from "./engine-events.ts";
import { EngineNet } from "./engine-net.ts";
import { EnginePins } from "./engine-pins.ts";
import { preludeText } from "./engine-prelude.ts";
import { EngineSerial } from "./engine-serial.ts";
import { EngineStorage } from "./engine-storage.ts";
import { EngineWatchdog } from "./engine-watchdog.ts";
import { EngineWifi, type Router } from "./engine-wifi.ts";

export interface EmulateOptions {
  /** The bundle's file; absent: what a board starts by itself, `.bootcde` in its Storage. */
  bundle?: string;
  /** The folder that stands for the chip's flash; made if it is not there. */
  storageDir: string;
  /** Written to Storage as `sapline.json` before the program starts; left as it is if absent. */
  config?: object;
  /** A program that is run before it: the radio's stand-in, for one. */
  first?: string;
  /** The router that the chip's Wi-Fi connects to; without one this chip has no Wi-Fi. */
  router?: Router;
  /** What is wired to its pins. */
  devices?: readonly Device[];
  /** Takes what the chip writes on its serial port, bytes as characters. */
  serial?: (bytes: string) => void;
  /** Takes each line that the program prints. */
  log: (line: string) => void;
}

export interface EmulatedNode {
  /** Ends the program, its sockets and its timers. Storage stays. */
  stop(): void;
  /** Bytes for its serial port. */
  type(bytes: string): void;
}

/** What a board runs when it starts. */
const BOOT_FILE = ".bootcde";
/** What `ESP32.getWakeupCause` says after `ESP32.deepSleep`. Source: esp_sleep.h. */
const WOKEN_BY_CLOCK = 4;

interface Inside {
  E: Record<string, unknown>;
  parse: (text: string) => unknown;
  makeError: (message: string) => unknown;
  describe: (error: unknown) => string;
}

/** One start of the program; a reboot is a new one. */
class Run {
  private readonly timers = new Map<number, NodeJS.Timeout>();
  private readonly turns: EngineTurns;
  private readonly net: EngineNet;
  private readonly datagrams: EngineDatagrams;
  private readonly wifi: EngineWifi | undefined;
  private readonly serial: EngineSerial;
  private readonly pins: EnginePins;
  private readonly watchdog: EngineWatchdog;
  private readonly world = createContext({});
  private readonly startedAt = performance.now();
  private readonly options: EmulateOptions;
  private errorListeners: ((error: unknown) => void)[] = [];
  private nextTimer = 1;

  constructor(options: EmulateOptions, reboot: () => void, chip: object) {
    this.options = options;
    const inside = runInContext(preludeText(), this.world) as Inside;
    this.turns = new EngineTurns((error) => this.report(error, inside));
    this.net = new EngineNet(this.turns, inside.makeError, options.log);
    this.datagrams = new EngineDatagrams(this.turns, inside.makeError);
    this.wifi = options.router === undefined ? undefined : new EngineWifi(this.turns, options.router, inside.makeError);
    this.serial = new EngineSerial(this.turns, (bytes) => options.serial?.(bytes));
    const devices = options.devices ?? [];
    const { makeError } = inside;
    const getTime = (): number => this.getTime();
    this.pins = new EnginePins({ turns: this.turns, makeError, devices, getTime, log: options.log });
    inside.E["reboot"] = reboot;
    inside.E["enableWatchdog"] = (seconds: number, isAuto: boolean) => this.watchdog.enable(seconds, isAuto);
    inside.E["kickWatchdog"] = () => this.watchdog.kick();
    this.watchdog = new EngineWatchdog(() => {
      options.log("watchdog: nobody kicked it");
      reboot();
    });
    Object.assign(this.world, this.globals(inside), this.serial.globals(inside.E), this.pins.globals());
    Object.assign(this.world, {
      ESP32: chip,
      OneWire: oneWireClass({ pins: this.pins, devices, makeError }),
      I2C1: new EngineI2c({ pins: this.pins, devices, makeError }),
      I2C2: new EngineI2c({ pins: this.pins, devices, makeError }),
    });
  }

  start(): void {
    const { first, bundle } = this.options;
    this.serial.start();
    this.pins.start();
    for (const file of [first, bundle]) if (file !== undefined) this.run(readFileSync(file, "utf8"), file);
    const boot = bundle === undefined ? new EngineStorage(this.options.storageDir).read(BOOT_FILE) : undefined;
    if (boot !== undefined) this.run(boot, BOOT_FILE);
  }

  private run(program: string, filename: string): void {
    const script = new Script(program, { filename });
    this.turns.run(() => script.runInContext(this.world));
  }

  stop(): void {
    this.turns.stop();
    this.watchdog.stop();
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.net.stop();
    this.datagrams.stop();
    this.wifi?.stop();
    this.pins.stop();
  }

  private getTime(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  private globals(inside: Inside): object {
    return {
      global: this.world,
      require: (name: string) => this.require(name, inside),
      process: {
        version: "2v29.emulated",
        env: { BOARD: "EMULATED" },
        memory: () => ({ free: 10000, usage: 6383, total: 16383, blocksize: 14 }),
        on: (event: string, listener: (error: unknown) => void) => {
          if (event === "uncaughtException") this.errorListeners.push(listener);
        },
      },
      console: { log: (...values: unknown[]) => this.print(values) },
      print: (...values: unknown[]) => this.print(values),
      getTime: () => this.getTime(),
      setTimeout: (action: () => void, wait?: number) => this.setTimer(action, wait ?? 0, false),
      setInterval: (action: () => void, wait?: number) => this.setTimer(action, wait ?? 0, true),
      clearTimeout: (timer: unknown) => this.clearTimer(timer, inside),
      clearInterval: (timer: unknown) => this.clearTimer(timer, inside),
      btoa: (bytes: string) => Buffer.from(bytes, "latin1").toString("base64"),
      atob: (text: string) => Buffer.from(text, "base64").toString("latin1"),
    };
  }

  type(bytes: string): void {
    this.serial.take(bytes);
  }

  private print(values: unknown[]): void {
    const line = values.map(printed).join(" ");
    this.serial.print(line);
    this.options.log(line);
  }

  private require(name: string, inside: Inside): object {
    switch (name) {
      case "net":
        return this.net.library();
      case "Storage":
        return new EngineStorage(this.options.storageDir).library(inside.parse, inside.makeError);
      case "crypto":
        return engineCrypto(inside.makeError);
      case "dgram":
        return this.datagrams.library();
      case "neopixel":
        return neopixelLibrary({
          pins: this.pins,
          devices: this.options.devices ?? [],
          makeError: inside.makeError,
        });
      case "Wifi":
        if (this.wifi === undefined) throw inside.makeError("there is no router");
        return this.wifi.library();
      default:
        throw inside.makeError(`Module "${name}" not found`);
    }
  }

  private setTimer(action: () => void, wait: number, isRepeated: boolean): number {
    const id = this.nextTimer++;
    const fire = (): void => {
      if (!isRepeated) this.timers.delete(id);
      this.turns.run(action);
    };
    this.timers.set(id, isRepeated ? setInterval(fire, wait) : setTimeout(fire, wait));
    return id;
  }

  private clearTimer(timer: unknown, inside: Inside): void {
    if (timer === undefined) throw inside.makeError("clearTimeout(undefined) not allowed");
    clearTimeout(this.timers.get(timer as number));
    this.timers.delete(timer as number);
  }

  private report(error: unknown, inside: Inside): void {
    if (this.errorListeners.length === 0) this.options.log(`Uncaught Error: ${inside.describe(error)}`);
    for (const listener of this.errorListeners) listener(error);
  }
}

/** A program's text is bytes; people read UTF-8. */
function printed(value: unknown): string {
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  return Buffer.from(text, "latin1").toString("utf8");
}

export function emulate(options: EmulateOptions): EmulatedNode {
  if (options.config !== undefined) {
    const bytes = Buffer.from(JSON.stringify(options.config), "utf8").toString("latin1");
    new EngineStorage(options.storageDir).write("sapline.json", bytes);
  }
  let isStopped = false;
  let run: Run;
  let sleep: NodeJS.Timeout | undefined;
  const start = (wakeupCause: number): void => {
    const reboot = (): void => {
      run.stop();
      if (!isStopped) setImmediate(start, 0);
    };
    const chip = {
      getWakeupCause: () => wakeupCause,
      // The power is off at once: nothing that comes behind it in the program is run any more but for this turn.
      deepSleep: (microseconds: number) => {
        run.stop();
        if (!isStopped) sleep = setTimeout(start, microseconds / 1000, WOKEN_BY_CLOCK);
      },
    };
    run = new Run(options, reboot, chip);
    run.start();
  };
  start(0);
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(sleep);
      run.stop();
    },
    type: (bytes) => run.type(bytes),
  };
}
