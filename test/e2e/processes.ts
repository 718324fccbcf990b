/** Real processes for tests: started, watched for a line, killed; and always ended, whatever the test does. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PEOPLE_FILE } from "#host/people/people.ts";
import { TokenFile } from "#host/tokens.ts";

/** A process, and what it has printed. */
export class Running {
  readonly child: ChildProcess;
  output = "";
  errors = "";
  private readonly exited: Promise<number | null>;

  constructor(command: string, args: string[], environment: NodeJS.ProcessEnv = {}) {
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...environment } });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.errors += chunk.toString()));
    this.exited = new Promise((resolve) => {
      this.child.on("exit", (code) => resolve(code));
      this.child.on("error", () => resolve(null));
    });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits until the output matches; fails with what was printed if it does not in time. */
  async line(pattern: RegExp, boundMillis = 20_000): Promise<RegExpMatchArray> {
    await until(
      () => pattern.test(this.output) || !this.isRunning,
      boundMillis,
      () => `no ${pattern} from it: ${this.output}${this.errors}`,
    );
    const match = this.output.match(pattern);
    if (match === null) throw new Error(`it ended without ${pattern}: ${this.output}${this.errors}`);
    return match;
  }

  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    if (this.isRunning) this.child.kill(signal);
    return this.exited;
  }

  async exit(boundMillis = 20_000): Promise<number | null> {
    await until(
      () => !this.isRunning,
      boundMillis,
      () => `it did not end: ${this.output}${this.errors}`,
    );
    return this.exited;
  }
}

/** Waits on a condition, with a bound. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  boundMillis: number,
  why: () => string,
): Promise<void> {
  const end = Date.now() + boundMillis;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${boundMillis} ms: ${why()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A folder that is removed, and processes that are ended, when the test is over. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), "sapline-"));
  private readonly all: Running[] = [];

  start(command: string, args: string[], environment: NodeJS.ProcessEnv = {}): Running {
    const running = new Running(command, args, environment);
    this.all.push(running);
    return running;
  }

  /** The root on a port; resolves when it is ready. */
  async root(port: number): Promise<Running> {
    const people = join(this.data, PEOPLE_FILE);
    // Nobody signs in, and to make a first person's password is dear, on purpose.
    if (!existsSync(people)) {
      mkdirSync(this.data, { recursive: true });
      writeFileSync(people, JSON.stringify({ nobody: { role: "look", password: "none", changed: 0 } }));
    }
    const root = this.start(process.execPath, [
      "dist/sapline.js",
      "root",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--data",
      this.data,
    ]);
    await root.line(/http:\/\/\S+/);
    return root;
  }

  get data(): string {
    return join(this.folder, "data");
  }

  token(id: string): string {
    return new TokenFile(this.data).add(id, false);
  }

  sapline(...args: string[]): string {
    return execFileSync(process.execPath, ["dist/sapline.js", ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  }

  /** The stored events, as `sapline log --json` prints them. */
  log(...args: string[]): LoggedEvent[] {
    const text = this.sapline("log", "--data", this.data, "--json", ...args);
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LoggedEvent);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((running) => running.end()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface LoggedEvent {
  node: string;
  epoch: number;
  n: number;
  type: string;
  eid: string;
  value: unknown;
  ts: number | null;
  received: number;
}
