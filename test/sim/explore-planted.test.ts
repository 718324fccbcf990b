/** The explorer sees: programs that break a promise on purpose are found out, by a story that cannot be shorter. */
import { expect, test } from "vitest";
import type { NodeEffect } from "#shared/effect.ts";
import { Flight } from "#shared/link/flight.ts";
import { TreeNode } from "#shared/node.ts";
import { Root } from "#shared/root.ts";
import { Actions } from "#shared/tree/actions.ts";
import { Intake } from "#shared/tree/intake.ts";
import type { Instant, LinkId, UnixMillis } from "#shared/units.ts";
import { ackLine } from "#shared/wire/line.ts";
import { type Breach, explore } from "#tools/sim/explore/explore.ts";
import { KeptBoard } from "#tools/sim/explore/kept-board.ts";
import { replay } from "#tools/sim/explore/replay.ts";
import { Setting } from "#tools/sim/explore/setting.ts";
import { type BoardPlan, type Budget, type Programs, ROOT, type SmallWorld } from "#tools/sim/explore/small-world.ts";

const LONE: BoardPlan[] = [{ id: "leaf", parent: ROOT, isLeaf: true }];
const CHAIN: BoardPlan[] = [
  { id: "branch", parent: ROOT, isLeaf: false },
  { id: "leaf", parent: 0, isLeaf: true },
];

/** More than any of these stories takes. */
const STATES_MAX = 20_000;

function worldOf(boards: BoardPlan[], budget: Partial<Budget>, programs: Partial<Programs>): SmallWorld {
  const all = { TreeNode, Root, ...programs };
  return { name: "planted", boards, start: "joined", settlesWithin: 12_000, budget, programs: all };
}

/**
 * Settling is tried where no choice is left alone: from elsewhere its own steps would find what a step of ours finds next. So a
 * breakage that only settling shows has the longest story.
 */
function breachOf(world: SmallWorld): Breach {
  const { breach } = explore(world, { statesMax: STATES_MAX, healOneIn: STATES_MAX });
  if (breach === undefined) throw new Error("nothing was found");
  return breach;
}

/** What a part does otherwise; the explorer's copies of it do so too, for they keep the prototype. */
function alter(part: object, methods: object): void {
  Object.setPrototypeOf(part, Object.assign(Object.create(Object.getPrototypeOf(part) as object), methods) as object);
}

interface InsideRoot {
  roll: { find(id: string): { epoch: number; last: number; link: LinkId } | undefined };
  intake: Intake;
}

class AckBeforeSync extends Root {
  override received(link: LinkId, text: string, now: Instant, unix: UnixMillis) {
    const effects = super.received(link, text, now, unix);
    const leaf = (this as unknown as InsideRoot).roll.find("leaf");
    if (!text.includes('"?ack"') || leaf === undefined) return effects;
    return [...effects, { kind: "send" as const, link, text: ackLine("leaf", leaf.epoch, leaf.last) + "\n" }];
  }
}

class ForgetsEpochs extends Root {
  constructor(...parts: ConstructorParameters<typeof Root>) {
    super(...parts);
    alter((this as unknown as InsideRoot).intake, {
      openEpoch(this: Intake, member: Parameters<Intake["openEpoch"]>[0], offered: number) {
        const { epoch } = member;
        Intake.prototype.openEpoch.call(this, member, offered);
        // The number that it had, if it had one.
        if (epoch !== 0) member.epoch = epoch;
      },
    });
  }
}

class AcceptsHoles extends Root {
  override received(link: LinkId, text: string, now: Instant, unix: UnixMillis) {
    const leaf = (this as unknown as InsideRoot).roll.find("leaf");
    const end = /"\?ack","src":"leaf","ep":\d+,"n":(\d+)/.exec(text);
    // What came before this group is taken for stored.
    if (leaf !== undefined && end !== null)
      leaf.last = Math.max(leaf.last, Number(end[1]) - text.split("\n").length + 2);
    return super.received(link, text, now, unix);
  }
}

interface InsideNode {
  flight: Flight;
  actions: Actions;
  joining: { anyLink(): LinkId };
}

class SkipsTheFirst extends TreeNode {
  constructor(...parts: ConstructorParameters<typeof TreeNode>) {
    super(...parts);
    alter((this as unknown as InsideNode).flight, {
      rewind(this: { next: number; nextTo: number; acked: number }) {
        const skip = this.next > 1 ? 1 : 0;
        (Flight.prototype as unknown as { rewind(): void }).rewind.call(this);
        this.next = skip;
        this.nextTo = this.acked + skip;
      },
    });
  }
}

class RunsLate extends TreeNode {
  constructor(...parts: ConstructorParameters<typeof TreeNode>) {
    super(...parts);
    alter((this as unknown as InsideNode).actions, {
      judge(this: Actions, message: Parameters<Actions["judge"]>[0], rootNow: number) {
        return Actions.prototype.judge.call(this, { ...message, ts: rootNow }, rootNow);
      },
    });
  }
}

