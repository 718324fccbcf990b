/**
 * `sapline update`: orders updates of a running root, through its HTTP API, and follows them until every node has its program, has failed, or is away.
 * The updates are the root's: to leave this command ends none of them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findConfiguration } from "../configuration.ts";
import type { Settings } from "../settings.ts";
import { Trouble } from "../trouble.ts";
import type { UpdateView } from "../update/update-desk.ts";
import { formatAge, formatTable } from "./output.ts";
import { ask, printJson } from "./remote.ts";

/** How often the root is asked. Chosen: quick enough to watch. */
const ASK_EVERY_MILLIS = 500;
/** Where `sapline build` puts the program of each node. */
const BUILD_FOLDER = "build";
const PROGRAM_FILE = "program.js";

type Flags = { [name: string]: unknown };
type NodeView = UpdateView["nodes"][number];

/** One order: some nodes, or all, and a program. */
interface Order {
  nodes: string[] | "all";
  program: Buffer;
}

export async function update(settings: Settings, nodes: string[], flags: Flags): Promise<void> {
  const isJson = flags["json"] === true;
  if (flags["list"] === true) return list(settings, isJson);
  const stop = flags["stop"] as string | undefined;
  if (stop !== undefined) {
    const view = (await ask(settings, "DELETE", `/api/updates/${encodeURIComponent(stop)}`)).body as UpdateView;
    if (isJson) printJson(view);
    else process.stdout.write(`update ${view.id}: ${view.stopped}\n`);
    return;
  }
  const isAll = flags["all"] === true;
  if (isAll === nodes.length > 0) throw new Trouble("say which: name the nodes, or --all");
  const canaries = canariesOf(flags["canary"] as string | undefined, isAll);
  const ids: number[] = [];
  const file = flags["program"] as string | undefined;
  const orders =
    file === undefined
      ? await builtOrders(settings, nodes, flags["config"] as string | undefined)
      : [{ nodes: isAll ? ("all" as const) : nodes, program: readProgram(file) }];
  for (const { nodes: named, program } of orders) {
    const body = {
      nodes: named,
      program: program.toString("base64"),
      canaries: named === "all" ? canaries : Math.min(canaries, named.length),
      ...(flags["as"] === undefined ? {} : { version: flags["as"] }),
    };
    const view = (await ask(settings, "POST", "/api/updates", body)).body as UpdateView;
    ids.push(view.id);
    if (!isJson)
      process.stderr.write(
        `update ${view.id}: version ${view.version}, ${view.bytes} bytes, ${view.nodes.length} ${view.nodes.length === 1 ? "node" : "nodes"}\n`,
      );
  }
  if (flags["wait"] === false) return isJson ? printJson(await viewsOf(settings, ids)) : undefined;
  await follow(settings, ids, isJson);
}

function canariesOf(given: string | undefined, isAll: boolean): number {
  if (given === undefined) return isAll ? 1 : 0;
  if (!/^\d{1,4}$/.test(given)) throw new Trouble("--canary must be a count of nodes, such as 2");
  return Number(given);
}

/**
 * The programs of a project's nodes, built anew; without a project, what was built before. Those whose programs are the same go together: canaries are of
 * all of them. `nodes` empty: of every node that there is a program for, and that the root knows.
 */
async function builtOrders(settings: Settings, nodes: string[], config: string | undefined): Promise<Order[]> {
  const configuration = findConfiguration(config, { workingDirectory: process.cwd(), environment: process.env });
  if (configuration !== undefined) build(nodes, config);
  const folder = join(configuration === undefined ? "." : dirname(configuration), BUILD_FOLDER);
  const wanted = nodes.length > 0 ? nodes : await knownNodes(settings, builtNodes(folder));
  const orders = new Map<string, { nodes: string[]; program: Buffer }>();
  for (const node of wanted) {
    const program = readProgram(join(folder, node, PROGRAM_FILE));
    const known = orders.get(program.toString("latin1")) ?? { nodes: [], program };
    known.nodes.push(node);
    orders.set(program.toString("latin1"), known);
  }
  return [...orders.values()];
}

/** By `sapline build`, which is a program of its own. */
function build(nodes: string[], config: string | undefined): void {
  const flags = config === undefined ? [] : ["--config", config];
  const words = [process.argv[1] as string, "build", ...nodes, ...flags];
  const { status } = spawnSync(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Trouble("nothing was sent: mend that first, or name a program by --program");
}

function builtNodes(folder: string): string[] {
  const found = existsSync(folder)
    ? readdirSync(folder).filter((node) => existsSync(join(folder, node, PROGRAM_FILE)))
    : [];
  if (found.length === 0)
    throw new Trouble(
      `there is no ${join(folder, "NODE", PROGRAM_FILE)}: run sapline build, or name a program by --program`,
    );
  return found.sort();
}

async function knownNodes(settings: Settings, built: string[]): Promise<string[]> {
  const { nodes } = (await ask(settings, "GET", "/api/nodes")).body as { nodes: { id: string }[] };
  const unknown = built.filter((node) => !nodes.some(({ id }) => id === node));
  if (unknown.length > 0) process.stderr.write(`${unknown.join(", ")}: never joined, so left out\n`);
  return built.filter((node) => !unknown.includes(node));
}

function readProgram(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new Trouble(`there is no ${path}: run sapline build, or name a program by --program`);
  }
}

