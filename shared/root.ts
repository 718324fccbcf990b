/**
 * Root is the whole root, without sockets and disk: it admits nodes, gives out epochs, takes groups as continuations, and says
 * `!ack` only after `stored`.
 *
 * What the log amounts to is in Projection, what a commit writes in Ledger; here are the links and the rules. Inputs are methods
 * with the root's monotonic clock (`now`) and its wall clock (`unix`); what is to be done comes back as effects.
 * Runs on PCs and in the simulator only.
 */
import { NOTHING, type DesiredRow, type NodeRow, type RootEffect, type RootImage, type ValueRow } from "./effect.ts";
import {
  ACTIONS_PENDING_MAX,
  DESIRED_MAX,
  LINE_BYTES_MAX,
  ROOT_FRAME_BYTES_MAX,
  ROOT_PENDING_BYTES_MAX,
  SWEEP_EVERY,
} from "./limits.ts";
import { count, type Counters, Table } from "./table.ts";
import type { TextCodec } from "./text.ts";
import { Admission, type TokenCheck } from "./tree/admission.ts";
import { asEffect, Calls, outcome } from "./tree/calls.ts";
import { Group, isEvent, parseLine } from "./tree/group.ts";
import { Intake, judge } from "./tree/intake.ts";
import { Ledger } from "./tree/ledger.ts";
import { Names } from "./tree/names.ts";
import { linesOf, Presence } from "./tree/presence.ts";
import { Projection } from "./tree/projection.ts";
import { isPlainLink, type Member, Roll, type RootLink } from "./tree/roll.ts";
import {
  after,
  type Instant,
  type LinkId,
  type Millis,
  type NodeId,
  sooner,
  type UnixMillis,
  unreachable,
} from "./units.ts";
import { ackLine, pongLine } from "./wire/line.ts";
import { isEntityId, isNodeId, type Message, NUMBER_MAX } from "./wire/message.ts";

export interface RootConfig {
  /** The root's own id: the origin of the events that the root itself logs. */
  id: NodeId;
  /**
   * Last values are part of a transaction once this many bytes of events have come since they last were; 0, as if left out, is of
   * each. Whoever says more folds the events that came since into the image that the root is started with.
   */
  valuesAfterBytes?: number;
  /** A transaction begins once so many bytes of events wait for it, or when the edge says that nothing more is at hand; 0, as if left out, is at once. */
  gatherBytes?: number;
}

export class Root {
  counters: Counters;
  /** How many `!ack`s were sent after a commit, since the start. */
  acksSent: number;
  private codec: TextCodec;
  private projection: Projection;
  private ledger: Ledger;
  private intake: Intake;
  /** Who is connected, to be looked at. */
  readonly roll: Roll;
  private presence: Presence;
  private admission: Admission;
  private calls: Calls;
  private names: Names;
  private self: Member;
  private actions: number;
  private rev: number;
  private gatherBytes: number;
  private hasPaused: boolean;
  private sweepAt: Instant | undefined;

  constructor(config: RootConfig, image: RootImage, codec: TextCodec, checkToken: TokenCheck) {
    this.codec = codec;
    this.counters = {};
    this.acksSent = 0;
    this.projection = new Projection(config.id, image);
    this.ledger = new Ledger(this.projection, config.valuesAfterBytes ?? 0);
    this.intake = new Intake(this.projection, this.ledger, codec, this.counters);
    this.roll = new Roll(this.projection);
    this.presence = new Presence(config.id, this.roll, this.intake, codec, this.counters);
    this.admission = new Admission({
      rootId: config.id,
      roll: this.roll,
      presence: this.presence,
      projection: this.projection,
      intake: this.intake,
      ledger: this.ledger,
      codec,
      counters: this.counters,
      checkToken,
    });
    this.calls = new Calls();
    this.names = new Names(this.projection, this.presence, this.counters);
    this.self = this.roll.member(config.id);
    this.actions = 0;
    this.rev = image.desired.reduce((most, row) => Math.max(most, row.rev), 0);
    this.gatherBytes = config.gatherBytes ?? 0;
    this.hasPaused = false;
    this.sweepAt = undefined;
  }

