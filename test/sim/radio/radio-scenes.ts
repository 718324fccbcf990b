/** Small worlds with radios: boards in a row or wherever a topology says, the first one below the root by wire. */
import type { Topology } from "#tools/sim/air/topologies.ts";
import { EXACT } from "#tools/sim/air/landscape.ts";
import { line } from "#tools/sim/air/topologies.ts";
import type { AirPlan, Fault, NodePlan, RadioPlan, TrafficPlan, WorldPlan } from "#tools/sim/plan.ts";
import { scene, type Scene } from "../scenes.ts";

export interface RadioScene {
  traffic?: TrafficPlan;
  /** The gateway's channel. */
  channel?: number;
  /** For all, or for some, by their ids. */
  radio?: Partial<RadioPlan>;
  radios?: { [id: string]: Partial<RadioPlan> };
  nodes?: { [id: string]: Partial<NodePlan> };
  air?: AirPlan;
  faults?: Fault[];
  world?: Partial<WorldPlan>;
}

/** The boards of a topology, its first one a gateway. */
export function boards({ spots }: Topology, more: RadioScene = {}): NodePlan[] {
  return spots.map(({ id, x, y }, i) => {
    const gateway: Partial<RadioPlan> = i === 0 ? { channel: more.channel ?? 6 } : {};
    const radio: RadioPlan = { x, y, ...gateway, ...more.radio, ...more.radios?.[id] };
    const node: NodePlan = { id, parent: i === 0 ? "root" : "air", radio, ...more.nodes?.[id] };
    if (more.traffic !== undefined) node.traffic = more.traffic;
    return node;
  });
}

export function radioScene(topology: Topology, more: RadioScene = {}): Scene {
  const air = { landscape: topology.landscape, ...more.air };
  return scene(boards(topology, more), more.faults, { air, ...more.world });
}

/** `count` boards, each of which hears its neighbours and nobody else. */
export function row(count: number, share = 0.98): Topology {
  const topology = line(count);
  const place = (id: string): number => topology.spots.findIndex((spot) => spot.id === id);
  const measured = (from: string, to: string): number => (Math.abs(place(from) - place(to)) === 1 ? share : 0);
  return { ...topology, landscape: { ...EXACT, measured } };
}

/** So many boards that all hear each other well. */
export function room(count: number): Topology {
  return line(count, 2, EXACT);
}
