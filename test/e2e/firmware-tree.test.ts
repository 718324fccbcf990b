/** Three emulated chips in a row, over sockets: slower than a unit test may be. */
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
