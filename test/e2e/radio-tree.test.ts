/** Emulated chips over the radio's stand-in: a gateway (WebSocket up, radio down), a branch and a leaf by radio, and a root in this process. */
import { afterEach, describe, expect, test } from "vitest";
import { Router } from "#tools/emulator/engine-wifi.ts";
import { MemoryRoot } from "../engine/memory-root.ts";
import { freeBase } from "../engine/radio-contract.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";

const KEY = "00112233445566778899aabbccddeeff";
const TOKENS = { gate: "token-of-gate", branch: "token-of-branch", leaf: "token-of-leaf", other: "token-of-other" };
type Id = keyof typeof TOKENS;
const NODES = 4;
/** After whatever happened a node is found again within this long, in milliseconds. Spec: ten seconds. */
const FOUND_WITHIN = 10_000;

function readings(node: string, count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `${node}.s${at % 5},${((at * 37) % 1000) / 10},${1_732_345_600_000 + at}`,
  );
}

describe("a radio tree of emulated chips", () => {
  const programs: EmulatedProgram[] = [];
  let root: MemoryRoot;
  let base = 0;

  afterEach(async () => {
    for (const program of programs.splice(0)) await program.stop();
    await root.close();
  });

  const open = async (): Promise<void> => {
    root = await MemoryRoot.open(TOKENS);
    base = await freeBase(NODES);
  };

  /** `nodes`: its broadcasts reach the nodes from 1 to this one. */
  const configOf = (id: Id, more: object, nodes: number): object => ({
    id,
    token: TOKENS[id],
    radio: { key: KEY },
    standIn: { base, id: Object.keys(TOKENS).indexOf(id) + 1, nodes },
    replay: { every: 20, batch: 3 },
    ...more,
  });

  const start = async (
    id: Id,
    more: object,
    { made = [], router, nodes = NODES }: { made?: string[]; router?: Router; nodes?: number } = {},
  ): Promise<EmulatedProgram> => {
    const files = { readings: made.map((line) => `${line}\n`).join("") };
    const config = configOf(id, more, nodes);
    const program = await EmulatedProgram.start("test/engine/radio-replay.ts", config, files, router);
    programs.push(program);
    return program;
  };

  const parent = (): object => ({ host: "127.0.0.1", port: root.port });

  /** How long that took, in milliseconds. */
  const until = async (condition: () => boolean, what: string, wait = FOUND_WITHIN): Promise<number> => {
    const startedAt = performance.now();
    while (!condition()) {
      if (performance.now() - startedAt > wait) {
        throw new Error(
          `not within ${wait} ms: ${what}\n${programs.map((one) => one.lines.join("\n")).join("\n--\n")}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return performance.now() - startedAt;
  };

  const stored = (id: Id): number => root.readings(id).length;

  /** More of it arrives than had when this began. */
  const goesOn = async (id: Id): Promise<void> => {
    const before = stored(id);
    await until(() => stored(id) > before + 10, `more of ${id}`);
  };

  const complete = async (made: { [id: string]: string[] }): Promise<void> => {
    for (const [id, lines] of Object.entries(made)) {
      await until(() => stored(id as Id) >= lines.length, `all of ${id}: ${stored(id as Id)}`, 40_000);
      expect(root.readings(id)).toEqual(lines);
    }
    expect(programs.flatMap((program) => program.faults())).toEqual([]);
    expect(programs.flatMap((program) => program.lines).some((line) => line.includes(KEY))).toBe(false);
  };

  test("readings of a gateway, a branch and a leaf arrive once, in order; the leaf and the branch boot before their parents", async () => {
    await open();
    const made = { gate: readings("gate", 100), branch: readings("branch", 200), leaf: readings("leaf", 200) };
    await start("leaf", {}, { made: made.leaf });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const branch = await start("branch", {}, { made: made.branch });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const gate = await start("gate", { parent: parent() }, { made: made.gate, nodes: 2 });
    await gate.line(/joined/);
    await until(() => branch.lines.includes("sapline: joined"), "the branch");
    await until(() => stored("leaf") > 0, "the leaf");
    await complete(made);
    expect(root.root.node("leaf")?.via).toEqual(["branch", "gate"]);
  });

  test("a router that changes its channel takes its gateway along, and the branch and the leaf find it again", async () => {
    await open();
    const router = new Router(6);
    const made = { branch: readings("branch", 250), leaf: readings("leaf", 250) };
    await start("gate", { parent: parent(), wifi: { ssid: "home", powersave: "none" } }, { router, nodes: 2 });
    const slow = { replay: { every: 100, batch: 2 } };
    await start("branch", slow, { made: made.branch });
    await start("leaf", slow, { made: made.leaf });
    await goesOn("leaf");
    expect(router.powersaves).toEqual(["none"]);
    router.channel = 11;
    // What the radios had on its way when the channel changed may still come.
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const id of ["branch", "leaf"] as const) await goesOn(id);
    await complete(made);
  });

  test("a branch that roams, from a gateway that is gone to one on another channel, has its leaf with it", async () => {
    await open();
    const made = { branch: readings("branch", 250), leaf: readings("leaf", 250) };
    const slow = { replay: { every: 100, batch: 2 } };
    const gate = await start("gate", { parent: parent(), radio: { key: KEY, channel: 1 } }, { nodes: 2 });
    await start("branch", slow, { made: made.branch });
    await start("leaf", slow, { made: made.leaf });
    await goesOn("leaf");
    expect(root.root.node("leaf")?.via).toEqual(["branch", "gate"]);
    await start("other", { parent: parent(), radio: { key: KEY, channel: 9 } }, { nodes: 2 });
    gate.halt();
    await until(() => root.root.node("leaf")?.via.join() === "branch,other", "the leaf by the other gateway");
    await goesOn("leaf");
    await complete(made);
  });

  test("a branch that is cut off power and comes back is found again by its leaf", async () => {
    await open();
    const made = { leaf: readings("leaf", 250) };
    await start("gate", { parent: parent() }, { nodes: 2 });
    const branch = await start("branch", {});
    await start("leaf", { replay: { every: 100, batch: 2 } }, { made: made.leaf });
    await goesOn("leaf");
    branch.halt();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    branch.restart();
    await goesOn("leaf");
    await complete(made);
  });

  test("with outgress auto: WebSocket while there is Wi-Fi, the radio while there is none, and back; nothing is lost", async () => {
    await open();
    const router = new Router(6);
    const made = { branch: readings("branch", 400), leaf: readings("leaf", 400) };
    const slow = { replay: { every: 100, batch: 2 } };
    await start("gate", { parent: parent(), radio: { key: KEY, channel: 6 } }, { nodes: 2 });
    const more = { parent: parent(), wifi: { ssid: "home" }, outgress: "auto", ...slow };
    await start("branch", more, { made: made.branch, router });
    await start("leaf", slow, { made: made.leaf });
    const via = (): string =>
      (root.root.node("branch")?.isUp === true ? root.root.node("branch")?.via.join() : "-") ?? "-";
    await until(() => via() === "", "the branch by WebSocket");
    await goesOn("leaf");
    expect(root.root.node("leaf")?.via).toEqual(["branch"]);
    router.isOn = false;
    await until(() => via() === "gate", "the branch by radio");
    await goesOn("leaf");
    router.isOn = true;
    await until(() => via() === "", "the branch by WebSocket again", 15_000);
    await goesOn("leaf");
    await complete(made);
  });

  test("the leaf's own program, without what serves children, joins a gateway that has all there is", async () => {
    await open();
    const config = (id: Id, more: object): object => configOf(id, more, NODES);
    programs.push(await EmulatedProgram.start("firmware/main.ts", config("gate", { parent: parent() })));
    const leaf = await EmulatedProgram.start("firmware/leaf.ts", config("leaf", {}));
    programs.push(leaf);
    await until(() => root.root.node("leaf")?.isUp === true, "the leaf");
    expect(root.root.node("leaf")?.via).toEqual(["gate"]);
    await leaf.line(/joined/);
    expect(programs.flatMap((program) => program.faults())).toEqual([]);
  });

  test.each([
    [{ radio: { key: "short" } }, /sapline\.json: radio\.key: see docs/],
    [{ radio: {} }, /sapline\.json: radio\.key: see docs/],
    [{ radio: { key: `${KEY.slice(2)}zz` } }, /sapline\.json: radio\.key: see docs/],
    [{ radio: { key: KEY, channel: 15 } }, /sapline\.json: channel: see/],
    [{ radio: { key: KEY }, outgress: "auto" }, /: outgress: see/],
  ])("a configuration with a mistake is answered with a sentence, without the key: %o", async (more, sentence) => {
    await open();
    const program = await start("leaf", more);
    expect(await program.line(sentence)).not.toContain("00112233");
  });

  test("a node without the key never joins, and hears nothing", async () => {
    await open();
    await start("gate", { parent: parent() });
    const stranger = await start("leaf", { radio: { key: "ff".repeat(16) } }, { made: readings("leaf", 5) });
    await start("branch", {}, { made: readings("branch", 20) });
    await until(() => stored("branch") === 20, "the branch");
    expect(stranger.lines.filter((line) => line.includes("joined"))).toEqual([]);
    expect(stored("leaf")).toBe(0);
  });
});