async function viewsOf(settings: Settings, ids: readonly number[]): Promise<UpdateView[]> {
  const { updates } = (await ask(settings, "GET", "/api/updates")).body as { updates: UpdateView[] };
  return updates.filter(({ id }) => ids.includes(id));
}

async function list(settings: Settings, isJson: boolean): Promise<void> {
  const { updates } = (await ask(settings, "GET", "/api/updates")).body as { updates: UpdateView[] };
  if (isJson) return printJson(updates);
  const now = Date.now();
  const rows = updates.map((view) => [
    String(view.id),
    view.version,
    formatAge(now - view.createdAt),
    `${view.nodes.filter(({ step }) => step === "good").length} of ${view.nodes.length}`,
    view.stopped !== "" ? `stopped: ${view.stopped}` : view.isOver ? "over" : "under way",
  ]);
  process.stdout.write(formatTable(["UPDATE", "VERSION", "AGE", "GOOD", "STATE"], rows));
}

/** Nothing will happen to it while we look. */
function isSettled(view: UpdateView): boolean {
  if (view.isOver) return true;
  const open = view.nodes.filter(({ step }) => step !== "good" && step !== "failed");
  // Who is on trial is away for a moment.
  return open.every(({ isUp, step, isCanary }) =>
    step === "wait"
      ? !isUp || (!isCanary && view.nodes.some((node) => node.isCanary && !node.isUp))
      : step === "send" && !isUp,
  );
}

async function follow(settings: Settings, ids: readonly number[], isJson: boolean): Promise<void> {
  const isLive = !isJson && process.stdout.isTTY === true;
  let shown = new Map<string, string>();
  let lines = 0;
  for (;;) {
    const views = await viewsOf(settings, ids);
    if (isLive) {
      const table = tableOf(views);
      process.stdout.write(`${lines > 0 ? `\u001b[${lines}A\u001b[J` : ""}${table}`);
      lines = table.split("\n").length - 1;
    } else shown = tellChanges(views, shown, isJson);
    if (views.length < ids.length) throw new Trouble("the root has forgotten this update: see sapline update --list");
    if (views.every(isSettled)) return conclude(views, isJson);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MILLIS));
  }
}

/** One line for each node that has come further; what it has said, for the next time. */
function tellChanges(views: readonly UpdateView[], shown: Map<string, string>, isJson: boolean): Map<string, string> {
  const now = new Map<string, string>();
  for (const view of views) {
    for (const node of view.nodes) {
      const key = `${view.id} ${node.id}`;
      now.set(key, `${node.step} ${node.isUp}`);
      if (shown.get(key) === now.get(key)) continue;
      if (isJson) printJson({ update: view.id, ...node });
      else process.stdout.write(`${node.id}: ${wordsFor(view, node)}\n`);
    }
  }
  return now;
}

function tableOf(views: readonly UpdateView[]): string {
  const rows = views.flatMap((view) =>
    view.nodes.map((node) => [node.id, wordsFor(view, node), node.at > 0 ? `${node.at} of ${node.size}` : ""]),
  );
  return formatTable(["NODE", "STEP", "BYTES"], rows);
}

function wordsFor(view: UpdateView, { step, isUp, isCanary, why }: NodeView): string {
  switch (step) {
    case "wait":
      if (view.stopped !== "") return "not offered";
      if (!isUp) return "is away: gets it when it is back";
      return !isCanary && view.nodes.some((node) => node.isCanary && node.step !== "good")
        ? "waits for canaries"
        : "waits";
    case "send":
      return isUp ? "is being sent" : "is away: goes on when it is back";
    case "try":
      return "starts it";
    case "good":
      return "good";
    default:
      return `failed: ${why}`;
  }
}

function conclude(views: readonly UpdateView[], isJson: boolean): void {
  for (const view of views) {
    if (view.stopped !== "" || view.nodes.some(({ step }) => step === "failed")) process.exitCode = 1;
    if (isJson) continue;
    if (view.stopped !== "") process.stderr.write(`sapline: update ${view.id} stopped: ${view.stopped}\n`);
    const away = view.nodes
      .filter(({ step, isUp }) => !isUp && (step === "wait" || step === "send"))
      .map(({ id }) => id);
    if (!view.isOver && away.length > 0)
      process.stderr.write(
        `update ${view.id} goes on by itself when ${away.join(", ")} ${away.length === 1 ? "is" : "are"} back\n`,
      );
  }
}
