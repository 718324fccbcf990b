/** Worlds in parts: who is where, what parts say to each other, and that no check is weaker than in one piece. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { Crew, crewMemory, Halted } from "#tools/sim/parts/crew.ts";
import { FarWire } from "#tools/sim/parts/far-wire.ts";
import { LETTER, type Letter } from "#tools/sim/parts/letter.ts";
import { LetterBox } from "#tools/sim/parts/letter-box.ts";
import { Meeting } from "#tools/sim/parts/meeting.ts";
import { Partition, ROOT_PART } from "#tools/sim/parts/partition.ts";
import type { PartWorld } from "#tools/sim/parts/part-world.ts";
import { planFaults } from "#tools/sim/faults.ts";
import { settle } from "#tools/sim/settling.ts";
import { type TreeSize, treePlan } from "#tools/sim/tree-plan.ts";
import type { World } from "#tools/sim/world.ts";
import { temporaryFolder } from "../temporary.ts";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.ts";
import { buildWith } from "./planted-simulator.ts";

const SMALL: TreeSize = { nodes: 60, depth: 4, seconds: 40, seed: 3 };

function crewOf(size: TreeSize, parts: number): Crew {
  return new Crew(treePlan(size), crewMemory(size.nodes, parts), 0, 1);
}

test.each([
  [1000, 6, 2],
  [10_000, 6, 2],
  [10_000, 6, 4],
  [300, 1, 2],
])(
  "%i nodes in %i levels: %i parts have about as much to do, and whoever is far from the root is with the parent",
  (nodes, depth, parts) => {
    const plan = treePlan({ nodes, depth, seconds: 1, seed: 1 }).nodes;
    const partition = new Partition(plan, parts);
    const levels = new Map([["root", 0]]);
    const loads = Array.from({ length: parts }, () => 0);
    let crossing = 0;
    for (const { id, parent } of plan) {
      const level = 1 + (levels.get(parent) as number);
      levels.set(id, level);
      const part = partition.partOf(id) as number;
      // What a node says passes all above it: about so much is done for it in its own part.
      loads[part] = (loads[part] as number) + level;
      if (partition.partOf(parent) !== part) crossing += 1;
    }
    // The first part has the root beside that.
    const [rootLoad = 0, ...others] = loads;
    for (const load of others) {
      expect(load).toBeLessThan(1.3 * Math.max(...others, 1) + 10);
      expect(load).toBeGreaterThan(0.7 * Math.max(...others));
      expect(load).toBeGreaterThan(rootLoad);
    }
    expect(partition.partOf("root")).toBe(ROOT_PART);
    expect(partition.partOf("nobody")).toBeUndefined();
    expect(crossing).toBeLessThan(depth === 1 ? nodes : nodes / 20);
  },
);

function lettersOf(box: LetterBox, turns: number): { at: number; letter: Letter }[] {
  const letters: { at: number; letter: Letter }[] = [];
  box.take(turns, 1, { read: () => {} }, (at, letter) => letters.push({ at, letter }));
  return letters;
}

test("letters come out as they went in, whatever is in their texts, each in its turn", () => {
  const box = new LetterBox(LetterBox.memory(4096));
  const texts = ["", "a", "abcd", "ä", "日本", "😀 and more", '{"type":"?ping"}\n', "x".repeat(300)];
  for (let turn = 0; turn < 5; turn++) {
    expect(box.soonest).toBe(Infinity);
    texts.forEach((text, i) => box.put(LETTER.frame, 1000 - i, i, turn, -1, 2_000_000_000, text));
    expect(box.soonest).toBe(1000 - texts.length + 1);
    box.turn();
    const letters = lettersOf(box, turn);
    expect(letters.map(({ letter }) => letter.text)).toEqual(texts);
    for (const [i, { at, letter }] of letters.entries()) {
      expect(at).toBe(1000 - i);
      expect(letter).toMatchObject({ from: 1, kind: LETTER.frame, wire: i, a: turn, b: -1, c: 2_000_000_000 });
    }
  }
  box.turn();
  expect(lettersOf(box, 5)).toEqual([]);
});

test("what does not fit between two parts is said in a sentence, and overwrites nothing", () => {
  const box = new LetterBox(LetterBox.memory(400));
  box.put(LETTER.frame, 1, 7, 0, 0, 0, "short");
  expect(() => box.put(LETTER.frame, 1, 8, 0, 0, 0, "x".repeat(300))).toThrow("more than 400 bytes to say");
  box.turn();
  expect(lettersOf(box, 0).map(({ letter }) => letter.wire)).toEqual([7]);
});

test("at a meeting the failure of any part is what is told, else the first part that has something to say", () => {
  const meeting = new Meeting(Meeting.memory(3), 3, 1);
  const leave = (texts: string[], failed: number): void => {
    texts.forEach((text, part) => meeting.leave(part, 100 - part, [part, 1], part === failed, text));
    meeting.meet();
  };
  leave(["", "second", "third"], -1);
  expect([meeting.hasFailed(), meeting.text(), meeting.goesOnAt()]).toEqual([false, "second", 98]);
  expect([meeting.sum(0), meeting.sum(1)]).toEqual([3, 3]);
  leave(["", "second", "broken"], 2);
  expect([meeting.hasFailed(), meeting.text()]).toEqual([true, "broken"]);
  leave(["", "", ""], -1);
  expect([meeting.hasFailed(), meeting.text()]).toEqual([false, undefined]);
});

test.each([1, 2, 3, 5])("a tree in %i parts joins, delivers everything over cuts, and settles", (parts) => {
  const crew = crewOf({ ...SMALL, seconds: 60 }, parts);
  crew.each(planFaults);
  crew.run(5000);
  // Cuts where parts join, both ways of noticing it among them.
  const crossing = crew.parts.flatMap((part) =>
    [...part.nodes.values()].filter((node) => node.wires().some((wire) => wire instanceof FarWire)),
  );
  expect(crossing.length > 0).toBe(parts > 1);
  for (const [i, node] of crossing.entries())
    for (const wire of node.wires()) wire.cut([0, 20, 500, -1][i % 4] as number, [-1, 0, 20, 500][i % 4] as number);
  crew.run(55_000);
  expect(settle(crew)).toBeGreaterThanOrEqual(0);
  const [taken, stored] = crew.sums((world: World) => {
    let accepted = 0;
    for (const life of world.checks.all()) accepted += life.accepted;
    return [accepted, world.checks.stored];
  });
  expect(taken).toBeGreaterThanOrEqual(5 * SMALL.nodes);
  expect(stored).toBe(taken);
});

test("a parent in another part that does not read is not fed for ever, and gets all of it in order once it reads", () => {
  const crew = crewOf({ ...SMALL, seconds: 200 }, 2);
  crew.run(10_000);
  const far = (part: PartWorld): FarWire[] =>
    [...part.nodes.values(), ...(part.holds("root") ? [part.root] : [])].flatMap((process) =>
      process.wires().flatMap((wire) => (wire instanceof FarWire ? [wire] : [])),
    );
  const [above] = crew.parts as [PartWorld, PartWorld];
  const wire = far(above).find(({ parent }) => parent.owner.id !== "root") ?? (far(above)[0] as FarWire);
  const child = crew.parts[1]?.node(wire.child.owner.id);
  if (child === undefined) throw new Error("the child is in the second part");
  wire.pause(wire.parent);
  for (let i = 0; i < 40; i++) child.emit({ type: "reading", pad: "x".repeat(400), value: crew.now });
  crew.run(4000);
  // Handed to a socket that never ran empty: the other kernel is full.
  expect(wire.parent.unreadBytes).toBeGreaterThan(5744);
  expect(child.inside().parent.handedBytes).toBeGreaterThan(5744);
  wire.resume(wire.parent);
  crew.run(1000);
  expect(wire.parent.unreadBytes).toBe(0);
  expect(child.inside().parent.handedBytes).toBeLessThan(2000);
  settle(crew);
});

test("a promise that is broken in one part ends all of them with its sentence", () => {
  const crew = crewOf(SMALL, 3);
  crew.run(1000);
  const [, , third] = crew.parts as [PartWorld, PartWorld, PartWorld];
  const { checks, nodes } = third;
  third.later(100, () => checks.dialled([...nodes.keys()][0] as string, third.now));
  third.later(101, () => checks.dialled([...nodes.keys()][0] as string, third.now));
  expect(() => crew.run(1000)).toThrow(Halted);
  expect(crew.violation()).toMatch(/dials again after/);
});

const NO_BUG: PlantedBug = { name: "none", edits: [] };
const EARLY_ACK = PLANTED_BUGS.find((bug) => bug.name === "acknowledges before the sync") as PlantedBug;
const LEAVES_A_NUMBER_OUT: PlantedBug = {
  name: "leaves a number out in the log",
  edits: [
    {
      file: "shared/tree/intake.ts",
      from: "const first = member.last + 1;",
      to: "const first = member.last + (member.last === 3 && !isOwn ? 2 : 1);",
    },
  ],
};

interface Program {
  play(threads: number): Promise<{ violation: string | undefined; thrown: string }>;
}

const PROGRAM = `
  import { runTreeInThreads } from "./tools/sim/tree-threads.ts";
  export async function play(threads) {
    try {
      const size = { nodes: 300, depth: 5, seconds: 60, seed: 2 };
      return { violation: (await runTreeInThreads(size, () => {}, threads)).violation, thrown: "" };
    } catch (error) {
      return { violation: undefined, thrown: error.message };
    }
  }
`;

/** A program that plays a tree in threads, and what its threads run, with a bug in it. */
async function programWith(bug: PlantedBug): Promise<{ program: Program; worker: string }> {
  const folder = temporaryFolder();
  const [main, worker] = [join(folder, "main.mjs"), join(folder, "sim-tree-worker.js")];
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  await buildWith(NO_BUG, PROGRAM, main);
  await buildWith(bug, 'import "./tools/sim/tree-worker.ts";', worker);
  return { program: (await import(pathToFileURL(main).href)) as Program, worker };
}

