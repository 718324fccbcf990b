/**
 * What this node is told about itself: the Storage file `sapline.json`. A mistake in it is answered with a sentence that says what to do.
 */
import { CHIP_LIMITS, type Limits, NODE_ID_CHARS_MAX, RADIO_FLUSH_BYTES } from "#shared/limits.ts";
import { HAS_SOCKETS, TAKES_CHILDREN } from "#shared/role.ts";
import type { NodeId } from "#shared/units.ts";
import { readJson } from "./ports/storage.ts";
import type { Address } from "./ports/websocket-client.ts";

export const CONFIGURATION_FILE = "sapline.json";
const PORT = "a number from 1 to 65535";

export interface WifiConfiguration {
  ssid: string;
  password: string;
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

/** A configuration, or what is wrong with it. */
export type ConfigurationOutcome = { ok: true; configuration: Configuration } | { ok: false; error: string };

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < 65536 && Math.floor(value) === value;
}

function fault(name: string, what: string): ConfigurationOutcome {
  return { ok: false, error: CONFIGURATION_FILE + ": " + name + " must be " + what };
}

/** The limit as the file gives it, else the chip's. The names are texts here: the build may shorten all others. */
function limitFrom(given: { [key: string]: unknown }, name: string, usual: number): number {
  const value = given[name];
  return typeof value === "number" && value >= 0 ? value : usual;
}

function limitsFrom(given: { [key: string]: unknown }, flushBytes: number): Limits {
  return {
    flushBytes: limitFrom(given, "flushBytes", flushBytes),
    groupBytes: CHIP_LIMITS.groupBytes,
    flushAfter: limitFrom(given, "flushAfter", CHIP_LIMITS.flushAfter),
    windowBytes: limitFrom(given, "windowBytes", CHIP_LIMITS.windowBytes),
    outboxBytes: limitFrom(given, "outboxBytes", CHIP_LIMITS.outboxBytes),
    pipeBytes: CHIP_LIMITS.pipeBytes,
    relayBytes: TAKES_CHILDREN ? limitFrom(given, "relayBytes", CHIP_LIMITS.relayBytes) : 0,
    childrenMax: TAKES_CHILDREN ? limitFrom(given, "childrenMax", CHIP_LIMITS.childrenMax) : 0,
    routesMax: TAKES_CHILDREN ? limitFrom(given, "routesMax", CHIP_LIMITS.routesMax) : 0,
  };
}

/** Checks a parsed file. Unknown keys are kept in `raw` and not complained about: applications keep theirs there. */
export function checkConfiguration(raw: unknown): ConfigurationOutcome {
  if (!isObject(raw)) return { ok: false, error: "write this file first: " + CONFIGURATION_FILE };
  const id = raw["id"];
  if (typeof id !== "string" || id.length === 0 || id.length > NODE_ID_CHARS_MAX) {
    return fault("id", "a text of 1 to " + NODE_ID_CHARS_MAX + " characters");
  }
  const token = raw["token"] === undefined ? "" : raw["token"];
  if (typeof token !== "string") return fault("token", "a text");
  let address: Address | undefined;
  let listen: unknown;
  let station: WifiConfiguration | undefined;
  if (HAS_SOCKETS) {
    const parent = raw["parent"];
    if (parent !== undefined || raw["radio"] === undefined) {
      if (!isObject(parent)) return fault("parent", "{host, port}");
      const host = parent["host"];
      if (typeof host !== "string" || host.length === 0) return fault("parent.host", "a name or an address");
      const port = parent["port"];
      if (!isPort(port)) return fault("parent.port", PORT);
      const path = parent["path"] === undefined ? "/node" : parent["path"];
      if (typeof path !== "string" || path[0] !== "/") return fault("parent.path", "a text that starts with /");
      address = { host: host, port: port, path: path };
    }
    listen = raw["listen"];
    if (listen !== undefined && !isPort(listen)) return fault("listen", PORT);
    const wifi = raw["wifi"];
    if (wifi !== undefined) {
      const ssid = isObject(wifi) ? wifi["ssid"] : undefined;
      const password = isObject(wifi) && wifi["password"] !== undefined ? wifi["password"] : "";
      if (typeof ssid !== "string" || typeof password !== "string") return fault("wifi", "{ssid, password}");
      station = { ssid: ssid, password: password };
    }
  }
  const limits = raw["limits"] === undefined ? {} : raw["limits"];
  if (!isObject(limits)) return fault("limits", "an object");
  return {
    ok: true,
    configuration: {
      id: id as NodeId,
      token: token,
      parent: address,
      listen: listen as number | undefined,
      wifi: station,
      limits: limitsFrom(limits, address === undefined ? RADIO_FLUSH_BYTES : CHIP_LIMITS.flushBytes),
      raw: raw,
    },
  };
}

export function readConfiguration(): ConfigurationOutcome {
  return checkConfiguration(readJson(CONFIGURATION_FILE));
}
