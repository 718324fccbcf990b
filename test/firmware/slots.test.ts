/** The boot loader and its two slots, on the emulator: `.bootcde` and programs in a folder that stands for the flash. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CRASHES_MAX, TRIAL_STARTS, TRIAL_WAIT } from "#firmware/slots.ts";
import { emulate, type EmulatedNode } from "#tools/emulator/emulate.ts";
import { firmware } from "../engine/espruino.ts";

const GOOD = 'console.log("good runs");';
const NEWER = 'console.log("newer runs");';
const THROWS =
  'console.log("bad runs"); setInterval(function () { console.log("bad still runs"); }, 100); throw new Error("no such pin");';

describe("the boot loader", () => {
  let folder: string;
  let lines: string[];
  let node: EmulatedNode;

  beforeEach(() => {
    vi.useFakeTimers();
    folder = mkdtempSync(join(tmpdir(), "slots-"));
    lines = [];
  });

  afterEach(() => {
    node.stop();
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (files: { [name: string]: string }): Promise<void> => {
    writeFileSync(join(folder, ".bootcde"), await firmware("firmware/loader.ts"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    node = emulate({ storageDir: folder, log: (line) => lines.push(line) });
  };
  const again = (): void => {
    node.stop();
    node = emulate({ storageDir: folder, log: (line) => lines.push(line) });
  };
  const slots = (): unknown => JSON.parse(readFileSync(join(folder, "sapline.slot"), "utf8"));
  const state = (given: object): string =>
    JSON.stringify({ slot: "a", trial: 0, starts: 0, crashes: 0, fell: "", ...given });

  test("runs slot a of a board that has nothing else, and writes nothing", async () => {
    await start({ "sapline.a": GOOD });
    expect(lines).toEqual(["good runs"]);
    expect(() => slots()).toThrow(/no such file/);
  });

  test("runs the slot that the file names", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": NEWER, "sapline.slot": state({ slot: "b" }) });
    expect(lines).toEqual(["newer runs"]);
  });

  test("without a program says what to do", async () => {
    await start({});
    expect(lines).toEqual(["sapline: there is no program on this board: sapline flash"]);
  });

  test("runs the other slot when the named one is empty, and says so once", async () => {
    await start({ "sapline.b": NEWER });
    expect(lines).toEqual(["newer runs"]);
    expect(slots()).toEqual({ slot: "b", trial: 0, starts: 0, crashes: 0, fell: "slot a is empty" });
  });

  test("a file of slots that makes no sense is as none", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": NEWER, "sapline.slot": '{"slot":7,"trial":"x"' });
    expect(lines).toEqual(["good runs"]);
  });

  test("a program on trial that throws at its start is left at once, with all that it has set up", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": THROWS, "sapline.slot": state({ slot: "b", trial: 1 }) });
    await vi.advanceTimersByTimeAsync(50);
    expect(lines).toEqual([
      "bad runs",
      "sapline: slot b threw: no such pin",
      "sapline: slot b threw: no such pin; back to slot a",
      "good runs",
    ]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(lines).toHaveLength(4);
    expect(slots()).toEqual({ slot: "a", trial: 0, starts: 0, crashes: 0, fell: "slot b threw: no such pin" });
  });

  test("so is one that is no program at all", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": NEWER.slice(0, 20), "sapline.slot": state({ slot: "b", trial: 1 }) });
    await vi.advanceTimersByTimeAsync(50);
    expect(lines.at(-1)).toBe("good runs");
  });

  test("a program on trial without a report is left after its time, and not a second sooner", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": NEWER, "sapline.slot": state({ slot: "b", trial: 1 }) });
    await vi.advanceTimersByTimeAsync(TRIAL_WAIT - 1000);
    expect(lines).toEqual(["newer runs"]);
    await vi.advanceTimersByTimeAsync(1100);
    expect(lines.slice(1)).toEqual(["sapline: slot b has not reported after 50 s; back to slot a", "good runs"]);
  });

  test("a program on trial that has reported stays", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": NEWER, "sapline.slot": state({ slot: "b", trial: 1 }) });
    await vi.advanceTimersByTimeAsync(1000);
    writeFileSync(join(folder, "sapline.slot"), state({ slot: "b" }));
    await vi.advanceTimersByTimeAsync(10 * TRIAL_WAIT);
    expect(lines).toEqual(["newer runs"]);
  });

  test("a program on trial may be started three times, whatever ended it, and no more", async () => {
    await start({ "sapline.a": GOOD, "sapline.b": NEWER, "sapline.slot": state({ slot: "b", trial: 1 }) });
    for (let starts = 1; starts < TRIAL_STARTS; starts++) again();
    expect(lines).toEqual(["newer runs", "newer runs", "newer runs"]);
    expect(slots()).toMatchObject({ slot: "b", trial: 1, starts: TRIAL_STARTS });
    again();
    expect(lines.at(-1)).toBe("good runs");
    expect(slots()).toMatchObject({ slot: "a", trial: 0, fell: "slot b has started 3 times without a report" });
  });

  test("a lone program on trial is started again for ever: there is nothing to go back to", async () => {
    await start({ "sapline.a": GOOD, "sapline.slot": state({ trial: 1 }) });
    for (let starts = 0; starts < 5; starts++) again();
    await vi.advanceTimersByTimeAsync(2 * TRIAL_WAIT);
    expect(new Set(lines)).toEqual(new Set(["good runs"]));
    expect(slots()).toMatchObject({ slot: "a", trial: 1 });
  });

  test("a program that was good and throws at each start has the other slot tried in the end, and not in a hurry", async () => {
    await start({ "sapline.a": THROWS, "sapline.b": NEWER, "sapline.slot": state({ slot: "a" }) });
    await vi.advanceTimersByTimeAsync(9000);
    expect(lines.filter((line) => line === "bad runs")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(lines.filter((line) => line === "bad runs")).toHaveLength(CRASHES_MAX);
    expect(lines.at(-1)).toBe("newer runs");
    expect(slots()).toMatchObject({ slot: "b", trial: 1, fell: "slot a has failed 3 times" });
  });

  test("two bad programs are tried in turn, and the flash is not written more often than every ten seconds or so", async () => {
    await start({ "sapline.a": THROWS, "sapline.b": THROWS.replace("bad", "worse"), "sapline.slot": state({}) });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(lines.filter((line) => /^(bad|worse) runs$/.test(line)).length).toBeLessThan(100);
    expect(lines).toContain("worse runs");
  });
});
