/** What an emulated chip has of the world outside where time is virtual: timers and turns are happenings in a queue. */
import type { Network } from "../../emulator/network.ts";
import type { Outside, Virtual } from "../../emulator/outside.ts";
import type { Happening } from "../queue.ts";

/** A world, as far as time is concerned. */
export interface VirtualTime {
  readonly now: number;
  at(moment: number, happening: Happening): void;
}

/** Longest wait that a timer of the emulator's machine knows, in milliseconds; more is none. */
const WAIT_MAX = 2 ** 31 - 1;

class VirtualTimer implements Happening {
  private action: (() => void) | undefined;

  constructor(action: () => void) {
    this.action = action;
  }

  cancel(): void {
    this.action = undefined;
  }

  happen(): void {
    const action = this.action;
    this.action = undefined;
    action?.();
  }
}

export function virtualOutside(time: VirtualTime, network: Network, virtual: Virtual): Outside {
  return {
    now: () => time.now,
    later: (wait, action) => {
      const timer = new VirtualTimer(action);
      time.at(time.now + (wait >= 1 && wait <= WAIT_MAX ? wait : 1), timer);
      return timer;
    },
    cancel: (timer) => (timer as VirtualTimer | undefined)?.cancel(),
    soon: (action) => time.at(time.now, new VirtualTimer(action)),
    network,
    virtual,
  };
}
