/**
 * `make bench`: the root against the least a durable server could do, and against mosquitto, side by side in one run.
 *
 * Then a day of the Intel lab in simulated air. Standard output gets the tables, or with `--json` one JSON object; progress goes to stderr.
 * The contest ends in under seven minutes, the day takes its time; with `--quick` all of it ends in under a minute. Leaves no process, no
 * file and no open port behind. With `--check`, a target that is missed makes the exit code 1.
 */
import { mkdtempSync, openSync, closeSync, fdatasyncSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CHIP_LIMITS, PC_LIMITS } from "#shared/limits.ts";
import { airRows, airTable } from "./air.ts";
import { type Contestant, contest, type Plan } from "./contest.ts";
import { engineBench } from "./engine.ts";
import { labBench } from "./lab.ts";
import { labTable } from "#tools/sim/lab-table.ts";
import { eventBytes } from "./events.ts";
import type { OpenLane } from "./lane.ts";
import { rows, table } from "./report.ts";
import {
  HOUR_EVENTS,
  type Keeping,
  keepHour,
  mosquittoPath,
  type Peer,
  startCeiling,
  startMosquitto,
  startSapline,
} from "./servers.ts";

/** Bytes in flight on few connections: so much that the disk's latency does not set the figure, as through a branch with 64 nodes. Chosen. */
const ALL_WINDOWS_BYTES = 4_194_304;

const FULL: Plan = {
  rounds: 5,
  connections: [1, 50, 500],
  windowBytes: (connections) => Math.max(PC_LIMITS.windowBytes, ALL_WINDOWS_BYTES / connections),
  warmUpMillis: 800,
  millis: 1500,
  paceRounds: 3,
  paceWarmUpMillis: 500,
  paceMillis: 2000,
  paceConnections: 10,
  paceEventsPerSecond: 2000,
};
const QUICK: Plan = {
  ...FULL,
  rounds: 2,
  warmUpMillis: 200,
  millis: 400,
  paceRounds: 1,
  paceWarmUpMillis: 300,
  paceMillis: 1000,
};

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    rounds: { type: "string" },
    /** Where all of them keep their files. */
    directory: { type: "string", default: tmpdir() },
    /** Only these contestants, by key, separated by commas. */
    only: { type: "string" },
    connections: { type: "string" },
    /** Bytes in flight on each connection. */
    window: { type: "string" },
    /** Milliseconds of one measurement. */
    millis: { type: "string" },
    "no-latency": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const USAGE = `npm run bench -- [--quick] [--json] [--check] [--rounds N] [--connections 1,50,500] [--window BYTES]
  [--millis N] [--no-latency] [--only sapline,ceiling] [--directory DIR]
  keys: sapline, sapline-chips, sapline-short (only if named), ceiling, mosquitto, mosquitto-saved, mosquitto-saved-empty, mosquitto-forgets, mosquitto-10, engine, air, lab
  ESPRUINO=binary MQTT_MODULE=file: also the firmware against Espruino's MQTT module on that engine
  MOSQUITTO=binary: where mosquitto is, if not in the usual places
`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  if (flags.help) return void process.stdout.write(USAGE);
  const plan = planned();
  const directory = mkdtempSync(join(flags.directory, "sapline-bench-"));
  const peers: Peer[] = [];
  const cleanUp = async (): Promise<void> => {
    await Promise.all(peers.map((peer) => peer.stop()));
    rmSync(directory, { recursive: true, force: true });
  };
  const interrupted = (): void => void cleanUp().then(() => process.exit(130));
  process.on("SIGINT", interrupted);
  process.on("SIGTERM", interrupted);
  try {
    const syncsPerSecond = measureSyncs(join(directory, "syncs"));
    const contestants = await start(directory, plan, peers);
    const results = await contest(contestants, plan, say);
    const engine = isWanted("engine")
      ? await engineBench(
          { rounds: flags.quick ? 1 : 3, halfSeconds: flags.quick ? 4 : 10, directory: flags.directory },
          say,
        )
      : { lines: [], result: undefined };
    const lab = isWanted("lab") ? labBench(flags.quick ? 600 : 86_400, say) : undefined;
    for (const trouble of results.troubles) say(`trouble: ${trouble}`);
    const all = rows(results);
    const air = isWanted("air") ? airRows() : [];
    const missed = [...all.flatMap(({ throughput }) => throughput), ...air].filter(
      ({ isMet }) => isMet === false,
    ).length;
    if (flags.json) {
      const about = {
        node: process.version,
        cores: availableParallelism(),
        syncsPerSecond,
        eventBytes: eventBytes(),
        plan: { ...plan, windowBytes: plan.connections.map(plan.windowBytes) },
      };
      process.stdout.write(
        `${JSON.stringify({ ...about, rows: all, air, engine: engine.result, lab, troubles: results.troubles })}\n`,
      );
    } else {
      const parts = [about(plan, syncsPerSecond), "", table(all, plan.connections)];
      if (air.length > 0) parts.push(airTable(air));
      parts.push(...engine.lines);
      if (lab !== undefined) parts.push("", labTable(lab));
      process.stdout.write(`\n${parts.join("\n")}\n`);
    }
    if (lab?.violation !== undefined) {
      say(`trouble: the lab: ${lab.violation}`);
      process.exitCode = 1;
    }
    if (results.troubles.length > 0 || (flags.check && missed > 0)) process.exitCode = 1;
  } finally {
    await cleanUp();
  }
}

