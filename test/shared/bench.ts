/**
 * Benches hold one core each, play its neighbours by hand, and keep what it does: for tests of a single rule.
 * Whole trees are World's.
 */
import type { NodeEffect, RootEffect, RootImage, Transaction } from "#shared/effect.ts";
import { CHIP_LIMITS, type Limits } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import { Root } from "#shared/root.ts";
import type { Instant, LinkId, Millis, NodeId, UnixMillis } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { EMPTY, seeded, TEXT } from "./world.ts";

export const UNIX_AT_START = 1_700_000_000_000;

export interface Close {
  link: number;
  code: number;
  reason: string;
}

/** What a core did to its links. */
class LinkLog {
  now = 0;
  sent: { link: number; text: string }[] = [];
  closes: Close[] = [];
  /** "pause 1", "resume 1" … in order. */
  flow: string[] = [];

  /** The lines sent on a link since this was last asked, parsed. */
  lines(link: number): Message[] {
    const lines = this.texts(link).flatMap((text) => text.trimEnd().split("\n"));
    return lines.map((line) => JSON.parse(line) as Message);
  }

  /** The frames sent on a link since this was last asked, as they are. */
  texts(link: number): string[] {
    const mine = this.sent.filter((one) => one.link === link);
    this.sent = this.sent.filter((one) => one.link !== link);
    return mine.map((one) => one.text);
  }

  protected note(effect: NodeEffect | RootEffect): boolean {
    if (effect.kind === "send") this.sent.push({ link: effect.link, text: effect.text });
    else if (effect.kind === "close") this.closes.push({ link: effect.link, code: effect.code, reason: effect.reason });
    else if (effect.kind === "pause" || effect.kind === "resume") this.flow.push(`${effect.kind} ${effect.link}`);
    else return false;
    return true;
  }
}

export function text(...lines: (Message | string)[]): string {
  return lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)) + "\n").join("");
}

/** A group of an origin, closed by its `?ack`. */
export function group(src: string, ep: number, n: number, ...events: (Message | string)[]): string {
  return text(...events, { type: "?ack", src, ep, n });
}

/** One node whose parent is the test. Its parent's link is below zero, its children's above. */
export class NodeBench extends LinkLog {
  core: TreeNode;
  /** Effects that are not about links. */
  others: Exclude<NodeEffect, { kind: "send" | "close" | "pause" | "resume" }>[] = [];
  parent = 0;

  constructor(id = "b", limits: Partial<Limits> = {}, seed = 1) {
    super();
    const config = { id: id as NodeId, token: "t-" + id, fw: "test", limits: { ...CHIP_LIMITS, ...limits } };
    this.core = new TreeNode(config, TEXT, seeded(seed));
  }

  get at(): Instant {
    return this.now as Instant;
  }

  do(effects: readonly NodeEffect[]): void {
    for (const effect of effects) {
      if (this.note(effect)) continue;
      this.others.push(effect as (typeof this.others)[number]);
      if (effect.kind === "dial") this.parent = effect.link;
    }
  }

  start(): this {
    this.do(this.core.start(this.at));
    return this;
  }

  /** Opens the dial that is under way; answers the `?hello` that comes. */
  open(): Message {
    this.do(this.core.opened(this.parent as LinkId, this.at));
    return this.hello();
  }

  hello(): Message {
    const hello = this.lines(this.parent).find((line) => line.type === "?hello");
    if (hello === undefined) throw new Error("no ?hello");
    return hello;
  }

  /** Dials, says hello, and is admitted. */
  join(ep = 1, n = 0): this {
    this.start();
    this.admit(this.open(), ep, n);
    return this;
  }

  admit(hello: Message, ep = 1, n = 0): void {
    const dst = hello["id"] as string;
    this.down({ type: "!hello", dst, ep, n, now: UNIX_AT_START + this.now, nonce: hello["nonce"] });
  }

  /** The parent says something. */
  down(...lines: (Message | string)[]): void {
    this.do(this.core.received(this.parent as LinkId, text(...lines), this.at));
  }

  /** A child says something. */
  up(link: number, frame: string): void {
    this.do(this.core.received(link as LinkId, frame, this.at));
  }

  drained(link = this.parent): void {
    this.do(this.core.drained(link as LinkId, this.at));
  }

  closed(link: number): void {
    this.do(this.core.closed(link as LinkId, this.at));
  }

  connect(link: number): void {
    this.do(this.core.opened(link as LinkId, this.at));
  }

  /** A child connects, says hello and is admitted; what was sent meanwhile is forgotten. */
  child(link: number, id: string, nonce: unknown = link): void {
    this.connect(link);
    this.claim(link, id, nonce);
    this.admit({ type: "?hello", id, nonce });
    this.drained();
    this.drained(link);
    this.sent = [];
  }

  claim(link: number, id: string, nonce: unknown, via?: string[]): void {
    this.up(link, text({ type: "?hello", v: 1, id, token: "t-" + id, nonce, ...(via === undefined ? {} : { via }) }));
  }

  emit(event: Message): boolean {
    const emitted = this.core.emit(event, this.at);
    this.do(emitted.effects);
    return emitted.accepted;
  }

