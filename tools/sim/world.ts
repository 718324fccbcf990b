/**
 * World plays whole trees in virtual time: the cores of `shared/` as they are, wires, a disk, processes that die. Everything comes
 * from one queue in a fixed order and one seed, so the same plan goes the same way, record for record.
 *
 * It knows how to do things (dial, cut, crash); when they happen is for faults.ts and for whoever plays it.
 */
import type { ActOutcome, GroupRow, Transaction } from "#shared/effect.ts";
import type { Mac, Seal } from "#shared/radio/seal.ts";
import type { LinkId } from "#shared/units.ts";
import { Air } from "./air/air.ts";
import { WorldClock } from "./air/clock.ts";
import { macOf } from "./air/topologies.ts";
import { Chance } from "./chance.ts";
import { Checks, Violation } from "./checks.ts";
import { Disk } from "./disk.ts";
import type { Ground } from "./ground.ts";
import { NodeProcess } from "./node-process.ts";
import type { LinkPlan, NodePlan, WorldPlan } from "./plan.ts";
import type { Process } from "./process.ts";
import { type Happening, Once, Queue } from "./queue.ts";
import { datagramKind } from "./radio-kinds.ts";
import { RadioProcess } from "./radio-process.ts";
import { RootProcess } from "./root-process.ts";
import { OPEN_SEAL } from "./seal.ts";
import { frameNote, type TraceKind, type TraceSink } from "./trace.ts";
import { Wire, type WireEnd, type WireWorld } from "./wire.ts";
import type { Witness } from "./witness.ts";

export interface WorldOptions {
  /** Takes what happens; left out, nothing is written. */
  trace?: TraceSink | undefined;
  /** Remembers what happens; for small worlds. */
  witness?: Witness;
  /** Whether the log is folded beside the root's tables, and each answer looked for: dear in large worlds. True if left out. */
  isThorough?: boolean;
  /** What is watched; left out, all there is. */
  checks?: Checks;
  /** The cryptography of radios, if it is to be the real one. */
  seal?: Seal;
  /** Whether that process ("root" or a node) is in this world; left out, all are. See parts/. */
  holds?: (id: string) => boolean;
}

/** An action that somebody asked for, and what came of it. */
interface Call {
  dst: string;
  /** The root's clock, and the world's, when it was sent; and how long it lives. */
  sentAt: number;
  ttlMillis: number;
  outcome: ActOutcome | undefined;
}

/** Later than its deadline an action may run by as much as a node's idea of the root's time may be wrong. */
const ACT_TOLERANCE_MILLIS = 50;
/** Things that may happen in one moment. Chosen: ten for each node of the largest tree. */
const MOMENT_STEPS_MAX = 1_000_000;

export class World implements WireWorld, Ground {
  now = 0;
  /** Applications speak. */
  isBusy = true;
  readonly plan: WorldPlan;
  readonly isThorough: boolean;
  readonly queue = new Queue();
  readonly chance: Chance;
  readonly checks: Checks;
  readonly root: RootProcess;
  readonly nodes = new Map<string, NodeProcess>();
  /** Where radios send and listen. */
  readonly air: Air;
  readonly seal: Seal;
  private readonly radios = new Map<Mac, RadioProcess>();
  readonly calls = new Map<number, Call>();
  /** How many of them have no outcome yet, and whom those were for that failed since somebody last asked. */
  openCalls = 0;
  private failed: string[] = [];
  /** What happened, by kind: faults, and what the network did. */
  readonly counts: { [what: string]: number } = {};
  /** Links that are not as the plan says. */
  readonly slow = new Map<string, LinkPlan>();
  /** Shares of frames that vanish, by the sender. */
  readonly losing = new Map<string, number>();
  readonly revokedIds = new Set<string>();
  /** Frames that vanish on their way, by their text: for whoever wants to lose just this one. */
  swallows: (from: string, to: string, text: string) => boolean = nothingVanishes;
  /** How much later than its deadline an action may run now. */
  actTolerance = ACT_TOLERANCE_MILLIS;
  readonly holds: (id: string) => boolean;
  private readonly trace: TraceSink | undefined;
  private readonly witness: Witness | undefined;
  /** Ids that two boards had at a time: whose word was the last is anybody's guess. */
  readonly twins = new Set<string>();
  private momentSteps = 0;