test("a bug ends the run in one thread and in two with the same sentence", async () => {
  const { program } = await programWith(LEAVES_A_NUMBER_OUT);
  const [one, two] = [await program.play(1), await program.play(2)];
  expect(one.violation).toMatch(/^n\d+, epoch \d+: event 5 is stored where 4 should come$/);
  expect(two).toEqual(one);
});

test("a thread that ends before it has said what came of it ends the run, and a tree without bugs has no violation", async () => {
  const { program, worker } = await programWith(NO_BUG);
  expect(await program.play(2)).toEqual({ violation: undefined, thrown: "" });
  writeFileSync(
    worker,
    'import { workerData } from "node:worker_threads"; if (workerData.thread === 1) process.exit(3); else setInterval(() => {}, 1000);',
  );
  expect((await program.play(2)).thrown).toBe("a thread of the tree has ended");
});

test("a root that acknowledges before the sync is caught by nodes that are not in its part", async () => {
  const outfile = join(temporaryFolder(), "slow-disk.mjs");
  const source = `
    import { Crew, crewMemory } from "./tools/sim/parts/crew.ts";
    import { treePlan } from "./tools/sim/tree-plan.ts";
    export function play() {
      const plan = { ...treePlan(${JSON.stringify(SMALL)}), commitMillis: 80 };
      const crew = new Crew(plan, crewMemory(60, 2), 0, 1);
      try { crew.run(40_000); } catch {}
      const caught = crew.violation();
      return { caught, isFar: caught !== undefined && crew.parts[1].nodes.has(caught.split(" ")[0]) };
    }
  `;
  for (const bug of [EARLY_ACK, NO_BUG]) {
    await buildWith(bug, source, outfile.replace("slow", bug.name.slice(0, 4)));
    const { play } = (await import(pathToFileURL(outfile.replace("slow", bug.name.slice(0, 4))).href)) as {
      play(): { caught: string | undefined; isFar: boolean };
    };
    const { caught, isFar } = play();
    if (bug === NO_BUG) expect(caught).toBeUndefined();
    else {
      expect(caught).toMatch(/^n\d+ takes event \d+ of epoch \d+ for acknowledged, the disk ends at \d+$/);
      expect(isFar).toBe(true);
    }
  }
});
