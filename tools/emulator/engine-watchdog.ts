/** The chip's watchdog: starts the chip again when nobody has kicked it for so long. In its automatic mode the engine kicks it, which here is always idle. */
import type { Outside, Timer } from "./outside.ts";

export class EngineWatchdog {
  private readonly outside: Outside;
  private readonly bark: () => void;
  private timer: Timer;
  private millis = 0;

  constructor(outside: Outside, bark: () => void) {
    this.outside = outside;
    this.bark = bark;
  }

  enable(seconds: number, isAuto: boolean): void {
    this.millis = isAuto ? 0 : seconds * 1000;
    this.kick();
  }

  kick(): void {
    this.stop();
    if (this.millis > 0) this.timer = this.outside.later(this.millis, this.bark);
  }

  stop(): void {
    this.outside.cancel(this.timer);
  }
}
