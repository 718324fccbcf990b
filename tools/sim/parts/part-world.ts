/**
 * PartWorld is a part of a large world, played beside the others: some of the nodes, and in the first part the root. What it has to
 * say to another part takes at least `lookahead`, so each may play that far without hearing of the others.
 *
 * Every check is made where the node is. What it needs of the root's disk comes by letter, no later than any frame could bring the
 * news: so nobody can know of a row before the check does. Made for plans of readings and cuts; others are refused.
 */
import type { GroupRow } from "#shared/effect.ts";
import type { LinkId } from "#shared/units.ts";
import { Violation } from "../checks.ts";
import type { NodeProcess } from "../node-process.ts";
import type { WorldPlan } from "../plan.ts";
import { World } from "../world.ts";
import { FarOwner, FarWire } from "./far-wire.ts";
import { LETTER, type Letter } from "./letter.ts";
import type { LetterBox } from "./letter-box.ts";
import type { Partition } from "./partition.ts";

/** The shortest frame takes so long to be sent, in milliseconds: wire.ts rounds up. */
const FRAME_MILLIS_MIN = 1;
/** Between the seeds of chance in two parts. Chosen: any number, but not 0. */
const SEED_STEP = 7_368_787;

interface Dial {
  child: NodeProcess;
  link: LinkId;
  life: number;
}

export class PartWorld extends World {
  readonly number: number;
  readonly lookahead: number;
  /** For letters to each of the other parts. */
  private readonly boxes: readonly (LetterBox | undefined)[];
  private readonly partition: Partition;
  private readonly wires = new Map<number, FarWire>();
  private readonly dials = new Map<number, Dial>();
  private wiresMade = 0;

  constructor(plan: WorldPlan, number: number, partition: Partition, boxes: readonly (LetterBox | undefined)[]) {
    refuseOthers(plan);
    const holds = (id: string): boolean => partition.partOf(id) === number;
    super({ ...plan, seed: plan.seed + number * SEED_STEP }, { isThorough: false, holds });
    this.number = number;
    this.partition = partition;
    this.boxes = boxes;
    this.lookahead = lookaheadOf(plan);
  }

  override ids(): Iterable<string> {
    return this.plan.nodes.map((node) => node.id);
  }

  override parentOf(id: string): string {
    const place = this.partition.placeOf(id) ?? -1;
    const node = this.plan.nodes[place];
    if (node === undefined) throw new Error(`no node ${id}`);
    return node.parent;
  }

  /** The soonest moment at which something happens here, or at another part because of a letter from here. */
  goesOnAt(): number {
    let soonest = this.queue.nextAt ?? Infinity;
    for (const box of this.boxes) if (box !== undefined && box.soonest < soonest) soonest = box.soonest;
    return soonest;
  }

  post(part: number, kind: number, at: number, wire: number, a: number, b: number, c: number, text: string): void {
    if (!(at >= this.now + this.lookahead)) throw new Error(`a letter comes at ${at}, and it is ${this.now}`);
    (this.boxes[part] as LetterBox).put(kind, at, wire, a, b, c, text);
  }

  /** The near end of that wire is gone. */
  forget(wire: FarWire): void {
    this.wires.delete(wire.number);
  }

  override dial(child: NodeProcess, link: LinkId): void {
    const part = this.partition.partOf(child.parent);
    if (part === undefined || part === this.number) return super.dial(child, link);
    child.dialling = link;
    this.checks.dialled(child.name, this.now);
    const wire = this.number + this.boxes.length * this.wiresMade++;
    this.dials.set(wire, { child, link, life: child.life });
    const { partition } = this;
    const [place, above] = [partition.placeOf(child.id) as number, partition.placeOf(child.parent) as number];
    this.post(part, LETTER.dial, this.now + this.lookahead, wire, place, link, above, "");
  }

  override actIsSent(call: number): void {
    super.actIsSent(call);
    const asked = this.calls.get(call);
    if (asked === undefined) return;
    const part = this.partition.partOf(asked.dst);
    if (part === undefined || part === this.number) return;
    const place = this.partition.placeOf(asked.dst) as number;
    this.post(part, LETTER.call, this.now + this.lookahead, call, place, asked.sentAt, asked.ttlMillis, "");
  }

