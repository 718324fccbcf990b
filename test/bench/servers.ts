/**
 * The servers under test, each a process of its own on 127.0.0.1, with its files in a directory that the caller removes.
 * Each is ended by its process id, whatever happens; `opens` says how the load generator connects to it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { TokenFile } from "#host/tokens.ts";
import type { OpenLane } from "./lane.ts";
import { publish } from "./load.ts";
import { leaveSubscriber, MqttLane } from "./mqtt-lane.ts";
import { SaplineLane } from "./sapline-lane.ts";

const START_TIMEOUT_MILLIS = 15_000;
/** Where Debian and others put it; `sbin` is seldom in a user's PATH. */
const MOSQUITTO_PATHS = [
  "/usr/sbin/mosquitto",
  "/usr/bin/mosquitto",
  "/usr/local/sbin/mosquitto",
  "/opt/homebrew/sbin/mosquitto",
];

export interface Peer {
  port: number;
  /** Who may connect, where that matters. */
  nodes?: readonly { id: string; token: string }[];
  open: OpenLane;
  /** The same with short lines, where it understands them. */
  openShort?: OpenLane;
  stop(): Promise<void>;
}

/** `dist/sapline.js root`, with a token for each of `connections` nodes. */
export async function startSapline(directory: string, connections: number): Promise<Peer> {
  const data = join(directory, "sapline");
  const tokens = new TokenFile(data);
  const nodes = Array.from({ length: connections }, (_, i) => ({
    id: `bench-${i}`,
    token: tokens.add(`bench-${i}`, false),
  }));
  const args = [...profilingArgs(), "dist/sapline.js", "root", "--host", "127.0.0.1", "--port", "0", "--data", data];
  const server = spawnServer(process.execPath, args);
  const port = await printedPort(server, /^sapline root http:\/\/127\.0\.0\.1:(\d+)$/m);
  const open = (index: number, eventsPerFrame: number, isShort: boolean): Promise<SaplineLane> => {
    const node = nodes[index];
    if (node === undefined) throw new Error(`only ${nodes.length} nodes have a token`);
    return SaplineLane.open({ port, ...node }, index, eventsPerFrame, isShort);
  };
  return {
    port,
    nodes,
    open: (index, eventsPerFrame) => open(index, eventsPerFrame, false),
    openShort: (index, eventsPerFrame) => open(index, eventsPerFrame, true),
    stop: () => end(server),
  };
}

export async function startCeiling(directory: string): Promise<Peer> {
  const server = spawnServer(process.execPath, [
    join(import.meta.dirname, "ceiling.mjs"),
    join(directory, "ceiling.log"),
  ]);
  const port = await printedPort(server, /^ceiling (\d+)$/m);
  return {
    port,
    open: (index, eventsPerFrame) =>
      SaplineLane.open({ port, id: `bench-${index}`, token: "none" }, index, eventsPerFrame, false),
    stop: () => end(server),
  };
}

/** The binary, or undefined if it is not installed. */
export function mosquittoPath(): string | undefined {
  const named = process.env["MOSQUITTO"];
  return [...(named === undefined ? [] : [named]), ...MOSQUITTO_PATHS].find((path) => existsSync(path));
}

/** How a broker keeps what it is told. */
export interface Keeping {
  /** Whether the last message of each topic stays, as the root keeps last values. */
  isRetained: boolean;
  /** Whether it is saved after every change. */
  isSaved: boolean;
  /** A store to begin with: see `keepHour`. Undefined: an empty one. */
  store?: string;
}

/** Mosquitto, listening. With its defaults it keeps nothing on disk. One that saves has a subscriber that is away: without one it has nothing to save. */
export async function startMosquitto(path: string, directory: string, keeping: Keeping): Promise<Peer> {
  const { isRetained, isSaved, store } = keeping;
  const broker = await brokerIn(
    path,
    directory,
    isSaved ? "autosave_on_changes true\nautosave_interval 1\n" : "",
    store,
  );
  if (isSaved && store === undefined) await leaveSubscriber(broker.port);
  return {
    port: broker.port,
    open: (index, eventsPerFrame) => MqttLane.open(broker.port, index, eventsPerFrame, isRetained),
    stop: () => end(broker.server),
  };
}

