/**
 * Plays the parts of a large tree that are in one thread: everybody says readings while links are cut, then all is well and has to
 * settle. Every thread does the same, step by step, and all come to the same end.
 *
 * Virtual time is counted while applications speak, joining included; settling, in which hardly anything happens, is left out of
 * the speed, for it would only flatter it.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { planFaults } from "./faults.ts";
import type { NodeProcess } from "./node-process.ts";
import { complaint, Crew, type CrewMemory, Halted } from "./parts/crew.ts";
import { settle } from "./settling.ts";
import { Statistics } from "./statistics.ts";
import type { PartSums } from "./sums.ts";
import { treePlan, type TreeSize } from "./tree-plan.ts";
import type { World } from "./world.ts";

export interface TreeProgress {
  phase: "playing" | "settling" | "over";
  /** Of so many milliseconds of virtual time in which applications speak, so many have passed. */
  virtualMillis: number;
  lastsMillis: number;
  nodes: number;
  joined: number;
  stored: number;
  /** Milliseconds of virtual time for each one of ours, since the last word. */
  factor: number;
}

/** What one thread has to say when all is over. */
export interface Played {
  parts: PartSums[];
  /** The promise that was broken, or undefined. */
  violation: string | undefined;
  joinedAfter: { most: number; all: number };
  settledAfter: number;
  virtualMillis: number;
  wallMillis: number;
  /** Of the whole process, all threads together. */
  processorMillis: number;
  /** What its parts take, once garbage is gone. */
  heapBytes: number;
}

/** Which of how many threads this is, and what it shares with the others. */
export interface TreeThread {
  size: TreeSize;
  memory: CrewMemory;
  thread: number;
  threads: number;
}

/** A word of progress so often, in milliseconds of wall time. */
const PROGRESS_EVERY = 500;
/** Virtual time between two looks at the clock and at who has joined, in milliseconds. */
const STEP = 250;

/** `now`: the wall's clock, in milliseconds. `progress` is told in the thread that has the root. */
export function playTree(
  { size, memory, thread, threads }: TreeThread,
  progress: (progress: TreeProgress) => void,
  now: () => number,
): Played {
  const heapBefore = heapBytes();
  const crew = new Crew(treePlan(size), memory, thread, threads);
  const statistics = crew.parts.map((part) => new Statistics(part));
  const tell = teller(crew, size, progress, now);
  const census = new Census(size.nodes);
  let violation: string | undefined;
  let settledAfter = -1;
  let effort: { wallMillis: number; processorMillis: number; virtualMillis: number } | undefined;
  // Nobody starts the clock before all are there.
  crew.each(planFaults);
  const startedAt = now();
  const processorBefore = processorMillis();
  const spent = (): NonNullable<typeof effort> => ({
    wallMillis: now() - startedAt,
    processorMillis: processorMillis() - processorBefore,
    virtualMillis: crew.now,
  });
  try {
    while (crew.now < crew.plan.lasts) {
      crew.run(Math.min(STEP, crew.plan.lasts - crew.now));
      tell("playing", census.take(crew));
    }
    effort = spent();
    for (const each of statistics) each.playIsOver();
    tell("settling", census.take(crew));
    settledAfter = settle(crew);
    census.take(crew);
  } catch (error) {
    violation = error instanceof Halted ? error.message : complaint(error);
  }
  tell("over", census);
  return {
    parts: statistics.map((each) => each.part()),
    violation,
    joinedAfter: census.joinedAfter,
    settledAfter,
    ...(effort ?? spent()),
    heapBytes: heapBytes() - heapBefore,
  };
}

/** Who has joined, and what is stored, in all parts together. */
class Census {
  joined = 0;
  stored = 0;
  /** When 99 of 100 nodes, and when all, had joined for the first time; -1: never. */
  readonly joinedAfter = { most: -1, all: -1 };
  private readonly nodes: number;
  private readonly missing = new Map<World, NodeProcess[]>();

  constructor(nodes: number) {
    this.nodes = nodes;
  }

  take(crew: Crew): this {
    const [missing = 0, joined = 0, stored = 0] = crew.sums((world) => {
      const left = (this.missing.get(world) ?? [...world.nodes.values()]).filter((node) => !node.core.isJoined());
      this.missing.set(world, left);
      return [left.length, joinedIn(world), world.checks.stored];
    });
    this.joined = joined;
    this.stored = stored;
    if (this.joinedAfter.most < 0 && missing <= this.nodes / 100) this.joinedAfter.most = crew.now;
    if (this.joinedAfter.all < 0 && missing === 0) this.joinedAfter.all = crew.now;
    return this;
  }
}

type Tell = (phase: TreeProgress["phase"], census: Census) => void;

function teller(crew: Crew, size: TreeSize, progress: (progress: TreeProgress) => void, now: () => number): Tell {
  let toldAt = now();
  let toldVirtual = 0;
  let toldPhase: TreeProgress["phase"] = "playing";
  return (phase, { joined, stored }) => {
    if (!crew.hasRoot()) return;
    const wall = now() - toldAt;
    if (wall < PROGRESS_EVERY && phase === toldPhase) return;
    progress({
      phase,
      virtualMillis: crew.now,
      lastsMillis: crew.plan.lasts,
      nodes: size.nodes,
      joined,
      stored,
      factor: (crew.now - toldVirtual) / Math.max(1, wall),
    });
    [toldAt, toldVirtual, toldPhase] = [now(), crew.now, phase];
  };
}

function joinedIn(world: World): number {
  let joined = 0;
  for (const node of world.nodes.values()) if (node.isUp && node.core.isJoined()) joined += 1;
  return joined;
}

function processorMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What is in use in this thread, without garbage. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
