/** The second phase of a run: all is well, and everything has to settle within the bound; then the books must balance. */
import type { NodeProcess } from "./node-process.ts";
import { Violation } from "./checks.ts";
import { heal } from "./faults.ts";
import { ACT_TTL, LINK_TIMEOUT, SWEEP_EVERY } from "#shared/limits.ts";
import type { World } from "./world.ts";

/** Looks this often, in milliseconds. */
const LOOK_EVERY = 200;

/** A node that is gone is missed within this, in milliseconds: the timeout of a link, a sweep, and a word to the root. */
const MISSED_WITHIN = LINK_TIMEOUT + 2 * SWEEP_EVERY;

/**
 * Each level of a tree knows the root's clock so much later than the one above, in milliseconds, whatever was done to that clock: a
 * link is asked once in a timeout. Before it knows, a node lets actions pass as too late.
 */
const TIME_PER_LEVEL = LINK_TIMEOUT + SWEEP_EVERY;

/** Heals the world and waits until it has settled; how long that took. */
export function settle(world: World): number {
  heal(world);
  const took = rest(world, world.plan.settlesWithin);
  reachAll(world);
  rest(world, world.plan.settlesWithin);
  balance(world);
  return took;
}

/** An action gets through to each node, and its answer back: now or, where a clock was just set, when the node knows of it. */
function reachAll(world: World): void {
  let calls = [...world.nodes.values()].map((node) => ({ node, call: world.act(node.id, ACT_TTL) }));
  const areAnswered = (): boolean => {
    for (const asked of calls) {
      const outcome = world.calls.get(asked.call)?.outcome;
      if (outcome !== undefined && !outcome.ok) asked.call = world.act(asked.node.id, ACT_TTL);
    }
    calls = calls.filter(({ call }) => world.calls.get(call)?.outcome?.ok !== true);
    return calls.length === 0;
  };
  const levels = 1 + Math.max(0, ...[...world.nodes.values()].map((node) => pathOf(world, node).length));
  const bound = levels * TIME_PER_LEVEL + 2 * ACT_TTL;
  world.until("an action reaches each node, and its answer the root", areAnswered, bound);
}

/** In a world that has settled, one node goes without a word: it is missed, and so is all behind it; and it comes back. */
export function farewell(world: World): void {
  const nodes = [...world.nodes.values()];
  if (nodes.length === 0) return;
  const leaver = world.chance.pick(nodes);
  // Who has a radio looks for another parent.
  const isBehind = (node: NodeProcess): boolean => node.parent !== "air" && pathOf(world, node).includes(leaver.id);
  const behind = nodes.filter((node) => node === leaver || isBehind(node));
  world.crash(leaver, world.chance.happens(0.5) ? -1 : 0);
  const isMissed = (): boolean => behind.every((node) => world.root.core.node(node.id)?.isUp === false);
  world.until(`the root misses ${leaver.name} and those behind it`, isMissed, MISSED_WITHIN);
  world.boot(leaver);
  rest(world, world.plan.settlesWithin);
  balance(world);
}

function rest(world: World, boundMillis: number): number {
  const startedAt = world.now;
  for (let open = unsettled(world); open !== undefined; open = unsettled(world)) {
    if (world.now - startedAt >= boundMillis) throw new Violation(`not settled after ${boundMillis / 1000} s: ${open}`);
    world.run(LOOK_EVERY);
  }
  world.note("settled", "", "", "");
  return world.now - startedAt;
}

/** What is not settled yet, in words. */
function unsettled(world: World): string | undefined {
  for (const node of world.nodes.values()) {
    if (!node.isUp) return `${node.name} is down`;
    if (!node.core.isJoined()) return `${node.name} has not joined`;
    if (node.core.backlog() > 0) return `${node.name} still holds ${node.core.backlog()} events`;
    const row = world.root.core.node(node.id);
    if (row === undefined || !row.isUp) return `the root takes ${node.name} for away`;
    if (row.via.join() !== pathOf(world, node).join())
      return `the root looks for ${node.name} behind ${row.via.join()}`;
    const open = world.root.core.desired(node.id).find((desired) => !desired.isSettled);
    if (open !== undefined) return `${node.name} has not taken ${open.eid} = ${JSON.stringify(open.value)}`;
  }
  for (const [call, { outcome }] of world.calls) if (outcome === undefined) return `call ${call} has no outcome`;
  return undefined;
}

/** Nodes on its way, its parent first. */
function pathOf(world: World, node: NodeProcess): string[] {
  const path: string[] = [];
  for (let id = node.parentNow(); id !== "root"; id = world.node(id).parentNow()) {
    path.push(id);
    // By radio there may be no parent for a moment, or even a ring.
    if (id === "" || path.length > world.nodes.size) break;
  }
  return path;
}

function balance(world: World): void {
  for (const life of world.checks.all()) {
    const sum = life.stored + life.gaps;
    if (life.isOver) continue;
    if (sum !== life.accepted) {
      throw new Violation(
        `${life.node}, life ${life.number}: ${life.accepted} events were taken, ${life.stored} are stored, gaps stand for ${life.gaps}`,
      );
    }
    if (world.twins.has(life.node)) continue;
    const values = new Map(world.root.core.values(life.node).map((row) => [row.eid, row.value]));
    for (const [eid, value] of life.values) {
      if (values.get(eid) !== value)
        throw new Violation(
          `the last value of ${life.node} ${eid} is ${String(value)}, the root has ${String(values.get(eid))}`,
        );
    }
  }
  world.checks.compare(world.root.disk.image());
}