  constructor(plan: WorldPlan, options: WorldOptions = {}) {
    this.plan = plan;
    const { trace, witness } = options;
    this.witness = witness;
    this.trace = witness === undefined ? trace : (record) => void (witness.records.push(record), trace?.(record));
    this.chance = new Chance(plan.seed);
    this.isThorough = options.isThorough ?? true;
    this.seal = options.seal ?? OPEN_SEAL;
    this.air = new Air({ ...plan.air, seed: plan.seed, kindOf: datagramKind }, new WorldClock(this));
    this.checks = options.checks ?? new Checks(this.isThorough);
    this.root = new RootProcess(this, new Disk(plan.commitMillis, (transaction) => this.durable(transaction)));
    this.holds = options.holds ?? (() => true);
    if (this.holds("root")) this.root.boot();
    for (const node of plan.nodes) if (this.holds(node.id)) this.add(node);
  }

  add(plan: NodePlan, name = plan.id): NodeProcess {
    if (this.nodes.has(name)) throw new Error(`two nodes are called ${name}`);
    const node = plan.radio === undefined ? new NodeProcess(this, plan, name) : this.radioOf(plan, name);
    this.nodes.set(name, node);
    this.later(plan.bootsAt ?? 0, () => this.boot(node));
    return node;
  }

