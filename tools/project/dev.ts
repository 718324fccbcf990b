/**
 * `sapline dev`: the whole project on this PC. A root of its own, and every node emulated, each in a process; a file that is saved starts the nodes
 * that are made of it anew, with their Storage kept. A program with mistakes is told by file and line, and the one before goes on.
 *
 * All nodes connect by WebSocket here, whatever they do on boards: there is no air. Everything is in the data directory's `dev` folder; the project's
 * real log is not touched. Ctrl-C ends all of it.
 */
import { relative } from "node:path";
import { FIRST_PERSON } from "#host/people/people.ts";
import { loadProject } from "#host/project.ts";
import { Watch } from "../demo/watch.ts";
import { freePort } from "../free-port.ts";
import { projectCommand } from "./command.ts";
import { DevNode } from "./dev-node.ts";
import { DevRoot, devFolder } from "./dev-root.ts";
import { FileWatch } from "./file-watch.ts";
import { LiveLines } from "./live-lines.ts";
import { listenPort } from "./node-files.ts";

import { writeTypes } from "./types.ts";

interface Flags {
  config?: string;
  port?: string;
  seconds?: string;
}

/** The tree is drawn when all nodes are up, or after this long, whatever it is then. */
const DRAW_AFTER_MILLIS = 10_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

async function dev(flags: Flags): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
    if (flags.seconds !== undefined) setTimeout(resolve, Number(flags.seconds) * 1000);
  });
  const project = await loadProject(flags.config, { workingDirectory: process.cwd(), environment: process.env });
  writeTypes(project.folder);
  const folder = devFolder(project);
  const root = await DevRoot.start(folder, flags.port === undefined ? project.settings.port : Number(flags.port));
  const nodes: DevNode[] = [];
  const files = new FileWatch();
  const watch = new Watch(root.url);
  const lines = new LiveLines(say);
  watch.onEvent = (event) => lines.take(event);
  try {
    // Before the nodes start: their first words are of interest.
    const listening = watch.listen();
    listening.catch(() => {});
    say(`root       ${root.url}`);
    say(`console    ${root.url}/console     name ${FIRST_PERSON}     password ${root.password}`);
    say("end        Ctrl-C");
    const ports = new Map<string, number>();
    for (const node of project.nodes) if (listenPort(project, node) !== undefined) ports.set(node.id, await freePort());
    for (const node of project.nodes) nodes.push(new DevNode(project, node, folder, root, ports, say));
    say(`building   ${nodes.map((node) => node.id).join(", ")}\n`);
    for (const node of nodes) {
      await node.build();
      files.watch(node.files);
    }
    files.onChange = async (changed) => {
      if (changed.includes(project.file))
        say(`${relative(".", project.file)} has changed: end this with Ctrl-C and start it again`);
      for (const node of nodes) {
        if (!node.files.some((file) => changed.includes(file))) continue;
        await node.build();
        files.watch(node.files);
      }
    };
    files.watch([project.file]);
    const trouble = Promise.race([listening, root.failed, show(watch, nodes, lines)]);
    await Promise.race([ended, trouble]);
    trouble.catch(() => {});
  } finally {
    files.stop();
    watch.stop();
    await Promise.all(nodes.map((node) => node.stop()));
    await root.stop();
  }
  say(`\nended. What was stored: sapline log --data ${relative(".", root.data)}`);
  process.exit(process.exitCode ?? 0);
}

/** The tree once it stands, then what is stored, for as long as the root answers. */
async function show(watch: Watch, nodes: readonly DevNode[], lines: LiveLines): Promise<void> {
  const drawBy = Date.now() + DRAW_AFTER_MILLIS;
  const running = nodes.filter((node) => node.isRunning).length;
  while ((await watch.nodes()).filter((node) => node.up).length < running && Date.now() < drawBy) await pause(100);
  say(`${(await watch.drawing()).join("\n")}\n`);
  for (;;) {
    lines.turn();
    await pause(1000);
  }
}

await projectCommand("dev", "run the project on this PC: a root and all nodes, emulated", (command) =>
  command
    .option("--port <PORT>", "of the root (default: that of the configuration, or any if it is taken)")
    .option("--seconds <COUNT>", "end by itself after so long")
    .action(dev),
);
