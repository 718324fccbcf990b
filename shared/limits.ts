/**
 * Every size and wait of the protocol, with unit and reason. A limit that differs between a chip and a PC is in `Limits`;
 * the rest are constants. What happens at each limit is in docs/wire.md.
 */
import type { Millis } from "./units.ts";

/** Longest line, in bytes, without its newline. Spec: docs/wire.md. */
export const LINE_BYTES_MAX = 4096;
/** Longest frame towards and from a chip, in bytes. Spec. */
export const FRAME_BYTES_MAX = 16384;
/** Longest frame the root takes, in bytes. Spec. */
export const ROOT_FRAME_BYTES_MAX = 262144;
/** Longest id of a node, in characters. Chosen: fits a Storage file name (28). */
export const NODE_ID_CHARS_MAX = 28;
/** Longest id of an entity, in bytes. Chosen. */
export const ENTITY_ID_BYTES_MAX = 64;
/** Most nodes on the way from a node to the root. Chosen: far beyond any real tree, ends loops. */
export const VIA_NODES_MAX = 16;

/** Silence on a link for this long ends it. Spec. */
export const LINK_TIMEOUT = 15000 as Millis;
/** After this in silence a link is asked whether it lives: a third of the timeout. */
export const LINK_ASK_AFTER = 5000 as Millis;
/** By radio both are so many times as long. Chosen: a question every five seconds on each link would be most of what is on the air. */
export const RADIO_SLOWNESS = 8;
/** How often links are looked at. Chosen: a sixth of the timeout. */
export const SWEEP_EVERY = 2500 as Millis;
/** A dial that has neither opened nor failed is given up. Chosen: a TCP connect over a poor Wi-Fi takes seconds. */
export const DIAL_TIMEOUT = 10000 as Millis;
/** First wait before dialling again; doubles with each dial that did not end in joining, with jitter, up to the longest. Chosen:
 * a parent that is back is found within ten seconds. */
export const DIAL_AFTER = 500 as Millis;
export const DIAL_AFTER_MAX = 10000 as Millis;
/** A client that was replaced waits at least this long, so that two boards with one id are seen and are no storm. Spec. */
export const REPLACED_WAIT = 5000 as Millis;
/** A client that was refused (token, version) asks again this slowly: somebody has to change something first. Chosen. */
export const REFUSED_WAIT = 60000 as Millis;
/** `?hello` without an answer is said again. Chosen: longer than a commit at the root on a slow disk. */
export const HELLO_AFTER = 5000 as Millis;
/** That wait doubles up to this: asked anew too soon, a root that is slower never has its answer heard. Chosen. */
export const HELLO_AFTER_MAX = 20000 as Millis;
/** By radio a node says `?hello` within this long after its parent has the root (again). Chosen: all that are behind it hear that at once. */
export const HELLO_WITHIN = 1500 as Millis;
/** A node whose parent has no root asks again this slowly, in case the news was lost. Chosen. */
export const ROOTLESS_WAIT = 30000 as Millis;
/** Shortest and longest wait for an `!ack` before sending again. Spec. */
export const RESEND_AFTER_MIN = 2000 as Millis;
export const RESEND_AFTER_MAX = 60000 as Millis;
/** An action lives this long if its caller does not say. Chosen. */
export const ACT_TTL = 5000 as Millis;
/** A desired value that a connected node has not answered is said again after this. Chosen: two timeouts of a link. */
export const SET_AGAIN_AFTER = 30000 as Millis;
/** The root waits this much longer than the ttl for an answer that was given in time. Chosen: a slow way back. */
export const ACT_GRACE = 1000 as Millis;
/** Answers remembered, so that an action seen before is answered and not run again. Chosen. */
export const ACTS_REMEMBERED = 16;

/** What a platform can afford. */
export interface Limits {
  /** A frame is sent when its text exceeds this many bytes. On a chip a frame of it, whatever the id, leaves in 536 bytes. */
  flushBytes: number;
  /** While others are under way, events gather up to this many bytes: fewer frames. On a chip, as much as one write. */
  groupBytes: number;
  /** An event waits this long for company, in milliseconds. Spec. */
  flushAfter: number;
  /** Most bytes of its own events an origin has in flight. */
  windowBytes: number;
  /** Most bytes of events an origin keeps. */
  outboxBytes: number;
  /** Bytes handed to a link's socket and not yet taken, past which data waits (control lines never do). */
  pipeBytes: number;
  /** Frames of children waiting for the way up, in bytes: past it their links are paused; past twice it frames are dropped. */
  relayBytes: number;
  /** Most children connected at once. */
  childrenMax: number;
  /** Most nodes below, at any depth. */
  routesMax: number;
}

/** `flushBytes` of a board whose parent is by radio, in bytes: a group of it, whatever the id, fills three datagrams. */
export const RADIO_FLUSH_BYTES = 600;

/** ESP32: about 16 k variables of 14 bytes; sockets move 536 bytes at a time, or as many as they are told. */
export const CHIP_LIMITS: Limits = {
  flushBytes: 448,
  groupBytes: 2600,
  flushAfter: 2000,
  windowBytes: 6144,
  outboxBytes: 12288,
  pipeBytes: 1072,
  relayBytes: 8192,
  childrenMax: 6,
  routesMax: 32,
};

