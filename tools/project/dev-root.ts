/** The root of `sapline dev`: a `sapline root` process with a data directory of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PeopleFile } from "#host/people/people.ts";
import type { Project } from "#host/project.ts";
import { Trouble } from "#host/trouble.ts";

/** Where the built programs are: beside this one, once it is built. */
export const PROGRAMS = dirname(fileURLToPath(import.meta.url));

/** The root finishes its commit. Chosen: a healthy disk needs milliseconds. */
const ROOT_WAIT_MILLIS = 10_000;

export function devFolder(project: Project): string {
  // In full: the root is started in another folder.
  return resolve(project.settings.data, "dev");
}

export class DevRoot {
  readonly url: string;
  readonly data: string;
  readonly password: string;
  /** Rejects when the root ends by itself. */
  readonly failed: Promise<never>;
  private readonly child: ChildProcess;
  private isStopping = false;

  /** Rejects with `Trouble` if it does not start. A port that is taken is answered by another. */
  static async start(folder: string, port: number): Promise<DevRoot> {
    const data = join(folder, "data");
    mkdirSync(data, { recursive: true });
    const password = await passwordOf(data, join(folder, "password"));
    try {
      const { child, url } = await startRoot(data, port);
      return new DevRoot(child, url, data, password);
    } catch (error) {
      if (port === 0 || !/port \d+ is in use/.test((error as Error).message)) throw error;
      process.stderr.write(`port ${port} is taken: using another\n`);
      const { child, url } = await startRoot(data, 0);
      return new DevRoot(child, url, data, password);
    }
  }

  private constructor(child: ChildProcess, url: string, data: string, password: string) {
    this.child = child;
    this.url = url;
    this.data = data;
    this.password = password;
    this.failed = new Promise((_, reject) =>
      child.once("exit", (code) => {
        if (!this.isStopping) reject(new Trouble(`the root ended with ${code ?? "a signal"}`));
      }),
    );
    this.failed.catch(() => {});
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await endProcess(this.child, ROOT_WAIT_MILLIS);
  }
}

/** SIGTERM, and its end; SIGKILL if it does not heed that within `waitMillis`. */
export async function endProcess(child: ChildProcess, waitMillis: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), waitMillis);
  await exited;
  clearTimeout(timer);
}

/** The first person's: made at the first start, and kept for the next ones, for the root keeps only its hash. */
async function passwordOf(data: string, file: string): Promise<string> {
  const made = await new PeopleFile(data).addFirst();
  if (made !== undefined) writeFileSync(file, `${made}\n`, { mode: 0o600 });
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "as you set it";
  }
}

function startRoot(data: string, port: number): Promise<{ child: ChildProcess; url: string }> {
  const args = [join(PROGRAMS, "sapline.js"), "root", "--host", "127.0.0.1", "--port", String(port), "--data", data];
  // Not in the project's folder: its configuration is for the real root. A group of its own: Ctrl-C reaches us, and we end the nodes first.
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("SAPLINE_"));
  const child = spawn(process.execPath, args, {
    cwd: data,
    env: Object.fromEntries(environment),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const url = output.match(/http:\/\/[\w.:]+/);
      if (url !== null) resolve({ child, url: url[0] });
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2000);
    });
    child.once("exit", () => reject(new Trouble(errors.replace(/^sapline: /, "").trim() || "the root did not start")));
  });
}
