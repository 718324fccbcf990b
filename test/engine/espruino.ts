/**
 * Runs a program on the real Espruino interpreter built for Linux. `ESPRUINO` names the binary; without it the engine tests are skipped.
 * Each engine has its own folder (its flash is a file there) and a standard input that stays open (at its end the engine is flooded with 0xFF).
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleFirmware } from "#tools/bundle/firmware-bundle.ts";
import { FIRMWARE } from "#tools/bundle/programs.ts";

export const ESPRUINO = process.env["ESPRUINO"] ?? "";
export const SKIP_REASON = "skipped: set ESPRUINO to an espruino binary to run on the engine";

/**
 * The engine with a console that somebody types on: on one core, where the system can see to that. Espruino for Linux takes characters in a thread of its own,
 * without a lock, and with a socket open its main thread looks for them without a pause. On two cores both were in the queue at once in every second dialogue, and
 * the console was deaf from then on.
 */
const ONE_CORE = ["taskset", "-c", "0"] as const;
const hasOneCore = ESPRUINO !== "" && spawnSync(ONE_CORE[0], [...ONE_CORE.slice(1), "true"]).status === 0;
export const WITH_CONSOLE: [string, ...string[]] = hasOneCore ? [...ONE_CORE, ESPRUINO] : [ESPRUINO];

/** What one start of the engine stores, in bytes: a chip-like one has no more memory. */
const STORE_BYTES = 40_000;

/** The engine's prompt, and the codes that move the cursor over it (escape is character 27, backspace 8). */
export const PROMPT = new RegExp(
  `^(>|\\[[A-Z]|${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]|${String.fromCharCode(8)})+`,
);

/**
 * Goes before a program that is asked something: see `ask`. It looks for a file, for the console of the engine for Linux was seen to lose letters while the interpreter was busy.
 */
export const LISTENER = `var heard, listen = function() {
  var question;
  try { question = require("fs").readFileSync("question"); } catch (e) {}
  if (question === undefined || question == heard) return;
  heard = question;
  console.log(eval(question));
};
setInterval(function() { listen(); }, 50);
`;

export class Engine {
  readonly lines: string[] = [];
  readonly folder: string;
  private readonly child: ChildProcess;
  private asked = 0;
  private rest = "";
  private watchers: (() => void)[] = [];
  private hasEnded = false;

  /** Starts a program from Storage, as a chip does: what it is made of stays there, and takes no variables. `before` and `after` it something from memory. */
  static fromFlash(before: string, program: string, after: string, files: { [name: string]: string }): Engine {
    const folder = mkdtempSync(join(tmpdir(), "espruino-"));
    for (const [name, text] of Object.entries({ ...files, program })) {
      for (const piece of storeFile(name, text, STORE_BYTES)) {
        writeFileSync(join(folder, "store.js"), `${piece}\nquit();\n`, "latin1");
        spawnSync(ESPRUINO, ["store.js"], { cwd: folder, timeout: 60_000 });
      }
    }
    return new Engine(`${before}\neval(require("Storage").read("program"));\n${after}`, {}, folder);
  }

