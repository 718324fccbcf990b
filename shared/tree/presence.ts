/**
 * Presence is who is connected to the root: links come and go, nodes take their own place anew, and the log is told of each change.
 *
 * Guarantee: a node speaks through one link at a time; a late word about an old link changes nothing; a peer that reads nothing is
 * cut before what waits for it grows.
 */
import type { RootEffect } from "../effect.ts";
import { CONFLICT_TAKEOVERS, CONFLICT_WITHIN, LINE_BYTES_MAX, LINK_TIMEOUT, ROOT_LINK_BYTES_MAX } from "../limits.ts";
import { count, type Counters, type Table } from "../table.ts";
import type { TextCodec } from "../text.ts";
import { after, type Instant, type LinkId, type NodeId, type UnixMillis } from "../units.ts";
import { byeLine, framesOf, PING } from "../wire/line.ts";
import type { Message } from "../wire/message.ts";
import { groupOf } from "./group.ts";
import type { Intake } from "./intake.ts";
import type { Member, Roll, RootLink } from "./roll.ts";

export class Presence {
  private roll: Roll;
  private intake: Intake;
  private codec: TextCodec;
  private counters: Counters;
  /** The root itself, the origin of what it logs. */
  private self: Member;

  constructor(rootId: NodeId, roll: Roll, intake: Intake, codec: TextCodec, counters: Counters) {
    this.roll = roll;
    this.intake = intake;
    this.codec = codec;
    this.counters = counters;
    this.self = roll.member(rootId);
  }

  /** From now on that node speaks through `from`; an older connection of it is ended. */
  takeOver(member: Member, from: RootLink, via: NodeId[], now: Instant, unix: UnixMillis, out: RootEffect[]): void {
    const old = this.roll.links.get(member.link);
    if (old !== undefined && old !== from) {
      this.noteTakeover(member, now, unix);
      this.dismiss(member, old, "replaced", unix, out);
    }
    this.roll.move(member, from, via);
  }

  private noteTakeover(member: Member, now: Instant, unix: UnixMillis): void {
    if (member.takeovers === 0 || now > after(member.takeoversSince, CONFLICT_WITHIN)) {
      member.takeovers = 0;
      member.takeoversSince = now;
    }
    member.takeovers += 1;
    if (member.takeovers !== CONFLICT_TAKEOVERS) return;
    count(this.counters, "conflict");
    this.log({ type: "!conflict", id: member.id, reason: "two programs use this id: give one another id" }, unix);
  }

  /** Ends a node's connection: the link itself if it is its own, else by a word to the branch it is behind. */
  dismiss(member: Member, link: RootLink, reason: string, unix: UnixMillis, out: RootEffect[]): void {
    this.sendLines(link, [byeLine(member.id, reason)], unix, out);
    if (link.id === member.id) this.cut(link, 1008, reason, unix, out);
    else this.leave(member, link, unix);
  }

  /** `!gone`: a branch has lost a node that was behind it. */
  gone(from: RootLink, id: unknown, unix: UnixMillis): void {
    const member = typeof id === "string" ? from.members.get(id) : undefined;
    if (member === undefined || member.id === from.id) return count(this.counters, "!gone of a stranger");
    this.leave(member, from, unix);
  }

  /** A link is gone, and everybody who spoke through it is away. */
  forget(rootLink: RootLink, unix: UnixMillis): void {
    this.roll.links.remove(rootLink.link);
    rootLink.isGone = true;
    rootLink.members.values().forEach((member) => this.leave(member, rootLink, unix));
  }

  /** Ends a link. */
  cut(rootLink: RootLink, code: number, reason: string, unix: UnixMillis, out: RootEffect[]): void {
    if (rootLink.isGone) return;
    out.push({ kind: "close", link: rootLink.link, code, reason });
    this.forget(rootLink, unix);
  }

  /** Asks the silent, ends the dead. */
  sweep(now: Instant, unix: UnixMillis, out: RootEffect[]): void {
    this.roll.links.values().forEach((rootLink) => {
      if (rootLink.isPaused) rootLink.pulse.heard(now);
      const finding = rootLink.pulse.check(now, false);
      if (finding === "ask") this.sendLines(rootLink, [PING], unix, out);
      if (finding !== "dead") return;
      count(this.counters, "link silent");
      this.cut(rootLink, 1001, "silent for more than " + LINK_TIMEOUT + " ms: answer ?ping", unix, out);
    });
  }

  logJoined(member: Member, fw: string, unix: UnixMillis): void {
    this.log({ type: "!joined", id: member.id, ep: member.epoch, via: member.via, fw }, unix);
  }

  /** An event of the root's own. */
  log(event: Message, unix: UnixMillis): void {
    this.intake.append(this.self, groupOf([this.codec.stringify(event)], [event]), 0, true, unix);
  }

  /** Sends lines as frames of about DOWN_FRAME_BYTES. A peer that takes nothing is cut: what was said to it was best effort. */
  sendLines(to: RootLink, lines: string[], unix: UnixMillis, out: RootEffect[]): void {
    framesOf(lines).forEach((text) => {
      to.pulse.handedBytes += text.length;
      out.push({ kind: "send", link: to.link, text });
    });
    if (to.pulse.handedBytes <= ROOT_LINK_BYTES_MAX) return;
    count(this.counters, "link too slow");
    this.cut(to, 1013, "too slow: read what you are sent", unix, out);
  }

  /** A line for a node, wherever it is. False if there is no way to it, or the line is too long. */
  tell(dst: string, fields: Message, unix: UnixMillis, out: RootEffect[]): boolean {
    const link = this.roll.linkOf(dst);
    const { type, ...others } = fields;
    const line = this.codec.stringify({ type, dst, ...others });
    if (link === undefined || this.codec.byteLength(line) > LINE_BYTES_MAX) return false;
    this.sendLines(link, [line], unix, out);
    return true;
  }

  private leave(member: Member, link: RootLink, unix: UnixMillis): void {
    if (this.roll.remove(member, link)) this.log({ type: "!left", id: member.id }, unix);
  }
}

/** What is to be said over that link. */
export function linesOf(frames: Table<string[]>, link: LinkId): string[] {
  let lines = frames.get(link);
  if (lines === undefined) {
    lines = [];
    frames.set(link, lines);
  }
  return lines;
}
