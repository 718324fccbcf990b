/**
 * Programs over a tree of real interpreters, three deep: a branch, a branch below it, a leaf below that, and a root with its disk in this process. Each is a
 * board with a boot loader and two slots; a supervisor starts it again when it restarts itself. All the while every board counts, and the log must have it.
 */
import { afterEach, describe, expect, test } from "vitest";
import { broken, counted, counter, loader, UpdateStage } from "../e2e/update-stage.ts";
import { until } from "../host/built.ts";
import { EngineBoard } from "./engine-board.ts";
import { Engine, ESPRUINO, firmware, freePort, SKIP_REASON } from "./espruino.ts";
import { vectorParts } from "../shared/update/vector.ts";
import { figure } from "./figures.ts";

/** The leaf counts so often, in milliseconds: it never pauses until the root has all. */
const LEAF_EVERY = 20;
const IDS = ["porch", "shed", "leaf"];
/** Prints each turn of more than 5 ms, and the variables in use once a second. */
const METER = `var realTimeout = setTimeout;
global.setTimeout = function(f, wait) { return realTimeout(function() {
  var at = getTime(); f(); at = (getTime() - at) * 1000;
  if (at > 5) console.log("turn " + Math.round(at));
}, wait); };
setInterval(function() { console.log("variables " + process.memory().usage); }, 1000);
`;

/** The numbers after a word at a line's beginning. */
function numbersOf(lines: readonly string[], word: string): number[] {
  return lines.flatMap((line) => (line.startsWith(`${word} `) ? Number(line.split(" ")[1]) : []));
}

