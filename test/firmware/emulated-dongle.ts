/**
 * The dongle's program on an emulated chip, and its serial cable, which tests pull and plug: `open` is what the host's radio opens.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenSerial, SerialListener } from "#host/radio/serial-device.ts";
import { Trouble } from "#host/trouble.ts";
import { type EmulatedNode, emulate } from "#tools/emulator/emulate.ts";
import { firmware } from "../engine/espruino.ts";

export class EmulatedDongle {
  readonly lines: string[] = [];
  /** How often the host has tried to open the port. */
  opened = 0;
  private readonly folder = mkdtempSync(join(tmpdir(), "emulated-dongle-"));
  private readonly standIn: object;
  private node: EmulatedNode | undefined;
  private listener: SerialListener | undefined;
  private isPlugged = true;

  private constructor(standIn: object) {
    this.standIn = standIn;
  }

  /** `standIn`: which node of the radio's stand-in it is. */
  static async start(standIn: object): Promise<EmulatedDongle> {
    const dongle = new EmulatedDongle(standIn);
    writeFileSync(join(dongle.folder, "dongle.js"), await firmware("firmware/dongle.ts"));
    writeFileSync(join(dongle.folder, "first.js"), await firmware("firmware/stand-in.ts"));
    mkdirSync(join(dongle.folder, "flash"));
    dongle.restart();
    return dongle;
  }

  readonly open: OpenSerial = async (path, _baud, listener) => {
    this.opened++;
    if (!this.isPlugged) throw new Trouble(`there is no ${path}: plug the dongle in`);
    this.listener = listener;
    return {
      write: (text) => {
        if (this.isPlugged && this.listener === listener) setImmediate(() => this.node?.type(text));
      },
      close: () => {
        if (this.listener === listener) this.listener = undefined;
      },
    };
  };

  /** Ends the program as a power cut would, and starts it again; the cable stays. */
  restart(): void {
    this.node?.stop();
    this.node = emulate({
      first: join(this.folder, "first.js"),
      bundle: join(this.folder, "dongle.js"),
      storageDir: join(this.folder, "flash"),
      config: { standIn: this.standIn },
      serial: (bytes) => setImmediate(() => this.listener?.data(bytes)),
      log: (line) => this.lines.push(line),
    });
  }

  /** Its program stops, and nobody is told. */
  halt(): void {
    this.node?.stop();
    this.node = undefined;
  }

  unplug(): void {
    this.isPlugged = false;
    this.halt();
    const listener = this.listener;
    this.listener = undefined;
    listener?.closed("the port is gone");
  }

  plug(): void {
    this.isPlugged = true;
    this.restart();
  }

  /** As somebody at a terminal would. */
  type(bytes: string): void {
    this.node?.type(bytes);
  }

  stop(): void {
    this.halt();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
