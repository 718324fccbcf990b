/**
 * A board that keeps its events, alone with a root that the test plays, and with timers as a busy chip has them: they come late, and several things are
 * due in one turn. (The simulator's come to the millisecond.)
 */
import { expect, test } from "vitest";
import type { NodeEffect } from "#shared/effect.ts";
import { KeepingNode } from "#shared/keeping-node.ts";
import { CHIP_LIMITS } from "#shared/limits.ts";
import type { LinkId, NodeId } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { Flash } from "#tools/sim/flash.ts";
import { NodeBench, UNIX_AT_START } from "./bench.ts";
import { seeded, TEXT } from "./world.ts";

const SEEDS = Number(process.env["SEEDS"] ?? 40);
const FIRST = Number(process.env["SEED"] ?? 1);
const EVERY = 300;

/** One board, and its flash that outlives it. */
class KeptBench extends NodeBench {
  readonly flash = new Flash();
  private readonly flushAfter: number;
  private dials = 0;

  constructor(flushAfter: number) {
    super("b");
    this.flushAfter = flushAfter;
    this.boot(1);
  }

  get board(): KeepingNode {
    return this.core as KeepingNode;
  }

  /** The power is back: nothing is left but what is in flash. */
  boot(seed: number): void {
    const limits = { ...CHIP_LIMITS, flushAfter: this.flushAfter as typeof CHIP_LIMITS.flushAfter };
    const config = { id: "b" as NodeId, token: "t-b", fw: "test", limits, isPatient: true };
    this.core = new KeepingNode(config, { every: EVERY, bytes: 400_000 }, TEXT, seeded(seed));
    this.sent = [];
    this.flash.restore(this.board);
    this.start();
  }

  override do(effects: readonly NodeEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "keep") this.board.hasKept(this.flash.keep(effect.page, effect.size, effect.records));
      else if (effect.kind === "recall") this.do(this.board.recalled(this.flash.read(effect.page), this.at));
      else if (effect.kind === "free") this.flash.free(effect.page);
      else super.do([effect]);
    }
  }

  /** Until it has asked for a link. */
  untilDialled(): void {
    for (let turns = 0; this.others.filter((one) => one.kind === "dial").length === this.dials; turns++) {
      if (turns > 10_000) throw new Error("never dials");
      this.late(100);
    }
    this.dials = this.others.filter((one) => one.kind === "dial").length;
  }

  /** One late turn: whatever has become due meanwhile is done in it, and in those that it asks for at once; `between` them something may happen. */
  late(millis: number, between: () => void = () => {}): void {
    this.now += millis;
    let turns = 0;
    do {
      if (turns++ > 100) throw new Error("never sleeps");
      this.do(this.core.tick(this.at));
      between();
    } while ((this.core.wakeAt() ?? Infinity) <= this.now);
  }
}

/** As far as a board that keeps its events can tell, a root: epochs, and all that it has stored. */
class PlayedRoot {
  readonly stored: number[] = [];
  private epoch = 0;
  /** How many events of each epoch. */
  private readonly counts: number[] = [0];

  /** Answers what a frame of that board makes it say; of each group it may have been told only that there is more to come. */
  take(frame: string): Message[] {
    const answers: Message[] = [];
    let events: number[] = [];
    for (const line of frame.trimEnd().split("\n")) {
      const message = JSON.parse(line) as Message | [number, number];
      if (Array.isArray(message)) events.push(message[1]);
      else if (message.type === "!update") events.push(Number(message["value"]));
      else if (message.type === "?hello") answers.push(this.admit(message));
      else if (message.type === "?ack") {
        if (message["ep"] === this.epoch) this.store(Number(message["n"]), events);
        if (message["ep"] === this.epoch) answers.push({ type: "!ack", dst: "b", ep: this.epoch, n: this.has() });
        events = [];
      } else if (message.type === "!gap") throw new Error(`given up: ${line}`);
    }
    return answers;
  }

  private has(): number {
    return this.counts[this.epoch] as number;
  }

  /** Only the newest epoch goes on; of all others it is known for ever how much of them there is. */
  private admit(hello: Message): Message {
    const offered = Number(hello["ep"] ?? 0);
    const n = this.counts[offered] as number;
    if (offered !== this.epoch || offered === 0) this.epoch = this.counts.push(0) - 1;
    return { type: "!hello", dst: "b", ep: this.epoch, n, nonce: hello["nonce"] };
  }

  private store(n: number, events: readonly number[]): void {
    const first = n - events.length + 1;
    if (first > this.has() + 1) throw new Error(`a hole: ${this.has()} then ${first}`);
    this.stored.push(...events.slice(Math.max(0, this.has() + 1 - first)));
    this.counts[this.epoch] = Math.max(this.has(), n);
  }
}

