/**
 * `sapline firmware`: puts an Espruino that the user has onto a board, also onto an empty one. Words go to stderr. Exit code 0: it is there, byte by
 * byte; 1: it is not, and one sentence says why; 2: wrong usage.
 */
import { Command } from "commander";
import { baud } from "../flash/place.ts";
import { onlyPort } from "../flash/ports.ts";
import { Progress } from "../flash/progress.ts";
import { runTool } from "../flash/tool.ts";
import { partName, writeChip } from "./chip-writer.ts";
import { imageParts } from "./image-parts.ts";
import { WebSerialPort } from "./web-serial-port.ts";

/** Usual speed, in bits per second. Chosen: what common bridges to USB still do. */
const BAUD = 460_800;

interface Flags {
  image: string[];
  port?: string;
  baud: number;
  erase?: boolean;
}

const command = new Command("sapline firmware")
  .description(
    "Puts Espruino onto a board, also onto an empty one: the files of a build, such as those of espruino.com.",
  )
  .requiredOption("--image <FILE...>", "bootloader*.bin, partition*.bin, espruino*.bin, or ADDRESS=FILE")
  .option("--port <DEVICE>", "the board's serial port, such as /dev/ttyUSB0 (default: the only one there is)")
  .option("--baud <NUMBER>", "bits per second", baud, BAUD)
  .option("--erase", "erase the whole flash before, with all that is in Storage")
  .action(async (flags: Flags) => firmware(flags));

await runTool(command);
// What esptool-js has under way (a reading that nobody waits for) must not keep us.
process.exit();

async function firmware({ image, port: named, baud: speed, erase }: Flags): Promise<void> {
  // Node 20 warns that JSON modules, of which esptool-js is partly made, are new to it: nothing that could be done about here.
  process.removeAllListeners("warning");
  const parts = imageParts(image);
  const path = named ?? (await onlyPort());
  const port = await WebSerialPort.find(path);
  const progress = new Progress(process.stderr, process.env);
  try {
    const chip = await writeChip({
      port,
      path,
      baud: speed,
      parts,
      isErasing: erase === true,
      say: (text) => progress.say(text),
      tell: (part, share) => {
        const total = part.bytes.length;
        progress.tell({ file: partName(part), done: Math.round(share * total), total, kept: 0 });
      },
    });
    progress.say(`Espruino is on the ${chip}, compared byte by byte; next: sapline flash NODE --port ${path}`);
  } finally {
    progress.endLine();
  }
}
