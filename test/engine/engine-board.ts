/**
 * A board on the real engine: a folder whose file `espruino.flash` is its Storage, and a supervisor that starts the engine again when the program
 * restarts the board (on Linux `E.reboot` ends the process). It starts as a board does: with `.bootcde`, from Storage.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ESPRUINO, PROMPT, storeFile } from "./espruino.ts";

/** What one start of the engine stores, in bytes: a chip-like one has no more memory. */
const STORE_BYTES = 40_000;

export class EngineBoard {
  readonly lines: string[] = [];
  /** How often the engine was started. */
  starts = 0;
  readonly folder: string;
  private readonly before: string;
  private child: ChildProcess | undefined;
  private isStopped = false;
  private rest = "";

  /** `before` is run from memory at each start, before `.bootcde`. */
  constructor(files: { [name: string]: string }, before = "") {
    this.folder = mkdtempSync(join(tmpdir(), "board-"));
    this.before = before;
    this.store(files);
  }

  /** Writes into the Storage of a board that is off. */
  store(files: { [name: string]: string }): void {
    for (const [name, text] of Object.entries(files)) {
      for (const piece of storeFile(name, text, STORE_BYTES)) this.run(piece);
    }
  }

  /** What an expression prints on this board while it is off. */
  ask(expression: string): string {
    const said = this.run(`console.log("said " + (${expression}));`)
      .split("\n")
      .find((line) => line.startsWith("said "));
    return (said ?? "").slice("said ".length).trimEnd();
  }

  start(): void {
    this.isStopped = false;
    this.starts += 1;
    this.rest = "";
    const boot = 'eval(require("Storage").read(".bootcde"));';
    writeFileSync(join(this.folder, "start.js"), `${this.before}\n${boot}\n`, "latin1");
    const child = spawn(ESPRUINO, ["start.js"], { cwd: this.folder, stdio: ["pipe", "pipe", "inherit"] });
    this.child = child;
    child.stdout?.setEncoding("latin1").on("data", (text: string) => this.take(text));
    child.on("exit", () => {
      if (this.child === child && !this.isStopped) this.start();
    });
  }

  /** As a power cut. Answers when the process is gone. */
  async cut(): Promise<void> {
    this.isStopped = true;
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await gone;
  }

  async line(pattern: RegExp, wait = 20_000): Promise<string> {
    const until = Date.now() + wait;
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (Date.now() > until) throw new Error(`no ${pattern} in\n${this.lines.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async stop(): Promise<void> {
    await this.cut();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(program: string): string {
    writeFileSync(join(this.folder, "once.js"), `${program}\nquit();\n`, "latin1");
    return spawnSync(ESPRUINO, ["once.js"], { cwd: this.folder, timeout: 60_000, encoding: "latin1" }).stdout;
  }

  private take(text: string): void {
    const parts = (this.rest + text).split("\n");
    this.rest = parts.pop() ?? "";
    for (const part of parts) {
      const line = part.replaceAll("\r", "").replace(PROMPT, "");
      if (line.length > 0) this.lines.push(line);
    }
  }
}