  /** Opens the root's own epoch and notes that every node is away until it says otherwise. */
  start(now: Instant, unix: UnixMillis): readonly RootEffect[] {
    this.intake.openEpoch(this.self, 0);
    this.presence.log({ type: "!started" }, unix);
    this.sweepAt = after(now, SWEEP_EVERY);
    return this.finish([]);
  }

  /** A client has connected with a token of that node; `id` is "" where links carry none (the radio): its `?hello` has to say it. */
  opened(link: LinkId, id: NodeId, now: Instant, _unix: UnixMillis): readonly RootEffect[] {
    this.roll.open(link, id, now);
    return NOTHING;
  }

  closed(link: LinkId, _now: Instant, unix: UnixMillis): readonly RootEffect[] {
    const rootLink = this.roll.links.get(link);
    if (rootLink === undefined) return NOTHING;
    this.presence.forget(rootLink, unix);
    return this.finish([]);
  }

  drained(link: LinkId, _now: Instant, _unix: UnixMillis): readonly RootEffect[] {
    const rootLink = this.roll.links.get(link);
    if (rootLink !== undefined) rootLink.pulse.handedBytes = 0;
    return NOTHING;
  }

  /** One frame of text. */
  received(link: LinkId, text: string, now: Instant, unix: UnixMillis): readonly RootEffect[] {
    const rootLink = this.roll.linkAt(link);
    if (rootLink === undefined) return NOTHING;
    rootLink.pulse.heard(now);
    const out: RootEffect[] = [];
    if (text.length > ROOT_FRAME_BYTES_MAX) {
      this.presence.cut(rootLink, 1009, "frame over " + ROOT_FRAME_BYTES_MAX + " bytes: send smaller ones", unix, out);
      return this.finish(out);
    }
    this.readFrame(rootLink, text, now, unix, out);
    if (this.ledger.pendingBytes > ROOT_PENDING_BYTES_MAX && !rootLink.isPaused && !rootLink.isGone) {
      rootLink.isPaused = true;
      this.hasPaused = true;
      out.push({ kind: "pause", link });
    }
    return this.finish(out);
  }

  /** The transaction under way is on disk. */
  stored(now: Instant, unix: UnixMillis): readonly RootEffect[] {
    const out: RootEffect[] = [];
    const waiting = this.ledger.stored();
    const frames = new Table<string[]>();
    waiting.answers.forEach((answer) => this.admission.say(answer, now, unix, linesOf(frames, answer.link)));
    waiting.acks.forEach((ack) => {
      const member = this.roll.member(ack.id);
      if (member.epoch !== ack.epoch) return;
      member.stored = ack.last;
      if (member.link <= 0 || member.isPlain) return;
      this.acksSent += 1;
      linesOf(frames, member.link).push(ackLine(ack.id, ack.epoch, ack.last));
    });
    frames.keys().forEach((link) => {
      const rootLink = this.roll.links.get(link);
      if (rootLink !== undefined) this.presence.sendLines(rootLink, frames.get(link) as string[], unix, out);
    });
    if (this.hasPaused && this.ledger.pendingBytes <= ROOT_PENDING_BYTES_MAX / 2) this.resumeAll(out);
    return this.finish(out);
  }

  /** Runs an action. Its one outcome comes as an `outcome` effect with the same `call`. `ttl` is in milliseconds. */
  act(
    call: number,
    dst: string,
    eid: string,
    value: unknown,
    ttl: Millis,
    now: Instant,
    unix: UnixMillis,
  ): readonly RootEffect[] {
    const rootLink = this.roll.linkOf(dst);
    if (!isEntityId(eid) || !(ttl > 0 && ttl <= NUMBER_MAX))
      return [outcome(call, "malformed: eid and a ttl above 0 are wanted")];
    // The id of the action holds the root's epoch: until that is on disk, it could be given out again.
    if (rootLink === undefined || this.self.stored === 0) return [outcome(call, "offline")];
    if (this.calls.size >= ACTIONS_PENDING_MAX) return [outcome(call, "busy")];
    this.actions += 1;
    const id = "a" + this.self.epoch + "." + this.actions;
    const line = this.codec.stringify({ type: "?act", dst, id, eid, value, ttl, ts: unix });
    if (this.codec.byteLength(line) > LINE_BYTES_MAX) return [outcome(call, "long")];
    this.calls.begin(id, call, dst as NodeId, ttl, now);
    const out: RootEffect[] = [];
    this.presence.sendLines(rootLink, [line], unix, out);
    return this.finish(out);
  }

