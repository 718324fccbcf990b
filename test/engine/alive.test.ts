/** Faults on the real engine: the board starts again and says why. */
import { afterEach, describe, expect, test } from "vitest";
import { programText } from "#tools/bundle/program-text.ts";
import { EngineBoard } from "./engine-board.ts";
import { ESPRUINO, firmware, SKIP_REASON } from "./espruino.ts";
import { MemoryRoot } from "./memory-root.ts";

describe.skipIf(ESPRUINO === "")(`faults on the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  let board: EngineBoard | undefined;
  let root: MemoryRoot | undefined;

  afterEach(async () => {
    await board?.stop();
    await root?.close();
  });

  test.each([
    ["throws", /^restarted: .*no such pin/],
    ["recurses", /^restarted: /],
  ])("a program that %s starts again, and the root is told why", { timeout: 60_000 }, async (how, why) => {
    root = await MemoryRoot.open({ stumbler: "t" });
    const { text } = await programText({
      entry: "test/firmware/stumbler.ts",
      parts: { sockets: true, radio: false, children: false, alive: true },
    });
    const config = {
      id: "stumbler",
      token: "t",
      parent: { host: "127.0.0.1", port: root.port },
      limits: { flushBytes: 0 },
    };
    board = new EngineBoard({
      ".bootcde": await firmware("firmware/loader.ts"),
      "sapline.a": text,
      "sapline.json": JSON.stringify(config),
      stumbles: `${how} well well`,
    });
    board.start();
    await board.line(/^life 2: well/, 30_000);
    const until = Date.now() + 20_000;
    const logs = (): string[] =>
      (root as MemoryRoot).events
        .filter(({ event }) => event["type"] === "!log")
        .map(({ event }) => String(event["text"]));
    while (logs().length === 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(logs(), board.lines.join("\n")).toHaveLength(1);
    expect(logs()[0]).toMatch(why);
  });
});