  /** Lets time pass, waking when it asks to. */
  run(millis: number): void {
    const end = this.now + millis;
    let last = -1;
    for (let wakes = 0; ; wakes++) {
      const at = this.core.wakeAt();
      if (at === undefined || at > end) break;
      if (wakes > 10_000) throw new Error("never sleeps");
      last = Math.max(this.now, at, last);
      this.now = last;
      this.do(this.core.tick(this.at));
    }
    this.now = end;
  }

  /** How long until it dials again. */
  untilDial(): number {
    const start = this.now;
    const dials = () => this.others.filter((one) => one.kind === "dial").length;
    for (const before = dials(); dials() === before; ) {
      if (this.now - start > 600_000) throw new Error("never dials");
      this.run(1);
    }
    return this.now - start;
  }

  statuses(): string[] {
    return this.others.flatMap((one) => (one.kind === "status" ? [`${one.isJoined} ${one.reason}`] : []));
  }
}

/** One root, its disk in the test's hand. */
export class RootBench extends LinkLog {
  root: Root;
  outcomes: { call: number; outcome: unknown }[] = [];
  /** Handed out to be stored, and stored. */
  stores: Transaction[] = [];
  disk: Transaction[] = [];

  constructor(image: RootImage = EMPTY, tokens = (id: string, token: string) => token === "t-" + id, gatherBytes = 0) {
    super();
    this.root = new Root({ id: "root" as NodeId, gatherBytes }, structuredClone(image), TEXT, tokens);
    this.do(this.root.start(this.at, this.unix));
  }

  get at(): Instant {
    return this.now as Instant;
  }

  get unix(): UnixMillis {
    return (UNIX_AT_START + this.now) as UnixMillis;
  }

  do(effects: readonly RootEffect[]): void {
    for (const effect of effects) {
      if (this.note(effect)) continue;
      if (effect.kind === "outcome") this.outcomes.push({ call: effect.call, outcome: effect.outcome });
      if (effect.kind === "store") {
        if (this.stores.length > this.disk.length) throw new Error("two transactions under way");
        this.stores.push(structuredClone(effect.transaction));
      }
    }
  }

  /** The transaction under way reaches the disk; false if there is none. */
  commit(): boolean {
    const under = this.stores[this.disk.length];
    if (under === undefined) return false;
    this.disk.push(under);
    this.do(this.root.stored(this.at, this.unix));
    return true;
  }

  /** Commits until nothing waits. */
  settle(): void {
    for (let i = 0; this.commit(); i++) if (i > 1000) throw new Error("never settles");
  }

  connect(link: number, id: string): void {
    this.do(this.root.opened(link as LinkId, id as NodeId, this.at, this.unix));
  }

  say(link: number, frame: string): void {
    this.do(this.root.received(link as LinkId, frame, this.at, this.unix));
  }

  hello(link: number, id: string, more: object = {}): void {
    this.say(link, text({ type: "?hello", v: 1, id, token: "t-" + id, nonce: link, ...more }));
  }

  /** Connects a node, and answers the epoch it was given. */
  join(link: number, id: string, more: object = {}): number {
    this.connect(link, id);
    return this.rejoin(link, id, more);
  }

  rejoin(link: number, id: string, more: object = {}): number {
    this.lines(link);
    this.hello(link, id, more);
    this.settle();
    const answer = this.lines(link).find((line) => line.type === "!hello" && line["dst"] === id);
    if (answer === undefined || answer["error"] !== undefined)
      throw new Error("not admitted: " + JSON.stringify(answer));
    return answer["ep"] as number;
  }

  closed(link: number): void {
    this.do(this.root.closed(link as LinkId, this.at, this.unix));
  }

  drained(link: number): void {
    this.do(this.root.drained(link as LinkId, this.at, this.unix));
  }

  act(call: number, dst: string, eid = "lamp", value: unknown = true, ttl = 5000): void {
    this.do(this.root.act(call, dst, eid, value, ttl as Millis, this.at, this.unix));
  }

  set(dst: string, eid: string, value: unknown): { rev: number; error: string } {
    const set = this.root.set(dst, eid, value, this.at, this.unix);
    this.do(set.effects);
    return { rev: set.rev, error: set.error };
  }

  run(millis: number): void {
    const end = this.now + millis;
    for (let wakes = 0; ; wakes++) {
      const at = this.root.wakeAt();
      if (at === undefined || at > end) break;
      if (wakes > 10_000) throw new Error("never sleeps");
      this.now = Math.max(this.now, at);
      this.do(this.root.tick(this.at, this.unix));
    }
    this.now = end;
  }

  /** The events of a node on disk: "epoch:number type value". */
  stored(node: string): string[] {
    return this.events(node).map((one) =>
      `${one.epoch}:${one.n} ${one.event.type} ${String(one.event["value"] ?? one.event["id"] ?? "")}`.trim(),
    );
  }

  events(node: string): { epoch: number; n: number; event: Message }[] {
    return this.disk.flatMap((transaction) =>
      transaction.groups
        .filter((row) => row.node === node)
        .flatMap((row) =>
          row.lines
            .split("\n")
            .map((line, i) => ({ epoch: row.epoch, n: row.first + i, event: JSON.parse(line) as Message })),
        ),
    );
  }
}
