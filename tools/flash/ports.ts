/** Finds the serial port that a board is on, where none was named. */
import { readdirSync, realpathSync } from "node:fs";
import { Trouble } from "#host/trouble.ts";

/** Names of serial ports that boards appear under, by system. */
const DEVICES: { readonly [platform: string]: RegExp } = {
  linux: /^(ttyUSB|ttyACM)\d+$/,
  darwin: /^cu\.(usb|SLAB|wchusb)/,
};
/** Where Linux gives them lasting names. */
const BY_ID = "/dev/serial/by-id";
const PACKAGE: string = "serialport";

export interface FoundPort {
  path: string;
  /** What the system says is plugged in there; "" if it says nothing. */
  name: string;
}

export async function boardPorts(): Promise<FoundPort[]> {
  if (process.platform === "win32") return listed();
  const names = lastingNames();
  const pattern = DEVICES[process.platform] ?? (DEVICES["linux"] as RegExp);
  return entries("/dev")
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => ({ path: `/dev/${name}`, name: names.get(`/dev/${name}`) ?? "" }));
}

/** The only one there is. Rejects with `Trouble`. */
export async function onlyPort(): Promise<string> {
  const ports = await boardPorts();
  if (ports.length === 1) return (ports[0] as FoundPort).path;
  if (ports.length === 0)
    throw new Trouble(
      "no board is plugged in: connect one by a USB cable that carries data (some only charge), or name it by --port or --tcp",
    );
  const list = ports.map(({ path, name }) => (name === "" ? path : `${path} (${name})`)).join(", ");
  throw new Trouble(`there are ${ports.length} serial ports: name the board's by --port: ${list}`);
}

function lastingNames(): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of entries(BY_ID)) {
    try {
      names.set(realpathSync(`${BY_ID}/${name}`), name);
    } catch {
      // It was pulled this moment.
    }
  }
  return names;
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function listed(): Promise<FoundPort[]> {
  try {
    const { SerialPort } = (await import(PACKAGE)) as {
      SerialPort: { list(): Promise<{ path: string; friendlyName?: string }[]> };
    };
    const ports = await SerialPort.list();
    return ports.map(({ path, friendlyName }) => ({ path, name: friendlyName ?? "" }));
  } catch {
    return [];
  }
}
