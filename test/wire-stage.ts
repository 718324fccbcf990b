/**
 * The subjects of the vectors of docs/wire.md: a real Root or TreeNode with its clock, its links by name, and a disk.
 * What the subject says waits here until the vector shows it.
 */
import { expect } from "vitest";
import type { GroupRow, NodeEffect, RootEffect, RootImage, Transaction } from "#shared/effect.ts";
import { PC_LIMITS } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import { Root } from "#shared/root.ts";
import { type Instant, type LinkId, type Millis, type NodeId, sooner, type UnixMillis } from "#shared/units.ts";
import { PROGRAM_EID } from "#shared/update/program.ts";
import { SIGNATURE_BYTES } from "#shared/update/signature.ts";
import { type Job, Rollout, type RolloutPort } from "#host/update/rollout.ts";
import { type Message, NUMBER_MAX } from "#shared/wire/message.ts";
import { TEXT } from "./shared/world.ts";

/** A rollout is looked after so often. */
const ROLLOUT_EVERY = 500 as Millis;
const UNIX_AT_START = 1_700_000_000_000;
/** Chance that makes 12 of every nonce. */
const CHANCE = 12.5 / NUMBER_MAX;

/** What both subjects share: the clock, the names of links, and what was said and is still to be shown. */
export abstract class Stage {
  abstract readonly counters: { readonly [name: string]: number };
  protected now = 0;
  protected readonly links = new Map<string, LinkId>();
  private readonly said: string[] = [];
  private readonly counted = new Map<string, number>();
  private lastLink = 0;

  /** Does one step. `frame` holds the lines of an input. */
  abstract perform(verb: string, words: string[], step: string): void;
  abstract receive(name: string, frame: string): void;
  /** Whether a line with this arrow on that link is what the subject hears. */
  abstract hears(name: string, arrow: string): boolean;
  abstract tick(): void;
  abstract wakeAt(): Instant | undefined;

  instant(): Instant {
    return this.now as Instant;
  }

  unix(): UnixMillis {
    return (UNIX_AT_START + this.now) as UnixMillis;
  }

  protected newLink(name: string): LinkId {
    const link = ++this.lastLink as LinkId;
    this.links.set(name, link);
    return link;
  }

  protected link(name: string): LinkId {
    const link = this.links.get(name);
    if (link === undefined) throw new Error(`no link is called ${name}`);
    return link;
  }

  protected nameOf(link: LinkId): string {
    for (const [name, other] of this.links) if (other === link) return name;
    return `link ${link}`;
  }

  protected say(what: string): void {
    this.said.push(what);
  }

  protected sayLines(name: string, arrow: string, text: string): void {
    expect(text.endsWith("\n"), "a frame ends with a newline").toBe(true);
    for (const line of text.slice(0, -1).split("\n")) this.say(`${name} ${arrow} ${line}`);
  }

  wait(millis: number): void {
    const end = this.now + millis;
    for (;;) {
      const at = this.wakeAt();
      if (at === undefined || at > end) break;
      this.now = Math.max(this.now, at);
      this.tick();
    }
    this.now = end;
  }

  shows(step: string): void {
    const said = this.said.shift();
    expect(comparable(said ?? "nothing"), `the subject said: ${said ?? "nothing"}`).toEqual(comparable(step));
  }

  counts(name: string): void {
    const before = this.counted.get(name) ?? 0;
    const after = this.counters[name] ?? 0;
    expect(after, `"${name}" is counted; there is ${JSON.stringify(this.counters)}`).toBeGreaterThan(before);
    this.counted.set(name, after);
  }

  isQuiet(): void {
    expect(this.said, "the subject says no more than what is shown").toEqual([]);
  }
}

export class RootStage extends Stage {
  private root: Root;
  private rollout: Rollout | undefined;
  private isStoring = false;
  private underWay: Transaction | undefined;
  private readonly disk: Transaction[] = [];

  constructor() {
    super();
    this.root = this.start();
  }

  get counters(): { readonly [name: string]: number } {
    return this.root.counters;
  }