describe.skipIf(ESPRUINO === "")(`updates over a tree of engines${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  const boards = new Map<string, EngineBoard>();
  let stage: UpdateStage;

  afterEach(async () => {
    for (const board of boards.values()) await board.stop();
    boards.clear();
    await stage?.close();
    stage = undefined as never;
  });

  const board = (id: string): EngineBoard => boards.get(id) as EngineBoard;

  /** porch is below the root, shed below porch, leaf below shed. */
  const open = async (): Promise<void> => {
    stage = await UpdateStage.open(IDS);
    const ports = [stage.address.port, await freePort(), await freePort()];
    const program = await counter("wifi", "1");
    for (const [at, id] of IDS.entries()) {
      const parent = { host: "127.0.0.1", port: ports[at] };
      const config = stage.config(id, { parent, ...(at < 2 ? { listen: ports[at + 1] } : { every: LEAF_EVERY }) });
      const files = { ".bootcde": await loader(), "sapline.a": program, "sapline.json": JSON.stringify(config) };
      const one = new EngineBoard(files, METER);
      boards.set(id, one);
      one.start();
    }
    await stage.takers(...IDS);
    expect(stage.host.node("leaf")?.via).toEqual(["shed", "porch"]);
  };

  test("checks a signature with its own hashes, a few milliseconds at a time", async () => {
    const parts = vectorParts();
    const files = Object.fromEntries([...parts].map(([name, bytes]) => [name, bytes.toString("base64")]));
    const engine = new Engine(await firmware("test/engine/signature-speed.ts"), files);
    const [, isGood, all, longest, variables] = (await engine.line(/^checked/)).split(" ");
    await engine.stop();
    expect(isGood).toBe("true");
    figure("signature of a program: ms in all, longest turn, variables", `${all}, ${longest}, ${variables}`);
    const wrong = new Engine(await firmware("test/engine/signature-speed.ts"), { ...files, message: btoa("another") });
    expect(await wrong.line(/^checked/)).toMatch(/^checked false/);
    await wrong.stop();
  });

  /** What a board that was never cut has counted is in the log, once and in order. */
  const lostNothing = async (...ids: string[]): Promise<void> => {
    for (const id of ids) {
      const made = counted(board(id).lines);
      await until(`all counts of ${id}`, async () => (await stage.stored(id)).length >= made.length, 30_000);
      expect((await stage.stored(id)).slice(0, made.length), id).toEqual(made);
    }
  };

  test("a good program runs on all three, leaves first, and nothing that they counted is lost", {
    timeout: 600_000,
  }, async () => {
    await open();
    const program = await counter("wifi", "2");
    await board("leaf").line(/^variables/);
    const linesBefore = board("leaf").lines.length;
    const startedAt = performance.now();
    const { id } = stage.order("all", program, 1);
    for (const node of ["leaf", "shed", "porch"]) await stage.step(id, node, "good", 120_000);
    figure("update of three engines, three deep: seconds", Math.round((performance.now() - startedAt) / 1000));
    figure("update: bytes of program and signature", stage.job(id, "leaf").size);
    expect(stage.view(id)).toMatchObject({ isOver: true, stopped: "" });
    for (const node of IDS) {
      await board(node).line(/sapline: 2 joined/);
      expect(board(node).starts).toBe(2);
      expect(stage.host.node(node)?.fw).toBe("counter/2");
    }
    await lostNothing(...IDS);
    const before = board("leaf").lines.slice(0, linesBefore);
    const during = board("leaf").lines.slice(linesBefore);
    const taking = during.slice(
      0,
      during.findIndex((line) => /^sapline: program \d+: try/.test(line)),
    );
    figure(
      "leaf, update under way: longest turn, ms",
      `${Math.max(0, ...numbersOf(taking, "turn"))}; before: ${Math.max(0, ...numbersOf(before, "turn"))}`,
    );
    figure(
      "leaf, update under way: variables",
      `${Math.max(...numbersOf(taking, "variables"))} at most; before: ${Math.max(...numbersOf(before, "variables"))}`,
    );
    // And again, into the slot that is idle now.
    const third = stage.order(["leaf"], await counter("wifi", "3"));
    await stage.step(third.id, "leaf", "good", 120_000);
    expect(board("leaf").starts).toBe(3);
  });

  test("a program that crashes at its start falls back within 60 s, and says so; the others are not offered it", async () => {
    await open();
    const { id } = stage.order("all", broken(await counter("wifi", "2")), 1);
    await stage.step(id, "leaf", "try", 120_000);
    const triedAt = performance.now();
    expect(await stage.step(id, "leaf", "failed", 60_000)).toMatch(/^fell back: .*no such pin/);
    figure(
      "update: from the start of a program that crashes to the word of it, s",
      Math.round((performance.now() - triedAt) / 100) / 10,
    );
    expect(stage.view(id).stopped).toMatch(/^leaf fell back: .*; 2 other nodes were not offered it$/);
    expect(stage.host.node("leaf")).toMatchObject({ isUp: true, fw: "counter/1" });
    expect([board("porch").starts, board("shed").starts]).toEqual([1, 1]);
    await lostNothing(...IDS);
    // A good one goes into the same slot afterwards.
    const next = stage.order(["leaf"], await counter("wifi", "2"));
    await stage.step(next.id, "leaf", "good", 120_000);
  });

  test("a program with a wrong signature is refused by each of them, before a byte of it is sent", async () => {
    await open();
    const program = await counter("wifi", "2");
    const { id } = stage.forging(() => stage.order("all", program));
    for (const node of IDS) {
      expect(await stage.step(id, node, "failed", 60_000)).toBe("refused: its signature is not of this tree's key");
      expect(stage.job(id, node).at).toBeLessThan(2508);
      expect(board(node).starts).toBe(1);
    }
    for (const node of IDS) {
      await board(node).cut();
      expect(board(node).ask('require("Storage").read("sapline.b")')).toBe("undefined");
    }
  });

  test("a transfer that a branch's death interrupts goes on where it was", async () => {
    await open();
    const program = await counter("wifi", "2");
    const { id } = stage.order(["leaf"], program);
    await until("a third of it", () => stage.job(id, "leaf").at > program.length / 3, 120_000);
    await board("shed").cut();
    await board("leaf").line(/away/, 60_000);
    const before = stage.job(id, "leaf").at;
    await until("the leaf to be away", () => stage.host.node("leaf")?.isUp === false, 60_000);
    board("shed").start();
    await stage.joined("leaf");
    const seen: number[] = [];
    await until(
      "the end of it",
      () => {
        const { at, step } = stage.job(id, "leaf");
        if (seen.at(-1) !== at) seen.push(at);
        return step === "good";
      },
      120_000,
    );
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(before);
    figure("update: bytes that the leaf had when its branch died, and when it went on", `${before}, ${seen[0]}`);
    await lostNothing("leaf", "porch");
  });
});
