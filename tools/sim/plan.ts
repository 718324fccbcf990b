/**
 * A plan describes a world: who is in it, what they say, how their links are, and what breaks when. Plain data: the same plan
 * gives the same run, byte for byte; a plan can be printed, shrunk, and kept as a test.
 *
 * Times are milliseconds of virtual time since the world began; `node` is an id, "root" the root.
 */
import type { Limits } from "#shared/limits.ts";
import type { ShelfConfig } from "#shared/link/shelf.ts";
import type { AirOptions } from "./air/air.ts";

export interface NodePlan {
  id: string;
  /** "root" or a node, by wire; or "air": it finds its parent by radio. */
  parent: string;
  /** What it can afford. Usually a chip. */
  limits?: "chip" | "pc" | Limits;
  /** Its clock runs by so many millionths too fast (or, below 0, too slow). */
  driftPpm?: number;
  /** When it is switched on first; usually 0. */
  bootsAt?: number;
  traffic?: TrafficPlan;
  /** Its program gets its turns so much later, does all in one that has become due meanwhile, and sends data in turns alone: as on a chip. At once if left out. */
  turnMillis?: number;
  /** It keeps its events in flash across its lives. */
  keeps?: ShelfConfig;
  /** It has a radio, and takes children by it. Who also has a parent by wire is a gateway: radio trees begin there. */
  radio?: RadioPlan;
}

/** A board's radio: its place in the air, and how it is. */
export interface RadioPlan {
  /** Metres. */
  x: number;
  y: number;
  /** The channel that Wi-Fi dictates; searched for if left out. A gateway needs one. */
  channel?: number;
  /** It takes no children. */
  isLeaf?: boolean;
  isSleepy?: boolean;
  /** Most children. */
  childrenMax?: number;
  /** What its JavaScript needs for each datagram it hears, in microseconds; none if left out. */
  turnMicros?: number;
  /** After so many sendings the driver has no memory any more, until the radio is started again. */
  wedgesAfter?: number;
}

/** What an application says, each kind every so many milliseconds; none of those that are left out. */
export interface TrafficPlan {
  /** Events of a type of their own: never given up, refused when the outbox is full. */
  readingsEvery?: number;
  /** `!update`s of `entities` entities in turn: an older value may give way to a newer one. */
  statesEvery?: number;
  entities?: number;
  /** `!log`s: the oldest give way. */
  logsEvery?: number;
  /** How many of a kind at once. */
  burst?: number;
  /** Bytes of padding in each event. */
  padBytes?: number;
}

export interface LinkPlan {
  /** Milliseconds one way. */
  latencyMillis: number;
  /** What a link carries one way. Infinity if left out. */
  bytesPerSecond?: number;
  /** What the sender's kernel takes at once: its socket is empty for the program while no more than that is under way. 0 if left out. */
  socketBytes?: number;
  /** After a cut, an end hears of it this much later. */
  noticeMillis: number;
}

export type Fault = { at: number } & FaultKind;

export type FaultKind =
  /** The link between a node and its parent breaks. Each end hears of it that much later; -1: never. */
  | { kind: "cut"; node: string; childNotice: number; parentNotice: number }
  /** The link goes dead, both ways, and nobody is told. */
  | { kind: "silence"; node: string }
  /** Of the frames from a node to its parent so large a share vanishes, and nobody is told. */
  | { kind: "lose"; node: string; share: number; lasts: number }
  /** The node's link is slow. */
  | { kind: "slow"; node: string; latencyMillis: number; bytesPerSecond: number; lasts: number }
  /** The process gets no time: what comes in waits. */
  | { kind: "stall"; node: string; lasts: number }
  /** The process dies and comes back. Its links break; with `isSilent`, nobody is told. */
  | { kind: "crash"; node: string; lasts: number; isSilent: boolean }
  /** The same, in the middle: after so many more effects. */
  | { kind: "crash at effect"; node: string; effects: number; lasts: number }
  /** The node has another parent from now on, and turns to it. */
  | { kind: "move"; node: string; parent: string }
  /** Another board with this id is switched on below `parent`, and off again. */
  | { kind: "twin"; node: string; parent: string; lasts: number }
  /** The root does not accept the node's token. */
  | { kind: "revoke"; node: string; lasts: number }
  /** A commit takes so long. */
  | { kind: "slow disk"; commitMillis: number; lasts: number }
  /** The next sync fails (EIO): the root ends, and is started again. */
  | { kind: "disk error"; lasts: number }
  /** The disk is full: each commit fails, until it is not. */
  | { kind: "disk full"; lasts: number }
  /** The PC's wall clock is set, forward or (below 0) back. */
  | { kind: "set clock"; byMillis: number }
  /** The application says that many readings at once. */
  | { kind: "flood"; node: string; events: number }
  | { kind: "act"; node: string; ttlMillis: number }
  | { kind: "set"; node: string }
  /** By radio a share of all attempts vanishes, at one node or, if its name is left out, everywhere. */
  | { kind: "jam"; node?: string; share: number; lasts: number }
  /** The driver of the node's radio has no memory for anything, until the radio is started again. */
  | { kind: "wedge"; node: string }
  /** The router of a gateway goes to another channel, and the gateway with it. */
  | { kind: "retune"; node: string; channel: number }
  /** Somebody carries the board elsewhere (metres). */
  | { kind: "roam"; node: string; x: number; y: number };

export interface WorldPlan {
  /** Of the chance inside: nonces, backoff, lost frames. */
  seed: number;
  nodes: NodePlan[];
  link: LinkPlan;
  commitMillis: number;
  /** How the air is, where nodes have radios; a calm open field if left out. Links that were measured are the one thing that is no plain data. */
  air?: AirPlan;
  faults: Fault[];
  /** Applications speak and things break until then … */
  lasts: number;
  /** … and then everything is well again, and must have settled within this. */
  settlesWithin: number;
}

export type AirPlan = Omit<AirOptions, "seed" | "kindOf">;

/** How links are in a house with Wi-Fi. Chosen. */
export const HOUSE_LINK: LinkPlan = { latencyMillis: 5, bytesPerSecond: 250_000, noticeMillis: 20 };

export function planOf(more: Partial<WorldPlan> & { nodes: NodePlan[] }): WorldPlan {
  return {
    seed: 1,
    link: HOUSE_LINK,
    commitMillis: 3,
    faults: [],
    lasts: 60_000,
    settlesWithin: 300_000,
    ...more,
  };
}
