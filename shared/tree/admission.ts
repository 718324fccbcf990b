/**
 * Admission answers `?hello`: who may join, under which epoch, and what the root already has of that node.
 *
 * Guarantee: an epoch is given out only after it is on disk, larger than any the node has had, and the answer's `n` counts what is
 * accepted by then, stored or not: so nothing is sent again that will be stored.
 */
import type { DesiredRow, RootEffect } from "../effect.ts";
import {
  EPOCH_EVENTS_MAX,
  EPOCH_OFFERED_MAX,
  HELLO_OVERTAKEN_WITHIN,
  HELLOS_MAX,
  HELLOS_OVERTAKEN_MAX,
  HELLOS_PER_SECOND,
  SET_AGAIN_AFTER,
} from "../limits.ts";
import { count, type Counters, Table } from "../table.ts";
import type { TextCodec } from "../text.ts";
import { after, type Instant, type NodeId, type UnixMillis } from "../units.ts";
import { asVia, isNodeId, isNumber, type Message, VERSION } from "../wire/message.ts";
import type { Intake } from "./intake.ts";
import type { Answer, Ledger } from "./ledger.ts";
import type { Presence } from "./presence.ts";
import type { Projection } from "./projection.ts";
import type { Roll, RootLink } from "./roll.ts";

/** Whether that token is that node's. Pure. */
export type TokenCheck = (id: string, token: string) => boolean;

/** What Admission works with; all of it is Root's. */
export interface AdmissionParts {
  rootId: NodeId;
  roll: Roll;
  presence: Presence;
  projection: Projection;
  intake: Intake;
  ledger: Ledger;
  codec: TextCodec;
  counters: Counters;
  checkToken: TokenCheck;
}

export class Admission {
  private parts: AdmissionParts;
  /** Nodes with desired values that wait for an answer, and when those were said last. */
  private asked: Table<Instant>;

  constructor(parts: AdmissionParts) {
    this.parts = parts;
    this.asked = new Table<Instant>();
  }

  /** A `?hello` came. */
  hello(from: RootLink, message: Message, now: Instant, unix: UnixMillis, out: RootEffect[]): void {
    const id = message["id"];
    const via = asVia(message["via"]);
    if (!isNodeId(id) || via === undefined) return count(this.parts.counters, "?hello malformed");
    const error = this.objection(from, id, via, message);
    if (error !== "") {
      count(this.parts.counters, "?hello refused: " + error);
      const answer: Message = { type: "!hello", dst: id, error };
      if (message["nonce"] !== undefined) answer["nonce"] = message["nonce"];
      this.parts.presence.sendLines(from, [this.parts.codec.stringify(answer)], unix, out);
      // Nor is a link that carries no token cut: it would take the answer along.
      if (via.length === 0 && from.id !== "") this.parts.presence.cut(from, 1008, error, unix, out);
      return;
    }
    if (from.id === "") from.id = id;
    if (!this.mayHello(from, now)) return count(this.parts.counters, "?hello over the limit");
    const member = this.parts.roll.member(id);
    const isLate = isOvertaken(message["nonce"], member.nonce) && now - member.greetedAt < HELLO_OVERTAKEN_WITHIN;
    if (isLate) return count(this.parts.counters, "?hello overtaken");
    member.nonce = message["nonce"];
    member.greetedAt = now;
    this.parts.presence.takeOver(member, from, via, now, unix, out);
    const offered = isNumber(message["ep"]) && message["ep"] <= EPOCH_OFFERED_MAX ? message["ep"] : 0;
    const isResumed = offered !== 0 && offered === member.epoch && !member.isPlain && member.last < EPOCH_EVENTS_MAX;
    const n = isResumed ? member.last : this.parts.projection.lastOf(id, offered);
    if (!isResumed) this.parts.intake.openEpoch(member, offered);
    member.isPlain = false;
    this.parts.presence.logJoined(member, typeof message["fw"] === "string" ? message["fw"].substr(0, 64) : "", unix);
    this.parts.ledger.answer({ kind: "hello", link: from.link, id, epoch: member.epoch, n, nonce: message["nonce"] });
  }

  /** Takes one of the `?hello`s that a link may say; they come back with time. */
  private mayHello(from: RootLink, now: Instant): boolean {
    const regained = ((now - from.hellosAt) * HELLOS_PER_SECOND) / 1000;
    from.hellosLeft = Math.min(HELLOS_MAX, from.hellosLeft + regained);
    from.hellosAt = now;
    if (from.hellosLeft < 1) return false;
    from.hellosLeft -= 1;
    return true;
  }

  /** Why a `?hello` is not accepted, or "". */
  private objection(from: RootLink, id: NodeId, via: NodeId[], message: Message): string {
    if (message["v"] !== VERSION) return "version";
    if (id === this.parts.rootId || via.indexOf(id) >= 0 || via.indexOf(this.parts.rootId) >= 0) return "id";
    if (via.length === 0 && from.id !== "") return id === from.id ? "" : "id";
    if (via.length > 0 && via[via.length - 1] !== from.id) return "via";
    return typeof message["token"] === "string" && this.parts.checkToken(id, message["token"]) ? "" : "token";
  }

  /** What may be said to a link after a commit; the lines go to `lines`. */
  say(answer: Answer, now: Instant, unix: UnixMillis, lines: string[]): void {
    const rootLink = this.parts.roll.links.get(answer.link);
    if (rootLink === undefined) return;
    if (answer.kind === "plain ack") {
      lines.push(this.parts.codec.stringify({ type: "!ack", n: answer.n }));
      return;
    }
    if (answer.kind === "set") {
      this.sayDesired(answer.id, (row) => row.eid === answer.eid, now, lines);
      return;
    }
    const member = this.parts.roll.member(answer.id);
    if (member.link !== answer.link || member.epoch !== answer.epoch) return;
    const hello: Message = { type: "!hello", dst: answer.id, ep: answer.epoch, n: answer.n, now: unix };
    if (answer.nonce !== undefined) hello["nonce"] = answer.nonce;
    lines.push(this.parts.codec.stringify(hello));
    this.sayDesired(answer.id, () => true, now, lines);
  }

  /** Says desired values again to connected nodes that have not answered them in a while: on its way down a line may be dropped. */
  remind(now: Instant, unix: UnixMillis, out: RootEffect[]): void {
    this.asked.keys().forEach((id) => {
      if (now < after(this.asked.get(id) as Instant, SET_AGAIN_AFTER)) return;
      this.asked.remove(id);
      const rootLink = this.parts.roll.linkOf(id);
      if (rootLink === undefined) return;
      const lines: string[] = [];
      this.sayDesired(id as NodeId, (row) => !row.isSettled, now, lines);
      this.parts.presence.sendLines(rootLink, lines, unix, out);
    });
  }

  /** Desired values of a node, and from when on its answer is awaited. */
  private sayDesired(id: NodeId, isWanted: (row: DesiredRow) => boolean, now: Instant, lines: string[]): void {
    this.parts.projection.desiredRows(id).forEach((row) => {
      if (!isWanted(row)) return;
      lines.push(this.parts.codec.stringify({ type: "?set", dst: id, eid: row.eid, value: row.value, rev: row.rev }));
      if (!row.isSettled) this.asked.set(id, now);
    });
  }
}

/** Whether a `?hello` was said before the last one that was taken: on another way, where it took longer. */
function isOvertaken(nonce: unknown, last: unknown): boolean {
  return isNumber(nonce) && isNumber(last) && nonce < last && nonce >= last - HELLOS_OVERTAKEN_MAX;
}