  perform(verb: string, words: string[], step: string): void {
    switch (verb) {
      case "open": {
        const token = /^open \S+ with the token of (\S+)$/.exec(step)?.[1];
        const name = words[0] ?? "";
        const link = this.newLink(name);
        this.do(this.root.opened(link, (token ?? name) as NodeId, this.instant(), this.unix()));
        break;
      }
      case "close":
        this.do(this.root.closed(this.link(words[0] ?? ""), this.instant(), this.unix()));
        break;
      case "disk":
        this.commit();
        break;
      case "restart":
        this.root = this.start();
        break;
      case "act": {
        const [call, dst = "", eid = "", value = "", ttl] = words;
        this.do(
          this.root.act(Number(call), dst, eid, JSON.parse(value), Number(ttl) as Millis, this.instant(), this.unix()),
        );
        break;
      }
      case "set": {
        const [dst = "", eid = "", value = ""] = words;
        const set = this.root.set(dst, eid, JSON.parse(value), this.instant(), this.unix());
        expect(set.error).toBe("");
        this.do(set.effects);
        break;
      }
      case "program":
        this.offer(words[0] ?? "", Number(words[1]));
        break;
      default:
        throw new Error(`unknown step: ${step}`);
    }
  }

  /** A program of so many zeroes for that node, with a signature of zeroes: what is said is shown, not what it is good for. */
  private offer(node: string, bytes: number): void {
    const offer = { serial: 1, name: "vector", version: "2", size: bytes, digest: "d" };
    const signed = { offer, signature: Buffer.alloc(SIGNATURE_BYTES), program: Buffer.alloc(bytes) };
    const size = SIGNATURE_BYTES + bytes;
    const job: Job = { node, isCanary: false, step: "wait", at: 0, size, why: "", since: this.unix() };
    const port: RolloutPort = {
      isUp: (id) => this.root.node(id)?.isUp === true,
      tell: (id, fields) => {
        const { isSaid, effects } = this.root.tell(id, fields, this.unix());
        this.do(effects);
        return isSaid;
      },
      note: () => {},
      changed: () => {},
      signedFor: () => signed,
    };
    this.rollout = new Rollout([job], "", port, this.unix());
    this.rollout.turn(this.unix());
  }

  receive(name: string, frame: string): void {
    this.do(this.root.received(this.link(name), frame, this.instant(), this.unix()));
  }

  hears(_name: string, arrow: string): boolean {
    return arrow === ">";
  }

  tick(): void {
    this.do(this.root.tick(this.instant(), this.unix()));
    this.rollout?.turn(this.unix());
  }

  wakeAt(): Instant | undefined {
    const next = (Math.floor(this.now / ROLLOUT_EVERY + 1) * ROLLOUT_EVERY) as Instant;
    return this.rollout === undefined ? this.root.wakeAt() : sooner(this.root.wakeAt(), next);
  }

  private start(): Root {
    this.isStoring = false;
    this.root = new Root({ id: "root" as NodeId }, this.image(), TEXT, (id, token) => token === `t-${id}`);
    this.do(this.root.start(this.instant(), this.unix()));
    this.commit();
    return this.root;
  }

  private commit(): void {
    while (this.isStoring) {
      const transaction = this.underWay as Transaction;
      this.disk.push(structuredClone(transaction));
      this.isStoring = false;
      for (const row of transaction.groups) {
        if (row.node === "root") continue;
        row.lines
          .split("\n")
          .forEach((line, i) => this.say(`stored ${row.node} ${row.epoch}/${row.first + i} ${line}`));
      }
      this.do(this.root.stored(this.instant(), this.unix()));
      for (const row of transaction.groups) this.hearPrograms(row);
    }
  }

  private hearPrograms({ node, lines }: GroupRow): void {
    for (const line of lines.split("\n")) {
      const event = JSON.parse(line) as Message;
      if (event["eid"] === PROGRAM_EID) this.rollout?.heard(node, event["value"], this.unix());
    }
  }

