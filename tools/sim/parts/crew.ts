/**
 * Crew plays the parts of a world that are in one thread, window by window, in step with the crews of other threads: each part plays as
 * far as nothing can come from another, then all meet and exchange letters. Windows in which nothing happens are left out.
 *
 * Guarantee: what comes of it depends on the plan alone, not on how many threads there are or how quick they are.
 */
import { Violation } from "../checks.ts";
import type { Ground } from "../ground.ts";
import type { WorldPlan } from "../plan.ts";
import type { World } from "../world.ts";
import { LetterBox } from "./letter-box.ts";
import { FIGURES, Meeting } from "./meeting.ts";
import { lookaheadOf, PartWorld } from "./part-world.ts";
import { Partition } from "./partition.ts";

/** What all threads share. */
export interface CrewMemory {
  meeting: SharedArrayBuffer;
  /** For letters from each part (first) to each other. */
  boxes: SharedArrayBuffer[][];
}

/** Bytes that a part may have to say to another in one window: so many, and so many more for each node. Chosen: ten times the most seen. */
const BOX_BYTES = 4_194_304;
const BOX_BYTES_PER_NODE = 256;

/** A part of the world broke a promise, in this thread or another. */
export class Halted extends Error {}

export function crewMemory(nodes: number, parts: number): CrewMemory {
  const bytes = BOX_BYTES + BOX_BYTES_PER_NODE * nodes;
  const boxes = Array.from({ length: parts }, (_, from) =>
    Array.from({ length: parts }, (__, to) => LetterBox.memory(from === to ? 0 : bytes)),
  );
  return { meeting: Meeting.memory(parts), boxes };
}

export class Crew implements Ground {
  readonly plan: WorldPlan;
  now = 0;
  readonly parts: readonly PartWorld[];
  private readonly boxes: readonly (readonly LetterBox[])[];
  private readonly meeting: Meeting;
  private readonly violations = new Map<World, string>();
  private readonly lookahead: number;
  private turns = 0;

  /** Of `threads` threads the one with this number, from 0. */
  constructor(plan: WorldPlan, memory: CrewMemory, thread: number, threads: number) {
    this.plan = plan;
    this.lookahead = lookaheadOf(plan);
    const howMany = memory.boxes.length;
    const partition = new Partition(plan.nodes, howMany);
    this.meeting = new Meeting(memory.meeting, howMany, threads);
    this.boxes = memory.boxes.map((row) => row.map((each) => new LetterBox(each)));
    const parts: PartWorld[] = [];
    for (let part = thread; part < howMany; part += threads) {
      const boxes = (this.boxes[part] as LetterBox[]).map((box, to) => (to === part ? undefined : box));
      parts.push(new PartWorld(plan, part, partition, boxes));
    }
    this.parts = parts;
  }

  /** Whoever has the root tells people how it goes. */
  hasRoot(): boolean {
    return this.parts[0]?.holds("root") === true;
  }

  run(millis: number): void {
    const end = this.now + millis;
    for (;;) {
      this.exchange(() => []);
      const from = this.meeting.goesOnAt();
      if (from > end) break;
      const to = Math.min(end, from + this.lookahead - 1);
      for (const part of this.parts) this.attempt(part, () => part.play(to));
    }
    for (const part of this.parts) part.now = end;
    this.now = end;
  }

  each(deed: (world: World) => void): void {
    for (const part of this.parts) this.attempt(part, deed);
    this.exchange(() => []);
  }

  first(look: (world: World) => string | undefined): string | undefined {
    this.exchange(() => [], look);
    return this.meeting.text();
  }

  /** Figures of all parts added up, FIGURES of them at the most. */
  sums(figuresOf: (world: World) => number[]): number[] {
    this.exchange(figuresOf);
    return Array.from({ length: FIGURES }, (_, i) => this.meeting.sum(i));
  }

  /** The promise that was broken first, in the first part in which one was, wherever that is. */
  violation(): string | undefined {
    return this.meeting.hasFailed() ? this.meeting.text() : undefined;
  }

  private attempt(part: PartWorld, deed: (world: World) => void): void {
    if (this.violations.has(part)) return;
    try {
      deed(part);
    } catch (error) {
      this.violations.set(part, complaint(error));
    }
  }

  /** All threads meet, and letters go where they belong. */
  private exchange(
    figuresOf: (world: World) => readonly number[],
    look: (world: World) => string | undefined = () => undefined,
  ): void {
    const { meeting } = this;
    for (const part of this.parts) {
      let text = "";
      this.attempt(part, () => (text = look(part) ?? ""));
      const violation = this.violations.get(part);
      meeting.leave(part.number, part.goesOnAt(), figuresOf(part), violation !== undefined, violation ?? text);
      for (const box of this.boxes[part.number] as LetterBox[]) box.turn();
    }
    meeting.meet();
    if (meeting.hasFailed()) throw new Halted(meeting.text());
    for (const part of this.parts) {
      for (const [from, row] of this.boxes.entries())
        if (from !== part.number)
          (row[part.number] as LetterBox).take(this.turns, from, part, (at, letter) => part.at(at, letter));
    }
    this.turns += 1;
  }
}

/** What is wrong, as people are told. */
export function complaint(error: unknown): string {
  return error instanceof Violation ? error.message : `a core threw: ${String((error as Error).stack)}`;
}
