/**
 * The shapes of lines, and what may be said in them. A message is a parsed line: an object with a string `type`, `type` being
 * its first member. Everything else about it is a claim of a stranger, so each field is read through a check.
 */
import { ENTITY_ID_BYTES_MAX, NODE_ID_CHARS_MAX, VIA_NODES_MAX } from "../limits.ts";
import type { NodeId } from "../units.ts";

export type Message = { type: string; [field: string]: unknown };

/** The version of the protocol that this code speaks. */
export const VERSION = 1;

/** Largest epoch and largest event number: what a 32-bit reader can hold. Chosen. */
export const NUMBER_MAX = 2147483647;

/**
 * The lines that links and branches read. An application cannot emit events of these types.
 * The space at the end: Espruino's indexOf also finds a text whose beginning is the end of what it looks in.
 */
const CONTROL_TYPES = "|?hello|!hello|?ack|!ack|?ping|!ping|!root|!gone|!bye| ";

export function isControlType(type: string): boolean {
  return CONTROL_TYPES.indexOf("|" + type + "|") >= 0;
}

/**
 * Whether the line that starts at `start` can be one that a parent must read rather than pass on (`?ack`, `?hello`, `?ping`,
 * `!ping`, `!gone`). Looks at its first bytes alone: events are not parsed on the way. A `true` is only a reason to parse.
 */
export function mayBeControl(text: string, start: number): boolean {
  // With a space behind: see CONTROL_TYPES.
  const head = text.substr(start, 17) + " ";
  return head.indexOf('"?') >= 0 || head.indexOf('"!gone"') >= 0 || head.indexOf('"!ping"') >= 0;
}

/** The message in a line, or undefined if it is not JSON, not an object, or has no type. Never throws. */
export function parseMessage(line: string): Message | undefined {
  return asMessage(parseJson(line));
}

/** undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function asMessage(value: unknown): Message | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return typeof (value as Message).type === "string" ? (value as Message) : undefined;
}

/** Letters, digits, `_`, `-` and `.`, starting with a letter or digit, at most NODE_ID_CHARS_MAX of them. */
export function isNodeId(value: unknown): value is NodeId {
  return typeof value === "string" && value.length <= NODE_ID_CHARS_MAX && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(value);
}

/** Any text but the empty one, up to ENTITY_ID_BYTES_MAX characters. */
export function isEntityId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= ENTITY_ID_BYTES_MAX;
}

/** A whole number from 0 to NUMBER_MAX. */
export function isNumber(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= NUMBER_MAX && Math.floor(value) === value;
}

/** A moment that the root's clock may show: positive, and of 13 digits at the most, as much as a `ts` has room for. */
export function isUnix(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < 1e13;
}

/** The ids on the way, or undefined if that is not what it is. Absent means none. */
export function asVia(value: unknown): NodeId[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > VIA_NODES_MAX) return undefined;
  return value.every(isNodeId) ? (value as NodeId[]) : undefined;
}

/** When the event says it was made, if that can be a time (milliseconds since 1970), else `fallback`. */
export function timeOf(event: Message, fallback: number): number {
  const ts = event["ts"];
  return typeof ts === "number" && ts >= 0 && ts <= TIME_MAX ? ts : fallback;
}

/** The last moment that a Date can hold. */
const TIME_MAX = 8640000000000000;

/** The longest text of ours that a peer's reason may fill, in characters: it goes into logs and close frames. */
export const REASON_CHARS_MAX = 60;

export function asReason(value: unknown): string {
  return typeof value === "string" ? value.substr(0, REASON_CHARS_MAX) : "";
}
