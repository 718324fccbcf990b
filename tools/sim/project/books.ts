/**
 * Books holds what each board's program has said against what is on the root's disk: every life's events in their order, each once, and nothing missing but what a gap stands for, or what
 * was in a memory that has lost its power.
 *
 * An event is found in its life by the time at which it was made. Logs, answers to actions and what the firmware itself reports are not looked at.
 */
import { PROGRAM_EID } from "#shared/update/program.ts";
import type { Message } from "#shared/wire/message.ts";
import { Violation } from "../checks.ts";

/** How wrong a board may be about the root's clock, in milliseconds. Chosen: far more than a link takes. */
const CLOCK_TOLERANCE = 300;
/** What is to be kept in flash is there so much later at the most, in milliseconds: the write waits for the next alarm. Chosen. */
const KEEP_TOLERANCE = 1000;

/** Events that the node says by itself too. */
const UNWATCHED = ["!log", "!act", "!gap"];

/** What became of what was said of an entity; of events of other types, those of one type. */
export interface EntityRow {
  node: string;
  eid: string;
  /** Taken by the node … */
  taken: number;
  /** … and of these: on the root's disk, given up by a full outbox (a gap on the disk stands for them), and lost in a memory without power. */
  stored: number;
  givenUp: number;
  lost: number;
  /** Not taken: the outbox was full. */
  refused: number;
  /** On the root's disk. */
  last: unknown;
}

interface Saying {
  row: EntityRow;
  /** Of the value, or of the whole event. */
  text: string;
  at: number;
  /** It is an event that has a time of the program's own. */
  isDated: boolean;
  /** It is in the sums. */
  isCounted: boolean;
}

interface Life {
  bornAt: number;
  endedAt: number;
  /** It went to sleep. */
  isOrderly: boolean;
  said: Saying[];
  /** The first one of `said` that is not on the disk. */
  next: number;
}

/** The books of one node. */
class NodeBook {
  readonly rows = new Map<string, EntityRow>();
  private readonly id: string;
  /** After so many milliseconds an event is in flash; undefined if it never is. */
  private readonly keepsAfter: number | undefined;
  private readonly lives: Life[] = [];
  /** The life that the disk has come to. */
  private current = 0;
  /** Gaps that nobody knows the life of yet: how many events they stand for, and their epoch. */
  private gaps = 0;
  private gapEpoch = 0;
  private lastEpoch = 0;

  constructor(id: string, keepsAfter: number | undefined) {
    this.id = id;
    this.keepsAfter = keepsAfter;
  }

  begin(now: number): void {
    this.lives.push({ bornAt: now, endedAt: Infinity, isOrderly: false, said: [], next: 0 });
  }

  end(now: number, isOrderly: boolean): void {
    const life = this.lives.at(-1);
    if (life === undefined || life.endedAt < Infinity) return;
    life.endedAt = now;
    life.isOrderly = isOrderly;
  }

  says(eid: string, value: unknown, isTaken: boolean, now: number, isCounted: boolean, isDated: boolean): void {
    const row = this.rowOf(eid, value);
    if (isCounted && !isTaken) row.refused += 1;
    if (!isTaken) return;
    if (isCounted) row.taken += 1;
    (this.lives.at(-1) as Life).said.push({ row, text: JSON.stringify(value), at: now, isDated, isCounted });
  }

  gap(howMany: number, epoch: number): void {
    this.gaps += howMany;
    this.gapEpoch = epoch;
  }

  /** `at`: when it was made, by the world's clock; undefined if the event does not say. */
  stored(eid: string, value: unknown, epoch: number, at: number | undefined): void {
    const text = JSON.stringify(value);
    const row = this.rowOf(eid, value);
    for (let i = this.current; i < this.lives.length; i++) {
      const life = this.lives[i] as Life;
      const passed = this.gapsOf(i);
      const saying = life.said[life.next + passed];
      const isUntimed = at === undefined || saying?.isDated === true;
      const isThen = isUntimed || (life.bornAt <= at + CLOCK_TOLERANCE && life.endedAt >= at - CLOCK_TOLERANCE);
      if (!isThen || saying?.row !== row || saying.text !== text) continue;
      this.moveTo(i, passed);
      life.next += 1;
      this.lastEpoch = epoch;
      if (saying.isCounted) row.stored += 1;
      row.last = value;
      return;
    }
    const wanted = this.lives[this.current]?.said[(this.lives[this.current]?.next ?? 0) + this.gaps];
    const next = wanted === undefined ? "nothing" : `${wanted.row.eid} ${wanted.text}`;
    throw new Violation(`${this.id}: ${row.eid} ${text} is stored in epoch ${epoch}, where ${next} should come`);
  }

  /** How many events that were counted are neither on the disk nor known to be lost. */
  open(): number {
    let open = 0;
    for (const life of this.lives.slice(this.current)) {
      const isOpen = (saying: Saying): boolean => saying.isCounted && this.outlives(life, saying.at);
      open += life.said.slice(life.next).filter(isOpen).length;
    }
    return open - this.gaps;
  }

  /** Nothing more comes: the rest is lost, or a violation. */
  close(): void {
    for (; this.current < this.lives.length; this.current++) {
      const life = this.lives[this.current] as Life;
      this.giveUp(life, this.gaps);
      this.gaps = 0;
      this.leave(life);
    }
  }

