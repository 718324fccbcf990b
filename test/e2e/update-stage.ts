/** A root and what it takes to update boards below it, for the tests on the emulator and on the engine. */
import { readFileSync, writeFileSync } from "node:fs";
import type { RootEffect } from "#shared/effect.ts";
import type { Root } from "#shared/root.ts";
import type { UnixMillis } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { bundleFirmware } from "#tools/bundle/firmware-bundle.ts";
import type { JobStep } from "#host/update/rollout.ts";
import { RootHost } from "#host/root-host.ts";
import { PROGRAM_EID } from "#shared/update/program.ts";
import { TokenFile } from "#host/tokens.ts";
import { readUpdateKey } from "#host/update/signing-key.ts";
import type { UpdateView } from "#host/update/update-desk.ts";
import { temporaryDirectory, until, workerFile } from "../host/built.ts";

const ANY_VERSION = "any-version";
const bundles = new Map<string, Promise<string>>();

/** One of the programs test/engine/updatable-*.ts as that version: bundled once, as a version that stands nowhere else in it. */
export async function counter(carriers: "wifi" | "radio", version: string): Promise<string> {
  const known = bundles.get(carriers) ?? bundled(`test/engine/updatable-${carriers}.ts`);
  bundles.set(carriers, known);
  return (await known).replaceAll(ANY_VERSION, version);
}

async function bundled(entry: string): Promise<string> {
  const options = { version: ANY_VERSION, declarations: "firmware/espruino.d.ts", bytesMax: Infinity };
  const { text, faults } = await bundleFirmware({ entry, ...options });
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return text;
}

export const loader = async (): Promise<string> => bundled("firmware/loader.ts");

/** The radio, on a machine that has none. */
export const standIn = async (): Promise<string> => bundled("firmware/stand-in.ts");

/** A program that does not start. */
export function broken(program: string): string {
  return `throw new Error("no such pin");\n${program}`;
}

/** What the counter has printed that it counted. */
export function counted(lines: readonly string[]): number[] {
  return lines.flatMap((line) => /^made (\d+)$/.exec(line)?.[1] ?? []).map(Number);
}

export class UpdateStage {
  host!: RootHost;
  readonly key: string;
  readonly tokens: Map<string, string>;
  private readonly directory = temporaryDirectory();
  private port = 0;

  static async open(ids: readonly string[]): Promise<UpdateStage> {
    const stage = new UpdateStage(ids);
    await stage.start();
    return stage;
  }

  private constructor(ids: readonly string[]) {
    const file = new TokenFile(this.directory.path);
    this.tokens = new Map(ids.map((id) => [id, file.add(id, false)]));
    this.key = readUpdateKey(this.directory.path);
  }

  get data(): string {
    return this.directory.path;
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: Number(new URL(this.host.url).port) };
  }

  private async start(): Promise<void> {
    this.host = await RootHost.start({
      host: "127.0.0.1",
      port: this.port,
      directory: this.directory.path,
      connectionsMax: 20,
      workerFile: await workerFile(),
      onFailed: (message) => {
        throw new Error(message);
      },
      log: () => {},
    });
    this.port = this.address.port;
  }

  /** The root's process ends, and another one begins. */
  async restart(): Promise<void> {
    await this.host.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.host.stop();
    this.directory.remove();
  }

  /** Of a board's sapline.json. */
  config(id: string, more: object): object {
    return { id, token: this.tokens.get(id), updateKey: this.key, ...more };
  }

  async joined(...ids: string[]): Promise<void> {
    await until(`${ids.join(", ")} to join`, () => ids.every((id) => this.host.node(id)?.isUp === true), 60_000);
  }

  /** They have joined, and said that they take programs. */
  async takers(...ids: string[]): Promise<void> {
    await this.joined(...ids);
    await until(
      `${ids.join(", ")} to take programs`,
      () => ids.every((id) => this.host.values(id).some(({ eid }) => eid === PROGRAM_EID)),
      60_000,
    );
  }

  order(nodes: readonly string[] | "all", program: string, canaries = 0): UpdateView {
    return this.host.updates.order({ nodes, canaries, version: undefined, program: Buffer.from(program, "latin1") });
  }

  view(id: number): UpdateView {
    return this.host.updates.views().find((one) => one.id === id) as UpdateView;
  }

  job(id: number, node: string): UpdateView["nodes"][number] {
    return this.view(id).nodes.find((one) => one.id === node) as UpdateView["nodes"][number];
  }

  /** Until that node's part in it has come to that; throws at once if it has failed instead. */
  async step(id: number, node: string, step: JobStep, wait: number): Promise<string> {
    const isSo = (): boolean => {
      const job = this.job(id, node);
      if (job.step === "failed" && step !== "failed") throw new Error(`${node}: ${job.why}`);
      return job.step === step;
    };
    await until(`${node} to be ${step}`, isSo, wait).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(this.view(id))}`);
    });
    return this.job(id, node).why;
  }

  /** What the counter of a node has counted, as it is in the log. */
  async stored(node: string): Promise<number[]> {
    const { events } = await this.host.find(
      { node, eid: "count", type: "!update", from: undefined, to: undefined },
      10_000,
    );
    return events.map((event) => Number((event as { value?: unknown }).value));
  }

  /** The newest that the node has said of programs. */
  word(node: string): unknown {
    return this.host.values(node).find(({ eid }) => eid === PROGRAM_EID)?.value;
  }

  /** A line to a node that no rollout has made. */
  tell(node: string, fields: Message): void {
    const { root, perform } = this.host as unknown as { root: Root; perform(effects: readonly RootEffect[]): void };
    perform.call(this.host, root.tell(node, fields, Date.now() as UnixMillis).effects);
  }

  /** Signs with another key while `work` is done: the tree's own, but for the secret in it. */
  forging<Result>(work: () => Result): Result {
    const path = `${this.directory.path}/update.key`;
    const own = readFileSync(path, "utf8");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(own), seed: "00".repeat(32) }));
    try {
      return work();
    } finally {
      const { used, serial } = JSON.parse(readFileSync(path, "utf8"));
      writeFileSync(path, JSON.stringify({ ...JSON.parse(own), used, serial }));
    }
  }
}
