/**
 * A hop is a session with one neighbour, and the link that TreeNode knows it by. With a child it starts as an offer, in answer to a `join`.
 *
 * An offer changes nothing for the child's hop in use. It takes its place once a datagram in it has opened: only whoever asked can have
 * sealed that, so an old `join` played back costs an offer, and those are few and end soon.
 */
import type { RadioEffect } from "./effect.ts";
import type { Mac } from "./seal.ts";
import type { Session } from "./session.ts";
import { JOIN_OFFERS_MAX } from "./tree-limits.ts";

/** Hands the session what it has room for. */
export function feed(hop: Session, out: RadioEffect[]): void {
  while (hop.waiting.length > 0 && hop.send(hop.waiting[0] as string)) hop.waiting.shift();
  if (!hop.isOwing || hop.waiting.length > 0 || !hop.isDrained()) return;
  hop.isOwing = false;
  out.push({ kind: "drained", link: hop.link });
}

/** Hands TreeNode what came. */
export function collect(hop: Session, out: RadioEffect[]): void {
  if (hop.isPaused || hop.link === 0) return;
  for (const bytes of hop.takeInbox()) out.push({ kind: "received", link: hop.link, bytes });
}

/** Whether there is a place for one more child, that was not offered to others just now. Who is a child already has one. */
export function isRoom(mac: Mac, offers: readonly Session[], hops: readonly Session[], slots: number): boolean {
  const isNew = (peer: Mac): boolean => hops.filter((one) => one.peer === peer && one.link > 0).length === 0;
  return offers.length < JOIN_OFFERS_MAX && (!isNew(mac) || offers.filter((one) => isNew(one.peer)).length < slots);
}
