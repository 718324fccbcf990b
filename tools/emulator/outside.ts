/**
 * Outside is what an emulated chip has of the world around it: time, chance, and TCP. `REAL` is this machine's own; the simulator (tools/sim/project) gives it virtual ones, so that
 * nothing of a chip depends on when, or on which machine, it is played.
 */
import type { Network } from "./network.ts";
import { REAL_NETWORK } from "./real-network.ts";

/** Whoever set it knows what it is. */
export type Timer = unknown;

export interface Outside {
  /** Milliseconds, which never go back. */
  now(): number;
  /** Calls `action` after so many milliseconds, one at the least. */
  later(wait: number, action: () => void): Timer;
  cancel(timer: Timer): void;
  /** Calls `action` as soon as everything that was to be done before is done. */
  soon(action: () => void): void;
  network: Network;
  /** Undefined: what chance, date and promises of the program do is this machine's business, and it may open sockets for datagrams. */
  virtual: Virtual | undefined;
}

/** What else has to be virtual where time is. */
export interface Virtual {
  /** A part of the program is about to run. */
  enter(): void;
  /** From 0 (inclusive) to 1 (exclusive). */
  random(): number;
  /** The wall's clock: milliseconds since 1970. */
  unix(): number;
}

export const REAL: Outside = {
  now: () => performance.now(),
  later: (wait, action) => setTimeout(action, wait),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  soon: (action) => void setImmediate(action),
  network: REAL_NETWORK,
  virtual: undefined,
};
