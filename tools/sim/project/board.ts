/** A board of a project in virtual time: its very program in the emulator, with its flash in a folder, its devices, and its power, which may be cut. */
import { join } from "node:path";
import type { Device } from "../../emulator/devices/device.ts";
import { type EmulatedNode, emulate } from "../../emulator/emulate.ts";
import type { Network } from "../../emulator/network.ts";
import type { Outside } from "../../emulator/outside.ts";
import type { Chance } from "../chance.ts";
import { PROBE_NAME, type ProbeListener } from "./probe.ts";
import { type VirtualTime, virtualOutside } from "./virtual-outside.ts";

/** What a board is made of. */
export interface BoardPlan {
  id: string;
  /** Where it connects to: a board's id, or "root". */
  parent: string;
  /** The file with its program as it was written, for people, and as it is run. */
  entry: string;
  bundle: string;
  /** Its `sapline.json`. */
  configuration: object;
  devices: readonly Device[];
  /** Milliseconds after which what it says is in flash; undefined if it never is. */
  keepsAfter: number | undefined;
  /** Milliseconds of its longest sleep; 0 if it does not sleep. */
  sleepsFor: number;
}

/** The world, as far as a board needs it. */
export interface BoardWorld extends VirtualTime {
  unix(): number;
  network(id: string): Network;
  /** A part of its program is about to run. */
  enters(board: Board): void;
  /** Its program has begun; or it has ended by itself, to sleep or to start again. */
  begins(board: Board): void;
  ends(board: Board, isAsleep: boolean): void;
  says: (board: Board, ...what: Parameters<ProbeListener>) => void;
  fails(board: Board, error: string, isLoading: boolean): void;
  prints(board: Board, line: string): void;
}

/** What has happened to it. */
export interface BoardCounts {
  starts: number;
  powerCuts: number;
  wakes: number;
  /** It has started again by itself, after a fault of its program or because that wanted it. */
  restarts: number;
}

export class Board {
  readonly plan: BoardPlan;
  readonly counts: BoardCounts = { starts: 0, powerCuts: 0, wakes: 0, restarts: 0 };
  private readonly world: BoardWorld;
  private readonly flash: string;
  private readonly outside: Outside;
  private node: EmulatedNode | undefined;

  /** `folder` is for what it keeps in flash. */
  constructor(world: BoardWorld, plan: BoardPlan, folder: string, chance: Chance) {
    this.world = world;
    this.plan = plan;
    this.flash = join(folder, plan.id);
    this.outside = virtualOutside(world, world.network(plan.id), {
      enter: () => world.enters(this),
      random: chance.random,
      unix: () => world.unix(),
    });
  }

  get id(): string {
    return this.plan.id;
  }

  get isOn(): boolean {
    return this.node !== undefined;
  }

  switchOn(): void {
    const { world } = this;
    const { bundle, configuration, devices } = this.plan;
    this.node = emulate({
      bundle,
      storageDir: this.flash,
      config: configuration,
      devices,
      outside: this.outside,
      globals: {
        [PROBE_NAME]: (eid: string, value: unknown, isTaken: boolean) => world.says(this, eid, value, isTaken),
      },
      log: (line) => world.prints(this, line),
      watcher: {
        started: (why) => {
          this.counts.starts += 1;
          if (why === "wake") this.counts.wakes += 1;
          if (why === "reboot") this.counts.restarts += 1;
          world.begins(this);
        },
        ended: (why) => world.ends(this, why === "sleep"),
        failed: (error, isLoading) => world.fails(this, error, isLoading),
      },
    });
  }

  /** Nothing of its program runs any more. Its connections are the net's. */
  switchOff(): void {
    this.node?.stop();
    this.node = undefined;
  }
}
