/** The chip's watchdog: starts the chip again when nobody has kicked it for so long. In its automatic mode the engine kicks it, which here is always idle. */
export class EngineWatchdog {
  private readonly bark: () => void;
  private timer: NodeJS.Timeout | undefined;
  private millis = 0;

  constructor(bark: () => void) {
    this.bark = bark;
  }

  enable(seconds: number, isAuto: boolean): void {
    this.millis = isAuto ? 0 : seconds * 1000;
    this.kick();
  }

  kick(): void {
    this.stop();
    if (this.millis > 0) this.timer = setTimeout(this.bark, this.millis);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
