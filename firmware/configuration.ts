/**
 * What this node is told about itself: the Storage file `sapline.json`. A mistake in it is answered with a sentence that names the key.
 */
import { CHIP_LIMITS, type Limits, NODE_ID_CHARS_MAX, RADIO_FLUSH_BYTES } from "#shared/limits.ts";
import { HAS_SOCKETS, TAKES_CHILDREN } from "#shared/role.ts";
import type { NodeId } from "#shared/units.ts";
import { readJson } from "./ports/storage.ts";
import type { Address } from "./ports/websocket-client.ts";

export const CONFIGURATION_FILE = "sapline.json";

export interface WifiConfiguration {
  ssid: string;
  password: string;
  /** "none", "min" or "max": how much the radio sleeps between the router's beacons. "": as the engine has it. */
  powersave: string;
}

export interface Configuration {
  id: NodeId;
  token: string;
  /** Where it connects to; absent on a node that has only the radio. */
  parent: Address | undefined;
  /** Port for children; absent on a leaf. */
  listen: number | undefined;
  wifi: WifiConfiguration | undefined;
  limits: Limits;
  /** The file as it was read, for what applications keep in it. */
  raw: { [key: string]: unknown };
}

type Given = { [key: string]: unknown };

/** What is said of a mistake. What the key must be is said on the PC, before the file gets to a board (host/board/settings-check.ts), and in docs/board.md. */
export function mistake(key: string): Error {
  return new Error(CONFIGURATION_FILE + ": " + key + ": see docs/board.md");
}

/** What the file gives under a key, or the usual value where it gives none. Throws if it is not right. */
export function given<T>(file: Given, key: string, isRight: (value: unknown) => value is T, usual?: T): T {
  const value = file[key] === undefined ? usual : file[key];
  if (!isRight(value)) throw mistake(key);
  return value;
}

export function isObject(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isHost(value: unknown): value is string {
  return isText(value) && value.length > 0;
}

function isName(value: unknown): value is NodeId {
  return isHost(value) && value.length <= NODE_ID_CHARS_MAX;
}

function isPowersave(value: unknown): value is string {
  return ["", "none", "min", "max"].indexOf(value as string) >= 0;
}

function isPath(value: unknown): value is string {
  return isText(value) && value[0] === "/";
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < 65536 && Math.floor(value) === value;
}

/** The limit as the file gives it, else the chip's. The names are texts here: the build may shorten all others. */
function limitFrom(file: Given, name: string, usual: number): number {
  const value = file[name];
  return typeof value === "number" && value >= 0 ? value : usual;
}

function limitsFrom(file: Given, flushBytes: number): Limits {
  return {
    flushBytes: limitFrom(file, "flushBytes", flushBytes),
    groupBytes: CHIP_LIMITS.groupBytes,
    flushAfter: limitFrom(file, "flushAfter", CHIP_LIMITS.flushAfter),
    windowBytes: limitFrom(file, "windowBytes", CHIP_LIMITS.windowBytes),
    outboxBytes: limitFrom(file, "outboxBytes", CHIP_LIMITS.outboxBytes),
    pipeBytes: CHIP_LIMITS.pipeBytes,
    relayBytes: TAKES_CHILDREN ? limitFrom(file, "relayBytes", CHIP_LIMITS.relayBytes) : 0,
    childrenMax: TAKES_CHILDREN ? limitFrom(file, "childrenMax", CHIP_LIMITS.childrenMax) : 0,
    routesMax: TAKES_CHILDREN ? limitFrom(file, "routesMax", CHIP_LIMITS.routesMax) : 0,
  };
}

/** Checks a parsed file; throws a sentence that names the key. Unknown keys are kept in `raw` and not complained about: applications keep theirs there. */
export function checkConfiguration(raw: unknown): Configuration {
  if (!isObject(raw)) throw mistake("write it first");
  let parent: Address | undefined;
  let listen: number | undefined;
  let wifi: WifiConfiguration | undefined;
  if (HAS_SOCKETS) {
    if (raw["parent"] !== undefined || raw["radio"] === undefined) {
      const address = given(raw, "parent", isObject);
      parent = {
        host: given(address, "host", isHost),
        port: given(address, "port", isPort),
        path: given(address, "path", isPath, "/node"),
      };
    }
    if (raw["listen"] !== undefined) listen = given(raw, "listen", isPort);
    if (raw["wifi"] !== undefined) {
      const station = given(raw, "wifi", isObject);
      wifi = {
        ssid: given(station, "ssid", isText),
        password: given(station, "password", isText, ""),
        powersave: given(station, "powersave", isPowersave, ""),
      };
    }
  }
  return {
    id: given(raw, "id", isName),
    token: given(raw, "token", isText, ""),
    parent: parent,
    listen: listen,
    wifi: wifi,
    limits: limitsFrom(given(raw, "limits", isObject, {}), !parent ? RADIO_FLUSH_BYTES : CHIP_LIMITS.flushBytes),
    raw: raw,
  };
}

/** Throws a sentence. */
export function readConfiguration(): Configuration {
  return checkConfiguration(readJson(CONFIGURATION_FILE));
}
