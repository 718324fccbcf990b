/**
 * Plays a `vector` block of docs/wire.md against the real Root or TreeNode. docs/wire.md section 18 has the grammar.
 *
 * It guarantees that whatever the subject says is shown in the block, in its order, and that nothing else was said.
 */
import { expect } from "vitest";
import type { NodeEffect, RootEffect, RootImage, Transaction } from "#shared/effect.ts";
import { PC_LIMITS } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import { Root } from "#shared/root.ts";
import type { Instant, LinkId, Millis, NodeId, UnixMillis } from "#shared/units.ts";
import { type Message, NUMBER_MAX } from "#shared/wire/message.ts";
import { TEXT } from "./shared/world.ts";

export interface Vector {
  /** Line of the document where it starts. */
  line: number;
  /** "root", or "node" and its id. */
  subject: string;
  id: string;
  rules: string[];
  steps: string[];
}

/** The vectors of a Markdown text. */
export function vectorsOf(markdown: string): Vector[] {
  const vectors: Vector[] = [];
  let open: Vector | undefined;
  markdown.split("\n").forEach((text, index) => {
    if (open !== undefined) {
      if (text === "```") open = undefined;
      else open.steps.push(text);
      return;
    }
    const head = /^```vector (root|node) ?(.*)$/.exec(text);
    if (head === null) return;
    const words = (head[2] ?? "").split(" ").filter((word) => word !== "");
    const id = head[1] === "node" ? (words.shift() ?? "") : "root";
    open = { line: index + 1, subject: head[1] ?? "", id, rules: words, steps: [] };
    vectors.push(open);
  });
  return vectors;
}

const UNIX_AT_START = 1_700_000_000_000;
/** Chance that makes 12 of every nonce. */
const CHANCE = 12.5 / NUMBER_MAX;

/** What both subjects share: the clock, the names of links, and what was said and is still to be shown. */
abstract class Stage {
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

class RootStage extends Stage {
  private root: Root;
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
      default:
        throw new Error(`unknown step: ${step}`);
    }
  }

  receive(name: string, frame: string): void {
    this.do(this.root.received(this.link(name), frame, this.instant(), this.unix()));
  }

  hears(_name: string, arrow: string): boolean {
    return arrow === ">";
  }

  tick(): void {
    this.do(this.root.tick(this.instant(), this.unix()));
  }

  wakeAt(): Instant | undefined {
    return this.root.wakeAt();
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

class NodeStage extends Stage {
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

/** Plays it to its end. Throws, naming the step, where the subject does not do what is shown. */
export function play(vector: Vector): void {
  const stage = vector.subject === "root" ? new RootStage() : new NodeStage(vector.id);
  let frameOf = "";
  let frame = "";
  const flush = (): void => {
    if (frame === "") return;
    const text = frame;
    frame = "";
    stage.isQuiet();
    stage.receive(frameOf, text);
  };
  vector.steps.forEach((raw, index) => {
    try {
      const step = raw.replace(/\{\{(.)\*(\d+)\}\}/g, (_, letter: string, times: string) =>
        letter.repeat(Number(times)),
      );
      const line = /^(\S+) ([<>])(\|?) (.*)$/.exec(step);
      const [, name = "", arrow = "", bar = "", text = ""] = line ?? [];
      if (line !== null && stage.hears(name, arrow)) {
        if (name !== frameOf) flush();
        frameOf = name;
        frame += bar === "" ? `${text}\n` : text;
        if (bar !== "") flush();
        return;
      }
      if (step.startsWith("#")) return;
      flush();
      if (step === "") return;
      const [verb = "", ...words] = step.split(" ");
      if (line !== null || /^(stored|closed|outcome|acts|sets|dials)$/.test(verb)) return stage.shows(step);
      if (verb === "counted") return stage.counts(words.join(" "));
      stage.isQuiet();
      if (verb === "wait") stage.wait(Number(words[0]));
      else stage.perform(verb, words, step);
    } catch (error) {
      throw new Error(`docs/wire.md line ${vector.line + 1 + index}: ${raw}\n${(error as Error).message}`, {
        cause: error,
      });
    }
  });
  flush();
  stage.isQuiet();
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
