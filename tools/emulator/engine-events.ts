/**
 * Events as Espruino delivers them: never from inside the call that causes them, one turn each, and an exception in a listener is
 * reported and harms nothing else. Once stopped, nothing of the program runs any more.
 */
import type { Outside } from "./outside.ts";

export class EngineTurns {
  private readonly outside: Outside;
  private readonly report: (error: unknown) => void;
  private readonly settle: (() => void) | undefined;
  private isStopped = false;

  /** `settle` runs what waits for promises, if that does not happen by itself. */
  constructor(outside: Outside, report: (error: unknown) => void, settle: (() => void) | undefined) {
    this.outside = outside;
    this.report = report;
    this.settle = settle;
  }

  /** Runs a part of the program now. */
  run(action: () => void): void {
    if (this.isStopped) return;
    this.outside.virtual?.enter();
    try {
      action();
      this.settle?.();
    } catch (error) {
      this.report(error);
    }
  }

  /** Runs a part of the program in a turn of its own. */
  later(action: () => void): void {
    this.outside.soon(() => this.run(action));
  }

  stop(): void {
    this.isStopped = true;
  }
}

// biome-ignore lint: listeners take what their event has
type Listener = (...values: never[]) => void;

/** What every emitting object of the engine has. Listeners are looked up when the event happens, as the engine does. */
export class EngineEmitter {
  protected readonly turns: EngineTurns;
  private readonly listeners = new Map<string, Listener[]>();

  constructor(turns: EngineTurns) {
    this.turns = turns;
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  removeListener(event: string, listener: Listener): void {
    this.listeners.set(
      event,
      (this.listeners.get(event) ?? []).filter((one) => one !== listener),
    );
  }

  removeAllListeners(event: string): void {
    this.listeners.delete(event);
  }

  protected hasListener(event: string): boolean {
    return (this.listeners.get(event) ?? []).length > 0;
  }

  protected emitLater(event: string, ...values: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      this.turns.later(() => (listener as (...values: unknown[]) => void)(...values));
    }
  }

  protected emitNow(event: string, ...values: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      this.turns.run(() => (listener as (...values: unknown[]) => void)(...values));
    }
  }
}
