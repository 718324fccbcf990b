/**
 * Statistics of a world that is played: what was delivered, how late, how often said again, and how full buffers were, by level.
 *
 * Latency is counted from the moment in which an application says a reading to the moment in which it is on the root's disk, in
 * virtual time. What it keeps grows with the number of nodes and levels alone, not with time.
 */
import type { Message } from "#shared/wire/message.ts";
import { Histogram } from "./histogram.ts";
import type { NodePlan } from "./plan.ts";
import type { World } from "./world.ts";

/** Milliseconds. */
export interface Spread {
  p50: number;
  p99: number;
  max: number;
}

/** The nodes so many links below the root. */
export interface LevelSums {
  level: number;
  nodes: number;
  stored: number;
  latencyMillis: Spread;
  resends: number;
  /** The fullest that any of its buffers was, in bytes. */
  outboxBytesMost: number;
  relayBytesMost: number;
  socketBytesMost: number;
}

export interface WorldSums {
  nodes: number;
  /** Events that nodes took, that they had no room for, and that are on the disk. */
  taken: number;
  refused: number;
  delivered: number;
  /** Events on the disk more than once … */
  duplicates: number;
  /** … and groups that the root was sent again, and knew. */
  groupsKnown: number;
  /** How often a node began to send again what it had in flight. */
  resends: number;
  latencyMillis: Spread;
  frames: number;
  /** For each event on the disk, everything counted: joining, acknowledgements, pings. */
  bytesPerEvent: { lastLinkUp: number; lastLinkDown: number; allLinks: number };
  steps: number;
  stepsPerEvent: number;
  levels: LevelSums[];
}

/** What says how much was done, and how full buffers were. */
type Effort = Pick<
  WorldSums,
  "groupsKnown" | "resends" | "frames" | "bytesPerEvent" | "steps" | "stepsPerEvent" | "levels"
>;

/** What came of one node. */
export interface NodeSums {
  id: string;
  parent: string;
  level: number;
  stored: number;
  worstMillis: number;
  resends: number;
}

interface Watched {
  plan: NodePlan;
  level: number;
  stored: number;
  worstMillis: number;
}

export class Statistics {
  private readonly world: World;
  private readonly watched = new Map<string, Watched>();
  private readonly latencies: Histogram[] = [];
  private spent: Effort | undefined;

  constructor(world: World) {
    this.world = world;
    for (const plan of world.plan.nodes) {
      const level = this.levelOf(plan, world.plan.nodes);
      this.watched.set(plan.id, { plan, level, stored: 0, worstMillis: 0 });
      while (this.latencies.length <= level) this.latencies.push(new Histogram());
    }
    world.checks.onStored = (node, event, at) => this.stored(node, event, at);
  }

  sums(): WorldSums {
    const { checks, nodes } = this.world;
    const all = new Histogram();
    for (const latencies of this.latencies) all.addAll(latencies);
    let taken = 0;
    let duplicates = 0;
    for (const life of checks.all()) {
      taken += life.accepted;
      duplicates += Math.max(0, life.stored - life.accepted);
    }
    let refused = 0;
    for (const node of nodes.values()) refused += node.core.counters["event refused"] ?? 0;
    const effort = this.spent ?? this.effort();
    // What was said last may be stored only after that.
    for (const level of effort.levels) {
      level.stored = 0;
      level.latencyMillis = spreadOf(this.latencies[level.level] as Histogram);
    }
    for (const { level, stored } of this.watched.values()) (effort.levels[level - 1] as LevelSums).stored += stored;
    return {
      nodes: this.watched.size,
      taken,
      refused,
      delivered: checks.stored,
      duplicates,
      latencyMillis: spreadOf(all),
      ...effort,
    };
  }

  /** What is done from now on is no effort for readings: the world settles, and is put to tests. */
  playIsOver(): void {
    this.spent = this.effort();
  }

  private effort(): Effort {
    const { checks, counts, queue, root } = this.world;
    const perEvent = (total = 0): number => (checks.stored === 0 ? 0 : total / checks.stored);
    const levels = this.levels();
    return {
      groupsKnown: root.core.counters["group known"] ?? 0,
      resends: levels.reduce((sum, level) => sum + level.resends, 0),
      frames: counts["frames"] ?? 0,
      bytesPerEvent: {
        lastLinkUp: perEvent(counts["bytes to the root"]),
        lastLinkDown: perEvent(counts["bytes from the root"]),
        allLinks: perEvent(counts["bytes"]),
      },
      steps: queue.taken,
      stepsPerEvent: perEvent(queue.taken),
      levels,
    };
  }

  /** Of each node of the plan, in its order. */
  nodes(): NodeSums[] {
    return [...this.watched.values()].map(({ plan, level, stored, worstMillis }) => {
      const resends = this.world.node(plan.id).core.counters["resent"] ?? 0;
      return { id: plan.id, parent: plan.parent, level, stored, worstMillis, resends };
    });
  }

  private stored(id: string, event: Message, at: number): void {
    const node = this.watched.get(id);
    if (node === undefined) return;
    node.stored += 1;
    const saidAt = event["value"];
    // Only readings tell when they were said; a desired value that is applied tells another's value.
    if (event.type !== "reading" || typeof saidAt !== "number") return;
    const millis = at - saidAt;
    if (millis > node.worstMillis) node.worstMillis = millis;
    (this.latencies[node.level] as Histogram).add(millis);
  }

  private levels(): LevelSums[] {
    const levels: LevelSums[] = [];
    for (const { id, level, resends } of this.nodes()) {
      const sums = (levels[level - 1] ??= emptyLevel(level));
      const node = this.world.node(id);
      sums.nodes += 1;
      sums.resends += resends;
      sums.outboxBytesMost = Math.max(sums.outboxBytesMost, node.outboxMost);
      sums.relayBytesMost = Math.max(sums.relayBytesMost, node.relayMost);
      sums.socketBytesMost = Math.max(sums.socketBytesMost, node.socketMost);
    }
    return levels;
  }

  /** Parents stand before their children in most plans; where they do not, the way up is walked. */
  private levelOf(plan: NodePlan, all: readonly NodePlan[]): number {
    if (plan.parent === "root") return 1;
    const known = this.watched.get(plan.parent);
    if (known !== undefined) return known.level + 1;
    const parent = all.find((other) => other.id === plan.parent);
    if (parent === undefined) throw new Error(`${plan.id} has a parent that is not in the plan: ${plan.parent}`);
    return this.levelOf(parent, all) + 1;
  }
}

function emptyLevel(level: number): LevelSums {
  const latencyMillis = { p50: 0, p99: 0, max: 0 };
  const fullest = { outboxBytesMost: 0, relayBytesMost: 0, socketBytesMost: 0 };
  return { level, nodes: 0, stored: 0, latencyMillis, resends: 0, ...fullest };
}

function spreadOf(histogram: Histogram): Spread {
  return { p50: histogram.quantile(0.5), p99: histogram.quantile(0.99), max: histogram.most };
}