function planned(): Plan {
  const plan = { ...(flags.quick ? QUICK : FULL) };
  if (flags.rounds !== undefined) plan.rounds = Number(flags.rounds);
  if (flags.connections !== undefined) plan.connections = flags.connections.split(",").map(Number);
  const windowBytes = Number(flags.window ?? 1);
  if (flags.window !== undefined) plan.windowBytes = () => windowBytes;
  if (flags.millis !== undefined) plan.millis = Number(flags.millis);
  if (flags["no-latency"]) plan.paceRounds = 0;
  const isCount = (n: number): boolean => Number.isInteger(n) && n > 0 && n <= 1000;
  if (!isCount(plan.rounds) || !plan.connections.every(isCount) || !(windowBytes > 0 && plan.millis > 0))
    throw new Error(`wrong number\n${USAGE}`);
  return plan;
}

function isWanted(key: string): boolean {
  return flags.only === undefined || flags.only.split(",").includes(key);
}

/** Begins each measurement with the same store: it is written whole at each save, and what an earlier measurement left in it would slow the next one down without bound. */
function savedMosquitto(key: string, path: string, directory: string, peers: Peer[], keeping: Keeping): Contestant {
  let peer: Peer | undefined;
  peers.push({ port: 0, open: () => Promise.reject(new Error("not started")), stop: async () => peer?.stop() });
  return {
    key,
    prepare: async () => {
      await peer?.stop();
      peer = await startMosquitto(path, directory, keeping);
    },
    open: (index, eventsPerFrame) => (peer as Peer).open(index, eventsPerFrame),
    eventsPerFrame: 1,
    isPaced: true,
    framesMax: MESSAGES_MAX,
  };
}

/** Messages in flight on one connection to the broker: what its own clients have by default (`max_inflight_messages`). */
const MESSAGES_MAX = 20;