/** A PC process as a node. */
export const PC_LIMITS: Limits = {
  flushBytes: 1000,
  groupBytes: 1000,
  flushAfter: 2000,
  windowBytes: 65536,
  outboxBytes: 1048576,
  pipeBytes: 65536,
  relayBytes: 262144,
  childrenMax: 1000,
  routesMax: 10000,
};

/** Bytes of events that the root holds before they are on disk; past it links are paused. Chosen: a slow disk's second. */
export const ROOT_PENDING_BYTES_MAX = 33554432;
/** Bytes handed to one link's socket and not taken, past which the root cuts it. Chosen. */
export const ROOT_LINK_BYTES_MAX = 1048576;
/** Longest text of one group row, in bytes: groups of one origin in one commit are joined up to it. Chosen. */
export const ROW_BYTES_MAX = 262144;
/** Groups of one origin that arrive within this long and are committed together have one time of arrival. Chosen. */
export const ROW_TIME = 50 as Millis;
/** Frames of acks and other lines downwards are cut at this many bytes. Spec. */
export const DOWN_FRAME_BYTES = 1000;
/** `?hello`s that a link may say at once, and how many more each second. Further ones are dropped, for each costs a row of the log.
 * Chosen: a branch's whole subtree at once, when the root comes back; ten thousand nodes behind four links are 2500 on each. More would
 * have to wait for answers that end the link (ROOT_LINK_BYTES_MAX). */
export const HELLOS_MAX = 4000;
export const HELLOS_PER_SECOND = 20;
/** A `?hello` whose nonce is below that of the last one by so much at most was said before it. Chosen: by chance it is one in twenty million. */
export const HELLOS_OVERTAKEN_MAX = 100;
/** … and that one came within this long. Chosen: nothing is longer on its way; and whoever begins to count anew is not kept out for good. */
export const HELLO_OVERTAKEN_WITHIN = 60000 as Millis;
/** An epoch that a node offers counts up to this; the rest of the numbers are for those that the root gives itself. Chosen. */
export const EPOCH_OFFERED_MAX = 1073741823;
/** Events of one epoch, past which the node asks for another: numbers end at 2147483647. Chosen: half of them. */
export const EPOCH_EVENTS_MAX = 1073741823;
/** Past epochs that the root remembers for each node. Chosen: a node offers the last it was given. */
export const EPOCHS_REMEMBERED = 256;
/** Entities of one node that have a last value; events of more are stored all the same. Chosen. */
export const ENTITIES_MAX = 1000;
/** Entities of one node that have an alias in an epoch; names of more are not taken. Chosen: as many as have a last value. */
export const ALIASES_MAX = 1000;
/** What the names may take that a node of ours gives aliases for, in characters of JSON: all of them go into one `?ack`, which with its group has to fit
 * into a frame of the radio. Entities beyond it are said in long lines. Chosen: forty names of 25 letters. */
export const ALIAS_NAMES_CHARS_MAX = 1024;
/** Entities of one node that have a desired value: all of them go out after each `?hello`, far below ROOT_LINK_BYTES_MAX. Chosen. */
export const DESIRED_MAX = 200;
/** Actions under way at once. Chosen. */
export const ACTIONS_PENDING_MAX = 10000;
/** A node that replaces itself this often within this long is two boards with one id. Chosen: a replaced client waits 5 s. */
export const CONFLICT_TAKEOVERS = 3;
export const CONFLICT_WITHIN = 60000 as Millis;
/** Largest program that goes over the tree, in bytes. Chosen: two of them, and as much again for all else, fit into the flash that Espruino gives programs. */
export const UPDATE_BYTES_MAX = 131072;
/** Bytes of a signature or program in one `?part`. Chosen: in base64 it is three datagrams by radio. A multiple of three. */
export const UPDATE_PART_BYTES = 384;
/** How far beyond what the node has the root sends, in bytes. Chosen: six parts, a third of what a branch holds for a child. */
export const UPDATE_WINDOW_BYTES = 2304;
/** After so many bytes the node says how far it is. Chosen: half of the window, so that it never stands still for want of a word. */
export const UPDATE_SAY_BYTES = 1152;
/** The root offers again after this without a word of a node that is there; doubles up to the longest. Chosen: a busy path by radio. */
export const UPDATE_AGAIN_AFTER = 4000 as Millis;
export const UPDATE_AGAIN_AFTER_MAX = 60000 as Millis;
/** Offers in a row without any answer, of a node that is there, after which it is given up: its program takes none. Chosen. */
export const UPDATE_TRIES_MAX = 6;
/** A node that began a program on trial and has not been heard of again for this long has failed. Chosen: three starts of a minute each. */
export const UPDATE_TRIAL_WITHIN = 240000 as Millis;
/** Nodes that are sent programs at once. Chosen: they share branches and air with readings. */
export const UPDATES_AT_ONCE = 4;
/** A node restarts into its new program when the root has all its events; after this it takes no more of them for it. Chosen: far longer than a commit. */
export const UPDATE_DRAIN_WITHIN = 10000 as Millis;