  protected override stored(row: GroupRow): void {
    const part = this.partition.partOf(row.node);
    if (part === undefined) throw new Violation(`the disk has a row of ${row.node}, who is nobody`);
    if (part === this.number) return super.stored(row);
    const place = this.partition.placeOf(row.node) as number;
    this.post(part, LETTER.row, this.now + this.lookahead, row.last, place, row.epoch, row.first, row.lines);
  }

  /** A letter has come. */
  read(letter: Letter): void {
    const { kind, a, b, c, text } = letter;
    const wire = this.wires.get(letter.wire);
    switch (kind) {
      case LETTER.frame:
        if (wire === undefined) this.frameLost("", "", text, a);
        else wire.came(text, a);
        break;
      case LETTER.row:
        this.storedElsewhere(letter);
        break;
      case LETTER.call:
        this.calls.set(letter.wire, { dst: this.idAt(a), sentAt: b, ttlMillis: c, outcome: undefined });
        break;
      case LETTER.dial:
        this.dialled(letter.from, letter.wire, this.idAt(a), b as LinkId, this.idAt(c));
        break;
      case LETTER.opened:
        this.opened(letter.from, letter.wire, a as LinkId);
        break;
      case LETTER.refused:
        this.refused(letter.wire, a);
        break;
      case LETTER.close:
        wire?.closedByFar();
        break;
      case LETTER.cut:
        wire?.cutByFar(a, b);
        break;
      default:
        wire?.unreadThere(a);
    }
  }

  private storedElsewhere({ wire: last, a, b: epoch, c: first, text: lines }: Letter): void {
    const row = { node: this.idAt(a), epoch, first, last, received: 0, lines };
    this.checks.stores(row, this.now - this.lookahead);
  }

  /** Somebody in another part dials one who is here. */
  private dialled(from: number, number: number, child: string, childLink: LinkId, parentId: string): void {
    const answer = (kind: number, value: number): void =>
      this.post(from, kind, this.now + this.lookahead, number, value, 0, 0, "");
    const parent = parentId === "root" ? this.root : this.node(parentId);
    if (parent.isSilent) return answer(LETTER.refused, -1);
    if (!parent.isUp) return answer(LETTER.refused, 0);
    if (parent === this.root && !this.accepts(child, `t-${child}`)) return answer(LETTER.refused, 401);
    const link = parent.nextLink();
    const wire = new FarWire(this, number, from, new FarOwner(child), childLink, parent, link);
    this.wires.set(number, wire);
    parent.attach(wire.parent);
    // Before anything else is said on that wire.
    answer(LETTER.opened, link);
    if (parent === this.root) this.root.opened(link, child);
    else (parent as NodeProcess).opened(link);
  }

  private opened(from: number, number: number, parentLink: LinkId): void {
    const dial = this.dials.get(number);
    if (dial === undefined) return;
    this.dials.delete(number);
    const { child, link, life } = dial;
    const wire = new FarWire(this, number, from, child, link, new FarOwner(child.parent), parentLink);
    // It has given up meanwhile: the other end hears that there is nobody.
    if (life !== child.life || child.dialling !== link) return wire.cut(-1, 0);
    child.dialling = 0 as LinkId;
    this.wires.set(number, wire);
    child.attach(wire.child);
    child.opened(link);
  }

  private refused(number: number, status: number): void {
    const dial = this.dials.get(number);
    if (dial === undefined) return;
    this.dials.delete(number);
    const { child, link, life } = dial;
    if (life !== child.life || child.dialling !== link || status < 0) return;
    child.dialling = 0 as LinkId;
    if (status === 0) child.linkEnded(link);
    else child.refused(link, status);
  }

  private idAt(place: number): string {
    return this.plan.nodes[place]?.id ?? "root";
  }
}

/** What comes from another part takes at least so long, in milliseconds. */
export function lookaheadOf(plan: WorldPlan): number {
  return Math.floor(plan.link.latencyMillis) + FRAME_MILLIS_MIN;
}

function refuseOthers(plan: WorldPlan): void {
  const { bytesPerSecond, latencyMillis } = plan.link;
  if (bytesPerSecond === undefined || !Number.isInteger(latencyMillis))
    throw new Error("a world in parts needs links with a width, and whole milliseconds");
  if (plan.faults.some((fault) => fault.kind !== "cut")) throw new Error("a world in parts knows no fault but cuts");
  const isOther = ({ traffic, radio }: WorldPlan["nodes"][number]): boolean =>
    radio !== undefined || traffic?.statesEvery !== undefined;
  if (plan.nodes.some(isOther)) throw new Error("nodes of a world in parts have no radio and say no states");
}