  node(name: string): NodeProcess {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  /** A node that has a radio. */
  radio(name: string): RadioProcess {
    const node = this.node(name);
    if (!(node instanceof RadioProcess)) throw new Error(`${name} has no radio`);
    return node;
  }

  private radioOf(plan: NodePlan, name: string): RadioProcess {
    const radio = new RadioProcess(this, plan, name, this.air, macOf(this.radios.size));
    this.radios.set(radio.mac, radio);
    return radio;
  }

  /** Whose radio has that address; "" if it is nobody's. */
  nameOf(mac: Mac): string {
    return this.radios.get(mac)?.name ?? "";
  }

  /** Of all nodes, in whatever part of a world they are. */
  ids(): Iterable<string> {
    return this.nodes.keys();
  }

  /** Who is above a node now, wherever it is: a node's id, "root", or "" if it has no parent. */
  parentOf(id: string): string {
    return this.node(id).parentNow();
  }

  /** Nodes on the way of one to the root, its parent first. */
  pathOf(id: string): string[] {
    const path: string[] = [];
    for (let above = this.parentOf(id); above !== "root"; above = this.parentOf(above)) {
      path.push(above);
      // By radio there may be no parent for a moment, or even a ring.
      if (above === "" || path.length > this.nodes.size) break;
    }
    return path;
  }

  later(millis: number, run: () => void): void {
    if (!(millis >= 0)) throw new Error(`nothing can happen ${millis} ms from now`);
    this.queue.put(this.now + millis, new Once(run));
  }

  /** At that moment, which is not past. */
  at(moment: number, happening: Happening): void {
    this.queue.put(moment, happening);
  }

  /** Plays on for so many milliseconds. */
  run(millis: number): void {
    const end = this.now + millis;
    this.play(end);
    this.now = end;
  }

  /** Plays all that happens up to that moment. */
  play(end: number): void {
    for (let at = this.queue.nextAt; at !== undefined && at <= end; at = this.queue.nextAt) {
      if (at > this.now) this.momentSteps = 0;
      if (++this.momentSteps > MOMENT_STEPS_MAX)
        throw new Violation(`time stands still: ${MOMENT_STEPS_MAX} steps in one moment`);
      this.now = at;
      this.queue.take().happen();
    }
  }

  /** Plays on until something holds; a violation if it does not within the bound. */
  until(what: string, holds: () => boolean, boundMillis = 120_000): void {
    const end = this.now + boundMillis;
    while (!holds()) {
      if (this.now >= end) throw new Violation(`not within ${boundMillis / 1000} s: ${what}`);
      this.run(20);
    }
  }

  each(deed: (world: World) => void): void {
    deed(this);
  }

  first(look: (world: World) => string | undefined): string | undefined {
    return look(this);
  }

  dial(child: NodeProcess, link: LinkId): void {
    const life = child.life;
    child.dialling = link;
    this.checks.dialled(child.name, this.now);
    this.note("dial", child.name, child.parent, "");
    const parent = child.parent === "root" ? this.root : this.nodes.get(child.parent);
    this.later(this.linkOf(child.id).latencyMillis, () => {
      if (life !== child.life || child.dialling !== link) return;
      // Nobody is there to say no: the dial times out.
      if (parent?.isSilent) return;
      child.dialling = 0 as LinkId;
      if (parent === undefined || !parent.isUp) return child.linkEnded(link);
      if (parent === this.root && !this.accepts(child.id, `t-${child.id}`)) return child.refused(link, 401);
      const parentLink = parent.nextLink();
      const wire = new Wire(this, child, link, parent, parentLink);
      child.attach(wire.child);
      parent.attach(wire.parent);
      this.note("open", child.name, parent.name, "");
      if (parent === this.root) this.root.opened(parentLink, child.id);
      else (parent as NodeProcess).opened(parentLink);
      child.opened(link);
    });
  }

  /** The dial under way comes to nothing. */
  abandonDial(child: NodeProcess): void {
    const link = child.dialling;
    if (link === 0) return;
    child.dialling = 0 as LinkId;
    child.linkEnded(link);
  }

  accepts(id: string, token: string): boolean {
    return token === `t-${id}` && !this.revokedIds.has(id);
  }

  /** The wires between a node and its parents, old and new. */
  wiresUp(name: string): Wire[] {
    const node = this.node(name);
    return node.wires().filter((wire) => wire.child.owner === node);
  }

  /** A process dies. Its links break; `notice`: how late the other ends hear of it, -1 for never; `fate`: see Disk.crash. */
  crash(process: Process, notice: number, fate?: number): void {
    if (!process.isUp) return;
    this.note("crash", process.name, "", notice < 0 ? "nobody is told" : "");
    for (const wire of process.wires()) wire.cut(notice, notice);
    if (process === this.root) {
      this.root.die(fate ?? this.chance.random());
      // Who asked hears that the root is gone.
      for (const call of this.calls.values())
        if (call.outcome === undefined) this.conclude(call, { ok: false, error: "root ended" });
    } else (process as NodeProcess).die();
    process.isSilent = notice < 0;
  }

  boot(process: Process): void {
    if (process.isUp) return;
    if (process === this.root) this.root.boot();
    else (process as NodeProcess).boot();
  }

  /** The disk refused a commit, so the root has ended; it is started again a second later. */
  rootFailed(): void {
    this.crash(this.root, this.plan.link.noticeMillis);
    this.later(1000, () => this.boot(this.root));
  }

  act(dst: string, ttlMillis: number): number {
    const call = this.calls.size + 1;
    this.calls.set(call, { dst, sentAt: this.now, ttlMillis, outcome: undefined });
    this.openCalls += 1;
    this.note("act", "root", dst, `call ${call}, ttl ${ttlMillis} ms`);
    if (this.root.isUp) this.root.act(call, dst, ttlMillis);
    else this.outcome(call, { ok: false, error: "offline" });
    return call;
  }

  /** The root has time for it now: from here its life counts. */
  actIsSent(call: number): void {
    const asked = this.calls.get(call);
    if (asked !== undefined) asked.sentAt = this.now;
  }

  actRuns(node: NodeProcess, id: string, value: unknown): void {
    const call = this.calls.get(value as number);
    if (call === undefined) throw new Violation(`${node.name} runs an action that nobody asked for: ${id}`);
    if (call.dst !== node.id) throw new Violation(`${node.name} runs an action for ${call.dst}`);
    this.note("act", node.name, "", `runs ${id}`);
    this.checks.actRun(node.name, id, this.now - call.sentAt - call.ttlMillis, this.actTolerance);
  }

  /** Whom the calls were for that have failed since this was asked last. */
  takeFailed(): string[] {
    const failed = this.failed;
    this.failed = [];
    return failed;
  }

  outcome(call: number, outcome: ActOutcome): void {
    const asked = this.calls.get(call);
    if (asked === undefined || asked.outcome !== undefined) throw new Violation(`call ${call} has two outcomes`);
    this.conclude(asked, outcome);
    this.note("outcome", "root", asked.dst, `call ${call}: ${outcome.ok ? "done" : outcome.error}`);
  }

  private conclude(call: Call, outcome: ActOutcome): void {
    call.outcome = outcome;
    this.openCalls -= 1;
    if (!outcome.ok) this.failed.push(call.dst);
  }

  /** It is on the disk, whether or not the root lives to hear of it. */
  private durable(transaction: Transaction): void {
    this.witness?.transactions.push(transaction);
    for (const row of transaction.groups) this.stored(row);
  }

  /** A row of the log is durable now. */
  protected stored(row: GroupRow): void {
    this.checks.stores(row, this.now);
  }

  committed(transaction: Transaction): void {
    if (this.trace === undefined) return;
    const rows = transaction.groups.map((row) => `${row.node} ${row.epoch}: ${row.first}–${row.last}`);
    this.note("commit", "root", "", rows.join(", "));
  }

  note(kind: TraceKind, node: string, peer: string, note: string, sentAt = 0): void {
    this.trace?.({ at: this.now, kind, node, peer, sentAt, note });
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  vanishes(from: WireEnd, text: string): boolean {
    if (this.losing.size === 0 && this.swallows === nothingVanishes) return false;
    const { id } = from.owner;
    const share = this.losing.get(id);
    return (share !== undefined && this.chance.happens(share)) || this.swallows(id, from.other.owner.id, text);
  }

  linkOf(node: string): LinkPlan {
    return this.slow.get(node) ?? this.plan.link;
  }

  linkAlong(wire: Wire): LinkPlan {
    return this.slow.size === 0 ? this.plan.link : this.linkOf(wire.child.owner.id);
  }

  arrivedAt(to: WireEnd, text: string, sentAt: number): void {
    const { wire } = to;
    this.countFrame(text.length, wire.isLast && to === wire.parent, wire.isLast && to === wire.child);
    if (this.trace !== undefined) this.tellArrival(to.other.owner.id, to.owner.id, text, sentAt);
  }

  lostAt(to: WireEnd, text: string, sentAt: number): void {
    this.frameLost(to.other.owner.id, to.owner.id, text, sentAt);
  }

  frameArrived(from: string, to: string, text: string, sentAt: number): void {
    this.countFrame(text.length, to === "root", from === "root");
    if (this.trace !== undefined) this.tellArrival(from, to, text, sentAt);
  }

  private countFrame(bytes: number, isToRoot: boolean, isFromRoot: boolean): void {
    const counts = this.counts;
    counts["frames"] = (counts["frames"] ?? 0) + 1;
    counts["bytes"] = (counts["bytes"] ?? 0) + bytes;
    if (isToRoot) counts["bytes to the root"] = (counts["bytes to the root"] ?? 0) + bytes;
    else if (isFromRoot) counts["bytes from the root"] = (counts["bytes from the root"] ?? 0) + bytes;
  }

  private tellArrival(from: string, to: string, text: string, sentAt: number): void {
    this.witness?.frames.push({ from, to, text, sentAt, at: this.now, isLost: false });
    this.note("arrive", to, from, frameNote(text), sentAt);
  }

  frameLost(from: string, to: string, text: string, sentAt: number): void {
    this.count("frames lost");
    this.witness?.frames.push({ from, to, text, sentAt, at: this.now, isLost: true });
    if (this.trace !== undefined) this.note("lost", to, from, frameNote(text), sentAt);
  }
}

function nothingVanishes(): boolean {
  return false;
}
