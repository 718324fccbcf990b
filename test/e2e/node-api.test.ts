import { describe, expect, test } from "vitest";
import { type Parts, programText } from "#tools/bundle/program-text.ts";
import { MemoryRoot } from "../engine/memory-root.ts";
import { freeBase } from "../engine/radio-contract.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";
import { nodeApiContract } from "../firmware/node-api-contract.ts";
import { until } from "./processes.ts";

describe("the node API, emulated", () => nodeApiContract((text, config) => EmulatedProgram.runText(text, config)));

describe("programs by radio", () => {
  const KEY = "00112233445566778899aabbccddeeff";

  test("one that has nothing but the radio reports through one that has everything, and is asked back", async () => {
    const root = await MemoryRoot.open({ gate: "g", kitchen: "k" });
    const base = await freeBase(2);
    const programs: EmulatedProgram[] = [];
    const start = async (id: string, parts: Parts, more: object): Promise<EmulatedProgram> => {
      const entry = id === "kitchen" ? "test/firmware/kitchen.ts" : "examples/cabin/cabin.ts";
      const { text, faults } = await programText({ entry, parts });
      expect(faults).toEqual([]);
      const standIn = { base, id: id === "gate" ? 1 : 2, nodes: 2 };
      const program = await EmulatedProgram.runText(text, { id, token: id[0], radio: { key: KEY }, standIn, ...more });
      programs.push(program);
      return program;
    };
    try {
      const parent = { host: "127.0.0.1", port: root.port };
      const gate = await start("gate", { sockets: true, radio: true, children: true }, { parent });
      const kitchen = await start("kitchen", { sockets: false, radio: true, children: false }, {});
      await gate.line(/joined/);
      await kitchen.line(/^root up, kitchen/, 30_000);
      expect(root.root.node("kitchen")?.via).toEqual(["gate"]);
      expect(await root.act("kitchen", "lamp", true)).toEqual({ ok: true, value: true });
      expect(await root.act("gate", "lamp", "yes")).toEqual({ ok: false, error: "lamp takes a boolean" });
      await until(
        () => root.readings("kitchen").filter((line) => line.startsWith("temperature,")).length === 3,
        10_000,
        () => root.readings("kitchen").join("\n"),
      );
      expect(programs.flatMap((program) => program.faults())).toEqual([]);
    } finally {
      for (const program of programs) await program.stop();
      await root.close();
    }
  });
});
