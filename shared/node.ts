/**
 * TreeNode is a whole node, without its sockets: it joins the parent, keeps custody of its own events, and serves children (a leaf has none).
 * Inputs are methods with the time as an argument; what is to be done comes back as effects, to be performed in order.
 * After each input the edge sets its one timer to `wakeAt()` and calls `tick` then. Links below zero are this node's own dials.
 */
import { closing, type NodeEffect, NOTHING } from "./effect.ts";
import { EPOCH_EVENTS_MAX, type Limits, LINE_BYTES_MAX, SWEEP_EVERY } from "./limits.ts";
import { Flight } from "./link/flight.ts";
import { Outbox } from "./link/outbox.ts";
import { Pulse } from "./link/pulse.ts";
import { HAS_SOCKETS, TAKES_CHILDREN } from "./role.ts";
import { count, type Counters } from "./table.ts";
import type { TextCodec } from "./text.ts";
import { Actions } from "./tree/actions.ts";
import { Branch } from "./tree/branch.ts";
import { Join } from "./tree/join.ts";
import { TreeClock } from "./tree/time.ts";
import { after, type Instant, type LinkId, type NodeId, type Random, sooner, type UnixMillis } from "./units.ts";
import { framesOf, PING, pongLine, ROOT_IS_DOWN, ROOT_IS_UP } from "./wire/line.ts";
import { asReason, isEntityId, isNumber, isUnix, type Message, parseMessage, VERSION } from "./wire/message.ts";

export interface NodeConfig {
  id: NodeId;
  /** Said in `?hello`; "" if there is none. */
  token: string;
  /** Name and version of the program, for people. */
  fw: string;
  limits: Limits;
  /** Data goes out in `tick` alone, which the edge then calls after every input, once for all of one turn: that is cheaper. */
  isPatient?: boolean;
  /** Its dials go to Radio, which searches as long as it takes: none is given up, and each begins soon. */
  isByRadio?: boolean;
}

/** What became of an event: taken, or why not ("full", "long", "type"). */
export interface Emitted {
  accepted: boolean;
  reason: string;
  effects: readonly NodeEffect[];
}

export class TreeNode {
  counters: Counters;
  private config: NodeConfig;
  private codec: TextCodec;
  /** For those who ask how much room it has, or know how to write into it themselves: see Outbox.open. */
  readonly outbox: Outbox;
  protected flight: Flight;
  private joining: Join;
  private branch: Branch;
  private clock: TreeClock;
  private actions: Actions;
  private parent: Pulse;
  private sweepAt: Instant | undefined;
  private isRelayTurn: boolean;
  protected unixAt: (at: Instant) => UnixMillis;

  constructor(config: NodeConfig, codec: TextCodec, random: Random) {
    this.config = config;
    this.codec = codec;
    this.counters = {};
    this.outbox = new Outbox(config.limits, codec);
    this.flight = new Flight(config.id, this.outbox, config.limits, this.counters);
    this.joining = new Join(random, config.isByRadio || false);
    // A leaf's is never asked.
    this.branch = TAKES_CHILDREN ? new Branch(config.id, config.limits, codec, this.counters) : (undefined as never);
    this.clock = new TreeClock();
    this.actions = new Actions();
    this.parent = new Pulse(0 as Instant, false);
    this.sweepAt = undefined;
    this.isRelayTurn = true;
    this.unixAt = (at) => this.clock.unix(at) as UnixMillis;
  }

  start(now: Instant): readonly NodeEffect[] {
    return [{ kind: "dial", link: this.joining.dial(now) }];
  }

  /** A dial of ours has opened (link below zero), or a child has connected. */
  opened(link: LinkId, now: Instant): readonly NodeEffect[] {
    if (this.sweepAt === undefined) this.sweepAt = after(now, SWEEP_EVERY);
    if (TAKES_CHILDREN && link > 0) return this.branch.opened(link, now);
    if (this.joining.state.kind !== "dialing" || this.joining.state.link !== link) return NOTHING;
    this.parent = new Pulse(now, this.joining.isByRadio);
    const out: NodeEffect[] = [];
    this.greet(link, now, out);
    return out;
  }

  /** A link is gone, or a dial has failed. A link that is no longer ours changes nothing. */
  closed(link: LinkId, now: Instant): readonly NodeEffect[] {
    const out: NodeEffect[] = [];
    if (TAKES_CHILDREN && link > 0) {
      const up: string[] = [];
      this.branch.closed(link, up);
      this.sendControl(up, out);
    } else if (link === this.joining.anyLink()) this.lose("lost", "link closed", now, out);
    return out;
  }

