/**
 * `make run`: a root and a tree of 13 emulated nodes that replay real readings. Everything is the real thing but the boards: the root
 * is the `sapline root` process, the nodes run the firmware's own bundles over sockets of this machine.
 * Ctrl-C ends it. `--seconds N` ends it by itself, `--port P` asks for a port (default 4000, any free one if that is taken).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FIRST_PERSON, PeopleFile } from "#host/people/people.ts";
import { TokenFile } from "#host/tokens.ts";
import { startTree } from "./emulated-tree.ts";
import { planTree } from "./plan.ts";
import { readWeather } from "./readings.ts";
import { Watch } from "./watch.ts";

/** A reading per leaf in this time. Chosen: two and a half minutes for the whole file, nice to watch. */
const EVERY_MILLIS = 200;
/** The tree is drawn when all nodes are up, or after this long, whatever it is then. */
const DRAW_AFTER_MILLIS = 15_000;
const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = join(PACKAGE, ".sapline", "demo");
const DATA = join(FOLDER, "data");

let root: ChildProcess | undefined;
let isEnding = false;

/** Starts `sapline root` and gives its URL. */
function startRoot(port: number): Promise<string> {
  const program = join(PACKAGE, "dist", "sapline.js");
  const args = [program, "root", "--host", "127.0.0.1", "--port", String(port), "--data", DATA];
  // A group of its own: Ctrl-C reaches us, and we end the nodes before the root.
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  root = child;
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const url = output.match(/http:\/\/[\w.:]+/);
      if (url !== null) resolve(url[0]);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
      if (!isEnding) process.stderr.write(chunk);
    });
    child.on("exit", () => reject(new Error(errors || "the root ended")));
  });
}

async function rootOnSomePort(wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) return startRoot(Number(wanted));
  return startRoot(4000).catch(() => startRoot(0));
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

async function endRoot(): Promise<void> {
  const child = root;
  if (child === undefined || child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: "string" }, port: { type: "string" } } });
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(DATA, { recursive: true });
  const plan = planTree(readWeather(join(PACKAGE, "examples", "weather", "seattle-weather.csv")));
  const password = await new PeopleFile(DATA).addFirst();
  const url = await rootOnSomePort(values.port);
  const tokens = new TokenFile(DATA);
  const nodes = await startTree(plan, {
    folder: join(FOLDER, "flash"),
    firmware: join(PACKAGE, "dist", "firmware"),
    rootPort: Number(new URL(url).port),
    tokenOf: (id) => tokens.add(id, false),
    everyMillis: EVERY_MILLIS,
    log: (id, line) => {
      if (!line.startsWith("sapline: ")) console.log(`${id}: ${line}`);
    },
  });
  console.log(`root       ${url}`);
  console.log(`console    ${url}/console     name ${FIRST_PERSON}     password ${password}`);
  console.log(`look       curl ${url}/api/nodes     curl ${url}/api/entities     curl -N ${url}/api/events`);
  console.log(`end        Ctrl-C\n`);
  const watch = new Watch(url);
  const ended = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
    if (values.seconds !== undefined) setTimeout(resolve, Number(values.seconds) * 1000);
  });
  const trouble = Promise.race([watch.listen(), show(watch, plan.length)]);
  await Promise.race([ended, trouble]);
  trouble.catch(() => {});
  isEnding = true;
  watch.stop();
  for (const { node } of nodes) node.stop();
  await endRoot();
  console.log(`\nended. What was stored: npx sapline log --data ${join(".sapline", "demo", "data")}`);
  process.exit(0);
}

/** The tree once it stands, then a line a second, for as long as the root answers. */
async function show(watch: Watch, nodesInAll: number): Promise<void> {
  const drawBy = Date.now() + DRAW_AFTER_MILLIS;
  while ((await watch.nodes()).filter((node) => node.up).length < nodesInAll && Date.now() < drawBy) await pause(200);
  console.log(`${(await watch.drawing()).join("\n")}\n`);
  for (;;) {
    await pause(1000);
    console.log(await watch.line(nodesInAll));
  }
}

main().catch(async (error: unknown) => {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  await endRoot();
  process.exit(1);
});
