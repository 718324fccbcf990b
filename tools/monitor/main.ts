/**
 * `sapline monitor`: what a board prints, line by line, with the time; opened again when it goes away. Lines go to stdout, what happens to the
 * connection to stderr (with --json, both to stdout). It ends on Ctrl-C.
 */
import { Command } from "commander";
import { loadSettings } from "#host/configuration.ts";
import { type PlaceFlags, placeOf, withPlace } from "../flash/place.ts";
import { RootClient } from "../flash/root-client.ts";
import { runTool } from "../flash/tool.ts";
import { placeName } from "../flash/wires.ts";
import { watchBoard } from "./watch.ts";

interface Flags extends PlaceFlags {
  json?: boolean;
  config?: string;
  data?: string;
}

const command = withPlace(new Command("sapline monitor"))
  .description("Shows what a board prints, with the time, and goes on when it was away.")
  .argument("[node]", "a node that was flashed from here (or name its --port or --tcp)")
  .option("--json", "print JSON lines, for programs")
  .option("--config <FILE>", "configuration file (default: sapline.config.ts or .json here)")
  .option("--data <DIR>", "data directory of the root (default: .sapline)")
  .action(async (node: string | undefined, flags: Flags) => monitor(node, flags));

await runTool(command);

async function monitor(node: string | undefined, flags: Flags): Promise<void> {
  const settings = await loadSettings({ data: flags.data }, flags.config, {
    workingDirectory: process.cwd(),
    environment: process.env,
  });
  const place = await placeOf(flags, new RootClient(settings).address, { id: node, data: settings.data });
  const isColored = process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
  const dim = (text: string): string => (isColored ? `\u001b[2m${text}\u001b[0m` : text);
  const event = (what: object): void => void process.stdout.write(`${JSON.stringify({ at: Date.now(), ...what })}\n`);
  const say = (text: string): void => void process.stderr.write(`${clock()} -- ${text}\n`);
  const stop = await watchBoard(place, {
    line: (text) =>
      flags.json === true ? event({ line: text }) : void process.stdout.write(`${dim(clock())} ${text}\n`),
    opened: () =>
      flags.json === true ? event({ event: "open", place: placeName(place) }) : say(`${placeName(place)} is open`),
    away: (reason) => (flags.json === true ? event({ event: "away", reason }) : say(reason)),
  });
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  await stop();
}

/** Local time of day, with milliseconds. */
function clock(): string {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${String(now.getMilliseconds()).padStart(3, "0")}`;
}
