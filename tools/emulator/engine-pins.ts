/**
 * Espruino's pins as they are on an ESP32, with devices wired to them. Faithful: a pin has the mode that was set, or, in "auto", that of its last use; the level is what chip,
 * devices and resistors make of it together; a watch makes its pin an input with a pull-up, and tells each edge afterwards, in a turn of its own, with the time at
 * which it happened; debounced, it tells a change after a quiet time. Not faithful: edges that come too fast are not lost, and D0 is not the wrong way round.
 */
import type { Device, Edge, Level, Wire } from "./devices/device.ts";
import type { EngineTurns } from "./engine-events.ts";
import type { MakeError } from "./engine-net.ts";
import type { Outside, Timer } from "./outside.ts";

/** Source: board file of Espruino, without those that the ESP32 does not have. */
const PINS = Array.from({ length: 40 }, (_, number) => number).filter((n) => n !== 24 && (n < 28 || n > 31));
const INPUTS_FROM = 34;
const ANALOG_FROM = 32;
/** What the converter calls full, in volts. Chosen: it is 3.1 to 3.3 from chip to chip. */
const FULL_VOLTS = 3.3;
const STEPS = 4096;
const MODES = ["analog", "input", "input_pullup", "input_pulldown", "output", "opendrain", "opendrain_pullup", "auto"];

/** What the program has in its hands. */
export class EnginePin {
  private readonly name: string;
  private readonly pins: EnginePins;

  constructor(name: string, pins: EnginePins) {
    this.name = name;
    this.pins = pins;
  }

  toString(): string {
    return this.name;
  }

  toJSON(): string {
    return this.name;
  }

  read(): boolean {
    return this.pins.read(this) === 1;
  }

  write(value: unknown): void {
    this.pins.write(this, value);
  }

  mode(mode: unknown): void {
    this.pins.setMode(this, mode);
  }
}

interface Watch {
  action: (edge: object) => void;
  line: Line;
  edge: "rising" | "falling" | "both";
  isRepeated: boolean;
  debounce: number;
  /** Debounced: what was last told, what the pin is since, and the timer that will tell it. */
  state: Level;
  next: Level;
  timer: Timer;
  lastTime: number | undefined;
}

/** One pin's wire. */
interface Line {
  pin: EnginePin;
  number: number;
  devices: readonly Device[];
  wire: Wire;
  mode: string;
  isManual: boolean;
  latch: Level;
  /** What the chip puts on it. */
  driven: Level | undefined;
  /** The level after the last edge. */
  level: Level;
}

export interface PinWorld {
  outside: Outside;
  turns: EngineTurns;
  makeError: MakeError;
  devices: readonly Device[];
  /** The program's clock, in seconds. */
  getTime: () => number;
  log: (line: string) => void;
}

export class EnginePins {
  private readonly world: PinWorld;
  private readonly lines = new Map<string, Line>();
  private readonly watches = new Map<number, Watch>();
  private readonly timers = new Set<Timer>();
  private nextWatch = 1;

  constructor(world: PinWorld) {
    this.world = world;
    for (const number of PINS) this.lines.set(`D${number}`, this.lineOf(number));
    for (const device of world.devices)
      if (!this.lines.has(device.pin)) throw new Error(`the chip has no pin ${device.pin}`);
  }

  /** What the program finds. */
  globals(): object {
    const pins = Object.fromEntries([...this.lines].map(([name, { pin }]) => [name, pin]));
    return {
      ...pins,
      pinMode: (pin: unknown, mode: unknown) => this.setMode(pin, mode),
      getPinMode: (pin: unknown) => this.line(pin).mode,
      digitalRead: (pin: unknown) => this.read(pin),
      digitalWrite: (pin: unknown, value: unknown) => this.write(pin, value),
      digitalPulse: (pin: unknown, value: unknown, wait: number | number[]) => this.pulse(pin, value, wait),
      analogRead: (pin: unknown) => this.analog(pin),
      setWatch: (action: Watch["action"], pin: unknown, options?: object | boolean) => this.watch(action, pin, options),
      clearWatch: (watch: number) => this.clearWatch(watch),
    };
  }

  start(): void {
    for (const { devices, wire } of this.lines.values()) for (const device of devices) device.plug?.(wire);
  }

  stop(): void {
    for (const timer of this.timers) this.world.outside.cancel(timer);
    this.timers.clear();
    this.watches.clear();
  }

  /** The wire of a pin that the program names; throws if it names none. */
  line(pin: unknown): Line {
    const line = this.lines.get(String(pin));
    if (line === undefined) throw this.world.makeError("Invalid pin");
    return line;
  }

  setMode(pin: unknown, mode: unknown): void {
    const line = this.line(pin);
    if (!MODES.includes(mode as string) && mode !== undefined) throw this.world.makeError(`Unknown pin mode ${mode}`);
    line.isManual = mode !== "auto" && mode !== undefined;
    if (line.isManual) this.switch(line, mode as string);
  }

  read(pin: unknown): Level {
    const line = this.line(pin);
    if (!line.isManual) this.switch(line, "input");
    return this.levelOf(line);
  }

  write(pin: unknown, value: unknown): void {
    const line = this.line(pin);
    line.latch = Number(value) === 0 ? 0 : 1;
    this.switch(line, line.isManual ? line.mode : "output");
  }

