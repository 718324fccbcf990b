/**
 * Where each node's board was when it was last written, so that later a name is enough: `boards.json` in the data directory. Nothing secret is in it,
 * and nothing is lost with it.
 */
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory, writeFileAtomic } from "#host/file.ts";
import type { Place } from "./wires.ts";

const BOARDS_FILE = "boards.json";
/** Linux's names for ports that stay the same wherever a board is plugged in. */
const BY_ID = "/dev/serial/by-id";

export function knownPlace(data: string, id: string): Place | undefined {
  const place = readBoards(data)[id] as Partial<{ path: string; baud: number; host: string; port: number }> | undefined;
  if (typeof place?.path === "string" && typeof place.baud === "number")
    return { kind: "serial", path: place.path, baud: place.baud };
  if (typeof place?.host === "string" && typeof place.port === "number")
    return { kind: "tcp", host: place.host, port: place.port };
  return undefined;
}

/** What cannot be written is not remembered. */
export function rememberPlace(data: string, id: string, place: Place): void {
  const lasting = place.kind === "serial" ? { ...place, path: lastingName(place.path) } : place;
  try {
    makeDirectory(data);
    const boards = { ...readBoards(data), [id]: lasting };
    writeFileAtomic(join(data, BOARDS_FILE), `${JSON.stringify(boards, null, 2)}\n`, 0o600);
  } catch {
    // Then it has to be named again.
  }
}

function readBoards(data: string): { [id: string]: unknown } {
  try {
    const boards: unknown = JSON.parse(readFileSync(join(data, BOARDS_FILE), "utf8"));
    return typeof boards === "object" && boards !== null ? { ...boards } : {};
  } catch {
    return {};
  }
}

function lastingName(path: string): string {
  try {
    const device = realpathSync(path);
    const name = readdirSync(BY_ID).find((one) => realpathSync(join(BY_ID, one)) === device);
    return name === undefined ? path : join(BY_ID, name);
  } catch {
    return path;
  }
}