  /** A dial was answered with an HTTP status instead of a link. */
  refused(link: LinkId, status: number, now: Instant): readonly NodeEffect[] {
    if (link !== this.joining.anyLink()) return NOTHING;
    const out: NodeEffect[] = [];
    const isToken = status === 401 || status === 403;
    this.lose(isToken ? "refused" : "lost", isToken ? "token refused: check it" : "HTTP " + status, now, out);
    return out;
  }

  /** One frame: whole lines of text. */
  received(link: LinkId, text: string, now: Instant): readonly NodeEffect[] {
    const out: NodeEffect[] = [];
    if (TAKES_CHILDREN && link > 0) this.fromChild(link, text, now, out);
    if (link !== this.joining.openLink()) return out;
    this.parent.heard(now);
    const lines = text.split("\n");
    const last = lines.length - 1;
    if (lines[last] !== "") count(this.counters, "line cut");
    // A line may end the link, and with it what came behind.
    for (let i = 0; i < last && (i === 0 || link === this.joining.openLink()); i++)
      this.lineFromParent(link, lines[i] as string, now, out);
    if (!this.config.isPatient) this.pumpNow(now, out);
    return out;
  }

  /** The socket of that link has taken all it was handed. */
  drained(link: LinkId, now: Instant): readonly NodeEffect[] {
    if (TAKES_CHILDREN && link > 0) {
      this.branch.drained(link);
      return NOTHING;
    }
    if (link !== this.joining.openLink()) return NOTHING;
    this.parent.handedBytes = 0;
    return this.pumped(now);
  }

  /** An event of the application. It is turned to text at once; the node keeps it until the root has it. */
  emit(event: Message, now: Instant): Emitted {
    const reason = this.keep(event, now);
    return { accepted: reason === "", reason, effects: this.pumped(now) };
  }

  /** The application's answer to an `act` effect: a value, or, if not ok, the error in words. */
  answer(id: string, ok: boolean, value: unknown, now: Instant): readonly NodeEffect[] {
    const event = this.actions.answer(id, ok, value);
    if (event !== undefined) this.keep(event, now);
    return this.pumped(now);
  }

  /** Sends what there is without waiting for company. */
  flush(now: Instant): readonly NodeEffect[] {
    this.flight.hurry();
    return this.pumped(now);
  }

  /** How many events the root has not acknowledged yet. */
  backlog(): number {
    return this.outbox.events();
  }

  isJoined(): boolean {
    return this.joining.joinedLink !== 0;
  }

  /** The root's clock, or undefined before the first joining. */
  unix(now: Instant): UnixMillis | undefined {
    return this.clock.unix(now);
  }

  tick(now: Instant): readonly NodeEffect[] {
    const out: NodeEffect[] = [];
    const joining = this.joining;
    if (joining.joinedLink === 0) this.tickJoin(now, out);
    if (this.sweepAt !== undefined && now >= this.sweepAt) this.sweep(now, out);
    if (joining.joinedLink !== 0) {
      if (this.flight.tick(now)) this.greet(joining.joinedLink, now, out);
      this.pumpNow(now, out);
    }
    return out;
  }

  wakeAt(): Instant | undefined {
    if (this.joining.joinedLink === 0) return sooner(this.joining.wakeAt(), this.sweepAt);
    return this.hasRoomUp() ? sooner(this.flight.wakeAt(), this.sweepAt) : this.sweepAt;
  }

  /** Into the outbox; "" or why not. */
  protected keep(event: Message, now: Instant): string {
    const reason = this.outbox.add(event, this.flight.sent, now, this.clock.unix(now));
    if (reason === "") this.flight.added(event.type === "!act", now);
    else count(this.counters, "event refused");
    return reason;
  }

  private tickJoin(now: Instant, out: NodeEffect[]): void {
    const at = this.joining.wakeAt();
    if (at === undefined || now < at) return;
    const state = this.joining.state;
    if (state.kind === "waiting") out.push({ kind: "dial", link: this.joining.dial(now) });
    else if (state.kind === "greeting" || state.kind === "rootless") this.greet(state.link, now, out);
    else if (HAS_SOCKETS && state.kind === "dialing") this.hangUp(state.link, "no answer", now, out);
  }

