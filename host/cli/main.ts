/**
 * `sapline`, the command line. Each command's code is imported when it runs, so that `--help` and `token` start at once.
 *
 * Output goes to stdout, logs and errors to stderr. Exit code 0: done; 1: it failed, and one sentence says why; 2: wrong usage.
 */
import { Command, CommanderError } from "commander";
import type { Settings } from "../settings.ts";
import { HOST_VERSION } from "../version.ts";

type Flags = { [name: string]: unknown };

const program = new Command("sapline")
  .description("A tree network for ESP32 boards and the PC at its root.")
  .version(HOST_VERSION)
  .option("--config <FILE>", "configuration file (default: sapline.config.ts or .json here)")
  .helpCommand(false)
  .showHelpAfterError("(--help tells more)")
  .exitOverride((error) => {
    // A command that is a program of its own has ended: its exit code is ours.
    if (error.code === "commander.executeSubCommandAsync") process.exitCode = error.exitCode;
    else throw error;
  });

/** Flags over environment over file; see settings.ts. */
async function settingsOf(flags: Flags): Promise<Settings> {
  const { loadSettings } = await import("../configuration.ts");
  const { config, ...others } = { ...program.opts<Flags>(), ...flags };
  return loadSettings(others, config as string | undefined, {
    workingDirectory: process.cwd(),
    environment: process.env,
  });
}

const DATA = ["--data <DIR>", "data directory of the root (default: .sapline)"] as const;
const URL_FLAG = ["--url <URL>", "address of the root (default: http://127.0.0.1:4000)"] as const;
const API_TOKEN = ["--api-token <TOKEN>", "the API's token, needed from another machine"] as const;
const JSON_FLAG = ["--json", "print JSON, for programs"] as const;

program
  .command("root")
  .description("run the root: take events of nodes, store them, serve the HTTP API")
  .option("--host <HOST>", "address to listen on (default: 127.0.0.1)")
  .option("--port <PORT>", "port to listen on, 0 for any (default: 4000)")
  .option(...DATA)
  .option("--connections-max <COUNT>", "WebSockets at once (default: 1000)")
  .option("--radio <DEVICE>", "take nodes by ESP-NOW, through the dongle on this serial port (such as /dev/ttyUSB0)")
  .option("--radio-channel <NUMBER>", "Wi-Fi channel of the dongle (default: 1)")
  .option("--radio-baud <NUMBER>", "bits per second of its serial port (default: 921600)")
  .action(async (flags: Flags) => {
    const { runRoot } = await import("./root.ts");
    await runRoot(await settingsOf(flags));
  });

const token = program.command("token").description("who may connect: one token per node").helpCommand(false);
token
  .command("add")
  .argument("<id>", "the node's id")
  .description("make a token for a node and print it: the only time it is seen")
  .option(...DATA)
  .option("--replace", "give it a new one if it has one, which ends the old one")
  .action(async (id: string, flags: Flags) => {
    const { addToken } = await import("./token.ts");
    addToken(await settingsOf(flags), id, flags["replace"] === true);
  });
token
  .command("list")
  .description("list the nodes that have a token")
  .option(...DATA)
  .option(...JSON_FLAG)
  .action(async (flags: Flags) => {
    const { listTokens } = await import("./token.ts");
    listTokens(await settingsOf(flags), flags["json"] === true);
  });
token
  .command("revoke")
  .argument("<id>", "the node's id")
  .description("end a node's token; a running root cuts the node within two seconds")
  .option(...DATA)
  .action(async (id: string, flags: Flags) => {
    const { revokeToken } = await import("./token.ts");
    revokeToken(await settingsOf(flags), id);
  });

const person = program.command("person").description("who may sign in to the console").helpCommand(false);
const STDIN_FLAG = [
  "--stdin",
  "read the password from stdin, one line, instead of making one up and printing it",
] as const;
person
  .command("add")
  .argument("<name>")
  .description("let somebody sign in, and print a password: the only time it is seen")
  .option("--role <ROLE>", "look, act or administer", "look")
  .option(...STDIN_FLAG)
  .option(...DATA)
  .action(async (name: string, { role, stdin, ...flags }: Flags) => {
    const { addPerson } = await import("./person.ts");
    await addPerson(await settingsOf(flags), name, String(role), stdin === true);
  });
