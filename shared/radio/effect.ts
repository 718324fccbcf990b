/**
 * What the radio hop is told and what it asks of its edge, which performs the effects in order and decides nothing.
 */
import type { LinkId, NodeId } from "../units.ts";
import type { Mac } from "./seal.ts";

export interface RadioConfig {
  id: NodeId;
  mac: Mac;
  /** 16 bytes, the same in the whole tree. It is not kept. */
  installKey: string;
  /** Whether it takes children. */
  mayParent: boolean;
  /** It has another way up, or is the root: it never dials by radio. */
  isSource: boolean;
  /** It is a source while `setRootward` says that its other way is open, and looks for a parent by radio while it is not. */
  isEither?: boolean;
  /** The channel that Wi-Fi dictates, or 0: search. */
  channel: number;
  isSleepy: boolean;
  /** The last good channel, if it is known from before the start. */
  lastChannel?: number;
  /** Most children; RADIO_CHILDREN_MAX if it is not said. */
  childrenMax?: number;
}

export type RadioEffect =
  /** At most one is in flight. The edge answers with `sent`. */
  | { kind: "transmit"; mac: Mac; bytes: string }
  | { kind: "tune"; channel: number }
  /** The radio is wedged: stop and start it, then call `restarted`. */
  | { kind: "restart" }
  | { kind: "opened"; link: LinkId }
  | { kind: "closed"; link: LinkId }
  /** One frame of the tree: whole, in order, once. */
  | { kind: "received"; link: LinkId; bytes: string }
  /** All that was sent on the link has left. */
  | { kind: "drained"; link: LinkId };