  private sweep(now: Instant, out: NodeEffect[]): void {
    const link = this.joining.openLink();
    this.sweepAt = link !== 0 || (TAKES_CHILDREN && this.branch.hasChildren()) ? after(now, SWEEP_EVERY) : undefined;
    if (TAKES_CHILDREN) {
      const up: string[] = [];
      this.branch.sweep(now, up, out);
      this.sendControl(up, out);
    }
    if (link === 0) return;
    const finding = this.parent.check(now, true);
    if (finding === "ask") this.sendLine(link, PING, out);
    if (finding === "dead") {
      this.hangUp(link, "silent for too long", now, out);
    } else if (this.joining.joinedLink !== 0 && this.flight.acked >= EPOCH_EVENTS_MAX) this.greet(link, now, out);
  }

  private fromChild(link: LinkId, text: string, now: Instant, out: NodeEffect[]): void {
    const up: string[] = [];
    this.branch.received(link, text, this.joining.joinedLink !== 0, this.rootNow(now), now, up, out);
    this.sendControl(up, out);
    if (!this.config.isPatient) this.pumpNow(now, out);
  }

  private lineFromParent(link: LinkId, line: string, now: Instant, out: NodeEffect[]): void {
    const message = line.length > LINE_BYTES_MAX ? undefined : parseMessage(line);
    if (message === undefined) return count(this.counters, "line malformed");
    const dst = message["dst"];
    if (typeof dst === "string" && dst !== this.config.id) this.passDown(dst, line, message, now, out);
    else this.own(link, message, now, out);
  }

  private passDown(dst: string, line: string, message: Message, now: Instant, out: NodeEffect[]): void {
    if (TAKES_CHILDREN) {
      const up: string[] = [];
      const isReached = this.branch.down(dst, line, message, up, out);
      this.sendControl(up, out);
      if (isReached) return;
    }
    count(this.counters, "line for nobody below");
    if (message.type !== "?act" || typeof message["id"] !== "string") return;
    this.keep({ type: "!act", id: message["id"], ok: false, error: "offline" }, now);
  }

  /** A line for this node itself. */
  private own(link: LinkId, message: Message, now: Instant, out: NodeEffect[]): void {
    switch (message.type) {
      case "!ack":
        // What is no epoch is no epoch of ours.
        if (isNumber(message["n"])) this.flight.acknowledge(message["ep"], message["n"], now);
        else count(this.counters, "line malformed");
        break;
      case "!hello":
        this.welcomed(link, message, now, out);
        break;
      case "!root":
        this.rootChanged(link, message["up"] === true, now, out);
        break;
      case "?ping":
        this.sendLine(link, pongLine(0), out);
        break;
      case "!ping":
        this.pong(message, now);
        break;
      case "!bye":
        this.dismissed(link, asReason(message["reason"]), now, out);
        break;
      case "?act":
        this.act(message, now, out);
        break;
      case "?set":
        if (isEntityId(message["eid"]) && isNumber(message["rev"])) {
          out.push({ kind: "set", eid: message["eid"], value: message["value"], rev: message["rev"] });
        } else count(this.counters, "line malformed");
        break;
      default:
        out.push({ kind: "deliver", event: message });
    }
  }

  private pong(message: Message, now: Instant): void {
    const roundTrip = this.parent.answered(now);
    if (roundTrip >= 0) this.clock.learn(message["now"], roundTrip, now);
  }

  private act(message: Message, now: Instant, out: NodeEffect[]): void {
    const id = String(message["id"]);
    switch (this.actions.judge(message, this.rootNow(now))) {
      case "run":
        out.push({ kind: "act", id, eid: String(message["eid"]), value: message["value"] });
        break;
      case "answer":
        this.keep(this.actions.again(id) as Message, now);
        break;
      default:
        count(this.counters, "action dropped");
    }
  }

  protected greet(link: LinkId, now: Instant, out: NodeEffect[]): void {
    const hello: Message = { type: "?hello", v: VERSION, id: this.config.id };
    if (this.config.token !== "") hello["token"] = this.config.token;
    if (this.flight.epoch !== 0) hello["ep"] = this.flight.epoch;
    hello["fw"] = this.config.fw;
    hello["nonce"] = this.joining.greet(link, now);
    this.sendLine(link, this.codec.stringify(hello), out);
  }