class RunsTwice extends TreeNode {
  constructor(...parts: ConstructorParameters<typeof TreeNode>) {
    super(...parts);
    alter((this as unknown as InsideNode).actions, {
      judge(this: Actions, message: Parameters<Actions["judge"]>[0], rootNow: number) {
        const verdict = Actions.prototype.judge.call(this, message, rootNow);
        return verdict === "drop" ? "run" : verdict;
      },
    });
  }
}

class BelievesLateWords extends TreeNode {
  override closed(link: LinkId, now: Instant) {
    return super.closed(link < 0 ? (this as unknown as InsideNode).joining.anyLink() : link, now);
  }
}

const TWINS: BoardPlan[] = [
  { id: "leaf", name: "first", parent: ROOT, isLeaf: true },
  { id: "leaf", name: "second", parent: ROOT, isLeaf: true },
];

const PLANTED: [name: string, world: SmallWorld, sentence: RegExp, steps: number][] = [
  [
    "an acknowledgement before the disk has it",
    worldOf(LONE, { events: 1 }, { Root: AckBeforeSync }),
    /leaf takes 1 events of epoch 1 as stored, and the disk has 0/,
    3,
  ],
  [
    "an epoch that is given out again",
    worldOf(LONE, { rootCrashes: 1 }, { Root: ForgetsEpochs }),
    /event 1 of root 1 is stored twice/,
    3,
  ],
  [
    "a hole that is accepted",
    worldOf(CHAIN, { events: 2, drops: 1 }, { Root: AcceptsHoles }),
    /were skipped|missing without a gap record/,
    6,
  ],
  [
    "what is sent again without its first group",
    worldOf(CHAIN, { events: 2, drops: 1 }, { TreeNode: SkipsTheFirst }),
    /takes \d+ ms to settle/,
    11,
  ],
  [
    "an action after its deadline",
    worldOf(LONE, { acts: 1, timers: 1 }, { TreeNode: RunsLate }),
    /action a1\.1 runs 1000 ms after its deadline/,
    3,
  ],
  [
    "an action that runs twice",
    worldOf(LONE, { acts: 1, copies: 1 }, { TreeNode: RunsTwice }),
    /action a1\.1 runs twice/,
    3,
  ],
  [
    "a late word about an old link that is believed",
    { ...worldOf(TWINS, { lateWords: 1 }, { TreeNode: BelievesLateWords }), start: "off" },
    /a late word about link -1, which was ended before, changes something/,
    6,
  ],
];

test.each(PLANTED)("finds %s", (_name, world, sentence, steps) => {
  const breach = breachOf(world);
  expect(breach.sentence).toMatch(sentence);
  expect(breach.choices.length).toBe(steps);
});

test("finds nothing in the same worlds where nothing is planted", () => {
  for (const [, planted] of PLANTED) {
    const world = { ...worldOf([...planted.boards], planted.budget, {}), start: planted.start };
    expect(explore(world, { statesMax: STATES_MAX, healOneIn: 1 })).toMatchObject({
      breach: undefined,
      isComplete: true,
    });
  }
});

test("a story that was found happens again when its choices are replayed", () => {
  const [, world] = PLANTED[2] as (typeof PLANTED)[number];
  const breach = breachOf(world);
  const replayed = replay(new Setting(world), breach.choices);
  expect(replayed.broken).toBe(breach.sentence);
  expect(replayed.lines).toEqual(breach.steps);
  expect(replay(new Setting(world), breach.choices.slice(0, -1)).broken).toBe("");
});

/** As in worlds.ts. */
const AFTER_ALL_RESENDS = 70_000;

const KEEPER: BoardPlan[] = [{ id: "leaf", parent: ROOT, isLeaf: true, keeps: true }];

/** It does not write down that what it has kept was numbered anew. */
class ForgetsNumbers extends KeptBoard {
  override withoutFlash(effects: readonly NodeEffect[], now: Instant): NodeEffect[] {
    const isWord = (effect: NodeEffect): boolean =>
      effect.kind === "keep" && (effect.records[0] as string).startsWith("r,");
    for (const effect of effects) if (isWord(effect)) this.hasKept(true);
    return super.withoutFlash(
      effects.filter((effect) => !isWord(effect)),
      now,
    );
  }
}

test("a node that does not write its new numbers down is found out", () => {
  const world = worldOf(KEEPER, { events: 1, keeps: 1, boardCrashes: 2 }, { KeptBoard: ForgetsNumbers });
  const { sentence } = breachOf({ ...world, settlesWithin: AFTER_ALL_RESENDS });
  expect(sentence).toMatch(/is stored twice/);
});
