/**
 * A small world for tests of shared/: one root, nodes above one another, links that can be slow, cut, or silent; a clock that jumps
 * and a disk that can be held. Everything is played from one queue, in a fixed order, from one seed.
 */
import type { NodeEffect, RootEffect, RootImage, Transaction } from "#shared/effect.ts";
import { type Limits, PC_LIMITS } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import { Root } from "#shared/root.ts";
import type { TextCodec } from "#shared/text.ts";
import type { Instant, LinkId, Millis, NodeId, Random, UnixMillis } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";

export const TEXT: TextCodec = {
  byteLength: (text) => Buffer.byteLength(text),
  stringify: (value) => JSON.stringify(value),
};

export const EMPTY: RootImage = { epochs: [], values: [], desired: [], nodes: [] };

/** mulberry32: small, seeded, good enough to pick faults. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The seeds to play: the one that SEED names, else as many as SEEDS says, else `usual`. */
export function seedsToPlay(usual: number): number[] {
  if (process.env["SEED"]) return [Number(process.env["SEED"])];
  return Array.from({ length: Number(process.env["SEEDS"] || usual) }, (_, i) => i + 1);
}

const LATENCY = 5;
const UNIX_AT_START = 1_700_000_000_000;

/** One end of a wire; the other end's link id, and whose it is. */
interface End {
  owner: string;
  link: LinkId;
}

interface Wire {
  child: End;
  parent: End;
  isOpen: boolean;
  /** Who closed it: what that side sent before still arrives. */
  closer: string;
  /** Frames vanish, and nobody is told. */
  isSilent: boolean;
  isPaused: boolean;
  held: string[];
}

export class TestNode {
  readonly id: string;
  parent: string;
  limits: Limits;
  core: TreeNode;
  isAlive = true;
  acts: { id: string; eid: string; value: unknown; at: number }[] = [];
  sets: { eid: string; value: unknown; rev: number }[] = [];
  statuses: { isJoined: boolean; reason: string; at: number }[] = [];
  onAct: (node: TestNode, act: { id: string; eid: string; value: unknown }) => void = () => {};

  constructor(id: string, parent: string, limits: Limits, core: TreeNode) {
    this.id = id;
    this.parent = parent;
    this.limits = limits;
    this.core = core;
  }
}

export class World {
  now = 0;
  readonly random: Random;
  readonly nodes = new Map<string, TestNode>();
  root: Root;
  isRootAlive = true;
  /** What is on the root's disk. */
  readonly disk: Transaction[] = [];
  readonly outcomes = new Map<number, unknown>();
  /** How long a commit takes; Infinity holds it. */
  commitMillis = 1;
  /** Whether this frame vanishes on its way, and nobody is told. */
  loses: (from: string, to: string, text: string) => boolean = () => false;
  /** Every frame that was sent, for assertions. */
  readonly frames: { from: string; to: string; text: string; at: number }[] = [];
  private queue: { at: number; order: number; run: () => void }[] = [];
  private order = 0;
  private wires: Wire[] = [];
  private links = 0;
  private rootLife = 0;
  private tokens: (id: string, token: string) => boolean;

  constructor(seed = 1, tokens: (id: string, token: string) => boolean = (id, token) => token === "t-" + id) {
    this.random = seeded(seed);
    this.tokens = tokens;
    this.root = this.makeRoot();
    this.performRoot(this.root.start(this.instant(), this.unix()));
  }

  instant(): Instant {
    return this.now as Instant;
  }

  unix(): UnixMillis {
    return (UNIX_AT_START + this.now) as UnixMillis;
  }

  add(id: string, parent: string, limits: Limits = PC_LIMITS, token = "t-" + id): TestNode {
    const core = this.makeCore(id, limits, token);
    const node = new TestNode(id, parent, limits, core);
    this.nodes.set(id, node);
    this.perform(node, core.start(this.instant()));
    return node;
  }