  /** `!hello`: the root has admitted us, or has not. */
  private welcomed(link: LinkId, message: Message, now: Instant, out: NodeEffect[]): void {
    const state = this.joining.state;
    if (state.kind !== "greeting" || message["nonce"] !== state.nonce) return count(this.counters, "!hello unasked");
    if (message["error"] !== undefined) return this.dismissed(link, asReason(message["error"]), now, out);
    if (!isNumber(message["ep"]) || message["ep"] === 0 || !isNumber(message["n"]) || !isUnix(message["now"])) {
      return count(this.counters, "line malformed");
    }
    this.clock.learn(message["now"], now - state.saidAt, now);
    if (!this.flight.resume(message["ep"], message["n"])) {
      count(this.counters, "root lost events");
      return this.greet(link, now, out);
    }
    this.joining.joined(link);
    out.push({ kind: "status", isJoined: true, reason: "joined" });
    if (TAKES_CHILDREN) this.branch.announce(ROOT_IS_UP, out);
  }

  private rootChanged(link: LinkId, isUp: boolean, now: Instant, out: NodeEffect[]): void {
    if (isUp && !this.joining.isByRadio) return this.greet(link, now, out);
    const wasJoined = this.joining.joinedLink !== 0;
    this.joining.rootless(link, isUp, now);
    if (TAKES_CHILDREN) this.branch.discard(out);
    if (!wasJoined) return;
    out.push({ kind: "status", isJoined: false, reason: "the parent lost the root" });
    if (TAKES_CHILDREN) this.branch.announce(ROOT_IS_DOWN, out);
  }

  private dismissed(link: LinkId, reason: string, now: Instant, out: NodeEffect[]): void {
    out.push(closing(link, 1000, "dismissed"));
    this.lose(reason === "replaced" ? "replaced" : "refused", reason, now, out);
  }

  /** Gives a link up that leads nowhere. */
  private hangUp(link: LinkId, reason: string, now: Instant, out: NodeEffect[]): void {
    out.push(closing(link, 1001, reason));
    this.lose("lost", reason, now, out);
  }

  private lose(why: "lost" | "replaced" | "refused", reason: string, now: Instant, out: NodeEffect[]): void {
    this.joining.lost(why, now);
    out.push({ kind: "status", isJoined: false, reason });
    if (TAKES_CHILDREN) this.branch.discard(out);
    if (TAKES_CHILDREN) this.branch.announce(ROOT_IS_DOWN, out);
  }

  protected pumped(now: Instant): readonly NodeEffect[] {
    if (this.config.isPatient) return NOTHING;
    const out: NodeEffect[] = [];
    this.pumpNow(now, out);
    return out;
  }

  /** Hands data to the parent's socket while that takes it, a frame of the children and one of our own in turn. */
  private pumpNow(now: Instant, out: NodeEffect[]): void {
    const link = this.joining.joinedLink;
    if (link === 0) return;
    while (this.hasRoomUp()) {
      const isOwnDue = this.flight.isDue(now);
      const hasRelay = TAKES_CHILDREN && this.branch.hasRelay();
      if (!isOwnDue && !hasRelay) return;
      if (!TAKES_CHILDREN || (isOwnDue && !(this.isRelayTurn && hasRelay))) {
        this.send(link, this.flight.take(now, this.unixAt), out);
        this.isRelayTurn = true;
      } else {
        this.send(link, this.branch.takeRelay(out), out);
        this.isRelayTurn = false;
      }
    }
  }

  private hasRoomUp(): boolean {
    return this.parent.handedBytes < this.config.limits.pipeBytes;
  }

  /** Control lines never wait behind data. What is too much of them (a flood of `?hello`) is dropped: it will be said again. */
  private sendControl(up: string[], out: NodeEffect[]): void {
    const link = this.joining.openLink();
    if (link === 0 || up.length === 0) return;
    for (const frame of framesOf(up)) {
      if (this.parent.handedBytes > this.config.limits.pipeBytes + this.config.limits.relayBytes) {
        count(this.counters, "control lines over the limit");
      } else this.send(link, frame, out);
    }
  }

  private sendLine(link: LinkId, line: string, out: NodeEffect[]): void {
    this.send(link, line + "\n", out);
  }

  private send(link: LinkId, text: string, out: NodeEffect[]): void {
    this.parent.handedBytes += text.length;
    out.push({ kind: "send", link, text });
  }

  private rootNow(now: Instant): number {
    return this.clock.unix(now) || 0;
  }
}
