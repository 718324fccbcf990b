/**
 * Runs a firmware bundle in this process, in a world that offers only what Espruino offers (see engine-prelude.ts), over real sockets on
 * this machine, or over whatever `outside` has instead. Any number of nodes fit in one process; each has its own world, sockets, timers and storage, and `stop` ends all of them.
 *
 * What it does not show: the interpreter's own misreadings (loop closures, stack depth, memory, speed); those are for test/engine.
 */
import { readFileSync } from "node:fs";
import { type Context, runInContext, Script } from "node:vm";
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
import { newWorld } from "./engine-world.ts";
import { type Outside, REAL, type Timer } from "./outside.ts";

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
  /** Time, chance and network; this machine's own if left out. */
  outside?: Outside;
  /** More things that the program finds, by name. */
  globals?: { [name: string]: unknown };
  watcher?: Watcher;
}

/** Somebody who is told of a chip's lives. */
export interface Watcher {
  /** The program is about to be loaded. */
  started(why: "power" | "reboot" | "wake"): void;
  /** By itself. */
  ended(why: "reboot" | "sleep"): void;
  /** An exception that the program did not catch; `isLoading`: not even its last line was reached. */
  failed(error: string, isLoading: boolean): void;
}

export interface EmulatedNode {
  /** Ends the program, its sockets and its timers. Storage stays. */
  stop(): void;
  /** Bytes for its serial port. */
  type(bytes: string): void;
}

/** What a board runs when it starts. */
const BOOT_FILE = ".bootcde";
/** How long a chip needs to start again, where time is virtual: a program that does nothing else would stop the world. Chosen: as long as an ESP32 with Espruino, roughly. */
const BOOT_MILLIS = 500;
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
  private readonly timers = new Map<number, Timer>();
  private readonly outside: Outside;
  private readonly turns: EngineTurns;
  private readonly net: EngineNet;
  private readonly datagrams: EngineDatagrams;
  private readonly wifi: EngineWifi | undefined;
  private readonly serial: EngineSerial;
  private readonly pins: EnginePins;
  private readonly watchdog: EngineWatchdog;
  private readonly world: Context;
  private readonly startedAt: number;
  private isLoading = true;
  private readonly options: EmulateOptions;
  private errorListeners: ((error: unknown) => void)[] = [];
  private nextTimer = 1;

  constructor(options: EmulateOptions, reboot: () => void, chip: object) {
    this.options = options;
    const outside = options.outside ?? REAL;
    this.outside = outside;
    this.startedAt = outside.now();
    const { world, settle } = newWorld(outside);
    this.world = world;
    const inside = runInContext(preludeText(), world) as Inside;
    this.turns = new EngineTurns(outside, (error) => this.report(error, inside), settle);
    this.net = new EngineNet(this.turns, outside, inside.makeError, options.log);
    this.datagrams = new EngineDatagrams(this.turns, outside, inside.makeError);
    this.wifi = options.router === undefined ? undefined : new EngineWifi(this.turns, options.router, inside.makeError);
    this.serial = new EngineSerial(this.turns, (bytes) => options.serial?.(bytes));
    const devices = options.devices ?? [];
    const { makeError } = inside;
    const getTime = (): number => this.getTime();
    this.pins = new EnginePins({ outside, turns: this.turns, makeError, devices, getTime, log: options.log });
    inside.E["reboot"] = reboot;
    inside.E["enableWatchdog"] = (seconds: number, isAuto: boolean) => this.watchdog.enable(seconds, isAuto);
    inside.E["kickWatchdog"] = () => this.watchdog.kick();
    this.watchdog = new EngineWatchdog(outside, () => {
      options.log("watchdog: nobody kicked it");
      reboot();
    });
    const now = (): number => outside.now();
    Object.assign(this.world, this.globals(inside), this.serial.globals(inside.E), this.pins.globals());
    Object.assign(this.world, {
      ESP32: chip,
      OneWire: oneWireClass({ pins: this.pins, devices, makeError, now }),
      I2C1: new EngineI2c({ pins: this.pins, devices, makeError, now }),
      I2C2: new EngineI2c({ pins: this.pins, devices, makeError, now }),
      ...options.globals,
    });
  }

  start(): void {
    const { first, bundle } = this.options;
    this.serial.start();
    this.pins.start();
    for (const file of [first, bundle]) if (file !== undefined) this.run(readFileSync(file, "utf8"), file);
    const boot = bundle === undefined ? new EngineStorage(this.options.storageDir).read(BOOT_FILE) : undefined;
    if (boot !== undefined) this.run(boot, BOOT_FILE);
    this.isLoading = false;
  }

  private run(program: string, filename: string): void {
    const script = new Script(program, { filename });
    this.turns.run(() => script.runInContext(this.world));
  }

  stop(): void {
    this.turns.stop();
    this.watchdog.stop();
    for (const timer of this.timers.values()) this.outside.cancel(timer);
    this.timers.clear();
    this.net.stop();
    this.datagrams.stop();
    this.wifi?.stop();
    this.pins.stop();
  }

  private getTime(): number {
    return (this.outside.now() - this.startedAt) / 1000;
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
      if (isRepeated) set();
      else this.timers.delete(id);
      this.turns.run(action);
    };
    const set = (): void => void this.timers.set(id, this.outside.later(wait, fire));
    set();
    return id;
  }

  private clearTimer(timer: unknown, inside: Inside): void {
    if (timer === undefined) throw inside.makeError("clearTimeout(undefined) not allowed");
    this.outside.cancel(this.timers.get(timer as number));
    this.timers.delete(timer as number);
  }

  private report(error: unknown, inside: Inside): void {
    this.options.watcher?.failed(inside.describe(error), this.isLoading);
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
  const outside = options.outside ?? REAL;
  const { watcher } = options;
  let isStopped = false;
  let run: Run;
  let sleep: Timer;
  const start = (why: "power" | "reboot" | "wake"): void => {
    if (isStopped) return;
    watcher?.started(why);
    const reboot = (): void => {
      run.stop();
      if (isStopped) return;
      watcher?.ended("reboot");
      if (outside.virtual === undefined) outside.soon(() => start("reboot"));
      else outside.later(BOOT_MILLIS, () => start("reboot"));
    };
    const chip = {
      getWakeupCause: () => (why === "wake" ? WOKEN_BY_CLOCK : 0),
      // The power is off at once: nothing that comes behind it in the program is run any more but for this turn.
      deepSleep: (microseconds: number) => {
        run.stop();
        if (isStopped) return;
        watcher?.ended("sleep");
        const boot = outside.virtual === undefined ? 0 : BOOT_MILLIS;
        sleep = outside.later(microseconds / 1000 + boot, () => start("wake"));
      },
    };
    run = new Run(options, reboot, chip);
    run.start();
  };
  start("power");
  return {
    stop: () => {
      isStopped = true;
      outside.cancel(sleep);
      run.stop();
    },
    type: (bytes) => run.type(bytes),
  };
}
