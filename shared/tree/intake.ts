/**
 * Intake takes groups into the log: only as continuations, each event once and in its long form, a line that is none keeping its number
 * as a gap.
 */
import { count, type Counters } from "../table.ts";
import type { TextCodec } from "../text.ts";
import type { UnixMillis } from "../units.ts";
import { isNumber, type Message, timeOf } from "../wire/message.ts";
import { gapFor, type Group, isEvent, isLong } from "./group.ts";
import type { Ledger } from "./ledger.ts";
import type { Projection } from "./projection.ts";
import type { Member } from "./roll.ts";
import { type Alias, aliasesOf, ShortLines } from "./short-lines.ts";

export type Verdict =
  /** It follows on, once its first `skip` events are left out. */
  | { kind: "take"; skip: number }
  /** All of it was accepted before. */
  | { kind: "known" }
  /** Something is missing before it. */
  | { kind: "hole" }
  /** Its number cannot be. */
  | { kind: "wrong" };

/** What to do with a group of `howMany` events that ends at `n`, when `last` is the last accepted. */
export function judge(last: number, n: unknown, howMany: number): Verdict {
  if (!isNumber(n) || n < howMany) return { kind: "wrong" };
  const first = n - howMany + 1;
  if (first > last + 1) return { kind: "hole" };
  return n <= last ? { kind: "known" } : { kind: "take", skip: last + 1 - first };
}

export class Intake {
  private projection: Projection;
  private ledger: Ledger;
  private codec: TextCodec;
  private counters: Counters;

  constructor(projection: Projection, ledger: Ledger, codec: TextCodec, counters: Counters) {
    this.projection = projection;
    this.ledger = ledger;
    this.codec = codec;
    this.counters = counters;
  }

  /**
   * Accepts the events of a group from `skip` on: into the projection, the ledger, and the next acknowledgement.
   * `isOwn`: they are the root's. Returns the answers to actions among them.
   */
  append(member: Member, group: Group, skip: number, isOwn: boolean, unix: UnixMillis): Message[] {
    const first = member.last + 1;
    const received = isOwn ? unix : this.ledger.arrival(member.id, unix);
    const answers: Message[] = [];
    let tsMin = Infinity;
    let tsMax = 0;
    const howMany = group.events.length;
    const lines = skip === 0 && group.isClean ? group.text() : this.rewritten(member, group, skip);
    for (let i = skip; i < howMany; i++) {
      const event = group.events[i];
      let ts = received;
      if (event !== undefined) {
        this.projection.applyEvent(member.id, member.epoch, first + i - skip, event, received);
        ts = timeOf(event, received);
        if (event.type === "!act") answers.push(event);
      } else count(this.counters, "line malformed");
      if (ts < tsMin) tsMin = ts;
      if (ts > tsMax) tsMax = ts;
    }
    member.last += howMany - skip;
    this.projection.applyGroup(member.id, member.epoch, member.last);
    const row = { node: member.id, epoch: member.epoch, first, last: member.last, received, tsMin, tsMax, lines };
    this.ledger.append(row, isOwn);
    this.ledger.acknowledge(member.id, member.epoch, member.last);
    return answers;
  }

  /**
   * The lines from `skip` on as they are stored: short ones in their long form, and a gap in the place of each that is no event. What
   * they say is in the group then.
   */
  private rewritten(member: Member, group: Group, skip: number): string {
    const { events } = group;
    const text = group.text();
    const short = new ShortLines(this.aliases(member));
    // A list, made one text at once: pieces that are only joined would live until the commit (measured: a fifth slower).
    const lines: string[] = [];
    let start = 0;
    for (let i = 0; i < events.length; i++) {
      let end = text.indexOf("\n", start);
      if (end < 0) end = text.length;
      let event = events[i];
      let line = "";
      if (event === undefined && !isLong(text, start, end, this.codec)) {
        event = short.read(text, start, end);
        line = short.long;
      } else line = text.substring(start, end);
      if (!isEvent(event)) {
        event = undefined;
        line = gapFor(isLong(text, start, end, this.codec));
      }
      events[i] = event;
      // What comes before is known; but times count from it.
      if (i >= skip) lines.push(line);
      start = end + 1;
    }
    return lines.join("\n");
  }

  /** What a plain bridge says has no aliases: it has no epoch to give them in. */
  private aliases(member: Member): readonly Alias[] {
    const eids = member.isPlain ? [] : this.projection.aliases(member.id, member.epoch);
    if (member.eids !== eids) {
      member.eids = eids;
      member.aliases = aliasesOf(eids);
    }
    return member.aliases;
  }

  /** Opens a new epoch of a node, larger than its own and than the one it offers. */
  openEpoch(member: Member, offered: number): void {
    member.epoch = Math.max(member.epoch, offered) + 1;
    member.last = 0;
    member.stored = 0;
    this.projection.applyGroup(member.id, member.epoch, 0);
  }
}
