/** A leaf that keeps its events, as an emulated process that is killed at random moments: its folder is its flash. All of 200 cuts are for the engine (test/engine). */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { programText } from "#tools/bundle/program-text.ts";
import { EngineStorage } from "#tools/emulator/engine-storage.ts";
import { MemoryRoot } from "../engine/memory-root.ts";
import { cutPower, type CutBoard } from "../firmware/power-cuts.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const CUTS = Number(process.env["CUTS"] ?? 8);
const EVERY = 150;

/** One emulated board. */
class EmulatorProcess implements CutBoard {
  readonly lines: string[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "cuts-"));
  private child: ChildProcess | undefined;

  start(): void {
    const child = spawn(
      process.execPath,
      ["dist/emulator.js", "--bundle", join(this.folder, "program.js"), "--storage", join(this.folder, "flash")],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts);
    });
    this.child = child;
  }

  async cut(): Promise<void> {
    const child = this.child as ChildProcess;
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGKILL");
    await gone;
  }
}

let root: MemoryRoot | undefined;
let board: EmulatorProcess | undefined;

afterEach(async () => {
  await root?.close();
  if (board !== undefined) rmSync(board.folder, { recursive: true, force: true });
});

test(`an emulated leaf that is killed ${CUTS} times: what was made longer than the flush interval before is stored exactly once (SEED=${SEED})`, {
  timeout: 600_000,
}, async () => {
  root = await MemoryRoot.open({ keeper: "token" });
  board = new EmulatorProcess();
  const parts = { sockets: true, radio: false, children: false, keeps: true };
  const program = await programText({ entry: "test/firmware/keeper.ts", parts });
  expect(program.faults).toEqual([]);
  writeFileSync(join(board.folder, "program.js"), program.text);
  const config = {
    id: "keeper",
    token: "token",
    parent: { host: "127.0.0.1", port: root.port },
    limits: { flushAfter: 50 },
    keep: { every: EVERY },
  };
  new EngineStorage(join(board.folder, "flash")).write("sapline.json", JSON.stringify(config));
  const result = await cutPower(board, root, { seed: SEED, cuts: CUTS, every: EVERY, livesFor: 1500, within: 30_000 });
  console.info(`power cuts, events made, due, stored: ${CUTS}, ${result.made}, ${result.due}, ${result.stored}`);
  expect(result.due).toBeGreaterThan(0);
});
