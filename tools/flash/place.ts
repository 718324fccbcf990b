/** Which board is meant: by the flags that flash, monitor, doctor and firmware have in common. */
import { type Command, InvalidArgumentError } from "commander";
import { Trouble } from "#host/trouble.ts";
import { knownPlace } from "./known-boards.ts";
import { onlyPort } from "./ports.ts";
import { CONSOLE_BAUD, type Place, tcpPlace } from "./wires.ts";

export interface PlaceFlags {
  port?: string;
  baud?: number;
  tcp?: string;
  ble?: boolean;
}

/** What people may type as a baud rate. */
export function baud(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 9600 || value > 4_000_000)
    throw new InvalidArgumentError("It must be a whole number from 9600 to 4000000.");
  return value;
}

export function withPlace(command: Command): Command {
  return command
    .option("--port <DEVICE>", "the board's serial port, such as /dev/ttyUSB0 (default: the only one there is)")
    .option("--baud <NUMBER>", "bits per second of its console", baud, CONSOLE_BAUD)
    .option("--tcp <HOST[:PORT]>", "over the network, to Espruino's telnet console")
    .option("--ble", "over Bluetooth: says how");
}

/**
 * `root` is the root's address, for a page of its console; `known` a node that may have been written from here before. Rejects with `Trouble`.
 */
export async function placeOf(
  flags: PlaceFlags,
  root: string,
  known?: { id: string | undefined; data: string },
): Promise<Place> {
  if (flags.ble === true)
    throw new Trouble(
      `this program has no Bluetooth: open ${root}/console/add in Chrome or Edge, on the root's own machine; its page writes to boards over Bluetooth`,
    );
  if (flags.tcp !== undefined && flags.port !== undefined)
    throw new Trouble("name the board by --port or by --tcp, not by both");
  if (flags.tcp !== undefined) return tcpPlace(flags.tcp);
  if (flags.port === undefined && known?.id !== undefined) {
    const place = knownPlace(known.data, known.id);
    if (place !== undefined) return place;
    throw new Trouble(`${known.id} was not flashed from here: name its board by --port or --tcp`);
  }
  return { kind: "serial", path: flags.port ?? (await onlyPort()), baud: flags.baud ?? CONSOLE_BAUD };
}