person
  .command("password")
  .argument("<name>")
  .description("give somebody a new password, which signs them out everywhere")
  .option(...STDIN_FLAG)
  .option(...DATA)
  .action(async (name: string, { stdin, ...flags }: Flags) => {
    const { setPassword } = await import("./person.ts");
    await setPassword(await settingsOf(flags), name, stdin === true);
  });
person
  .command("role")
  .argument("<name>")
  .argument("<role>", "look, act or administer")
  .description("say what somebody may do")
  .option(...DATA)
  .action(async (name: string, role: string, flags: Flags) => {
    const { setRole } = await import("./person.ts");
    setRole(await settingsOf(flags), name, role);
  });
person
  .command("list")
  .description("list who may sign in")
  .option(...DATA)
  .option(...JSON_FLAG)
  .action(async (flags: Flags) => {
    const { listPeople } = await import("./person.ts");
    listPeople(await settingsOf(flags), flags["json"] === true);
  });
person
  .command("remove")
  .argument("<name>")
  .description("let somebody sign in no more")
  .option(...DATA)
  .action(async (name: string, flags: Flags) => {
    const { removePerson } = await import("./person.ts");
    removePerson(await settingsOf(flags), name);
  });

program
  .command("nodes")
  .description("list nodes: up or away, since when, and who is whose parent")
  .option(...URL_FLAG)
  .option(...API_TOKEN)
  .option(...JSON_FLAG)
  .action(async (flags: Flags) => {
    const { printNodes } = await import("./remote.ts");
    await printNodes(await settingsOf(flags), flags["json"] === true);
  });
program
  .command("state")
  .argument("[node]", "of this node only")
  .description("list entities with their last value and its age")
  .option(...URL_FLAG)
  .option(...API_TOKEN)
  .option(...JSON_FLAG)
  .action(async (node: string | undefined, flags: Flags) => {
    const { printState } = await import("./remote.ts");
    await printState(await settingsOf(flags), node, flags["json"] === true);
  });
program
  .command("act")
  .argument("<node>")
  .argument("<eid>", "entity of that node")
  .argument("<value>", "JSON, or a text")
  .description("ask a node to do something now, and print its answer")
  .option("--ttl <MILLIS>", "drop it if it does not reach the node in this time (default: 5000)")
  .option(...URL_FLAG)
  .option(...API_TOKEN)
  .option(...JSON_FLAG)
  .action(async (node: string, eid: string, value: string, flags: Flags) => {
    const { act } = await import("./remote.ts");
    await act(
      await settingsOf(flags),
      { node, eid, value, ttl: flags["ttl"] as string | undefined },
      flags["json"] === true,
    );
  });
program
  .command("set")
  .argument("<node>")
  .argument("<eid>", "entity of that node")
  .argument("<value>", "JSON, or a text")
  .description("set what an entity should be; a node that is away gets it when it is back")
  .option(...URL_FLAG)
  .option(...API_TOKEN)
  .option(...JSON_FLAG)
  .action(async (node: string, eid: string, value: string, flags: Flags) => {
    const { set } = await import("./remote.ts");
    await set(await settingsOf(flags), { node, eid, value }, flags["json"] === true);
  });

program
  .command("update")
  .argument("[nodes...]")
  .description("send programs over the tree, and follow them; a node that is away gets it when it is back")
  .option("--all", "every node that takes programs over the tree")
  .option(
    "--canary <COUNT>",
    "so many nodes first, the others only when these are good (default: 1 with --all, else 0)",
  )
  .option("--program <FILE>", "the program to send (default: what sapline build makes of each node)")
  .option("--as <VERSION>", "what people call this version (default: from what is in it)")
  .option("--list", "show the updates that the root remembers")
  .option("--stop <ID>", "stop an update: no other node begins")
  .option("--no-wait", "order it, and do not follow")
  .option(...URL_FLAG)
  .option(...API_TOKEN)
  .option(...JSON_FLAG)
  .action(async (nodes: string[], flags: Flags) => {
    const { update } = await import("./update.ts");
    await update(await settingsOf(flags), nodes, { ...program.opts<Flags>(), ...flags });
  });

