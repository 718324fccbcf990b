/**
 * A project played in virtual time: for so long with whatever breaks, then until everything that was said before is on the root's disk; and what came of it. The same seed and files give the
 * same, whatever the machine.
 */
import { createContext, Script } from "node:vm";
import { relative } from "node:path";
import { Trouble } from "#host/trouble.ts";
import { Chance } from "../chance.ts";
import { Violation } from "../checks.ts";
import type { BoardCounts, BoardPlan } from "./board.ts";
import type { EntityRow } from "./books.ts";
import { faultsOf, healBoards, strikeBoards } from "./project-faults.ts";
import { ProjectWorld } from "./project-world.ts";

export interface ProjectPlan {
  boards: readonly BoardPlan[];
  /** For what they keep in flash: an empty one. */
  folder: string;
  seed: number;
  lastsMillis: number;
  hasFaults: boolean;
  tell?: ((line: string) => void) | undefined;
}

export interface NodeRow extends BoardCounts {
  node: string;
  parent: string;
  /** The first exception that its program did not catch, or "". */
  fault: string;
}

export interface ProjectResult {
  seed: number;
  lastsMillis: number;
  /** The promise that was broken, or undefined. */
  violation: string | undefined;
  /** How long it took, once all was well, until the root had all that was said before; -1 if it did not. */
  settledAfter: number;
  /** What broke, and what the network did. */
  counts: { [what: string]: number };
  commits: number;
  nodes: NodeRow[];
  entities: EntityRow[];
}

export interface ProjectProgress {
  virtualMillis: number;
  stored: number;
}

/** A program that runs so long at a time, in real milliseconds, does not come back. Chosen: a board's watchdog would wait for a minute. */
const PATIENCE = 5000;
/** Played at a time, in virtual milliseconds; and in real ones, before anybody else gets a turn. */
const STEP = 1000;
const TURN = 200;

export async function runProject(
  plan: ProjectPlan,
  progress: (progress: ProjectProgress) => void = () => {},
  patience = PATIENCE,
): Promise<ProjectResult> {
  const world = new ProjectWorld({ seed: plan.seed, boards: plan.boards, folder: plan.folder, tell: plan.tell });
  const play = async (until: () => boolean): Promise<void> => {
    while (!until()) {
      playOn(world, until, patience);
      progress({ virtualMillis: world.now, stored: world.checks.stored });
      // For signals, and whoever else waits.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  let violation: string | undefined;
  let settledAfter = -1;
  let entities: EntityRow[] = [];
  try {
    if (plan.hasFaults) {
      const ids = plan.boards.map(({ id }) => id);
      for (const fault of faultsOf(new Chance(plan.seed).fork(), ids, plan.lastsMillis))
        world.later(fault.at, () => strikeBoards(world, fault));
    }
    await play(() => world.now >= plan.lastsMillis);
    healBoards(world);
    world.books.isCounting = false;
    settledAfter = await settle(world, play);
    entities = world.books.close();
    world.checks.compare(world.root.disk.image());
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
    entities = world.books.rows();
  } finally {
    for (const board of world.boards.values()) board.switchOff();
  }
  const nodes = [...world.boards.values()].map(({ id, plan: { parent }, counts }) => ({
    node: id,
    parent,
    ...counts,
    fault: world.faults.get(id) ?? "",
  }));
  const { seed, lastsMillis } = plan;
  const { counts, root } = world;
  return { seed, lastsMillis, violation, settledAfter, counts, commits: root.disk.counts.commits, nodes, entities };
}

/** Until everything is on the disk that was said before; a violation if it does not get there. */
async function settle(world: ProjectWorld, play: (until: () => boolean) => Promise<void>): Promise<number> {
  const from = world.now;
  const sleep = Math.max(...[...world.boards.values()].map(({ plan }) => plan.sleepsFor), 0);
  const bound = from + world.plan.settlesWithin + 2 * sleep;
  const open = (): string | undefined => {
    for (const id of world.boards.keys()) {
      const last = world.lastLines.get(id);
      const words = last === undefined ? "" : `; what it printed last: ${last}`;
      if (world.root.core.node(id) === undefined) return `${id} has never joined${words}`;
    }
    return world.books.open();
  };
  await play(() => world.now >= bound || open() === undefined);
  const what = open();
  if (what !== undefined) throw new Violation(`not settled after ${(bound - from) / 1000} s: ${what}`);
  return world.now - from;
}

/** Plays for a while. A program that does not come back is told by its node and file. */
function playOn(world: ProjectWorld, until: () => boolean, patience: number): void {
  const endsAt = performance.now() + TURN;
  const play = (): void => {
    while (!until() && performance.now() < endsAt) world.run(STEP);
  };
  try {
    PLAY.runInContext(createContext({ play }), { timeout: patience });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    const board = world.running;
    const file = board === undefined ? "" : `${relative(".", board.plan.entry)}: `;
    throw new Trouble(
      `${file}the program of ${board?.id ?? "a board"} does not come back, at ${(world.now / 1000).toFixed(1)} s: is there a loop without an end?`,
    );
  }
}

const PLAY = new Script("play()");