/** What a board says goes to the root, and its answers come back. False if there was nothing. */
function exchange(bench: KeptBench, root: PlayedRoot): boolean {
  const frames = bench.texts(bench.parent);
  if (frames.length === 0) return false;
  bench.drained();
  for (const frame of frames)
    for (const answer of root.take(frame)) bench.down({ ...answer, now: UNIX_AT_START + bench.now });
  return true;
}

function joined(bench: KeptBench, root: PlayedRoot): void {
  bench.do(bench.core.opened(bench.parent as LinkId, bench.at));
  while (exchange(bench, root));
  expect(bench.core.isJoined()).toBe(true);
}

test("what is written and first sent in one turn is acknowledged like all else", () => {
  const bench = new KeptBench(EVERY);
  const root = new PlayedRoot();
  joined(bench, root);
  bench.late(1);
  for (let value = 1; value <= 20; value++) {
    bench.emit({ type: "!update", eid: "t", value });
    // Two checks; at the second one the flush is due, too, and the answer is there before the next turn.
    bench.late(EVERY / 2);
    bench.late(EVERY / 2, () => exchange(bench, root));
  }
  bench.late(EVERY, () => exchange(bench, root));
  expect(bench.flash.writes).toBeGreaterThan(15);
  expect(bench.core.backlog()).toBe(0);
  expect(root.stored).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

/** A life of that seed: `made` in order, and those of them that no power cut may cost. */
function play(seed: number): { made: number; due: Set<number>; bench: KeptBench; root: PlayedRoot } {
  const chance = seeded(seed);
  const happens = (share: number): boolean => chance() < share;
  const bench = new KeptBench([100, 290, EVERY, 2000][seed % 4] as number);
  const root = new PlayedRoot();
  const due = new Set<number>();
  /** Made before the last check in a turn; before the one before that. */
  let checked: number[] = [];
  let fresh: number[] = [];
  let made = 0;
  let isOpen = false;
  const perhapsAnswered = (): void => {
    if (isOpen && happens(0.3)) exchange(bench, root);
  };
  for (let step = 0; step < 300; step++) {
    if (!isOpen && happens(0.2)) {
      bench.untilDialled();
      bench.do(bench.core.opened(bench.parent as LinkId, bench.at));
      isOpen = true;
    }
    for (let many = happens(0.6) ? 1 + Math.floor(chance() * 3) : 0; many > 0; many--)
      if (bench.emit({ type: "!update", eid: "t", value: made + 1 })) fresh.push(++made);
    if (happens(0.5)) {
      bench.late(EVERY / 2 + Math.floor(chance() * EVERY), perhapsAnswered);
      for (const value of checked) due.add(value);
      checked = fresh;
      fresh = [];
    } else bench.late(Math.floor(chance() * 50), perhapsAnswered);
    if (isOpen && happens(0.5)) exchange(bench, root);
    if (isOpen && happens(0.05)) {
      bench.texts(bench.parent);
      bench.closed(bench.parent);
      isOpen = false;
    }
    if (happens(0.04)) {
      bench.boot(seed + step);
      isOpen = false;
      checked = [];
      fresh = [];
    }
  }
  if (!isOpen) {
    bench.untilDialled();
    bench.do(bench.core.opened(bench.parent as LinkId, bench.at));
  }
  for (let turns = 0; turns < 400 && (bench.core.backlog() > 0 || !bench.core.isJoined()); turns++) {
    exchange(bench, root);
    bench.late(100);
  }
  return { made, due, bench, root };
}

test("whatever comes late and whenever the power is cut, what was in flash is stored once and in order", () => {
  console.log(`keeping: ${SEEDS} lives from SEED=${FIRST}`);
  let writes = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { due, bench, root } = play(seed);
    const { stored } = root;
    expect(bench.core.backlog(), `SEED=${seed}`).toBe(0);
    expect(stored, `in order, SEED=${seed}`).toEqual(stored.toSorted((a, b) => a - b));
    expect(new Set(stored).size, `twice, SEED=${seed}`).toBe(stored.length);
    expect(
      [...due].filter((value) => !stored.includes(value)),
      `missing, SEED=${seed}`,
    ).toEqual([]);
    writes += bench.flash.writes;
  }
  expect(writes).toBeGreaterThan(10 * SEEDS);
});

test("checks that come late do not add up: what is made is in flash after the interval", () => {
  const bench = new KeptBench(100);
  bench.late(1);
  // The first check comes 60 ms late, the next two 50 ms.
  bench.late(EVERY / 2 + 60);
  bench.emit({ type: "!update", eid: "t", value: 1 });
  bench.late(EVERY / 2 - 10);
  expect(bench.flash.writes).toBe(0);
  bench.late(EVERY / 2);
  expect(bench.flash.writes).toBe(1);
});
