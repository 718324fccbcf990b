/** Done line 4 of keeping events: a leaf on the real engine, its process killed at 200 random moments (CUTS), its flash kept. */
import { afterEach, describe, expect, test } from "vitest";
import { programText } from "#tools/bundle/program-text.ts";
import { cutPower, FAULT } from "../firmware/power-cuts.ts";
import { EngineBoard } from "./engine-board.ts";
import { ESPRUINO, firmware, SKIP_REASON } from "./espruino.ts";
import { figure } from "./figures.ts";
import { MemoryRoot } from "./memory-root.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const CUTS = Number(process.env["CUTS"] ?? 200);
const EVERY = 300;

describe.skipIf(ESPRUINO === "")(`power cuts on the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  let board: EngineBoard | undefined;
  let root: MemoryRoot | undefined;

  afterEach(async () => {
    await board?.stop();
    await root?.close();
  });

  test(`a leaf that is killed ${CUTS} times: what was made longer than the flush interval before is stored exactly once (SEED=${SEED})`, {
    timeout: 1_800_000,
  }, async () => {
    root = await MemoryRoot.open({ keeper: "token" });
    const program = await programText({
      entry: "test/firmware/keeper.ts",
      parts: { sockets: true, radio: false, children: false, keeps: true },
    });
    expect(program.faults).toEqual([]);
    const config = {
      id: "keeper",
      token: "token",
      parent: { host: "127.0.0.1", port: root.port },
      limits: { flushAfter: 100 },
      keep: { every: EVERY },
    };
    const made = new EngineBoard({
      ".bootcde": await firmware("firmware/loader.ts"),
      "sapline.a": program.text,
      "sapline.json": JSON.stringify(config),
    });
    board = made;
    const result = await cutPower(made, root, {
      seed: SEED,
      cuts: CUTS,
      every: EVERY,
      livesFor: 1600,
      within: 120_000,
    });
    figure("power cuts, events made, due, stored", `${CUTS}, ${result.made}, ${result.due}, ${result.stored}`);
    expect(result.due).toBeGreaterThan(CUTS);
    expect(made.lines.filter((line) => FAULT.test(line))).toEqual([]);
  });
});