  /** Makes `value` the desired state of an entity. Error "" or why not. */
  set(
    dst: string,
    eid: string,
    value: unknown,
    _now: Instant,
    unix: UnixMillis,
  ): { rev: number; error: string; effects: readonly RootEffect[] } {
    const refuse = (error: string) => ({ rev: 0, error, effects: NOTHING });
    if (!isNodeId(dst) || this.projection.nodeRow(dst) === undefined)
      return refuse("unknown node: it has never joined");
    if (!isEntityId(eid) || value === undefined) return refuse("malformed: eid and value are wanted");
    const rows = this.projection.desiredRows(dst);
    if (rows.length >= DESIRED_MAX && !rows.some((row) => row.eid === eid)) return refuse("full");
    const event = { type: "?set", dst, eid, value, rev: this.rev + 1 };
    if (this.codec.byteLength(this.codec.stringify(event)) > LINE_BYTES_MAX) return refuse("long");
    this.rev += 1;
    this.presence.log(event, unix);
    // Said once it is on disk: a revision must not be given out twice.
    const member = this.roll.find(dst);
    if (member !== undefined) this.ledger.answer({ kind: "set", link: member.link, id: dst, eid });
    return { rev: event.rev, error: "", effects: this.finish([]) };
  }

  /** Says a line to a node, once and as best it can. False if there is no way to it, or the line is too long. `fields` are those beside `dst`. */
  tell(dst: string, fields: Message, unix: UnixMillis): { isSaid: boolean; effects: readonly RootEffect[] } {
    const out: RootEffect[] = [];
    return { isSaid: this.presence.tell(dst, fields, unix, out), effects: this.finish(out) };
  }

  /** Logs an event of the root's own. */
  note(event: Message, unix: UnixMillis): readonly RootEffect[] {
    this.presence.log(event, unix);
    return this.finish([]);
  }

  /** The token of a node is gone: so is its connection. */
  revoked(id: NodeId, _now: Instant, unix: UnixMillis): readonly RootEffect[] {
    const out: RootEffect[] = [];
    const rootLink = this.roll.linkOf(id);
    if (rootLink !== undefined) this.presence.dismiss(this.roll.member(id), rootLink, "revoked", unix, out);
    this.roll.links.values().forEach((other) => {
      if (other.id === id) this.presence.cut(other, 1008, "token revoked", unix, out);
    });
    return this.finish(out);
  }

  tick(now: Instant, unix: UnixMillis): readonly RootEffect[] {
    const out: RootEffect[] = [];
    this.calls.overdue(now).forEach((ended) => out.push(asEffect(ended)));
    if (this.sweepAt !== undefined && now >= this.sweepAt) {
      this.sweepAt = after(now, SWEEP_EVERY);
      this.presence.sweep(now, unix, out);
      this.admission.remind(now, unix, out);
    }
    return this.finish(out);
  }

  wakeAt(): Instant | undefined {
    return sooner(this.sweepAt, this.calls.wakeAt());
  }

  nodes(): NodeRow[] {
    return this.projection.nodeRows();
  }

  node(id: string): NodeRow | undefined {
    return this.projection.nodeRow(id);
  }

  values(node: string): ValueRow[] {
    return this.projection.valueRows(node);
  }

  desired(node: string): DesiredRow[] {
    return this.projection.desiredRows(node);
  }

  private readFrame(from: RootLink, text: string, now: Instant, unix: UnixMillis, out: RootEffect[]): void {
    let group = new Group(text);
    let end = 0;
    for (let start = 0; start < text.length; start = end + 1) {
      end = text.indexOf("\n", start);
      if (end < 0) {
        count(this.counters, "line cut");
        break;
      }
      const message = parseLine(text, start, end, this.codec);
      switch (message === undefined ? "" : message.type) {
        case "?ack":
          this.takeGroup(from, group, message as Message, now, unix, out);
          group = new Group(text);
          break;
        case "?hello":
          this.admission.hello(from, message as Message, now, unix, out);
          break;
        case "!gone":
          this.presence.gone(from, (message as Message)["id"], unix);
          break;
        case "?ping":
          this.presence.sendLines(from, [pongLine(unix)], unix, out);
          break;
        case "!ping":
          from.pulse.answered(now);
          break;
        default:
          if (end > start) group.add(start, end, message);
          continue;
      }
      if (from.isGone) return;
    }
    if (group.events.length === 0) return;
    if (from.id === "") count(this.counters, "lines of nobody");
    else if (from.members.size === 0 || isPlainLink(from)) this.takePlain(from, group, now, unix, out);
    else count(this.counters, "lines without ?ack");
  }

