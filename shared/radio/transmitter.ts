/**
 * Transmitter decides what goes on the air next. One datagram is with the radio at a time; it is given back by its callback, or, if that
 * never comes, by time. A radio that has no memory is left alone for a while, and one that stays wedged is restarted.
 *
 * First come posts (beacons, joining: what belongs to no session), then sessions that owe an ack, then data of each session in turn.
 * After a send that failed there is a gap of one to two packet times, so that two who cannot hear each other do not keep in step.
 */
import { count, type Counters } from "../table.ts";
import { after, type Instant, type Random, sooner } from "../units.ts";
import {
  CALLBACK_TIMEOUT,
  NO_MEMORY_WAIT,
  PACKET_TIME,
  POSTS_MAX,
  RESTART_TIMEOUT,
  TROUBLE_MAX,
  TROUBLE_OF_CALLBACK,
} from "./limits.ts";
import type { Mac } from "./seal.ts";
import type { Outcome, Session } from "./session.ts";

export interface Transmission {
  mac: Mac;
  bytes: string;
}

export class Transmitter {
  counters: Counters;
  readonly sessions: Session[];
  /** What is with the radio … */
  flying: Transmission | undefined;
  /** … and whose it is, if a session's. */
  private owner: Session | undefined;
  private posts: Transmission[];
  private chance: Random;
  /** The session whose turn it was. */
  private turn: number;
  /** When the radio has to have answered, or, if nothing is with it, from when on it may be used. */
  private freeAt: Instant;
  /** Trouble with the radio since it last answered as it should. */
  private trouble: number;

  constructor(random: Random) {
    this.counters = {};
    this.sessions = [];
    this.flying = undefined;
    this.owner = undefined;
    this.posts = [];
    this.chance = random;
    this.turn = 0;
    this.freeAt = 0 as Instant;
    this.trouble = 0;
  }

  /** Takes a datagram of no session, to be tried once. False if there are too many. */
  post(mac: Mac, bytes: string): boolean {
    if (this.posts.length >= POSTS_MAX) {
      count(this.counters, "radio post refused");
      return false;
    }
    this.posts.push({ mac, bytes });
    return true;
  }

  /** The session is over. */
  remove(session: Session): void {
    const at = this.sessions.indexOf(session);
    if (at >= 0) this.sessions.splice(at, 1);
    if (this.owner === session) this.owner = undefined;
  }

  /** True if the radio has to be restarted now; `restarted` should follow. Call before `next` when time may have come. */
  isWedged(now: Instant): boolean {
    if (this.flying && now >= this.freeAt) {
      count(this.counters, "radio callback lost");
      this.trouble += TROUBLE_OF_CALLBACK;
      this.ended("unknown", now);
    }
    if (this.trouble < TROUBLE_MAX) return false;
    count(this.counters, "radio restarted");
    this.trouble = 0;
    this.freeAt = after(now, RESTART_TIMEOUT);
    return true;
  }

  restarted(now: Instant): void {
    if (!this.flying) this.freeAt = now;
  }

  /** What to hand to the radio now, if anything. */
  next(now: Instant): Transmission | undefined {
    if (this.flying || now < this.freeAt) return undefined;
    const found = this.posts.length > 0 ? this.posts.shift() : this.ofSessions(now);
    if (found) {
      this.flying = found;
      this.freeAt = after(now, CALLBACK_TIMEOUT);
    }
    return found;
  }

  /** The radio's callback for what is with it. One that comes too late finds nothing, or ends its successor early, which harms nobody. */
  sent(outcome: Outcome, now: Instant): void {
    if (!this.flying) return count(this.counters, "radio callback late");
    if (outcome === "no memory") {
      this.trouble += 1;
      count(this.counters, "radio no memory");
    } else this.trouble = 0;
    this.ended(outcome, now);
  }

  wakeAt(): Instant | undefined {
    if (this.flying) return this.freeAt;
    let at: Instant | undefined = this.posts.length > 0 ? this.freeAt : undefined;
    for (const session of this.sessions) at = sooner(at, session.wakeAt());
    return at !== undefined && at < this.freeAt ? this.freeAt : at;
  }

  private ofSessions(now: Instant): Transmission | undefined {
    const sessions = this.sessions;
    for (const session of sessions) {
      const bytes = session.isAckDue(now) ? session.next(now) : undefined;
      if (bytes !== undefined) return this.fly(session, bytes);
    }
    for (let i = 0; i < sessions.length; i++) {
      this.turn = (this.turn + 1) % sessions.length;
      const session = sessions[this.turn] as Session;
      const bytes = session.next(now);
      if (bytes !== undefined) return this.fly(session, bytes);
    }
    return undefined;
  }

  private fly(owner: Session, bytes: string): Transmission {
    this.owner = owner;
    return { mac: owner.peer, bytes };
  }

  private ended(outcome: Outcome, now: Instant): void {
    const owner = this.owner;
    this.flying = undefined;
    this.owner = undefined;
    this.freeAt = now;
    if (outcome === "fail") this.freeAt = after(now, PACKET_TIME * (1 + this.chance()));
    if (outcome === "no memory") this.freeAt = after(now, NO_MEMORY_WAIT * (1 << this.trouble));
    if (owner) owner.sent(outcome, now);
  }
}
