/**
 * `sapline sim`: worlds in virtual time. Random ones from seeds, one of them again, one that somebody wrote down, or a large tree.
 *
 * What came of it goes to stdout, progress to stderr. Exit code 0: every promise was kept; 1: one was broken, or it could not be
 * played; 2: wrong usage.
 */
import { writeFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { Trouble } from "#host/trouble.ts";
import type { BatchSums } from "./batch.ts";
import type { TreeProgress } from "./tree-play.ts";

interface Flags {
  seed?: number;
  seeds: number;
  from: number;
  world?: string;
  nodes?: number;
  lab?: string;
  project?: string | true;
  lasts?: number;
  faults?: boolean;
  depth: number;
  seconds: number;
  trace?: boolean;
  svg?: string;
  threads?: number;
  json?: boolean;
}

/** Most nodes of a large tree, levels, and seconds that are played. */
const NODES_MAX = 100_000;
const DEPTH_MAX = 8;
const SECONDS_MAX = 86_400;
const SEEDS_MAX = 10_000_000;
const THREADS_MAX = 64;
/** Longest time that a project is played, in milliseconds. */
const LASTS_MAX = 366 * 86_400_000;
/** Of the chance in a large tree: which links are cut, and when. */
const TREE_SEED = 1;

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** Milliseconds that a text such as "24h" says. */
function length(text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text) ?? [];
  const millis = Number(count) * ({ s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? ""] ?? NaN);
  if (millis >= 1000 && millis <= LASTS_MAX) return Math.round(millis);
  throw new InvalidArgumentError("It must be a time from 1s to 366d, such as 90s, 30m, 24h or 7d.");
}

const program = new Command("sapline sim")
  .description(
    "Plays whole trees in virtual time, with everything broken that can break, and watches that no promise is.",
  )
  .option("--seeds <COUNT>", "so many random worlds", whole(1, SEEDS_MAX), 200)
  .option("--from <SEED>", "the first of them", whole(1, 2 ** 31), 1)
  .option("--seed <SEED>", "only this one, and tell what is in it", whole(1, 2 ** 31))
  .option("--world <FILE>", "a world of your own, .ts or .json (docs/simulator.md)")
  .option("--nodes <COUNT>", "a large tree of so many nodes", whole(1, NODES_MAX))
  .option("--lab <FOLDER>", "54 boards with radios in the Intel lab; the folder has its links (data/intel-lab)")
  .option("--depth <LEVELS>", "levels of the large tree", whole(1, DEPTH_MAX), 6)
  .option("--seconds <COUNT>", "virtual seconds that the large tree, or the lab, is played", whole(1, SECONDS_MAX), 60)
  .option("--project [DIR]", "the boards of a project, each with its own program (default: of this folder)")
  .option("--lasts <TIME>", "how long the project is played, such as 90s, 30m, 24h or 7d (default: 1h)", length)
  .option(
    "--faults",
    "links of the project's boards are cut, boards lose their power, and the root is killed, at random",
  )
  .option("--trace", "print what happens, a line each (with --seed, --world or --project)")
  .option("--svg <FILE>", "draw it: a run as lanes and arrows, a large tree as a tree")
  .option(
    "--threads <COUNT>",
    "play in so many threads (default: as many as there are cores; a large tree in 2 at the most)",
    whole(1, THREADS_MAX),
  )
  .option("--json", "print JSON, for programs")
  .helpCommand(false)
  .showHelpAfterError("(--help tells more)")
  .exitOverride();

process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  program.parse();
  process.exitCode = (await play(program.opts<Flags>())) ? 0 : 1;
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    const isForPeople = error instanceof Trouble;
    process.stderr.write(`sapline sim: ${isForPeople ? error.message : String((error as Error).stack)}\n`);
    process.exitCode = 1;
  }
}

async function play(flags: Flags): Promise<boolean> {
  if (flags.project !== undefined) {
    if (flags.world !== undefined || flags.nodes !== undefined || flags.lab !== undefined)
      throw new Trouble("--project is a world of its own: leave out --world, --nodes and --lab");
    const { playProject } = await import("./project/project-play.ts");
    return playProject({ ...flags, directory: flags.project === true ? "." : flags.project });
  }
  if (flags.lasts !== undefined || flags.faults === true)
    throw new Trouble("--lasts and --faults are of a project: name one by --project");
  if (flags.lab !== undefined) return playLab(flags, flags.lab);
  const ways = [flags.seed, flags.world, flags.nodes].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new Trouble("--seed, --world and --nodes are three ways to say which world: give one of them");
  if (flags.nodes !== undefined) return playTree(flags, flags.nodes);
  if (flags.seed !== undefined || flags.world !== undefined) {
    const { replay } = await import("./replay.ts");
    return replay(await planOf(flags), {
      isTraced: flags.trace === true,
      svg: flags.svg,
      isJson: flags.json === true,
    });
  }
  if (flags.trace === true || flags.svg !== undefined)
    throw new Trouble(
      "--trace and --svg are for one world: give --seed or --world, or --nodes for the picture of a tree",
    );
  return playBatch(flags);
}

