/**
 * The programs of the host, bundled for the tests that start them as processes or threads. Built once per test process, beside the
 * other things that are never committed, so that packages are found.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const repository = join(import.meta.dirname, "../..");

let building: Promise<string> | undefined;

/** The directory with sapline.js and log-worker.js. */
export function builtHost(): Promise<string> {
  building ??= buildHost();
  return building;
}

export async function workerFile(): Promise<URL> {
  return pathToFileURL(join(await builtHost(), "log-worker.js"));
}

async function buildHost(): Promise<string> {
  const outdir = join(repository, ".build/host-test");
  mkdirSync(outdir, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: {
      sapline: join(repository, "host/cli/main.ts"),
      "log-worker": join(repository, "host/log/worker.ts"),
    },
    outdir,
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    splitting: true,
  });
  // Test files run side by side and build the same: each file appears whole, or is there already.
  for (const { path, contents } of outputFiles) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue;
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
  }
  return outdir;
}

/** A directory of its own for one test, and its removal. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "sapline-host-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `sapline` with these arguments to its end. */
export async function sapline(
  args: readonly string[],
  options: { cwd?: string; env?: { [name: string]: string }; input?: string } = {},
): Promise<Finished> {
  const child = await startSapline(args, options);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(options.input ?? "");
  const [code] = (await once(child, "close")) as [number];
  return { code, stdout, stderr };
}

export async function startSapline(
  args: readonly string[],
  options: { cwd?: string; env?: { [name: string]: string } } = {},
): Promise<ChildProcessWithoutNullStreams> {
  const outdir = await builtHost();
  return spawn(process.execPath, [join(outdir, "sapline.js"), ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env["PATH"] ?? "", ...options.env },
  });
}

/** The first line that a process prints, or a rejection with what it said instead. */
export function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes("\n")) resolve(stdout.slice(0, stdout.indexOf("\n")));
    });
    child.on("close", (code) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
}

/** Polls until `probe` gives something, and fails after `boundMillis`. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  boundMillis = 10_000,
): Promise<T> {
  const giveUpAt = performance.now() + boundMillis;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) throw new Error(`not within ${boundMillis} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Flips one bit of the first place in a file that holds `find`. */
export function flipBit(path: string, find: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(find);
  if (at < 0) throw new Error(`${find} is not in ${path}`);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}