  node(id: string): TestNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error("no node " + id);
    return node;
  }

  emit(id: string, event: Message): boolean {
    const node = this.node(id);
    const emitted = node.core.emit(event, this.instant());
    this.perform(node, emitted.effects);
    return emitted.accepted;
  }

  act(call: number, dst: string, eid: string, value: unknown, ttl = 5000): void {
    this.performRoot(this.root.act(call, dst, eid, value, ttl as Millis, this.instant(), this.unix()));
  }

  set(dst: string, eid: string, value: unknown): { rev: number; error: string } {
    const set = this.root.set(dst, eid, value, this.instant(), this.unix());
    this.performRoot(set.effects);
    return set;
  }

  /** Plays on for that long. */
  run(millis: number): void {
    const end = this.now + millis;
    let steps = 0;
    for (;;) {
      const next = this.soonest();
      if (next === undefined || next > end) break;
      if (++steps > 2_000_000) throw new Error("the world does not come to rest");
      this.now = Math.max(this.now, next);
      this.step();
    }
    this.now = end;
  }

  /** Plays on until something holds; fails if it does not within the bound. */
  until(holds: () => boolean, boundMillis = 120_000): void {
    const end = this.now + boundMillis;
    while (!holds()) {
      if (this.now >= end) throw new Error(`did not come true within ${boundMillis} ms of virtual time`);
      this.run(20);
    }
  }

  /** The link between a node and its parent breaks; both ends notice. */
  cut(id: string): void {
    this.wires.filter((wire) => wire.isOpen && wire.child.owner === id).forEach((wire) => this.break(wire));
  }

  /** A node's link breaks; its own end notices now, its parent's that much later. */
  cutHalf(id: string, lateMillis: number): void {
    for (const wire of this.wires.filter((one) => one.isOpen && one.child.owner === id)) {
      wire.isOpen = false;
      this.later(0, () => this.tellClosed(wire.child));
      this.later(lateMillis, () => this.tellClosed(wire.parent));
    }
  }

  /** The link goes dead, and nobody notices. */
  silence(id: string): void {
    this.wires.filter((wire) => wire.isOpen && wire.child.owner === id).forEach((wire) => (wire.isSilent = true));
  }

  /** Power off: all memory is gone, all links break. */
  kill(id: string): void {
    const node = this.node(id);
    node.isAlive = false;
    this.wires
      .filter((wire) => wire.isOpen && (wire.child.owner === id || wire.parent.owner === id))
      .forEach((wire) => this.break(wire));
  }

  boot(id: string): void {
    const node = this.node(id);
    node.core = this.makeCore(id, node.limits, "t-" + id);
    node.isAlive = true;
    this.perform(node, node.core.start(this.instant()));
  }

  /** The root's process dies: what is not on disk is gone. */
  killRoot(): void {
    this.isRootAlive = false;
    this.rootLife += 1;
    this.wires.filter((wire) => wire.isOpen && wire.parent.owner === "root").forEach((wire) => this.break(wire));
  }

  bootRoot(): void {
    this.isRootAlive = true;
    this.root = this.makeRoot();
    this.performRoot(this.root.start(this.instant(), this.unix()));
  }

  /** The events of a node on disk, in order. */
  stored(id: string): { epoch: number; n: number; event: Message }[] {
    const events: { epoch: number; n: number; event: Message }[] = [];
    for (const transaction of this.disk) {
      for (const row of transaction.groups) {
        if (row.node !== id) continue;
        row.lines.split("\n").forEach((line, i) => {
          events.push({ epoch: row.epoch, n: row.first + i, event: JSON.parse(line) as Message });
        });
      }
    }
    return events;
  }

  /** What a root that starts now would find. */
  image(): RootImage {
    const latest = new Map<string, { kind: keyof RootImage; row: unknown }>();
    for (const transaction of this.disk) {
      transaction.epochs.forEach((row) => latest.set(`e ${row.node} ${row.epoch}`, { kind: "epochs", row }));
      transaction.values.forEach((row) => latest.set(`v ${row.node} ${row.eid}`, { kind: "values", row }));
      transaction.desired.forEach((row) => latest.set(`d ${row.node} ${row.eid}`, { kind: "desired", row }));
      transaction.nodes.forEach((row) => latest.set(`n ${row.id}`, { kind: "nodes", row }));
    }
    const image: RootImage = { epochs: [], values: [], desired: [], nodes: [] };
    for (const { kind, row } of latest.values()) (image[kind] as unknown[]).push(structuredClone(row));
    return image;
  }

  /** Hands a frame to the root as if a client of its own had sent it; answers the link. */
  connect(id: string): LinkId {
    const link = ++this.links as LinkId;
    this.performRoot(this.root.opened(link, id as NodeId, this.instant(), this.unix()));
    return link;
  }

  say(link: LinkId, text: string): void {
    this.performRoot(this.root.received(link, text, this.instant(), this.unix()));
  }

  private makeCore(id: string, limits: Limits, token: string): TreeNode {
    return new TreeNode({ id: id as NodeId, token, fw: "test", limits }, TEXT, this.random);
  }

  private makeRoot(): Root {
    return new Root({ id: "root" as NodeId }, this.image(), TEXT, this.tokens);
  }

  private soonest(): number | undefined {
    let at: number | undefined;
    const offer = (other: number | undefined) => {
      if (other !== undefined && (at === undefined || other < at)) at = other;
    };
    for (const item of this.queue) offer(item.at);
    for (const node of this.nodes.values()) if (node.isAlive) offer(node.core.wakeAt());
    if (this.isRootAlive) offer(this.root.wakeAt());
    return at;
  }

  private step(): void {
    this.queue.sort((a, b) => a.at - b.at || a.order - b.order);
    while (this.queue.length > 0 && (this.queue[0]?.at ?? 0) <= this.now) this.queue.shift()?.run();
    for (const node of this.nodes.values()) {
      const at = node.core.wakeAt();
      if (node.isAlive && at !== undefined && at <= this.now) this.perform(node, node.core.tick(this.instant()));
    }
    const at = this.root.wakeAt();
    if (this.isRootAlive && at !== undefined && at <= this.now) {
      this.performRoot(this.root.tick(this.instant(), this.unix()));
    }
  }

  private later(millis: number, run: () => void): void {
    this.queue.push({ at: this.now + millis, order: ++this.order, run });
  }

  private perform(node: TestNode, effects: readonly NodeEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "dial":
          this.dial(node, effect.link);
          break;
        case "act":
          node.acts.push({ id: effect.id, eid: effect.eid, value: effect.value, at: this.now });
          node.onAct(node, effect);
          break;
        case "set":
          node.sets.push({ eid: effect.eid, value: effect.value, rev: effect.rev });
          break;
        case "status":
          node.statuses.push({ isJoined: effect.isJoined, reason: effect.reason, at: this.now });
          break;
        case "deliver":
        case "keep":
        case "recall":
        case "free":
          break;
        default:
          this.performLink(node.id, effect);
      }
    }
  }

  /** Performs what the application of a node asked for. */
  performFor(id: string, effects: readonly NodeEffect[]): void {
    this.perform(this.node(id), effects);
  }

  private performRoot(effects: readonly RootEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "store":
          this.store(effect.transaction);
          break;
        case "outcome":
          if (this.outcomes.has(effect.call)) throw new Error("two outcomes for one call");
          this.outcomes.set(effect.call, effect.outcome);
          break;
        default:
          this.performLink("root", effect);
      }
    }
  }

  private performLink(owner: string, effect: Extract<NodeEffect | RootEffect, { link: LinkId }>): void {
    const wire = this.wires.find(
      (one) => one.isOpen && [one.child, one.parent].some((end) => end.owner === owner && end.link === effect.link),
    );
    if (effect.kind === "send")
      this.frames.push({
        from: owner,
        to: wire === undefined ? "" : other(wire, owner).owner,
        text: effect.text,
        at: this.now,
      });
    if (wire === undefined) return;
    switch (effect.kind) {
      case "send":
        this.carry(wire, owner, effect.text);
        break;
      case "close":
        wire.isOpen = false;
        wire.closer = owner;
        this.later(LATENCY, () => this.tellClosed(other(wire, owner)));
        break;
      case "pause":
        wire.isPaused = true;
        break;
      case "resume":
        wire.isPaused = false;
        wire.held.splice(0).forEach((text) => this.later(0, () => this.deliver(wire.parent, text)));
        break;
      default:
    }
  }

  private carry(wire: Wire, owner: string, text: string): void {
    const from = owner === wire.child.owner ? wire.child : wire.parent;
    const to = other(wire, owner);
    this.later(1, () => {
      if (wire.isOpen && !wire.isSilent) this.drain(from);
    });
    if (this.loses(from.owner, to.owner, text)) return;
    this.later(LATENCY, () => {
      if (wire.isSilent || (!wire.isOpen && wire.closer !== from.owner)) return;
      if (wire.isPaused && to === wire.parent) wire.held.push(text);
      else this.deliver(to, text);
    });
  }

  private dial(node: TestNode, link: LinkId): void {
    this.later(LATENCY, () => {
      const isThere = node.parent === "root" ? this.isRootAlive : (this.nodes.get(node.parent)?.isAlive ?? false);
      if (!node.isAlive) return;
      if (!isThere) return this.perform(node, node.core.closed(link, this.instant()));
      const wire: Wire = {
        child: { owner: node.id, link },
        parent: { owner: node.parent, link: ++this.links as LinkId },
        isOpen: true,
        closer: "",
        isSilent: false,
        isPaused: false,
        held: [],
      };
      this.wires = this.wires.filter((old) => old.isOpen);
      this.wires.push(wire);
      if (node.parent === "root") {
        this.performRoot(this.root.opened(wire.parent.link, node.id as NodeId, this.instant(), this.unix()));
      } else {
        const parent = this.node(node.parent);
        this.perform(parent, parent.core.opened(wire.parent.link, this.instant()));
      }
      this.perform(node, node.core.opened(link, this.instant()));
    });
  }

  private deliver(to: End, text: string): void {
    if (to.owner === "root") {
      if (this.isRootAlive) this.performRoot(this.root.received(to.link, text, this.instant(), this.unix()));
      return;
    }
    const node = this.node(to.owner);
    if (node.isAlive) this.perform(node, node.core.received(to.link, text, this.instant()));
  }

  private drain(end: End): void {
    if (end.owner === "root") {
      if (this.isRootAlive) this.performRoot(this.root.drained(end.link, this.instant(), this.unix()));
      return;
    }
    const node = this.node(end.owner);
    if (node.isAlive) this.perform(node, node.core.drained(end.link, this.instant()));
  }

  private break(wire: Wire): void {
    wire.isOpen = false;
    this.later(LATENCY, () => {
      this.tellClosed(wire.child);
      this.tellClosed(wire.parent);
    });
  }

  private tellClosed(end: End): void {
    if (end.owner === "root") {
      if (this.isRootAlive) this.performRoot(this.root.closed(end.link, this.instant(), this.unix()));
      return;
    }
    const node = this.node(end.owner);
    if (node.isAlive) this.perform(node, node.core.closed(end.link, this.instant()));
  }

  private store(transaction: Transaction): void {
    const life = this.rootLife;
    if (this.commitMillis === Infinity) return;
    this.later(this.commitMillis, () => {
      if (life !== this.rootLife) return;
      this.disk.push(structuredClone(transaction));
      this.performRoot(this.root.stored(this.instant(), this.unix()));
    });
  }
}

function other(wire: Wire, owner: string): End {
  return wire.child.owner === owner ? wire.parent : wire.child;
}