/** Events of an hour, from 500 nodes with a reading every ten seconds. */
export const HOUR_EVENTS = 180_000;
/** Connections by which they come. Chosen. */
const HOUR_CONNECTIONS = 50;

/**
 * The store of a broker whose subscriber has been away for an hour, as a file: what it keeps for that one is what the root's log keeps of every event.
 * Mosquitto's queue has no limit then: at the limit it drops messages, and says PUBACK for them all the same.
 */
export async function keepHour(path: string, directory: string): Promise<string> {
  // Saved once, when it ends: filled one save at a time, an hour would take one.
  const { server, port, own } = await brokerIn(path, directory, "autosave_interval 0\n", undefined);
  await leaveSubscriber(port);
  await publish(
    (index, eventsPerFrame) => MqttLane.open(port, index, eventsPerFrame, true),
    HOUR_CONNECTIONS,
    HOUR_EVENTS,
  );
  await end(server);
  const store = join(directory, "hour.db");
  copyFileSync(join(own, STORE), store);
  return store;
}

const STORE = "mosquitto.db";

async function brokerIn(
  path: string,
  directory: string,
  saving: string,
  store: string | undefined,
): Promise<{ server: ChildProcess; port: number; own: string }> {
  const port = await freePort();
  const own = join(directory, `mosquitto-${port}`);
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own);
  if (store !== undefined) copyFileSync(store, join(own, STORE));
  const keeping = `persistence true\npersistence_location ${own}/\n${saving}max_queued_messages 0\nmax_inflight_messages 0\n`;
  // Root's mosquitto becomes another user, who could not write into our directory.
  const user = process.getuid?.() === 0 ? "user root\n" : "";
  writeFileSync(
    join(own, "mosquitto.conf"),
    `listener ${port} 127.0.0.1\nallow_anonymous true\nlog_type error\n${user}${saving === "" ? "" : keeping}`,
  );
  const server = spawnServer(path, ["-c", join(own, "mosquitto.conf")]);
  await reachable(port);
  return { server, port, own };
}

/** `SAPLINE_PROFILE=DIR` has the root write a CPU profile of each of its threads there, when it ends. */
function profilingArgs(): string[] {
  const directory = process.env["SAPLINE_PROFILE"];
  return directory === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${directory}`];
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const server of running) server.kill("SIGKILL");
});

function spawnServer(command: string, args: string[]): ChildProcess {
  const server = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], detached: false });
  running.add(server);
  server.on("exit", () => running.delete(server));
  return server;
}

function printedPort(server: ChildProcess, pattern: RegExp): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error(`not ready in ${START_TIMEOUT_MILLIS} ms`)), START_TIMEOUT_MILLIS);
    server.on("error", reject);
    server.on("exit", (code) =>
      reject(new Error(`${server.spawnargs.join(" ")} ended with ${code} before it was ready`)),
    );
    server.stdout?.on("data", (data: Buffer) => {
      text += data.toString();
      const port = pattern.exec(text)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}

/** Asks it to end; makes it after a while. Resolves when it is gone. */
function end(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve();
    const timer = setTimeout(() => server.kill("SIGKILL"), 5000);
    server.on("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    server.kill("SIGTERM");
  });
}

/** A port that was free a moment ago: mosquitto cannot choose one and say which. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function reachable(port: number): Promise<void> {
  const giveUpAt = Date.now() + START_TIMEOUT_MILLIS;
  while (Date.now() < giveUpAt) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing listens on port ${port} after ${START_TIMEOUT_MILLIS} ms`);
}
