/** The second phase of a run: all is well, and everything has to settle within the bound; then the books must balance. */
import { Violation } from "./checks.ts";
import { heal } from "./faults.ts";
import { valueOf } from "./mark.ts";
import type { Ground } from "./ground.ts";
import type { NodeProcess } from "./node-process.ts";
import { OpenEnds } from "./open-ends.ts";
import { ACT_TTL, LINK_TIMEOUT, SWEEP_EVERY } from "#shared/limits.ts";
import { SESSION_SILENCE } from "#shared/radio/limits.ts";
import type { World } from "./world.ts";

/** Looks this often, in milliseconds: whether all has settled, and whether all actions are answered. */
const LOOK_EVERY = 200;
const ANSWERS_LOOK_EVERY = 20;

/** A node that is gone is missed within this, in milliseconds: the timeout of a link, a sweep, and a word to the root. */
const MISSED_WITHIN = LINK_TIMEOUT + 2 * SWEEP_EVERY;
/** … and by radio, where no socket breaks, and nothing is asked often: what a silent hop is given. */
const MISSED_WITHIN_BY_RADIO = SESSION_SILENCE + 2 * SWEEP_EVERY;

/**
 * Each level of a tree knows the root's clock so much later than the one above, in milliseconds, whatever was done to that clock: a
 * link is asked once in a timeout. Before it knows, a node lets actions pass as too late.
 */
const TIME_PER_LEVEL = LINK_TIMEOUT + SWEEP_EVERY;

/** Heals the ground and waits until it has settled; how long that took. */
export function settle(ground: Ground): number {
  ground.each(heal);
  const took = rest(ground);
  reachAll(ground);
  rest(ground);
  ground.each(balance);
  return took;
}

/** An action gets through to each node, and its answer back: now or, where a clock was just set, when the node knows of it. */
function reachAll(ground: Ground): void {
  let levels = 1;
  ground.each((world) => {
    for (const id of world.ids()) levels = Math.max(levels, 1 + world.pathOf(id).length);
    if (!world.holds("root")) return;
    world.takeFailed();
    for (const id of world.ids()) world.act(id, ACT_TTL);
  });
  const bound = levels * TIME_PER_LEVEL + 2 * ACT_TTL;
  const open = (world: World): string | undefined => {
    for (const id of world.takeFailed()) world.act(id, ACT_TTL);
    return world.openCalls === 0 ? undefined : "an action reaches each node, and its answer the root";
  };
  waitFor(ground, open, ANSWERS_LOOK_EVERY, bound, "not within");
}

/** In a world that has settled, one node goes without a word: it is missed, and so is all behind it; and it comes back. */
export function farewell(world: World): void {
  const nodes = [...world.nodes.values()];
  if (nodes.length === 0) return;
  const leaver = world.chance.pick(nodes);
  // Who has a radio looks for another parent.
  const isBehind = (node: NodeProcess): boolean => node.parent !== "air" && world.pathOf(node.id).includes(leaver.id);
  const behind = nodes.filter((node) => node === leaver || isBehind(node));
  world.crash(leaver, world.chance.happens(0.5) ? -1 : 0);
  const isMissed = (): boolean => behind.every((node) => world.root.core.node(node.id)?.isUp === false);
  const missedWithin = leaver.parent === "air" ? MISSED_WITHIN_BY_RADIO : MISSED_WITHIN;
  world.until(`the root misses ${leaver.name} and those behind it`, isMissed, missedWithin);
  world.boot(leaver);
  rest(world);
  balance(world);
}

function rest(ground: Ground): number {
  const ends = new Map<World, OpenEnds>();
  ground.each((world) => void ends.set(world, new OpenEnds(world)));
  const open = (world: World): string | undefined => (ends.get(world) as OpenEnds).find();
  const took = waitFor(ground, open, LOOK_EVERY, ground.plan.settlesWithin, "not settled after");
  ground.each((world) => world.note("settled", "", "", ""));
  return took;
}

/** Plays on until nothing is open any more, in any part; how long that took. */
function waitFor(
  ground: Ground,
  open: (world: World) => string | undefined,
  every: number,
  boundMillis: number,
  complaint: string,
): number {
  const startedAt = ground.now;
  for (let what = ground.first(open); what !== undefined; what = ground.first(open)) {
    if (ground.now - startedAt >= boundMillis) throw new Violation(`${complaint} ${boundMillis / 1000} s: ${what}`);
    ground.run(every);
  }
  return ground.now - startedAt;
}

function balance(world: World): void {
  for (const life of world.checks.all()) {
    const sum = life.stored + life.gaps;
    if (life.kept !== undefined && life.stored < life.kept)
      throw new Violation(
        `${life.node}, life ${life.number}: ${life.kept} events were kept, ${life.stored} are stored`,
      );
    if (life.isOver) continue;
    if (sum !== life.accepted) {
      throw new Violation(
        `${life.node}, life ${life.number}: ${life.accepted} events were taken, ${life.stored} are stored, gaps stand for ${life.gaps}`,
      );
    }
    if (world.twins.has(life.node) || life.values === undefined) continue;
    const values = new Map(world.root.core.values(life.node).map((row) => [row.eid, valueOf(row.value)]));
    for (const [eid, value] of life.values) {
      if (values.get(eid) !== value)
        throw new Violation(
          `the last value of ${life.node} ${eid} is ${String(value)}, the root has ${String(values.get(eid))}`,
        );
    }
  }
  if (world.isThorough) world.checks.compare(world.root.disk.image());
}
