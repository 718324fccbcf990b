/** Emulated chips over real sockets: a leaf, a branch, a trunk, and a root in this process. */
import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "../engine/espruino.ts";
import { MemoryRoot } from "../engine/memory-root.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";

const TOKENS = { trunk: "token-of-trunk", branch: "token-of-branch", leaf: "token-of-leaf" };

function readings(node: string, count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `${node}.s${at % 5},${((at * 37) % 1000) / 10},${1_732_345_600_000 + at}`,
  );
}

describe("a tree of emulated chips", () => {
  const programs: EmulatedProgram[] = [];
  let root: MemoryRoot;

  afterEach(async () => {
    for (const program of programs.splice(0)) await program.stop();
    await root.close();
  });

  const replay = async (config: object, lines: string[]): Promise<EmulatedProgram> => {
    const program = await EmulatedProgram.start("examples/weather/replay.ts", config, {
      readings: lines.map((line) => `${line}\n`).join(""),
    });
    programs.push(program);
    return program;
  };

  test("a leaf behind a branch reports, and each reading is stored once, in order", async () => {
    root = await MemoryRoot.open(TOKENS);
    const listen = await freePort();
    const made = { branch: readings("branch", 60), leaf: readings("leaf", 60) };
    // A frame for each turn of the program: no waiting for company.
    const limits = { flushBytes: 0 };
    const setting = { every: 20, batch: 5 };
    const branch = await replay(
      {
        id: "branch",
        token: TOKENS.branch,
        parent: { host: "127.0.0.1", port: root.port },
        listen,
        limits,
        replay: setting,
      },
      made.branch,
    );
    await branch.line(/joined/);
    const leaf = await replay(
      { id: "leaf", token: TOKENS.leaf, parent: { host: "127.0.0.1", port: listen }, limits, replay: setting },
      made.leaf,
    );
    for (const program of [branch, leaf]) await program.line(/replay: done 60$/);
    expect(root.readings("branch")).toEqual(made.branch);
    expect(root.readings("leaf")).toEqual(made.leaf);
    expect(programs.flatMap((program) => program.faults())).toEqual([]);
  });

  test("the firmware itself joins, and says its name and version", async () => {
    root = await MemoryRoot.open(TOKENS);
    const program = await EmulatedProgram.start("firmware/main.ts", {
      id: "leaf",
      token: TOKENS.leaf,
      parent: { host: "127.0.0.1", port: root.port },
    });
    programs.push(program);
    await program.line(/joined/);
    expect(root.root.node("leaf")).toMatchObject({ id: "leaf", isUp: true, via: [], fw: "sapline/0.0.0" });
  });

  test("actions and settings reach the application and come back, in UTF-8", async () => {
    root = await MemoryRoot.open(TOKENS);
    const lamp = await EmulatedProgram.start("test/engine/lamp.ts", {
      id: "leaf",
      token: TOKENS.leaf,
      parent: { host: "127.0.0.1", port: root.port },
      // No waiting for company.
      limits: { flushBytes: 0 },
    });
    programs.push(lamp);
    await lamp.line(/joined/);
    expect(await root.act("leaf", "lamp", true)).toEqual({ ok: true, value: true });
    expect(await root.act("leaf", "broken", 1)).toEqual({ ok: false, error: "the relay is stuck" });
    expect(await root.act("leaf", "nothing", 1)).toEqual({ ok: false, error: "no such action: nothing" });
    root.set("leaf", "target", "größer");
    await lamp.line(/^target größer$/);
    for (let i = 0; i < 500 && root.root.desired("leaf")[0]?.isSettled !== true; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(root.root.values("leaf").find((row) => row.eid === "target")?.value).toBe("größer");
  });

  test("a node that starts again joins again with a new epoch", async () => {
    root = await MemoryRoot.open(TOKENS);
    const lamp = await EmulatedProgram.start("test/engine/lamp.ts", {
      id: "leaf",
      token: TOKENS.leaf,
      parent: { host: "127.0.0.1", port: root.port },
    });
    programs.push(lamp);
    await lamp.line(/joined/);
    const before = root.root.node("leaf")?.epoch ?? 0;
    lamp.lines.splice(0);
    lamp.restart();
    await lamp.line(/joined/);
    expect(root.root.node("leaf")?.epoch).toBeGreaterThan(before);
  });

  test("a wrong token is refused, and said", async () => {
    root = await MemoryRoot.open(TOKENS);
    const lamp = await EmulatedProgram.start("test/engine/lamp.ts", {
      id: "leaf",
      token: "wrong",
      parent: { host: "127.0.0.1", port: root.port },
    });
    programs.push(lamp);
    expect(await lamp.line(/away/)).toContain("token");
  });

  test("a node without a token lets nobody echo", async () => {
    root = await MemoryRoot.open(TOKENS);
    const listen = await freePort();
    const program = await EmulatedProgram.start("firmware/main.ts", {
      id: "leaf",
      parent: { host: "127.0.0.1", port: root.port },
      listen,
    });
    programs.push(program);
    await program.line(/away/);
    const answer = await fetch(`http://127.0.0.1:${listen}/echo`, { headers: { authorization: "Bearer " } });
    expect(answer.status).toBe(401);
  });

  test.each([
    [{}, /sapline\.json: parent: see docs/],
    [{ id: "x", parent: { host: "h" } }, /sapline\.json: port: see docs/],
  ])("a configuration with a mistake is answered with a sentence: %o", async (config, sentence) => {
    root = await MemoryRoot.open(TOKENS);
    const program = await EmulatedProgram.start("firmware/main.ts", config);
    programs.push(program);
    await program.line(sentence);
  });

  test("three in a row report at once: each reading is stored once, in order, through a cut of the root", async () => {
    root = await MemoryRoot.open(TOKENS);
    const [trunkPort, branchPort] = [await freePort(), await freePort()];
    const made = { trunk: readings("trunk", 200), branch: readings("branch", 200), leaf: readings("leaf", 200) };
    const setting = { every: 20, batch: 3 };
    const trunk = await replay(
      {
        id: "trunk",
        token: TOKENS.trunk,
        parent: { host: "127.0.0.1", port: root.port },
        listen: trunkPort,
        replay: setting,
      },
      made.trunk,
    );
    await trunk.line(/joined/);
    const branch = await replay(
      {
        id: "branch",
        token: TOKENS.branch,
        parent: { host: "127.0.0.1", port: trunkPort },
        listen: branchPort,
        replay: setting,
      },
      made.branch,
    );
    await branch.line(/joined/);
    const leaf = await replay(
      { id: "leaf", token: TOKENS.leaf, parent: { host: "127.0.0.1", port: branchPort }, replay: setting },
      made.leaf,
    );
    for (let i = 0; i < 1000 && root.readings("leaf").length < 20; i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    root.deafen();
    await leaf.line(/away/);
    root.hear();
    for (const program of programs) await program.line(/replay: done 200$/, 18_000);
    expect(root.readings("trunk")).toEqual(made.trunk);
    expect(root.readings("branch")).toEqual(made.branch);
    expect(root.readings("leaf")).toEqual(made.leaf);
    expect(programs.flatMap((program) => program.faults())).toEqual([]);
  });
});