  /** Starts `program` with these files in the engine's Storage. */
  constructor(
    program: string,
    files: { [name: string]: string },
    folder: string = mkdtempSync(join(tmpdir(), "espruino-")),
  ) {
    this.folder = folder;
    const stored = Object.entries(files).flatMap(([name, text]) => storeFile(name, text, Infinity));
    writeFileSync(join(this.folder, "program.js"), `${stored.join("\n")}\n${program}\n`, "latin1");
    this.child = spawn(ESPRUINO, ["program.js"], { cwd: this.folder, stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdout?.setEncoding("latin1").on("data", (text: string) => this.take(text));
    this.child.on("exit", () => {
      this.hasEnded = true;
      for (const watcher of this.watchers) watcher();
    });
  }

  /** The first line, old or new, that matches. Throws with everything printed if it has not come within `wait` milliseconds. */
  async line(pattern: RegExp, wait = 20_000): Promise<string> {
    const until = Date.now() + wait;
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.hasEnded || Date.now() >= until) {
        throw new Error(`engine ${this.hasEnded ? "ended" : "is silent"}: no ${pattern} in\n${this.lines.join("\n")}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, until - Date.now());
        this.watchers = [
          () => {
            clearTimeout(timer);
            resolve();
          },
        ];
      });
    }
  }

  /** The number that an expression has. The program has to begin with LISTENER. */
  async ask(expression: string, wait = 20_000): Promise<number> {
    const mark = `answer ${++this.asked} is `;
    // In one step, so that no half of it is read.
    writeFileSync(join(this.folder, "question.new"), `${JSON.stringify(mark)}+(${expression})`);
    renameSync(join(this.folder, "question.new"), join(this.folder, "question"));
    return Number((await this.line(new RegExp(`^${mark}`), wait)).slice(mark.length));
  }

  /** Stands still, as if its processor were taken away, until `resume`. */
  pause(): void {
    this.child.kill("SIGSTOP");
  }

  resume(): void {
    this.child.kill("SIGCONT");
  }

  /** How long its processor has worked for it, in milliseconds: what others do on this machine does not count. Only where Linux tells. */
  workedMillis(): number {
    return Number(readFileSync(`/proc/${this.child.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  }

  /** What the engine printed that means trouble. */
  faults(): string[] {
    const expected = /^ERROR: Connect failed/;
    return this.lines.filter(
      (line) =>
        !expected.test(line) && /error|uncaught|recursion|overflow|out of memory|removing|fault|interrupt/i.test(line),
    );
  }

  async stop(): Promise<void> {
    if (!this.hasEnded) {
      const ended = new Promise<void>((resolve) => this.child.once("exit", () => resolve()));
      this.child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private take(text: string): void {
    const parts = (this.rest + text).split("\n");
    this.rest = parts.pop() ?? "";
    for (const part of parts) {
      const line = part.replaceAll("\r", "").replace(PROMPT, "");
      if (line.length > 0) this.lines.push(line);
    }
    for (const watcher of this.watchers) watcher();
  }
}

/** Programs that store a file, each of at most so many bytes of it, in pieces that the engine's parser takes easily. */
export function storeFile(name: string, text: string, bytesMax: number): string[] {
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  const programs: string[] = [];
  let lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 4000) {
    const piece = JSON.stringify(bytes.slice(at, at + 4000)).replace(
      /[\x7f-\xff]/g,
      (c) => `\\x${c.charCodeAt(0).toString(16)}`,
    );
    lines.push(`require("Storage").write(${JSON.stringify(name)},${piece},${at},${bytes.length});`);
    if ((lines.length + 1) * 4000 <= bytesMax) continue;
    programs.push(lines.join("\n"));
    lines = [];
  }
  return [...programs, lines.join("\n")];
}

/** What the engine makes of an expression; "" if there is no engine. */
async function answered(expression: string): Promise<string> {
  if (ESPRUINO === "") return "";
  const engine = new Engine(
    `var said = ""; try { said = ${expression}; } catch (e) {} console.log("said " + said);`,
    {},
  );
  const line = await engine.line(/^said/);
  await engine.stop();
  return line.slice("said ".length);
}

/** Whether the engine has a library of that name; false if there is no engine. */
export async function hasLibrary(name: string): Promise<boolean> {
  return (await answered(`require("${name}") ? "yes" : ""`)) === "yes";
}

/** Whether the engine has a chip's memory, and not as much as it wants. */
export async function isChipLike(): Promise<boolean> {
  return (await answered("process.memory().total")) === "16383";
}

const bundles = new Map<string, Promise<string>>();

/** A program for the chip, bundled once for all tests; as the stock program of another entry is, if `like` names one. */
export async function firmware(entry: string, like: string = entry): Promise<string> {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  const bundle = bundled(entry, like);
  bundles.set(entry, bundle);
  return bundle;
}

async function bundled(entry: string, like: string): Promise<string> {
  const program = FIRMWARE.find((one) => one.entry === like);
  const bundle = await bundleFirmware({
    entry,
    version: "0.0.0",
    declarations: "firmware/espruino.d.ts",
    bytesMax: Infinity,
    isLeaf: program?.isLeaf === true,
    isSilent: program?.isSilent === true,
  });
  if (bundle.faults.length > 0) throw new Error(bundle.faults.join("\n"));
  return bundle.text;
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