  private image(): RootImage {
    const rows = new Map<string, [keyof RootImage, unknown]>();
    for (const { epochs, values, desired, nodes } of this.disk) {
      for (const row of epochs) rows.set(`e ${row.node} ${row.epoch}`, ["epochs", row]);
      for (const row of values) rows.set(`v ${row.node} ${row.eid}`, ["values", row]);
      for (const row of desired) rows.set(`d ${row.node} ${row.eid}`, ["desired", row]);
      for (const row of nodes) rows.set(`n ${row.id}`, ["nodes", row]);
    }
    const image: RootImage = { epochs: [], values: [], desired: [], nodes: [] };
    for (const [kind, row] of rows.values()) (image[kind] as unknown[]).push(structuredClone(row));
    return image;
  }

  private do(effects: readonly RootEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          this.sayLines(this.nameOf(effect.link), "<", effect.text);
          break;
        case "close":
          this.say(`closed ${this.nameOf(effect.link)} ${effect.code} ${effect.reason}`);
          break;
        case "store":
          this.isStoring = true;
          this.underWay = effect.transaction;
          break;
        case "outcome":
          this.say(`outcome ${effect.call} ${JSON.stringify(effect.outcome)}`);
          break;
        default:
      }
    }
  }
}

export class NodeStage extends Stage {
  private readonly id: string;
  private readonly node: TreeNode;
  private hasStarted = false;

  constructor(id: string) {
    super();
    this.id = id;
    const config = { id: id as NodeId, token: `t-${id}`, fw: "vector", limits: PC_LIMITS };
    this.node = new TreeNode(config, TEXT, () => CHANCE);
  }

  get counters(): { readonly [name: string]: number } {
    return this.node.counters;
  }

  perform(verb: string, words: string[], step: string): void {
    const now = this.instant();
    const [first = "", second = ""] = words;
    switch (verb) {
      case "starts":
        this.do(this.node.start(now));
        this.shows("dials");
        break;
      case "child":
        if (second === "opens") this.do(this.node.opened(this.newLink(first), now));
        else this.do(this.node.closed(this.link(first), now));
        break;
      case "emit": {
        const emitted = this.node.emit(JSON.parse(step.slice(5)) as Message, now);
        expect(emitted.accepted).toBe(true);
        this.do(emitted.effects);
        break;
      }
      case "answer":
        this.do(this.node.answer(first, true, JSON.parse(second), now));
        break;
      case "flush":
        this.do(this.node.flush(now));
        break;
      case this.id:
        if (first === "opens") this.do(this.node.opened(this.link(this.id), now));
        else if (first === "refused") this.do(this.node.refused(this.link(this.id), Number(second), now));
        else this.do(this.node.closed(this.link(this.id), now));
        break;
      default:
        throw new Error(`unknown step: ${step}`);
    }
  }

  receive(name: string, frame: string): void {
    this.do(this.node.received(this.link(name), frame, this.instant()));
  }

  hears(name: string, arrow: string): boolean {
    return (name === this.id) === (arrow === "<");
  }

  tick(): void {
    this.do(this.node.tick(this.instant()));
  }

  wakeAt(): Instant | undefined {
    return this.hasStarted ? this.node.wakeAt() : undefined;
  }

  private do(effects: readonly NodeEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "dial":
          this.hasStarted = true;
          this.links.set(this.id, effect.link);
          this.say("dials");
          break;
        case "send":
          this.sayLines(this.nameOf(effect.link), effect.link < 0 ? ">" : "<", effect.text);
          break;
        case "close":
          this.say(`closed ${this.nameOf(effect.link)} ${effect.code} ${effect.reason}`);
          break;
        case "act":
          this.say(`acts ${JSON.stringify({ id: effect.id, eid: effect.eid, value: effect.value })}`);
          break;
        case "set":
          this.say(`sets ${JSON.stringify({ eid: effect.eid, value: effect.value, rev: effect.rev })}`);
          break;
        default:
      }
    }
  }
}

/** A step with its JSON parsed, if it ends in some. */
function comparable(step: string): unknown {
  const cut = step.search(/[[{]/);
  if (cut < 0) return step;
  try {
    return [step.slice(0, cut), JSON.parse(step.slice(cut))];
  } catch {
    return step;
  }
}
