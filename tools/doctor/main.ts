/**
 * `sapline doctor`: looks at this machine, the root and a board, and says of each what is wrong and what to do. It stops and changes nothing.
 * Exit code 0: no fault; 1: there is one; 2: wrong usage.
 */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { BoardConsole } from "#host/board/board-console.ts";
import { crc32 } from "#host/board/upload.ts";
import { loadSettings } from "#host/configuration.ts";
import { Trouble } from "#host/trouble.ts";
import { boardPorts } from "../flash/ports.ts";
import { type PlaceFlags, placeOf, withPlace } from "../flash/place.ts";
import { RootClient } from "../flash/root-client.ts";
import { runTool } from "../flash/tool.ts";
import { openWire, type Place, placeName } from "../flash/wires.ts";
import { boardFindings } from "./board-findings.ts";
import { askBoard, type BoardReport, reaches } from "./board-report.ts";
import { fault, faultOf, type Finding, findingLines, ok } from "./finding.ts";
import { rootFindings, serialFindings } from "./machine-findings.ts";

interface Flags extends PlaceFlags {
  json?: boolean;
  config?: string;
  data?: string;
  url?: string;
  apiToken?: string;
}

const command = withPlace(new Command("sapline doctor"))
  .description("Looks for what is wrong with this machine, the root and a board, and says what to do.")
  .argument("[node]", "a node that was flashed from here (or name its board's --port or --tcp)")
  .option("--json", "print JSON, for programs")
  .option("--config <FILE>", "configuration file (default: sapline.config.ts or .json here)")
  .option("--data <DIR>", "data directory of the root (default: .sapline)")
  .option("--url <URL>", "address of the root, if it runs on another machine")
  .option("--api-token <TOKEN>", "the API's token, needed from another machine")
  .action(async (node: string | undefined, flags: Flags) => examine(node, flags));

await runTool(command);

async function examine(node: string | undefined, flags: Flags): Promise<void> {
  const { config, data, url, apiToken } = flags;
  const settings = await loadSettings({ data, url, apiToken }, config, {
    workingDirectory: process.cwd(),
    environment: process.env,
  });
  const root = new RootClient(settings);
  const isColored = process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
  const all: Finding[] = [];
  const tell = (findings: readonly Finding[]): void => {
    all.push(...findings);
    if (flags.json !== true) for (const finding of findings) process.stdout.write(findingLines(finding, isColored));
  };
  const isNamed = node !== undefined || flags.port !== undefined || flags.tcp !== undefined || flags.ble === true;
  // Of a board elsewhere it says nothing that there is none here.
  if (flags.tcp === undefined) tell(await serialFindings(isNamed));
  let id = node ?? "";
  if (isNamed || (await boardPorts()).length > 0) {
    try {
      const place = await placeOf(flags, root.address, { id: node, data: settings.data });
      const report = await lookAt(place, tell, root);
      const own = report?.configuration?.["id"];
      if (id === "" && typeof own === "string") id = own;
      if (id !== "" && typeof own === "string" && own !== id)
        tell([fault("settings", `the board is ${own}, not ${id}`, "connect the right one")]);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      tell([faultOf("board", error.message)]);
    }
  }
  tell(rootFindings(settings, { address: root.address, seen: await root.node(id) }, id));
  if (flags.json === true) process.stdout.write(`${JSON.stringify(all)}\n`);
  const count = (level: string): number => all.filter((finding) => finding.level === level).length;
  const [faults, warnings] = [count("fault"), count("warning")];
  if (flags.json !== true) process.stderr.write(`${faults} faults, ${warnings} warnings\n`);
  if (faults > 0) process.exitCode = 1;
}

async function lookAt(
  place: Place,
  tell: (findings: readonly Finding[]) => void,
  root: RootClient,
): Promise<BoardReport> {
  const board = new BoardConsole(await openWire(place));
  try {
    await board.greet();
    tell([ok("console", `Espruino answers on ${placeName(place)}`)]);
    const report = await askBoard(board);
    tell(boardFindings(report, Date.now(), builtLoaderSum()));
    tell(await parentFindings(board, report, root));
    return report;
  } finally {
    await board.close();
  }
}

/** Whether the board reaches its parent. Not asked of one that is with the root: the attempt stops a board for seconds if nobody answers. */
async function parentFindings(
  board: BoardConsole,
  { configuration, facts, station }: BoardReport,
  root: RootClient,
): Promise<Finding[]> {
  const parent = configuration?.["parent"] as { host?: unknown; port?: unknown } | undefined;
  if (typeof parent?.host !== "string" || typeof parent.port !== "number") return [];
  if (station !== "connected" && facts.board !== "LINUX") return [];
  const seen = await root.node(String(configuration?.["id"]));
  if (typeof seen === "object" && seen.up) return [];
  const where = `${parent.host}:${parent.port}`;
  const why = await reaches(board, parent.host, parent.port);
  if (why === "") return [ok("way up", `the board reaches its parent at ${where}`)];
  return [
    fault(
      "way up",
      `the board does not reach its parent at ${where}: ${why}`,
      "is the address right, is the root started with --host 0.0.0.0, does a firewall stand between, are both in the same network?",
    ),
  ];
}

function builtLoaderSum(): number {
  try {
    return crc32(readFileSync(new URL("./firmware/loader.js", import.meta.url)));
  } catch {
    return 0;
  }
}
