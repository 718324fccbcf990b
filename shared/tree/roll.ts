/**
 * Roll is who is connected to the root, and through which link: links, and the nodes that speak through them.
 * It decides nothing; admission and takeover are Root's.
 */
import { HELLOS_MAX } from "../limits.ts";
import { Pulse } from "../link/pulse.ts";
import { Table } from "../table.ts";
import type { Instant, LinkId, NodeId } from "../units.ts";
import type { Projection } from "./projection.ts";
import type { Alias } from "./short-lines.ts";

/** One connection to the root. */
export interface RootLink {
  link: LinkId;
  /** Whose token it carried; "" if it carries none, until a `?hello` has said one. */
  id: NodeId;
  pulse: Pulse;
  isPaused: boolean;
  /** It is no more among the links. */
  isGone: boolean;
  /** How many `?hello`s it may still say, as of `hellosAt`. */
  hellosLeft: number;
  hellosAt: Instant;
  /** The nodes that speak through it. */
  members: Table<Member>;
}

/** A node as the root meets it. */
export interface Member {
  id: NodeId;
  epoch: number;
  /** The last event accepted, and the last on disk, of this epoch. */
  last: number;
  stored: number;
  /** 0 while it is away. */
  link: LinkId;
  /** Of the last `?hello` that was taken. */
  nonce: unknown;
  greetedAt: Instant;
  /** The nodes on its way, its parent first. */
  via: NodeId[];
  /** It never said `?hello`: a plain bridge. */
  isPlain: boolean;
  /** How often it took its own place since `takeoversSince`. */
  takeovers: number;
  takeoversSince: Instant;
  /** Its aliases as they were made of the projection's `eids`. */
  eids: readonly string[];
  aliases: readonly Alias[];
}

export class Roll {
  links: Table<RootLink>;
  private members: Table<Member>;
  /** Who was found last: frames and groups come in runs of one. */
  private latest: Member | undefined;
  private latestLink: RootLink | undefined;
  private projection: Projection;

  constructor(projection: Projection) {
    this.projection = projection;
    this.links = new Table<RootLink>();
    this.members = new Table<Member>();
    this.latest = undefined;
    this.latestLink = undefined;
  }

  open(link: LinkId, id: NodeId, now: Instant): void {
    const members = new Table<Member>();
    this.links.set(link, {
      link,
      id,
      pulse: new Pulse(now, false),
      isPaused: false,
      isGone: false,
      hellosLeft: HELLOS_MAX,
      hellosAt: now,
      members,
    });
  }

  /** The link of that number, if it is open. */
  linkAt(link: LinkId): RootLink | undefined {
    const { latestLink } = this;
    if (latestLink !== undefined && latestLink.link === link && !latestLink.isGone) return latestLink;
    const found = this.links.get(link);
    if (found !== undefined) this.latestLink = found;
    return found;
  }

  /** The member of that id, as the log knows it if it was not met before. */
  member(id: NodeId): Member {
    const met = this.find(id);
    if (met !== undefined) return met;
    const current = this.projection.currentEpoch(id);
    const last = current === undefined ? 0 : current.last;
    const member: Member = {
      id,
      epoch: current === undefined ? 0 : current.epoch,
      last,
      stored: last,
      link: 0 as LinkId,
      nonce: undefined,
      greetedAt: 0 as Instant,
      via: [],
      isPlain: false,
      takeovers: 0,
      takeoversSince: 0 as Instant,
      eids: [],
      aliases: [],
    };
    this.members.set(id, member);
    return member;
  }

  /** The link of a child of the root; undefined of a node that is away, or behind a branch. */
  childLink(id: string): LinkId | undefined {
    const member = this.find(id);
    return member === undefined || member.link <= 0 || member.via.length > 0 ? undefined : member.link;
  }

  find(id: unknown): Member | undefined {
    if (typeof id !== "string") return undefined;
    if (this.latest !== undefined && this.latest.id === id) return this.latest;
    const member = this.members.get(id);
    if (member !== undefined) this.latest = member;
    return member;
  }

  /** The link to a node, if it is connected. */
  linkOf(id: string): RootLink | undefined {
    const member = this.members.get(id);
    return member === undefined ? undefined : this.links.get(member.link);
  }

  move(member: Member, to: RootLink, via: NodeId[]): void {
    member.link = to.link;
    member.via = via;
    to.members.set(member.id, member);
  }

  /** Takes a node off a link. Whether it is away now: it may have moved on before. */
  remove(member: Member, from: RootLink): boolean {
    from.members.remove(member.id);
    if (member.link !== from.link) return false;
    member.link = 0 as LinkId;
    return true;
  }
}

/** Whether it is a plain bridge's. */
export function isPlainLink(from: RootLink): boolean {
  return from.members.get(from.id)?.isPlain === true;
}
