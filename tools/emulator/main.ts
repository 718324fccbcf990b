/**
 * One emulated node as a process: `emulator.js [--bundle FILE] --storage FOLDER [--config JSON] [--first FILE] [--serial DEVICE] [--devices FILE]`. What the program prints goes to standard output.
 * SIGTERM and SIGINT end it cleanly, with status 0; a mistake in the arguments ends it with 2 and says what is missing.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openSerial } from "#host/radio/serial-device.ts";
import { DONGLE_BAUD } from "#shared/radio/dongle.ts";
import type { Device } from "./devices/device.ts";
import { devicesFrom } from "./devices/settings.ts";
import { type EmulatedNode, emulate } from "./emulate.ts";

const USAGE =
  "usage: emulator [--bundle FILE] --storage FOLDER [--config JSON] [--first FILE] [--serial DEVICE] [--devices FILE]";

function fail(sentence: string): never {
  console.error(`emulator: ${sentence}\n${USAGE}`);
  process.exit(2);
}

function configFrom(text: string | undefined): { config?: object } {
  if (text === undefined) return {};
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config === "object" && config !== null) return { config };
  } catch {
    // Said below.
  }
  return fail("--config must be a JSON object");
}

/** What is wired to the chip's pins, from a file: see docs/drivers. */
function devices(file: string | undefined): { devices?: Device[] } {
  if (file === undefined) return {};
  try {
    return { devices: devicesFrom(JSON.parse(readFileSync(file, "utf8"))) };
  } catch (error) {
    return fail(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface Options {
  bundle?: string;
  storage: string;
  config?: string;
  first?: string;
  device?: string;
  wired?: string;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        bundle: { type: "string" },
        storage: { type: "string" },
        config: { type: "string" },
        first: { type: "string" },
        serial: { type: "string" },
        devices: { type: "string" },
      },
    });
    const { bundle, storage, config, first, serial, devices: wired } = values;
    if (storage === undefined) return fail("--storage is needed");
    for (const file of [bundle, first]) {
      if (file !== undefined && !existsSync(file))
        return fail(`there is no file ${file}; build it with \`make firmware\``);
    }
    return {
      storage,
      ...(bundle === undefined ? {} : { bundle }),
      ...(config === undefined ? {} : { config }),
      ...(first === undefined ? {} : { first }),
      ...(serial === undefined ? {} : { device: serial }),
      ...(wired === undefined ? {} : { wired }),
    };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { bundle, storage, config, first, device, wired } = options();
let node: EmulatedNode | undefined;
// Before the program starts: whoever waits for its first line may end it at once.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    node?.stop();
    process.exit(0);
  });
}
/** The chip's serial port is this device, such as a pseudo-terminal. */
const port =
  device === undefined
    ? undefined
    : await openSerial(device, DONGLE_BAUD, {
        data: (chunk) => node?.type(chunk),
        closed: (reason) => fail(reason),
      }).catch((error: Error) => fail(error.message));
node = emulate({
  ...(bundle === undefined ? {} : { bundle }),
  storageDir: storage,
  ...configFrom(config),
  ...(first === undefined ? {} : { first }),
  ...devices(wired),
  serial: (bytes) => port?.write(bytes),
  log: (line) => console.log(line),
});
