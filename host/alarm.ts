/**
 * Alarm is the single timer between a core and the world: it asks the core when it wants to be woken, and wakes it then.
 * `touch` after each input is cheap: the core is asked once a turn of the event loop, however many frames came in it, and a
 * timer that is early enough is left alone (an early wake-up is harmless). Whoever wants to know of the end of such a turn is told.
 */
import type { Instant } from "#shared/units.ts";
import { monotonicNow } from "./clock.ts";

export class Alarm {
  private readonly wakeAt: () => Instant | undefined;
  private readonly fire: () => void;
  private readonly turned: () => void;
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Infinity;
  private isTouched = false;
  private isStopped = false;

  constructor(wakeAt: () => Instant | undefined, fire: () => void, turned: () => void = () => {}) {
    this.wakeAt = wakeAt;
    this.fire = fire;
    this.turned = turned;
  }

  touch(): void {
    if (this.isTouched || this.isStopped) return;
    this.isTouched = true;
    setImmediate(() => this.arm());
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private arm(): void {
    this.isTouched = false;
    if (this.isStopped) return;
    this.turned();
    const at = this.wakeAt();
    if (at === undefined || at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    // Timers of Node may fire up to a millisecond early; the core would then be asked in vain.
    this.timer = setTimeout(() => this.ring(), Math.max(1, Math.ceil(at - monotonicNow())));
  }

  private ring(): void {
    this.timerAt = Infinity;
    if (this.isStopped) return;
    this.fire();
    this.touch();
  }
}
