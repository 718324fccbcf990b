/** The boot loader on the real engine: from Storage, over real restarts. */
import { afterEach, describe, expect, test } from "vitest";
import { EngineBoard } from "./engine-board.ts";
import { ESPRUINO, firmware, SKIP_REASON } from "./espruino.ts";

const GOOD = 'var kept = setInterval(function () {}, 1000); console.log("good runs");';
const THROWS = 'var kept = setInterval(function () {}, 1000); console.log("bad runs"); throw new Error("no such pin");';
const LOOPS = 'console.log("bad runs"); (function deeper() { deeper(); })();';
const ON_TRIAL = '{"slot":"b","trial":1,"starts":0,"crashes":0,"fell":""}';

describe.skipIf(ESPRUINO === "")(`the boot loader on the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  let board: EngineBoard;

  afterEach(async () => board.stop());

  const start = async (files: { [name: string]: string }): Promise<void> => {
    board = new EngineBoard({ ".bootcde": await firmware("firmware/loader.ts"), ...files });
    board.start();
  };

  test("a program on trial that throws at its start is left at once", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": THROWS, "sapline.slot": ON_TRIAL });
    await board.line(/^good runs/);
    expect(board.starts).toBe(2);
    await board.cut();
    expect(JSON.parse(board.ask('require("Storage").read("sapline.slot")'))).toMatchObject({
      slot: "a",
      trial: 0,
      fell: expect.stringMatching(/^slot b threw: /),
    });
  });

  test("so is one that goes too deep", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": LOOPS, "sapline.slot": ON_TRIAL });
    await board.line(/^good runs/);
  });

  test("a whole program runs from its slot", async () => {
    await start({ "sapline.a": await firmware("firmware/main.ts") });
    // It has no configuration.
    await board.line(/^sapline: sapline.json: /);
  });
});
