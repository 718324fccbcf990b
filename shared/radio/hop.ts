/**
 * A Hop is a session with one neighbour, and the link that TreeNode knows it by. With a child it starts as an offer, in answer to a `join`.
 *
 * An offer changes nothing for the child's hop in use. It takes its place once a datagram in it has opened: only whoever asked can have
 * sealed that, so an old `join` played back costs an offer, and those are few and end soon.
 */
import type { Instant, LinkId, Random } from "../units.ts";
import type { RadioEffect } from "./effect.ts";
import type { Mac, Seal } from "./seal.ts";
import { Session } from "./session.ts";
import { JOIN_OFFERS_MAX } from "./tree-limits.ts";

export class Hop extends Session {
  readonly epoch: number;
  /** 0 while TreeNode does not know of it. */
  link: LinkId;
  /** Frames that the session has no room for yet. */
  waiting: string[];
  /** TreeNode waits for `drained`. */
  isOwing: boolean;
  isPaused: boolean;
  /** Of an offer: the child's nonce and ours, and when it ends. */
  asked: string;
  nonce: string;
  until: Instant;
  /** Of a parent: the life in which it took us. */
  life: string;

  constructor(peer: Mac, own: Mac, key: string, epoch: number, seal: Seal, random: Random, isSleepy: boolean) {
    super(peer, own, key, epoch, seal, random, isSleepy);
    this.epoch = epoch;
    this.link = 0 as LinkId;
    this.waiting = [];
    this.isOwing = false;
    this.isPaused = false;
    this.asked = "";
    this.nonce = "";
    this.until = 0 as Instant;
    this.life = "";
  }
}

/** Hands the session what it has room for. */
export function feed(hop: Hop, out: RadioEffect[]): void {
  while (hop.waiting.length > 0 && hop.send(hop.waiting[0] as string)) hop.waiting.shift();
  if (!hop.isOwing || hop.waiting.length > 0 || !hop.isDrained) return;
  hop.isOwing = false;
  out.push({ kind: "drained", link: hop.link });
}

/** Hands TreeNode what came. */
export function collect(hop: Hop, out: RadioEffect[]): void {
  if (hop.isPaused || hop.link === 0) return;
  const frames = hop.takeInbox();
  for (let i = 0; i < frames.length; i++) out.push({ kind: "received", link: hop.link, bytes: frames[i] as string });
}

/** Whether there is a place for one more child, that was not offered to others just now. Who is a child already has one. */
export function isRoom(mac: Mac, offers: readonly Hop[], hops: readonly Hop[], slots: number): boolean {
  const isNew = (peer: Mac): boolean => hops.filter((one) => one.peer === peer && one.link > 0).length === 0;
  return offers.length < JOIN_OFFERS_MAX && (!isNew(mac) || offers.filter((one) => isNew(one.peer)).length < slots);
}
