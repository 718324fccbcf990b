/**
 * Espruino's serial port with its console on it, as far as the firmware uses them. Faithful: the console is on the port until it is moved away, what a
 * program prints goes to it, and at the start a banner and the hardware's last words; data come in pieces, each in a turn of its own. Not
 * faithful: the console answers nothing, and no byte is ever lost.
 */
import { EngineEmitter, type EngineTurns } from "./engine-events.ts";

/** Most bytes of one event. Source: jsdevices.h. */
const EVENT_BYTES = 64;
const NAME = "Serial1";
const BANNER = "\xff\0~rst:0x1 (POWERON_RESET)\r\n\r\n 2v29.emulated\r\n\r\n>";

export class EngineSerial extends EngineEmitter {
  private readonly out: (bytes: string) => void;
  private console: string | null = NAME;

  /** `out` takes what the chip writes on its port. */
  constructor(turns: EngineTurns, out: (bytes: string) => void) {
    super(turns);
    this.out = out;
  }

  /** What the program finds: the port as a global, and the console's functions of E. */
  globals(E: Record<string, unknown>): object {
    E["getConsole"] = () => this.console;
    E["setConsole"] = (port: string | null) => {
      if (this.console !== null) this.out(`-> ${port}\r\n`);
      this.console = port;
    };
    return {
      [NAME]: {
        setup: () => {},
        write: (bytes: string) => this.out(bytes),
        on: (event: string, listener: (...values: never[]) => void) => this.on(event, listener),
      },
    };
  }

  start(): void {
    this.out(BANNER);
  }

  print(line: string): void {
    if (this.console !== null) this.out(`${line}\r\n`);
  }

  take(bytes: string): void {
    if (this.console !== null) return;
    for (let at = 0; at < bytes.length; at += EVENT_BYTES) this.emitLater("data", bytes.slice(at, at + EVENT_BYTES));
  }
}