async function playLab({ seed, seconds, svg, json }: Flags, folder: string): Promise<boolean> {
  const { LAB_DEFAULTS, readLab, runLab } = await import("./lab.ts");
  const { labLine, labTable } = await import("./lab-table.ts");
  const options = { ...LAB_DEFAULTS, ...readLab(folder), seconds, seed: seed ?? LAB_DEFAULTS.seed };
  const result = runLab(options, (far) => void process.stderr.write(`${labLine(far)}\n`));
  if (svg !== undefined) {
    const { labPicture } = await import("./lab-picture.ts");
    writeFileSync(svg, labPicture(result));
    process.stderr.write(`the picture is in ${svg}\n`);
  }
  process.stdout.write(json === true ? `${JSON.stringify(result)}\n` : `${labTable(result)}\n`);
  if (json !== true && result.violation !== undefined) process.stdout.write(`\nBROKEN: ${result.violation}\n`);
  return result.violation === undefined;
}

async function planOf({ seed, world }: Flags): Promise<import("./plan.ts").WorldPlan> {
  if (world !== undefined) return (await import("./world-file.ts")).readWorld(world);
  return (await import("./swarm.ts")).swarmPlan(seed as number);
}

async function playBatch({ from, seeds, threads, json }: Flags): Promise<boolean> {
  const { runBatch } = await import("./batch-run.ts");
  const { batchTable } = await import("./batch.ts");
  const startedAt = performance.now();
  let toldAt = startedAt;
  const progress = ({ worlds, failures }: BatchSums): void => {
    const now = performance.now();
    if (now - toldAt < 2000 || worlds === seeds) return;
    toldAt = now;
    const left = Math.round((((now - startedAt) / worlds) * (seeds - worlds)) / 1000);
    process.stderr.write(`${worlds} of ${seeds} worlds, ${failures.length} broken promises, ${left} s left\n`);
  };
  process.stderr.write(`seeds ${from} to ${from + seeds - 1}\n`);
  const { sums, wallMillis } = await runBatch(from, seeds, progress, threads);
  if (json === true) process.stdout.write(`${JSON.stringify({ ...sums, wallMillis })}\n`);
  else process.stdout.write(`${batchTable(sums, wallMillis)}\n`);
  if (sums.failures.length > 0 && json !== true) await tellFailures(sums);
  return sums.failures.length === 0;
}

/** Failing seeds that are told one by one; all are counted. */
const TOLD_MAX = 20;

async function tellFailures({ failures }: BatchSums): Promise<void> {
  const { runPlan } = await import("./run.ts");
  const { swarmPlan } = await import("./swarm.ts");
  const { smallest } = await import("./replay.ts");
  for (const { seed, violation } of failures.slice(0, TOLD_MAX))
    process.stdout.write(`\nseed ${seed} (make sim SEED=${seed}): ${violation.split("\n")[0]}`);
  process.stdout.write(`\n\n${smallest(runPlan(swarmPlan((failures[0] as { seed: number }).seed)))}\n`);
}

async function playTree({ depth, seconds, svg, threads, json }: Flags, nodes: number): Promise<boolean> {
  if (nodes < depth)
    throw new Trouble(`a tree of ${depth} levels has at least ${depth} nodes: give more --nodes or less --depth`);
  const { progressLine } = await import("./scale.ts");
  const { runTreeInThreads } = await import("./tree-threads.ts");
  const tell = (progress: TreeProgress): void => void process.stderr.write(`${progressLine(progress)}\n`);
  const result = await runTreeInThreads({ nodes, depth, seconds, seed: TREE_SEED }, tell, threads);
  const { treePicture, treeText } = await import("./tree-picture.ts");
  if (svg !== undefined) {
    writeFileSync(svg, treePicture(result, "latency"));
    process.stderr.write(`the picture is in ${svg}\n`);
  }
  if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    const { treeTable } = await import("./statistics-table.ts");
    process.stdout.write(`${treeTable(result)}\n\n${treeText(result)}\n`);
    if (result.violation !== undefined) process.stdout.write(`\nBROKEN: ${result.violation}\n`);
  }
  return result.violation === undefined;
}