program
  .command("lifetime")
  .description("how long flash and battery of a board last, and how long an outage it can keep")
  .option("--every <SECONDS>", "a reading of each entity (default: 10)")
  .option("--entities <COUNT>", "entities that are read (default: 1)")
  .option("--flush <SECONDS>", "flush interval, keep.every of the board (default: 60)")
  .option("--wake <SECONDS>", "from one wake to the next (default: 600)")
  .option("--battery <MAH>", "milliampere-hours (default: 2500)")
  .option("--asleep <MICROAMPERES>", "of the sleeping board (default: 10, the chip alone)")
  .action(async (flags: Flags) => {
    const { lifetimeLines, lifetimeOptions } = await import("./lifetime.ts");
    console.log(lifetimeLines(lifetimeOptions(flags)).join("\n"));
  });

const log = program.command("log").description("print stored events, also while the root runs").helpCommand(false);
log
  .option(...DATA)
  .option("--node <ID>", "of this node")
  .option("--entity <EID>", "of this entity")
  .option("--from <TIME>", "not before: ISO 8601, milliseconds since 1970, or a time ago (15m, 2h, 7d)")
  .option("--to <TIME>", "not after")
  .option("--limit <COUNT>", "the newest so many")
  .option("--newest-first", "print the newest first")
  .option("--follow", "go on printing what is stored, until Ctrl-C")
  .option(...JSON_FLAG)
  .action(async (flags: Flags) => {
    const { printLog } = await import("./log.ts");
    await printLog(await settingsOf(flags), flags);
  });
log
  .command("rebuild")
  .description("work out values, desired state, presence and epochs again from the events alone")
  .option(...DATA)
  .action(async (flags: Flags) => {
    const { rebuild } = await import("./log.ts");
    await rebuild(await settingsOf({ ...log.opts<Flags>(), ...flags }));
  });

program
  .command("node")
  .description(
    "run this process as a node: JSON lines on stdin go up as events, what comes down is printed as JSON lines",
  )
  .option("--id <ID>", "the node's id")
  .option("--token <TOKEN>", "its token")
  .option("--parent <URL>", "where to connect, such as ws://127.0.0.1:4000/node")
  .option("--listen <PORT>", "take children on this port: be a branch")
  .option("--host <HOST>", "address to listen on for children (default: 127.0.0.1)")
  .action(async (flags: Flags) => {
    const { runNode } = await import("./node.ts");
    await runNode(await settingsOf(flags));
  });

// commander takes `--config` for itself wherever it stands; see CONFIGURATION_VARIABLE.
program.hook("preSubcommand", () => {
  const { config } = program.opts<Flags>();
  if (typeof config === "string") process.env["SAPLINE_CONFIG"] = config;
});

// Programs of their own, because they use or play what this one is made of: host/ knows nothing of them.
program.command("flash", "put a node's program and configuration on a board", { executableFile: "flash.js" });
program.command("new", "make a project with two nodes, ready for sapline dev", { executableFile: "new.js" });
program.command(
  "dev",
  "run a project on this PC: a root and all its nodes, emulated; saving a file restarts its node",
  {
    executableFile: "dev.js",
  },
);
program.command("build", "make what each board of a project runs", { executableFile: "build.js" });
program.command("firmware", "put Espruino on a board, also on an empty one", { executableFile: "firmware-image.js" });
program.command("monitor", "show what a board prints", { executableFile: "monitor.js" });
program.command("doctor", "look for what is wrong with a board, this machine or the root", {
  executableFile: "doctor.js",
});
program.command("sim", "play whole trees in virtual time, with everything broken that can break", {
  executableFile: "sim.js",
});

program
  .command("init")
  .argument("[directory]", "where", ".")
  .description("write a configuration file, a data directory and a first node's token; overwrites nothing")
  .option("--id <ID>", "the first node's id (default: kitchen)")
  .action(async (directory: string, flags: Flags) => {
    const { init } = await import("./init.ts");
    init(directory, flags["id"] as string | undefined);
  });

// Whoever reads our output may leave when it has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  const code = await exitCode(error);
  // Not `exit`: what was printed must reach a pipe first.
  process.exitCode = code;
}

async function exitCode(error: unknown): Promise<number> {
  // commander has printed its own sentence.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { Trouble } = await import("../trouble.ts");
  const isForPeople = error instanceof Trouble;
  process.stderr.write(
    `sapline: ${isForPeople ? error.message : ((error as Error | undefined)?.stack ?? String(error))}\n`,
  );
  return 1;
}
