/**
 * `sapline flash NODE`: puts a node's program and its configuration on a board, and waits until the node has joined.
 *
 * Output for people and the progress go to stderr; nothing secret is printed. Exit code 0: the node has joined (or, with --no-wait, all is on the
 * board); 1: it has not, and one sentence says why; 2: wrong usage. Run again after it was cut, it goes on where it stopped.
 */
import { resolve } from "node:path";
import { Command } from "commander";
import { BoardConsole } from "#host/board/board-console.ts";
import { install, readConfiguration, release, restart, takeBoard } from "#host/board/install.ts";
import { loadSettings } from "#host/configuration.ts";
import { Trouble } from "#host/trouble.ts";
import { arrival } from "./arrival.ts";
import {
  type BoardSettings,
  checkId,
  type NodeFlags,
  nodeSettings,
  settingsTrouble,
  WIFI_PASSWORD,
} from "./node-settings.ts";
import { rememberPlace } from "./known-boards.ts";
import { placeOf, type PlaceFlags, withPlace } from "./place.ts";
import { keepToken, knownToken } from "../project/node-tokens.ts";
import {
  type NodeInProject,
  nodeInProject,
  nodeProgram,
  projectSettings,
  readBuilt,
  updateSettings,
} from "./node-program.ts";
import { Progress } from "./progress.ts";
import { RootClient } from "./root-client.ts";
import { runTool } from "./tool.ts";
import { openWire, placeName } from "./wires.ts";

/** A board that was restarted is waited for so long, in seconds. Chosen: Wi-Fi takes ten at times. */
const WAIT_SECONDS = 45;
interface Flags extends PlaceFlags, NodeFlags {
  program?: string;
  replace?: boolean;
  wait: string | false;
  config?: string;
  data?: string;
  url?: string;
  apiToken?: string;
}

const command = withPlace(new Command("sapline flash"))
  .description("Puts a node's program and configuration on a board that has Espruino, and waits until it has joined.")
  .argument("<node>", "the node's id")
  .option(
    "--program <FILE>",
    "a program, built (.js) or not (.ts); usually the project's, or a plain one that suits its configuration",
  )
  .option("--settings <FILE>", "its configuration, a JSON file in the form of sapline.json (docs/board.md)")
  .option("--parent <URL>", "where it connects, such as ws://192.168.1.2:4000")
  .option("--listen <PORT>", "the port on which it takes children")
  .option("--wifi <SSID>", `the network it joins; the password is taken from ${WIFI_PASSWORD}`)
  .option("--replace", "also if the board was another node, or a node of this name is up")
  .option("--wait <SECONDS>", "how long to wait until it has joined", String(WAIT_SECONDS))
  .option("--no-wait", "do not wait until it has joined")
  .option("--config <FILE>", "configuration file (default: sapline.config.ts or .json here)")
  .option("--data <DIR>", "data directory of the root (default: .sapline)")
  .option("--url <URL>", "address of the root, if it runs on another machine")
  .option("--api-token <TOKEN>", "the API's token, needed from another machine")
  .action(async (id: string, flags: Flags) => flash(id, flags));

await runTool(command);

async function flash(id: string, flags: Flags): Promise<void> {
  checkId(id);
  const waitSeconds = flags.wait === false ? 0 : secondsOf(flags.wait);
  const { config, data, url, apiToken } = flags;
  const here = { workingDirectory: process.cwd(), environment: process.env };
  const settings = await loadSettings({ data, url, apiToken }, config, here);
  const inProject = await nodeInProject(id, config, here);
  const root = new RootClient(settings);
  const place = await placeOf(flags, root.address);
  const progress = new Progress(process.stderr, process.env);
  progress.say(`${placeName(place)}: looking for the board`);
  const board = new BoardConsole(await openWire(place));
  try {
    const facts = await takeBoard(board);
    progress.say(
      `${placeName(place)}: ${facts.board}, Espruino ${facts.version}, ${facts.storage.free + facts.storage.trash} bytes of Storage free`,
    );
    const before = await readConfiguration(board);
    const was = before?.["id"];
    if (typeof was === "string" && was !== id && flags.replace !== true)
      throw new Trouble(`this board is ${was}: connect the right one, or add --replace to make it ${id}`);
    const configured = inProject === undefined ? {} : projectSettings(inProject, flags.parent);
    const told = nodeSettings(
      id,
      flags,
      process.env,
      { ...updateSettings(resolve(settings.data)), ...configured },
      before,
    );
    const wrong = settingsTrouble(told, facts.board);
    if (wrong !== "") throw new Trouble(wrong);
    const program = await nodeProgram(flags.program, inProject, told);
    const token = await tokenFor(
      { id, before, configured: settings.token, isReplacing: flags.replace === true },
      root,
      inProject,
      progress,
    );
    const configuration = new TextEncoder().encode(JSON.stringify({ ...told, token }));
    const loader = readBuilt("loader.js");
    const seen = await root.node(id);
    const { slot, sent } = await install(board, facts, { program, loader, configuration }, progress.tell);
    progress.say(`${id} is on the board, in slot ${slot}${sent === 0 ? ", as it was" : ""}; restarting it`);
    rememberPlace(settings.data, id, place);
    await restart(board);
    if (waitSeconds === 0) return void (await board.close());
    const epochBefore = typeof seen === "object" ? seen.epoch : 0;
    const outcome = await arrival(board, { id, epochBefore, root, place, withinMillis: waitSeconds * 1000 });
    if (outcome.kind === "joined") {
      progress.say(`${id} has joined${outcome.by === "root" ? "" : ", says the board (no root answers here)"}`);
      return;
    }
    const words =
      outcome.printed.length === 0
        ? "The board printed nothing."
        : `The board printed:\n  ${outcome.printed.join("\n  ")}`;
    const looked = outcome.isRootAway
      ? `no root answers at ${root.address}, and the board does not say that it has joined`
      : "the root has not seen it";
    throw new Trouble(
      `${id} has not joined within ${waitSeconds} s: ${looked}. sapline doctor looks for the reason. ${words}`,
    );
  } finally {
    progress.endLine();
    await release(board);
  }
}

interface TokenQuestion {
  id: string;
  /** What the board has. */
  before: BoardSettings | undefined;
  /** What somebody has named. */
  configured: string | undefined;
  isReplacing: boolean;
}

/** One that was named; the project's; the board's own if the root knows it; else a new one. */
async function tokenFor(
  { id, before, configured, isReplacing }: TokenQuestion,
  root: RootClient,
  inProject: NodeInProject | undefined,
  progress: Progress,
): Promise<string> {
  if (configured !== undefined) return configured;
  const data = inProject?.project.settings.data;
  const known = data === undefined ? undefined : knownToken(data, id);
  if (known !== undefined && root.isTokenOf(id, known)) return known;
  const own = before?.["id"] === id ? before["token"] : undefined;
  const isGood = typeof own === "string" && root.isTokenOf(id, own);
  const token = isGood ? own : await root.newToken(id, isReplacing);
  if (data !== undefined) keepToken(data, id, token);
  if (!isGood) progress.say(`made a token for ${id}; an older one has ended`);
  return token;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 3600)
    throw new Trouble(`--wait must be a whole number of seconds from 0 to 3600, not "${text}"`);
  return seconds;
}
