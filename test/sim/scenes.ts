/** Small plans and short words for scenarios: who is below whom, a world with a witness in it, and what applications say. */
import { onTestFailed } from "vitest";
import { planFaults } from "#tools/sim/faults.ts";
import { type Fault, type NodePlan, planOf, type TrafficPlan, type WorldPlan } from "#tools/sim/plan.ts";
import { Witness } from "#tools/sim/witness.ts";
import { World } from "#tools/sim/world.ts";

/** Nodes below one another, the first one below the root. They say nothing of themselves. */
export function chain(...ids: string[]): NodePlan[] {
  return ids.map((id, i) => ({ id, parent: ids[i - 1] ?? "root" }));
}

/** The same nodes, and each of them says so much. */
export function talking(nodes: NodePlan[], traffic: TrafficPlan): NodePlan[] {
  return nodes.map((node) => ({ ...node, traffic }));
}

export interface Scene {
  world: World;
  seen: Witness;
}

/** A world that has just begun, its faults planned. If the test fails, it tells what happened last. */
export function scene(nodes: NodePlan[], faults: Fault[] = [], more: Partial<WorldPlan> = {}): Scene {
  const seen = new Witness();
  const world = new World(planOf({ nodes, faults, ...more }), { witness: seen });
  planFaults(world);
  onTestFailed(() => {
    process.stderr.write(`${seen.story()}\n`);
  });
  return { world, seen };
}

/** So many readings, at once. How many of them the node took. */
export function say(world: World, id: string, howMany: number): number {
  let taken = 0;
  for (let i = 0; i < howMany; i++) if (world.node(id).emit({ type: "reading", value: i })) taken += 1;
  return taken;
}

/** A link that carries so little that a backlog takes its time. */
export function narrow(world: World, id: string, bytesPerSecond: number, latencyMillis = 5): void {
  world.slow.set(id, { ...world.plan.link, latencyMillis, bytesPerSecond });
}

/** Says a frame by hand on the link that a node has to its parent now: upwards, or down to it. */
export function sayByHand(world: World, id: string, frame: string, way: "up" | "down"): void {
  const wire = world.wiresUp(id).at(-1);
  if (wire === undefined) throw new Error(`${id} has no link`);
  wire.send(way === "up" ? wire.child : wire.parent, frame);
}

export function hasJoined(world: World, id: string): () => boolean {
  return () => world.node(id).isUp && world.node(id).core.isJoined();
}

/** 1, 2, 3 … up to a number. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}

/** The most that any of these is. */
export function most(numbers: Iterable<number>): number {
  return Math.max(0, ...numbers);
}