  private pulse(pin: unknown, value: unknown, wait: number | number[]): void {
    let level = Number(value) === 0 ? 0 : 1;
    let after = 0;
    this.write(pin, level);
    for (const time of Array.isArray(wait) ? wait : [wait]) {
      after += time;
      level = 1 - level;
      const next = level;
      this.later(after, () => this.write(pin, next));
    }
  }

  private analog(pin: unknown): number {
    const line = this.line(pin);
    if (line.number < ANALOG_FROM) return NaN;
    if (!line.isManual) this.switch(line, "analog");
    const volts = Math.max(0, ...line.devices.map((device) => device.volts?.(this.world.outside.now()) ?? 0));
    return Math.min(STEPS - 1, Math.floor((volts / FULL_VOLTS) * STEPS)) / STEPS;
  }

  private watch(action: Watch["action"], pin: unknown, options: object | boolean = false): number | undefined {
    const line = this.line(pin);
    const given = typeof options === "object" ? (options as { [name: string]: unknown }) : { repeat: options };
    const state = this.levelOf(line);
    const edge = (given["edge"] ?? "both") as Watch["edge"];
    if (!["rising", "falling", "both"].includes(edge)) throw this.world.makeError("'edge' in setWatch is not known");
    const watch: Watch = {
      action,
      line,
      edge,
      isRepeated: given["repeat"] === true,
      debounce: Number(given["debounce"] ?? 0),
      state,
      next: state,
      timer: undefined,
      lastTime: undefined,
    };
    const id = this.nextWatch++;
    this.watches.set(id, watch);
    // So does the engine on this chip, whatever mode was set.
    this.switch(line, "input_pullup");
    return id;
  }

  private clearWatch(id: number): void {
    if (id === undefined) throw this.world.makeError("clearWatch(undefined) not allowed. Use clearWatch() instead");
    const watch = this.watches.get(id);
    if (watch === undefined) throw this.world.makeError(`Unknown Watch ${id}`);
    this.world.outside.cancel(watch.timer);
    this.watches.delete(id);
  }

  private lineOf(number: number): Line {
    const name = `D${number}`;
    const wire: Wire = {
      now: () => this.world.outside.now(),
      edges: (edges) => this.train(name, edges),
      later: (wait, action) => this.later(wait, action),
      say: (text) => this.world.log(`device ${text}`),
    };
    const devices = this.world.devices.filter((device) => device.pin === name);
    const pin = new EnginePin(name, this);
    return { pin, number, devices, wire, mode: "input", isManual: false, latch: 0, driven: undefined, level: 0 };
  }

  private later(wait: number, action: () => void): void {
    const timer = this.world.outside.later(wait, () => {
      this.timers.delete(timer);
      action();
    });
    this.timers.add(timer);
  }

  private levelOf({ driven, devices, mode }: Line): Level {
    const held = devices.find((device) => device.shortedTo !== undefined)?.shortedTo ?? driven;
    if (held !== undefined) return held;
    const levels = devices.map((device) => device.level?.());
    if (levels.includes(0)) return 0;
    return levels.includes(1) || mode.endsWith("_pullup") ? 1 : 0;
  }

  private switch(line: Line, mode: string): void {
    line.mode = mode;
    const isOutput = mode === "output" && line.number < INPUTS_FROM;
    const driven = isOutput ? line.latch : mode.startsWith("opendrain") && line.latch === 0 ? 0 : undefined;
    if (driven !== line.driven) {
      line.driven = driven;
      for (const device of line.devices) device.driven?.(driven, line.wire);
    }
    this.edge(line, this.levelOf(line), this.world.getTime(), (tell) => this.world.turns.later(tell));
  }

  /** A device's edges. They are told when the last is over, as the engine tells what its interrupts have noted: before any timer that is due later. */
  private train(name: string, edges: readonly Edge[]): void {
    const line = this.line(name);
    const from = this.world.getTime();
    this.later((edges.at(-1)?.after ?? 0) / 1000, () => {
      if (line.driven !== undefined) return;
      for (const { after, level } of edges)
        this.edge(line, level, from + after / 1e6, (tell) => this.world.turns.run(tell));
    });
  }

  private edge(line: Line, level: Level, time: number, turn: (tell: () => void) => void): void {
    if (level === line.level) return;
    line.level = level;
    for (const [id, watch] of this.watches) {
      if (watch.line === line) turn(() => this.tell(id, watch, level, time));
    }
  }

  private tell(id: number, watch: Watch, level: Level, time: number): void {
    if (!this.watches.has(id)) return;
    if (watch.debounce <= 0) {
      this.call(id, watch, level, time);
      return;
    }
    watch.next = level;
    this.world.outside.cancel(watch.timer);
    watch.timer = this.world.outside.later(watch.debounce, () => {
      if (!this.watches.has(id) || watch.next === watch.state) return;
      watch.state = watch.next;
      this.world.turns.run(() => this.call(id, watch, watch.state, time));
    });
    this.timers.add(watch.timer);
  }

  private call(id: number, watch: Watch, level: Level, time: number): void {
    const { lastTime, edge, line } = watch;
    watch.lastTime = time;
    if (edge !== "both" && (edge === "rising") !== (level === 1)) return;
    if (!watch.isRepeated) this.watches.delete(id);
    watch.action({ state: level === 1, lastTime, time, pin: line.pin });
  }
}
