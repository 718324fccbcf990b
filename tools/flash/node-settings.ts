/**
 * What a board is told about itself (`sapline.json`, docs/board.md), from what people say on the command line, a file, the environment, and what the
 * board was told before. Secrets come from files and the environment, and are never printed.
 */
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { basename } from "node:path";
import { isNodeId } from "#shared/wire/message.ts";
import { NODE_ID_CHARS_MAX } from "#shared/limits.ts";
import { settingsMistake } from "#host/board/settings-check.ts";
import { Trouble } from "#host/trouble.ts";

/** The Wi-Fi password, which must not stand on a command line. */
export const WIFI_PASSWORD = "SAPLINE_WIFI_PASSWORD";
const LISTEN_PORT_MAX = 65_535;

export interface NodeFlags {
  /** A JSON file in the form of `sapline.json`. */
  settings?: string;
  /** ws://HOST:PORT of its parent. */
  parent?: string;
  listen?: string;
  wifi?: string;
}

export type BoardSettings = { [key: string]: unknown };

/** Throws `Trouble`. */
export function checkId(id: string): void {
  if (!isNodeId(id) || id === "root")
    throw new Trouble(
      `"${id}" cannot be a node's id: use 1 to ${NODE_ID_CHARS_MAX} letters, digits, ".", "_" or "-", and not "root"`,
    );
}

/**
 * Without its token. `configured` is what the configuration file says of this node, `before` what the board has. Throws `Trouble` if nothing says
 * where the node connects.
 */
export function nodeSettings(
  id: string,
  flags: NodeFlags,
  environment: { readonly [name: string]: string | undefined },
  configured: BoardSettings,
  before: BoardSettings | undefined,
): BoardSettings {
  const told = {
    ...configured,
    ...(flags.settings === undefined ? {} : fileSettings(flags.settings)),
    ...flagSettings(flags, environment),
  };
  const settings: BoardSettings = { ...(before?.["id"] === id ? before : {}), ...told, id };
  delete settings["token"];
  if (settings["parent"] === undefined && settings["radio"] === undefined)
    throw new Trouble(
      `nothing says where ${id} connects: add --parent ws://${ownAddress() ?? "192.168.1.2"}:4000 (the root's address in your network), and --wifi with the network's name; docs/board.md has the rest, for --settings FILE`,
    );
  return settings;
}

/** Why a board cannot do as it is told, with what to do; "" if nothing is seen. `board` as in BoardFacts. */
export function settingsTrouble(settings: BoardSettings, board: string): string {
  const mistake = settingsMistake(settings);
  if (mistake !== "") return mistake;
  const parent = settings["parent"] as { host?: unknown } | undefined;
  if (board !== "LINUX" && /^(localhost$|127\.|::1$)/.test(String(parent?.host ?? "")))
    return `a board cannot reach ${String(parent?.host)}, which is this machine to itself: start the root with --host 0.0.0.0, and name this machine by --parent ws://${ownAddress() ?? "its-address"}:4000`;
  return "";
}

function flagSettings(flags: NodeFlags, environment: { readonly [name: string]: string | undefined }): BoardSettings {
  const settings: BoardSettings = {};
  if (flags.parent !== undefined) settings["parent"] = parentOf(flags.parent);
  if (flags.listen !== undefined) {
    const port = Number(flags.listen);
    if (!Number.isInteger(port) || port < 1 || port > LISTEN_PORT_MAX)
      throw new Trouble(`--listen must be a whole number from 1 to ${LISTEN_PORT_MAX}, not "${flags.listen}"`);
    settings["listen"] = port;
  }
  if (flags.wifi !== undefined) settings["wifi"] = { ssid: flags.wifi, password: environment[WIFI_PASSWORD] ?? "" };
  return settings;
}

/** As a board has it. Throws `Trouble`. */
export function parentOf(text: string): { host: string; port: number; path?: string } {
  const match = /^ws:\/\/(\[[0-9a-fA-F:]+\]|[^/:]+)(?::(\d{1,5}))?(\/\S*)?$/.exec(text);
  const port = match?.[2] === undefined ? 80 : Number(match[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535)
    throw new Trouble(
      `--parent must be an address such as ws://192.168.1.2:4000, not "${text}"${text.startsWith("wss:") ? ": boards have no TLS" : ""}`,
    );
  const path = match[3] === undefined || match[3] === "/" ? {} : { path: match[3] };
  return { host: match[1].replace(/^\[|\]$/g, ""), port, ...path };
}

function fileSettings(path: string): BoardSettings {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Trouble(`cannot read ${path}: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Trouble(`${basename(path)} must hold an object, in the form of sapline.json (docs/board.md)`);
  return { ...value };
}

/** This machine in its network. */
function ownAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && one.family === "IPv4" && !one.internal)?.address;
}
