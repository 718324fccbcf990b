/** A firmware program, bundled and emulated, for tests. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Device } from "#tools/emulator/devices/device.ts";
import { emulate, type EmulatedNode } from "#tools/emulator/emulate.ts";
import type { Router } from "#tools/emulator/engine-wifi.ts";
import { firmware } from "../engine/espruino.ts";

export class EmulatedProgram {
  readonly lines: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "emulated-"));
  private readonly config: object;
  private readonly router: Router | undefined;
  private node: EmulatedNode | undefined;

  private devices: readonly Device[] = [];

  private constructor(config: object, router?: Router) {
    this.config = config;
    this.router = router;
  }

  /** Runs a text as it is. */
  static async run(source: string): Promise<EmulatedProgram> {
    const program = new EmulatedProgram({});
    writeFileSync(join(program.folder, "app.js"), source);
    program.restart();
    return program;
  }

  /** Runs a whole program, such as programText makes, with the radio's stand-in if the configuration has `standIn`. */
  static async runText(
    text: string,
    config: object,
    files: { [name: string]: string } = {},
    devices: readonly Device[] = [],
  ): Promise<EmulatedProgram> {
    const program = new EmulatedProgram(config);
    program.devices = devices;
    writeFileSync(join(program.folder, "app.js"), text);
    if ("standIn" in config) writeFileSync(join(program.folder, "first.js"), await firmware("firmware/stand-in.ts"));
    mkdirSync(join(program.folder, "flash"));
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(program.folder, "flash", name), bytes);
    program.restart();
    return program;
  }

  /** With the radio's stand-in, if the configuration has `standIn`. */
  static async start(
    entry: string,
    config: object,
    files: { [name: string]: string } = {},
    router?: Router,
  ): Promise<EmulatedProgram> {
    const program = new EmulatedProgram(config, router);
    writeFileSync(join(program.folder, "app.js"), await firmware(entry));
    if ("standIn" in config) writeFileSync(join(program.folder, "first.js"), await firmware("firmware/stand-in.ts"));
    mkdirSync(join(program.folder, "flash"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(program.folder, "flash", name), text);
    program.restart();
    return program;
  }

  /** Ends the program as a power cut would, and starts it again. */
  restart(): void {
    this.node?.stop();
    const first = join(this.folder, "first.js");
    this.node = emulate({
      ...(existsSync(first) ? { first } : {}),
      ...(this.router === undefined ? {} : { router: this.router }),
      bundle: join(this.folder, "app.js"),
      storageDir: join(this.folder, "flash"),
      config: this.config,
      devices: this.devices,
      log: (line) => this.lines.push(line),
    });
  }

  /** As a power cut would. `restart` is the power's return. */
  halt(): void {
    this.node?.stop();
  }

  async line(pattern: RegExp, wait = 15_000): Promise<string> {
    const until = Date.now() + wait;
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (Date.now() > until) throw new Error(`no ${pattern} in\n${this.lines.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  faults(): string[] {
    return this.lines.filter((line) => /error|uncaught|fault/i.test(line));
  }

  async stop(): Promise<void> {
    this.node?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
