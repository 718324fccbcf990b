/** One node of `sapline dev`: its program is built, and run by the emulator in a process of its own, for it may well loop for ever. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT_PARENT, AUTO_PARENT, type Project, type ProjectNode } from "#host/project.ts";
import { programText } from "../bundle/program-text.ts";
import { type DevRoot, endProcess, PROGRAMS } from "./dev-root.ts";
import { nodeToken } from "./node-tokens.ts";

/** A program that loops for ever heeds nothing. To be ended is a power cut to a node in any case. */
const WAIT_MILLIS = 500;

export class DevNode {
  readonly id: string;
  /** Files that it is made of. */
  files: string[];
  private readonly project: Project;
  private readonly node: ProjectNode;
  private readonly folder: string;
  private readonly root: DevRoot;
  private readonly ports: ReadonlyMap<string, number>;
  private readonly say: (line: string) => void;
  private child: ChildProcess | undefined;
  /** What it runs. */
  private text = "";

  constructor(
    project: Project,
    node: ProjectNode,
    folder: string,
    root: DevRoot,
    ports: ReadonlyMap<string, number>,
    say: (line: string) => void,
  ) {
    this.id = node.id;
    this.files = [node.entry];
    this.project = project;
    this.node = node;
    this.folder = join(folder, "nodes", node.id);
    this.root = root;
    this.ports = ports;
    this.say = say;
  }

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /** Builds its program, and starts it if it is another and has no faults. */
  async build(): Promise<void> {
    const program = await programText({
      entry: this.node.entry,
      parts: {
        sockets: true,
        radio: false,
        children: this.ports.has(this.id),
        keeps: (this.node.given.keep ?? false) !== false,
      },
      cache: join(this.project.settings.data, "base"),
    });
    this.files = [...new Set([this.node.entry, ...program.files])];
    for (const fault of program.faults) this.say(fault);
    if (program.faults.length > 0) {
      this.say(this.isRunning ? `${this.id}: goes on as it was before\n` : `${this.id}: was not started\n`);
      return;
    }
    if (program.text === this.text) return;
    const isAgain = this.isRunning;
    this.text = program.text;
    await this.stop();
    this.start();
    if (isAgain) this.say(`${this.id}: started anew (${program.bytes} bytes)`);
  }

  async stop(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child !== undefined) await endProcess(child, WAIT_MILLIS);
  }

  private start(): void {
    const storage = join(this.folder, "storage");
    const bundle = join(this.folder, "program.js");
    mkdirSync(storage, { recursive: true });
    writeFileSync(bundle, this.text);
    writeFileSync(join(storage, "sapline.json"), JSON.stringify(this.configuration()), { mode: 0o600 });
    const args = [join(PROGRAMS, "emulator.js"), "--bundle", bundle, "--storage", storage];
    if (this.node.given.devices !== undefined) {
      const devices = join(this.folder, "devices.json");
      writeFileSync(devices, JSON.stringify(this.node.given.devices));
      args.push("--devices", devices);
    }
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", (line) => {
        if (this.child === child && line !== "sapline: joined") this.say(`${this.id}: ${line}`);
      });
    child.once("exit", (code) => {
      if (this.child !== child) return;
      this.child = undefined;
      this.text = "";
      this.say(`${this.id}: ended with ${code ?? "a signal"}; save its file to start it again`);
    });
  }

  private configuration(): object {
    const { parent, given } = this.node;
    const listen = this.ports.get(this.id);
    const port = parent === ROOT_PARENT || parent === AUTO_PARENT ? this.root.port : this.ports.get(parent);
    return {
      ...given.settings,
      id: this.id,
      token: nodeToken(this.root.data, this.id),
      parent: { host: "127.0.0.1", port },
      ...(listen === undefined ? {} : { listen }),
      ...(typeof given.keep === "object" ? { keep: given.keep } : {}),
      ...(given.limits === undefined ? {} : { limits: given.limits }),
    };
  }
}