async function start(directory: string, plan: Plan, peers: Peer[]): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  const add = (
    key: string,
    { open }: Peer,
    eventsPerFrame: number,
    isPaced: boolean,
    limits: Pick<Contestant, "framesMax" | "windowBytes"> = {},
  ): void => {
    if (isWanted(key)) contestants.push({ key, open, eventsPerFrame, isPaced, ...limits });
  };
  const started = async (peer: Promise<Peer>): Promise<Peer> => {
    peers.push(await peer);
    return peer;
  };
  const connections = Math.max(plan.paceConnections, ...plan.connections);
  say(`making ${connections} tokens and starting the servers`);
  // Short lines only if they are asked for: the targets are for what others get, too.
  const isShortWanted = flags.only !== undefined && isWanted("sapline-short");
  if (isWanted("sapline") || isWanted("sapline-chips") || isShortWanted) {
    const peer = await started(startSapline(directory, connections));
    add("sapline", peer, 10, true);
    add("sapline-chips", peer, 10, false, { windowBytes: CHIP_LIMITS.windowBytes });
    if (isShortWanted) add("sapline-short", { ...peer, open: peer.openShort as OpenLane }, 10, true);
  }
  if (isWanted("ceiling")) add("ceiling", await started(startCeiling(directory)), 10, true);
  const path = mosquittoPath();
  if (path === undefined) {
    say(
      "mosquitto is not installed, so (b) and (c) are left out: apt-get install mosquitto, or set MOSQUITTO to its binary",
    );
    return contestants;
  }
  const saved = (key: string, isRetained: boolean, store?: string): void => {
    if (!isWanted(key)) return;
    const keeping = { isRetained, isSaved: true, ...(store === undefined ? {} : { store }) };
    contestants.push(savedMosquitto(key, path, directory, peers, keeping));
  };
  if (isWanted("mosquitto")) {
    const peer = await started(startMosquitto(path, directory, { isRetained: true, isSaved: false }));
    add("mosquitto", peer, 1, true, { framesMax: MESSAGES_MAX });
  }
  if (isWanted("mosquitto-saved")) {
    say(`having mosquitto keep ${HOUR_EVENTS} events`);
    saved("mosquitto-saved", true, await keepHour(path, directory));
  }
  saved("mosquitto-saved-empty", true);
  if (isWanted("mosquitto-forgets") || isWanted("mosquitto-10")) {
    const peer = await started(startMosquitto(path, directory, { isRetained: false, isSaved: false }));
    add("mosquitto-forgets", peer, 1, false, { framesMax: MESSAGES_MAX });
    add("mosquitto-10", peer, 10, false);
  }
  return contestants;
}

const kibibytes = (bytes: number): number => Math.round(bytes / 1024);

function about({ rounds, connections, windowBytes, paceEventsPerSecond }: Plan, syncsPerSecond: number): string {
  const windows = connections.map((n) => Math.round(windowBytes(n) / 1024)).join(", ");
  return [
    `Node ${process.version}, ${availableParallelism()} cores shared by load generator and server; ${syncsPerSecond} fdatasyncs/s here.`,
    `Events of ${eventBytes()} bytes; Sapline, the ceiling and (c) get 10 a frame, and have in flight on each connection: ${windows} KiB. A node on a PC has`,
    `${kibibytes(PC_LIMITS.windowBytes)} KiB, and a branch as many times that as it has nodes; a chip has ${kibibytes(CHIP_LIMITS.windowBytes)} KiB. (b) has what its own clients have, ${MESSAGES_MAX} messages.`,
    "A message is a write, as with client libraries, and so is a frame. (b) as ESPHome has it: each entity has a topic, whose last message",
    "is retained, as the root keeps last values.",
    "A saving mosquitto writes all that it keeps, once for all that came in one turn of its event loop: the more connections, the more share a",
    `save, and the more it keeps, the longer that takes. (b) begins with ${HOUR_EVENTS} events kept: a subscriber away for an hour, 500 nodes with a reading every 10 s.`,
    `Medians of ${rounds} alternating rounds; latency at ${paceEventsPerSecond} events/s.`,
  ].join("\n");
}

/** How often a second this directory's disk takes a kilobyte for good: what a commit costs at least. */
function measureSyncs(path: string): number {
  const file = openSync(path, "a");
  const kilobyte = Buffer.alloc(1024, "x");
  const startedAt = performance.now();
  let syncs = 0;
  while (performance.now() - startedAt < 300) {
    writeSync(file, kilobyte);
    fdatasyncSync(file);
    syncs += 1;
  }
  closeSync(file);
  return Math.round((syncs * 1000) / (performance.now() - startedAt));
}

await main();