  private takeGroup(
    from: RootLink,
    group: Group,
    ack: Message,
    now: Instant,
    unix: UnixMillis,
    out: RootEffect[],
  ): void {
    if (ack["src"] === undefined) {
      if (from.id === "") return count(this.counters, "lines of nobody");
      this.takePlain(from, group, now, unix, out);
      this.ledger.answer({ kind: "plain ack", link: from.link, n: ack["n"] });
      return;
    }
    const member = this.roll.find(ack["src"]);
    if (member === undefined || member.link !== from.link || member.isPlain) {
      return count(this.counters, "group of a stranger");
    }
    if (ack["ep"] !== member.epoch) return count(this.counters, "group of another epoch");
    const verdict = judge(member.last, ack["n"], group.events.length);
    switch (verdict.kind) {
      case "take":
        this.names.take(member, ack, unix);
        this.append(member, group, verdict.skip, unix, out);
        break;
      case "known":
        if (group.events.length > 0) count(this.counters, "group known");
        if (member.stored === member.last)
          this.presence.sendLines(from, [ackLine(member.id, member.epoch, member.last)], unix, out);
        break;
      case "hole":
        count(this.counters, "group after a hole");
        this.presence.sendLines(from, [ackLine(member.id, member.epoch, member.stored)], unix, out);
        break;
      case "wrong":
        count(this.counters, "group with a wrong number");
        break;
      default:
        unreachable(verdict);
    }
  }

  /** A plain bridge's lines: stored as they come, in an epoch of this connection. */
  private takePlain(from: RootLink, group: Group, now: Instant, unix: UnixMillis, out: RootEffect[]): void {
    const good = group.events.every(isEvent) ? group : group.good();
    for (let i = good.events.length; i < group.events.length; i++) count(this.counters, "line malformed");
    const member = this.roll.member(from.id);
    if (member.link !== from.link || !member.isPlain) {
      this.presence.takeOver(member, from, [], now, unix, out);
      this.intake.openEpoch(member, 0);
      member.isPlain = true;
      this.presence.logJoined(member, "plain bridge", unix);
    }
    if (good.events.length > 0) this.append(member, good, 0, unix, out);
  }

  /** Accepts events, and ends the calls that they answer. */
  private append(member: Member, group: Group, skip: number, unix: UnixMillis, out: RootEffect[]): void {
    const answers = this.intake.append(member, group, skip, member === this.self, unix);
    for (let i = 0; i < answers.length; i++) {
      const ended = this.calls.answered(answers[i] as Message, (dst) => this.maySpeakFor(member, dst));
      if (ended !== undefined) out.push(asEffect(ended));
    }
  }

  /** A node answers for itself, a branch for those behind it. */
  private maySpeakFor(member: Member, dst: NodeId): boolean {
    const asked = this.roll.find(dst);
    return dst === member.id || (asked !== undefined && asked.via.indexOf(member.id) >= 0);
  }

  private resumeAll(out: RootEffect[]): void {
    this.hasPaused = false;
    this.roll.links.values().forEach((rootLink) => {
      if (!rootLink.isPaused) return;
      rootLink.isPaused = false;
      out.push({ kind: "resume", link: rootLink.link });
    });
  }

  /** Nothing more is at hand: what has gathered is stored, however little it is. */
  gathered(): readonly RootEffect[] {
    const transaction = this.ledger.next();
    return transaction === undefined ? NOTHING : [{ kind: "store", transaction }];
  }

  /** Starts the next commit, if there is one to start. */
  private finish(out: RootEffect[]): readonly RootEffect[] {
    const begun = this.ledger.openBytes < this.gatherBytes ? NOTHING : this.gathered();
    return begun.length === 0 ? out : out.concat(begun);
  }
}
