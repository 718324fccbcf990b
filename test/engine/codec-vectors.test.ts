/** The WebSocket codec's vectors, decoded by the engine: every length, key and cut must give what Node gives. */
import { describe, expect, test } from "vitest";
import { Engine, ESPRUINO, firmware, SKIP_REASON } from "./espruino.ts";

describe.skipIf(ESPRUINO === "")(`codec vectors on the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  test("every length, mask and cut decodes to what was encoded; faults have their codes", async () => {
    const engine = new Engine(await firmware("test/engine/codec-vectors.ts"), {});
    const line = await engine.line(/^vectors /, 60_000);
    const faults = engine.faults();
    await engine.stop();
    expect(line).toBe("vectors 270 passed, 0 failed");
    expect(faults).toEqual([]);
  });
});
