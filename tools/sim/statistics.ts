/**
 * Statistics of a world that is played, or of a part of one: what was delivered, how late, how often said again, and how full buffers
 * were, by level.
 *
 * Latency is counted from the moment in which an application says a reading to the moment in which it is on the root's disk, in
 * virtual time. What it keeps grows with the number of nodes and levels alone, not with time.
 */
import type { Message } from "#shared/wire/message.ts";
import { Histogram } from "./histogram.ts";
import { type Effort, type LevelEffort, type NodeSums, type PartSums, worldSums, type WorldSums } from "./sums.ts";
import type { World } from "./world.ts";

export class Statistics {
  private readonly world: World;
  /** Of each node of the plan: its place, and by that the level it is on, what of it is stored, and how late the latest was. */
  private readonly places = new Map<string, number>();
  private readonly levels: Uint8Array;
  private readonly storedOf: Uint32Array;
  private readonly worstOf: Float64Array;
  private readonly latencies: Histogram[] = [];
  private spent: Effort | undefined;

  constructor(world: World) {
    this.world = world;
    const { nodes } = world.plan;
    nodes.forEach((plan, place) => this.places.set(plan.id, place));
    this.levels = new Uint8Array(nodes.length);
    this.storedOf = new Uint32Array(nodes.length);
    this.worstOf = new Float64Array(nodes.length);
    for (let place = 0; place < nodes.length; place++) {
      const level = this.levelAt(place);
      this.levels[place] = level;
      while (this.latencies.length < level) this.latencies.push(new Histogram());
    }
    world.checks.onStored = (node, event, at) => this.stored(node, event, at);
  }

  /** If this is the whole world. */
  sums(): WorldSums {
    return worldSums([this.part()]);
  }

  part(): PartSums {
    const { checks, nodes, counts } = this.world;
    let taken = 0;
    let duplicates = 0;
    for (const life of checks.all()) {
      taken += life.accepted;
      duplicates += Math.max(0, life.stored - life.accepted);
    }
    let refused = 0;
    for (const node of nodes.values()) refused += node.core.counters["event refused"] ?? 0;
    return {
      taken,
      refused,
      delivered: checks.stored,
      duplicates,
      effort: this.spent ?? this.effort(),
      latencies: this.latencies.map(({ buckets }) => buckets),
      latencyMost: this.latencies.map(({ most }) => most),
      counts: { ...counts },
      places: this.placesHere(),
      nodes: this.nodes(),
    };
  }

  /** What is done from now on is no effort for readings: the world settles, and is put to tests. */
  playIsOver(): void {
    this.spent = this.effort();
  }

  /** Of each node of the plan that is here, in its order. */
  nodes(): NodeSums[] {
    return this.placesHere().map((place) => {
      const { id, parent } = this.world.plan.nodes[place] as { id: string; parent: string };
      return {
        id,
        parent,
        level: this.levels[place] as number,
        stored: this.storedOf[place] as number,
        worstMillis: this.worstOf[place] as number,
        resends: this.world.node(id).core.counters["resent"] ?? 0,
      };
    });
  }

  private effort(): Effort {
    const { checks, counts, queue, root } = this.world;
    return {
      stored: checks.stored,
      groupsKnown: this.world.holds("root") ? (root.core.counters["group known"] ?? 0) : 0,
      frames: counts["frames"] ?? 0,
      bytes: counts["bytes"] ?? 0,
      bytesUp: counts["bytes to the root"] ?? 0,
      bytesDown: counts["bytes from the root"] ?? 0,
      steps: queue.taken,
      levels: this.levelEfforts(),
    };
  }

  private placesHere(): number[] {
    const places: number[] = [];
    this.world.plan.nodes.forEach(({ id }, place) => {
      if (this.world.holds(id)) places.push(place);
    });
    return places;
  }

  private stored(id: string, event: Message, at: number): void {
    const place = this.places.get(id);
    if (place === undefined) return;
    this.storedOf[place] = (this.storedOf[place] as number) + 1;
    const saidAt = event["value"];
    // Only readings tell when they were said; a desired value that is applied tells another's value.
    if (event.type !== "reading" || typeof saidAt !== "number") return;
    const millis = at - saidAt;
    if (millis > (this.worstOf[place] as number)) this.worstOf[place] = millis;
    (this.latencies[(this.levels[place] as number) - 1] as Histogram).add(millis);
  }

  private levelEfforts(): LevelEffort[] {
    const efforts = this.latencies.map(emptyEffort);
    for (const place of this.placesHere()) {
      const effort = efforts[(this.levels[place] as number) - 1] as LevelEffort;
      const node = this.world.node(this.world.plan.nodes[place]?.id ?? "");
      effort.nodes += 1;
      effort.resends += node.core.counters["resent"] ?? 0;
      effort.outboxBytesMost = Math.max(effort.outboxBytesMost, node.outboxMost);
      effort.relayBytesMost = Math.max(effort.relayBytesMost, node.relayMost);
      effort.socketBytesMost = Math.max(effort.socketBytesMost, node.socketMost);
    }
    return efforts;
  }

  /** Parents stand before their children in most plans; where they do not, the way up is walked. */
  private levelAt(place: number): number {
    const plan = this.world.plan.nodes[place] as { id: string; parent: string };
    if (plan.parent === "root") return 1;
    const above = this.places.get(plan.parent);
    if (above === undefined) throw new Error(`${plan.id} has a parent that is not in the plan: ${plan.parent}`);
    return 1 + (above < place ? (this.levels[above] as number) : this.levelAt(above));
  }
}

function emptyEffort(): LevelEffort {
  return { nodes: 0, resends: 0, outboxBytesMost: 0, relayBytesMost: 0, socketBytesMost: 0 };
}
