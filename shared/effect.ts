/**
 * What the protocol asks of the world around it. The edges (firmware, host, simulator) perform these, in order, and decide nothing.
 */
import type { ShelfEffect } from "./link/shelf.ts";
import { HAS_SOCKETS } from "./role.ts";
import type { LinkId, NodeId } from "./units.ts";

/** Effects on links, common to a node and the root. */
export type LinkEffect =
  /** Write one frame: whole lines, each ended by a newline. The edge answers with `drained` once its own buffer for the link is empty. */
  | { kind: "send"; link: LinkId; text: string }
  /** Close the link, with a WebSocket close code and a reason that says what to do. The edge reports no `closed` for it. */
  | { kind: "close"; link: LinkId; code: number; reason: string }
  /** Stop reading from the link (TCP back-pressure) … */
  | { kind: "pause"; link: LinkId }
  /** … and read again. */
  | { kind: "resume"; link: LinkId };

export type NodeEffect =
  | LinkEffect
  /** Of a KeepingNode alone. */
  | ShelfEffect
  /** Connect to the parent, as this link. The edge answers with `opened` or `closed`. */
  | { kind: "dial"; link: LinkId }
  /** Run an action once; the application answers through `TreeNode.answer`. */
  | { kind: "act"; id: string; eid: string; value: unknown }
  /** Desired state for an entity; the application answers by an `!update` with the same `rev`. */
  | { kind: "set"; eid: string; value: unknown; rev: number }
  /** Some other event came down for this node. */
  | { kind: "deliver"; event: { [key: string]: unknown } }
  /** The way to the root has opened or closed, and why. For logs and lamps. */
  | { kind: "status"; isJoined: boolean; reason: string };

export type RootEffect =
  | LinkEffect
  /** Put this on disk, all or nothing; then call `Root.stored`. At most one is outstanding. A failure ends the process. */
  | { kind: "store"; transaction: Transaction }
  /** The one outcome of the action that `Root.act` started. */
  | { kind: "outcome"; call: number; outcome: ActOutcome };

export type ActOutcome = { ok: true; value: unknown } | { ok: false; error: string };

/** What one commit writes. Everything in it is on disk, or nothing of it is. */
export interface Transaction {
  /** Numbered events, one row per origin and commit at the most where groups follow on. */
  groups: GroupRow[];
  /** Every (node, epoch) that was opened or moved on, with its last event. */
  epochs: EpochRow[];
  /** The newest value of each entity that changed since `values` were last written: now, or empty, for it is not done each time. */
  values: ValueRow[];
  /** Whether it is done this time: `values` then say all that the events up to here amount to. */
  hasValues: boolean;
  /** The newest desired value of each entity that changed or was settled. */
  desired: DesiredRow[];
  /** Presence and place of each node that changed. */
  nodes: NodeRow[];
}

export interface GroupRow {
  node: NodeId;
  epoch: number;
  /** Number of the first and the last event in `lines`. */
  first: number;
  last: number;
  /** Root's clock when the first of it arrived, milliseconds since 1970. */
  received: number;
  /** Smallest and largest time of the events in it: their `ts`, or `received` where they have none. */
  tsMin: number;
  tsMax: number;
  /** The events as they came, one JSON value a line, joined by "\n", without a last newline. */
  lines: string;
}

export interface EpochRow {
  node: NodeId;
  epoch: number;
  last: number;
}

export interface ValueRow {
  node: NodeId;
  eid: string;
  value: unknown;
  /** The event's own time, and the root's. */
  ts: number;
  received: number;
  epoch: number;
  n: number;
}

export interface DesiredRow {
  node: NodeId;
  eid: string;
  value: unknown;
  rev: number;
  isSettled: boolean;
}

export interface NodeRow {
  id: NodeId;
  isUp: boolean;
  /** Since when it is up, or away: the root's clock. */
  since: number;
  epoch: number;
  /** Nodes on the way, its parent first; empty for a child of the root. */
  via: NodeId[];
  /** Firmware's name and version as it said, "" if it did not. */
  fw: string;
  /** The entities that it has given aliases in this epoch: the first one's is 1. */
  eids: string[];
}

/** What the root has to remember across its own restarts: the projections, as they stand in the log's store. */
export interface RootImage {
  epochs: EpochRow[];
  values: ValueRow[];
  desired: DesiredRow[];
  nodes: NodeRow[];
}

/** The shared "no effects", so that the usual case allocates nothing. */
export const NOTHING: readonly never[] = [];

/** A link is to be closed. The radio has no words for why. */
export function closing(link: LinkId, code: number, reason: string): LinkEffect {
  return HAS_SOCKETS ? { kind: "close", link, code, reason } : ({ kind: "close", link } as LinkEffect);
}
