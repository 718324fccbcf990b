/** Emulated chips over the radio's stand-in: a gateway (WebSocket up, radio down), a branch and a leaf by radio, and a root in this process. */
import { afterEach, describe, expect, test } from "vitest";
import { Router } from "#tools/emulator/engine-wifi.ts";
import { MemoryRoot } from "../engine/memory-root.ts";
import { freeBase } from "../engine/radio-contract.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";

const KEY = "00112233445566778899aabbccddeeff";
const TOKENS = { gate: "token-of-gate", other: "token-of-other", branch: "token-of-branch", leaf: "token-of-leaf" };
const NODES = 4;

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

  const configOf = (id: keyof typeof TOKENS, more: object): object => ({
    id,
    token: TOKENS[id],
    radio: { key: KEY },
    standIn: { base, id: Object.keys(TOKENS).indexOf(id) + 1, nodes: NODES },
    replay: { every: 20, batch: 3 },
    ...more,
  });

  const start = async (id: keyof typeof TOKENS, more: object, made: string[] = [], router?: Router) => {
    const files = { readings: made.map((line) => `${line}\n`).join("") };
    const program = await EmulatedProgram.start("test/engine/radio-replay.ts", configOf(id, more), files, router);
    programs.push(program);
    return program;
  };

  test("readings of a branch and a leaf by radio arrive once, in order", async () => {
    await open();
    const made = { gate: readings("gate", 100), branch: readings("branch", 200), leaf: readings("leaf", 200) };
    const leaf = await start("leaf", {}, made.leaf);
    const branch = await start("branch", {}, made.branch);
    const gate = await start("gate", { parent: { host: "127.0.0.1", port: root.port } }, made.gate);
    await gate.line(/replay: done 100$/, 20_000).catch((e) => {
      console.log(programs.map((p) => p.lines));
      throw e;
    });
    for (const program of [branch, leaf])
      await program.line(/replay: done 200$/, 20_000).catch((e) => {
        console.log(programs.map((p) => p.lines));
        throw e;
      });
    for (const node of ["gate", "branch", "leaf"] as const) expect(root.readings(node)).toEqual(made[node]);
    expect(programs.flatMap((program) => program.faults())).toEqual([]);
  });
});
