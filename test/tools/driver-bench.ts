/** Example drivers on an emulated chip whose devices the test holds, in fake time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { bundleFirmware } from "#tools/bundle/firmware-bundle.ts";
import type { Device } from "#tools/emulator/devices/device.ts";
import { type EmulatedNode, emulate } from "#tools/emulator/emulate.ts";
import { temporaryFolder } from "../temporary.ts";

/** A program that does nothing but offer all drivers to the script that follows it. */
const ALL = "test/tools/all-drivers.ts";

let bundled: Promise<string> | undefined;

/** The drivers as a chip gets them, held against the engine's gates; once for all tests. */
export function driversText(): Promise<string> {
  bundled ??= bundleFirmware({
    entry: ALL,
    version: "0",
    declarations: "firmware/espruino.d.ts",
    bytesMax: 24_576,
    own: [],
  }).then(({ text, faults }) => {
    if (faults.length > 0) throw new Error(faults.join("\n"));
    return text;
  });
  return bundled;
}

export class Bench {
  readonly lines: string[] = [];
  private readonly node: EmulatedNode;

  private constructor(first: string, bundle: string, devices: readonly Device[]) {
    this.node = emulate({
      first,
      bundle,
      storageDir: join(temporaryFolder(), "flash"),
      devices,
      log: (line) => this.lines.push(line),
    });
  }

  /** Runs a script that finds the drivers in `drivers`. Fake timers must be on. */
  static async start(script: string, devices: readonly Device[]): Promise<Bench> {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    const [first, bundle] = [join(folder, "drivers.js"), join(folder, "script.js")];
    writeFileSync(first, await driversText());
    writeFileSync(bundle, script);
    return new Bench(first, bundle, devices);
  }

  /** What the program says in the next `wait` milliseconds. */
  async after(wait: number): Promise<string[]> {
    const from = this.lines.length;
    await vi.advanceTimersByTimeAsync(wait);
    return this.lines.slice(from);
  }

  stop(): void {
    this.node.stop();
  }
}