  private rowOf(eid: string, value: unknown): EntityRow {
    const name = eid === "" ? String((value as Message).type) : eid;
    let row = this.rows.get(name);
    if (row === undefined) {
      row = { node: this.id, eid: name, taken: 0, stored: 0, givenUp: 0, lost: 0, refused: 0, last: undefined };
      this.rows.set(name, row);
    }
    return row;
  }

  /** How many events the open gaps stand for in that life. */
  private gapsOf(life: number): number {
    return life === this.current || this.gapEpoch !== this.lastEpoch ? this.gaps : 0;
  }

  private moveTo(index: number, passed: number): void {
    if (index > this.current && passed === 0) this.giveUp(this.lives[this.current] as Life, this.gaps);
    for (; this.current < index; this.current++) this.leave(this.lives[this.current] as Life);
    if (passed > 0) this.giveUp(this.lives[index] as Life, passed);
    this.gaps = 0;
  }

  private giveUp(life: Life, howMany: number): void {
    for (const saying of life.said.slice(life.next, life.next + howMany)) if (saying.isCounted) saying.row.givenUp += 1;
    life.next = Math.min(life.next + howMany, life.said.length);
  }

  /** What a life has said at that moment comes to the disk, whatever has become of it. */
  private outlives({ endedAt, isOrderly }: Life, at: number): boolean {
    if (endedAt === Infinity || isOrderly) return true;
    return this.keepsAfter !== undefined && at < endedAt - this.keepsAfter - KEEP_TOLERANCE;
  }

  /** What is not on the disk of a life that is over never will be. */
  private leave(life: Life): void {
    const rest = life.said.slice(life.next);
    life.said = [];
    life.next = 0;
    for (const { row, text, at, isCounted } of rest) {
      if (this.outlives(life, at)) {
        if (life.endedAt === Infinity && !isCounted) continue;
        const since = life.isOrderly ? "has only slept" : "has not lost its power";
        const why =
          life.endedAt < Infinity && !life.isOrderly
            ? `was in flash when its memory was lost at ${seconds(life.endedAt)}`
            : `its board ${since} since`;
        throw new Violation(`${this.id}: ${row.eid} ${text}, said at ${seconds(at)}, is missing, and ${why}`);
      }
      if (isCounted) row.lost += 1;
    }
  }
}

export class Books {
  /** What is said is in the sums. */
  isCounting = true;
  private readonly nodes = new Map<string, NodeBook>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** `keepsAfter`: milliseconds after which an event is in flash; undefined if the node does not keep its events. */
  add(node: string, keepsAfter: number | undefined): void {
    this.nodes.set(node, new NodeBook(node, keepsAfter));
  }

  begin(node: string): void {
    this.book(node).begin(this.now());
  }

  /** `isOrderly`: it has only gone to sleep. */
  end(node: string, isOrderly: boolean): void {
    this.book(node).end(this.now(), isOrderly);
  }

  says(node: string, eid: string, value: unknown, isTaken: boolean): void {
    const said = plain(value);
    let isDated = false;
    if (eid === "") {
      const event = said as Message;
      if (UNWATCHED.includes(event.type)) return;
      isDated = event["ts"] !== undefined;
      delete event["ts"];
    }
    this.book(node).says(plain(eid) as string, said, isTaken, this.now(), this.isCounting, isDated);
  }

  /** An event is on the disk. `unixAtStart`: of the world. */
  stored(node: string, epoch: number, event: Message, unixAtStart: number): void {
    const book = this.nodes.get(node);
    if (book === undefined) return;
    const { type, ts, ...fields } = event as Message & { ts?: number };
    const at = typeof ts === "number" ? ts - unixAtStart : undefined;
    if (type === "!gap") {
      if (event["class"] === "state") book.gap(event["n"] as number, epoch);
    } else if (type === "!update") {
      if (fields["rev"] === undefined && fields["eid"] !== PROGRAM_EID)
        book.stored(String(fields["eid"]), fields["value"], epoch, at);
    } else if (!UNWATCHED.includes(type)) book.stored("", { type, ...fields }, epoch, at);
  }

  open(): string | undefined {
    for (const [id, book] of this.nodes) {
      const open = book.open();
      if (open > 0) return `${open} events of ${id} are not stored`;
    }
    return undefined;
  }

  close(): EntityRow[] {
    for (const book of this.nodes.values()) book.close();
    return this.rows();
  }

  rows(): EntityRow[] {
    return [...this.nodes.values()].flatMap((book) =>
      [...book.rows.values()].toSorted((a, b) => (a.eid < b.eid ? -1 : 1)),
    );
  }

  private book(node: string): NodeBook {
    return this.nodes.get(node) as NodeBook;
  }
}

/** A value of the program's world, whose texts are bytes, as the root has it. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  // A function, for one: the event has no value then.
  if (text === undefined) return undefined;
  return JSON.parse(/[\x80-\xff]/.test(text) ? Buffer.from(text, "latin1").toString("utf8") : text);
}

function seconds(millis: number): string {
  return `${(millis / 1000).toFixed(3)} s`;
}
