/** Breaks things in a world as its plan says, and mends everything at the end. */
import { unreachable } from "#shared/units.ts";
import type { Fault, FaultKind } from "./plan.ts";
import { type Process, UNLIMITED } from "./process.ts";
import type { World } from "./world.ts";

/** Links that are slow make nodes unsure of the root's time by half a round trip; so much later may actions run. */
const SLOW_TOLERANCE_SHARE = 2;

/** Puts all faults of the plan into the queue; of a part of a world, those of who is there. */
export function planFaults(world: World): void {
  for (const fault of world.plan.faults) {
    if ("node" in fault && !world.holds(fault.node)) continue;
    world.later(fault.at - world.now, () => strike(world, fault));
  }
}

/** Breaks something now. */
export function strike(world: World, fault: FaultKind): void {
  if (!world.isBusy) return;
  world.count(`fault: ${fault.kind}`);
  world.note("fault", "node" in fault ? fault.node : "", "", sentence(fault));
  apply(world, fault);
}

function apply(world: World, fault: FaultKind): void {
  const again = (millis: number, run: () => void): void => world.later(millis, run);
  switch (fault.kind) {
    case "cut":
      for (const wire of world.wiresUp(fault.node)) wire.cut(fault.childNotice, fault.parentNotice);
      break;
    case "silence":
      for (const wire of world.wiresUp(fault.node)) wire.cut(-1, -1);
      break;
    case "lose":
      world.losing.set(fault.node, fault.share);
      again(fault.lasts, () => world.losing.delete(fault.node));
      break;
    case "slow": {
      const { latencyMillis, bytesPerSecond } = fault;
      world.slow.set(fault.node, { ...world.plan.link, latencyMillis, bytesPerSecond });
      world.actTolerance = Math.max(world.actTolerance, SLOW_TOLERANCE_SHARE * latencyMillis);
      again(fault.lasts, () => world.slow.delete(fault.node));
      break;
    }
    case "stall":
      process(world, fault.node).stall(fault.lasts);
      break;
    case "crash":
      crash(world, process(world, fault.node), fault.isSilent, fault.lasts);
      break;
    case "crash at effect": {
      const victim = process(world, fault.node);
      victim.effectsLeft = fault.effects;
      victim.onEffectsSpent = () => crash(world, victim, false, fault.lasts);
      break;
    }
    case "move": {
      const node = world.node(fault.node);
      node.parent = fault.parent;
      world.checks.forgiveDial(node.name);
      for (const wire of world.wiresUp(fault.node)) wire.cut(0, -1);
      world.abandonDial(node);
      break;
    }
    case "twin": {
      const name = `${fault.node}′${(world.counts["fault: twin"] ?? 0) + 1}`;
      world.twins.add(fault.node);
      const twin = world.add({ ...world.node(fault.node).plan, parent: fault.parent, bootsAt: 0 }, name);
      again(fault.lasts, () => {
        world.crash(twin, world.plan.link.noticeMillis);
        world.nodes.delete(name);
      });
      break;
    }
    case "revoke":
      world.revokedIds.add(fault.node);
      world.root.revoked(fault.node);
      again(fault.lasts, () => world.revokedIds.delete(fault.node));
      break;
    case "slow disk":
      world.root.disk.commitMillis = fault.commitMillis;
      again(fault.lasts, () => (world.root.disk.commitMillis = world.plan.commitMillis));
      break;
    case "disk error":
      world.root.disk.errorsLeft = 1;
      again(fault.lasts, () => (world.root.disk.errorsLeft = 0));
      break;
    case "disk full":
      world.root.disk.isFull = true;
      again(fault.lasts, () => (world.root.disk.isFull = false));
      break;
    case "set clock":
      world.root.clockOffset += fault.byMillis;
      // Until a node has heard the new time, it judges deadlines by the old one.
      world.actTolerance += Math.max(0, fault.byMillis);
      break;
    case "flood":
      for (let i = 0; i < fault.events; i++) {
        if (!world.node(fault.node).emit({ type: "reading", value: i })) break;
      }
      break;
    case "act":
      world.act(fault.node, fault.ttlMillis);
      break;
    case "set":
      world.root.set(fault.node, "target", Math.floor(world.now));
      break;
    case "jam": {
      const { now } = world.air.clock;
      const ids = fault.node === undefined ? {} : { ids: [fault.node] };
      world.air.jam({ from: now, until: now + fault.lasts * 1000, loss: fault.share, ...ids });
      break;
    }
    case "wedge":
      world.air.wedge(fault.node);
      break;
    case "retune":
      world.radio(fault.node).retune(fault.channel);
      break;
    case "roam":
      world.air.move(fault.node, fault.x, fault.y);
      break;
    default:
      unreachable(fault);
  }
}

/** Everything is well again: whatever still hangs half open is the protocol's to find. */
export function heal(world: World): void {
  world.note("heal", "", "", "");
  world.isBusy = false;
  world.losing.clear();
  world.slow.clear();
  world.revokedIds.clear();
  Object.assign(world.root.disk, { commitMillis: world.plan.commitMillis, isFull: false, errorsLeft: 0 });
  for (const [name, node] of world.nodes) {
    if (name === node.id) continue;
    world.crash(node, world.plan.link.noticeMillis);
    world.nodes.delete(name);
  }
  for (const each of [...(world.holds("root") ? [world.root] : []), ...world.nodes.values()]) {
    each.effectsLeft = UNLIMITED;
    each.catchUp();
    world.boot(each);
  }
}

function process(world: World, name: string): Process {
  return name === "root" ? world.root : world.node(name);
}

function crash(world: World, victim: Process, isSilent: boolean, lasts: number): void {
  if (!victim.isUp) return;
  world.crash(victim, isSilent ? -1 : world.plan.link.noticeMillis);
  const life = victim.life;
  world.later(lasts, () => {
    if (life === victim.life) world.boot(victim);
  });
}

/** A fault as people read it. */
export function sentence(fault: FaultKind | Fault): string {
  const { kind, ...rest } = fault;
  const details = Object.entries(rest).flatMap(([name, value]) => (name === "at" ? [] : [`${name} ${String(value)}`]));
  return details.length === 0 ? kind : `${kind} (${details.join(", ")})`;
}
