/**
 * Joining: two datagrams, by which a child and a parent prove to each other that they have the install key, and agree on a session.
 *
 *     join     child → parent     header, nonce 8, flags 1, tag 8       tag over child, parent and all before it
 *     answer   parent → child     header, nonce 8, status 1, epoch 1, body of a beacon, tag 8       tag over parent, child, the child's nonce and all before it
 *
 * The session's key comes from both nonces, so what was recorded opens nothing: an old answer does not fit the child's nonce, and an
 * old join makes a session that its sender cannot use. A parent keeps that one aside until a first datagram in it opens.
 * Beacons carry a tag of the group key. The install key itself is not kept; no key is ever part of a text that is shown.
 */
import { TAG_BYTES } from "./limits.ts";
import { netOf, type Seal } from "./seal.ts";

export const NONCE_BYTES = 8;
const KEY_BYTES = 16;

/** What a child says of itself: it sleeps, or not. */
export const SLEEPY = "s";
export const AWAKE = "a";
/** What a parent says to a join. */
export const JOIN_TAKEN = "t";
/** It has no room, or no way up, or its way up leads over the child. */
export const JOIN_REFUSED = "r";
/** In place of the parent's nonce when it refuses. */
export const NO_NONCE = "\0\0\0\0\0\0\0\0";

export class KeyRing {
  /** Tells other trees' datagrams before anything is computed. */
  net: number;
  private seal: Seal;
  private joinKey: string;
  private group: string;

  constructor(installKey: string, seal: Seal) {
    this.seal = seal;
    this.net = netOf(seal, installKey);
    this.joinKey = seal.mac(installKey, "sapline join");
    this.group = seal.mac(installKey, "sapline group");
  }

  /** A beacon, or whatever else is for all who have the install key, with its tag. `from`: six bytes. */
  shout(from: string, text: string): string {
    return text + this.tag(this.group, from + text);
  }

  /** What was shouted, without its tag; undefined if the tag is wrong. */
  heard(from: string, shouted: string): string | undefined {
    return this.checked(this.group, from, shouted);
  }

  /** A datagram of a join, with its tag. `context` is what both know: addresses, and in answers the child's nonce. */
  sign(context: string, text: string): string {
    return text + this.tag(this.joinKey, context + text);
  }

  signed(context: string, text: string): string | undefined {
    return this.checked(this.joinKey, context, text);
  }

  /** 16 bytes. Both ends come to the same one. */
  session(child: string, parent: string, childNonce: string, parentNonce: string): string {
    return this.seal.mac(this.joinKey, "session" + child + parent + childNonce + parentNonce).substr(0, KEY_BYTES);
  }

  /** Nobody writes keys into a log by writing down an object that has them. */
  toJSON(): string {
    return "keys";
  }

  private tag(key: string, text: string): string {
    return this.seal.mac(key, text).substr(0, TAG_BYTES);
  }

  private checked(key: string, context: string, text: string): string | undefined {
    const bare = text.substr(0, text.length - TAG_BYTES);
    return text.length >= TAG_BYTES && this.tag(key, context + bare) === text.substr(bare.length) ? bare : undefined;
  }
}
