/**
 * What is asked about cores: when they wake, what they hold, whom they lead to. It reads their private memory, and changes nothing.
 */
import type { Limits } from "#shared/limits.ts";
import type { TreeNode } from "#shared/node.ts";
import type { Root } from "#shared/root.ts";
import type { Table } from "#shared/table.ts";
import { KeptBoard } from "./kept-board.ts";

type Items<T> = { items: { [marked: string]: T } };

export interface BoardFacts {
  wakeAt: number | undefined;
  /** Its link to the parent while the root knows it, or 0. */
  joinedLink: number;
  /** It waits for the answer to its `?hello`, and will ask again. */
  isGreeting: boolean;
  epoch: number;
  acked: number;
  /** Events that it holds. */
  backlog: number;
  /** Half of this is how wrong its idea of the root's clock may be, in milliseconds. */
  roundTrip: number;
  /** The link to each admitted node below. */
  routes: { [id: string]: number };
  /** What is in its flash, and how many of its events are not; "" and none of a board that keeps nothing. */
  flash: string;
  unkept: number;
  /** The bound that it broke, or "". */
  excess: string;
}

interface InsideNode {
  flight: { epoch: number; acked: number; flightBytes: number; limits: Limits };
  joining: { joinedLink: number; state: { kind: string } };
  clock: { roundTrip: number };
  branch: { relayBytes: number; routes: { links: Items<number>; claims: unknown[] }; children: Table<unknown> };
}

export function boardFacts(node: TreeNode): BoardFacts {
  const inside = node as unknown as InsideNode;
  const routes: { [id: string]: number } = {};
  const links = inside.branch.routes.links.items;
  for (const marked of Object.keys(links)) routes[marked.slice(1)] = links[marked] as number;
  return {
    wakeAt: node.wakeAt(),
    joinedLink: inside.joining.joinedLink,
    isGreeting: inside.joining.state.kind === "greeting",
    epoch: inside.flight.epoch,
    acked: inside.flight.acked,
    backlog: node.backlog(),
    roundTrip: inside.clock.roundTrip,
    routes,
    flash: node instanceof KeptBoard ? node.flashText() : "",
    unkept: node instanceof KeptBoard ? node.outbox.events() : 0,
    excess: boardExcess(node, inside),
  };
}

function boardExcess(node: TreeNode, inside: InsideNode): string {
  const limits = inside.flight.limits;
  const branch = inside.branch;
  if (node.outbox.bytes() > limits.outboxBytes) return "outboxBytes";
  if (inside.flight.flightBytes > limits.windowBytes) return "windowBytes";
  if (branch.relayBytes > 2 * limits.relayBytes) return "relayBytes";
  if (branch.children.size > limits.childrenMax) return "childrenMax";
  if (branch.routes.claims.length > limits.routesMax) return "routesMax";
  // Else routes would pile up: a link's number never comes again.
  const isKept = (link: number) => branch.children.get(link) === undefined;
  if (Object.values(branch.routes.links.items).some(isKept)) return "routes to links that it has";
  return "";
}

export interface MemberFacts {
  /** 0 while it is away. */
  link: number;
  /** The nodes on its way, its parent first. */
  via: readonly string[];
  /** The firmware's name that it said last: which board it is. */
  fw: string;
}

export interface RootFacts {
  wakeAt: number | undefined;
  members: { [id: string]: MemberFacts };
}

interface InsideRoot {
  roll: { members: Items<{ id: string; link: number; via: readonly string[] }> };
}

export function rootFacts(root: Root): RootFacts {
  const members: { [id: string]: MemberFacts } = {};
  for (const member of Object.values((root as unknown as InsideRoot).roll.members.items)) {
    members[member.id] = { link: member.link, via: member.via.slice(), fw: root.node(member.id)?.fw ?? "" };
  }
  return { wakeAt: root.wakeAt(), members };
}
