/** What the commands print: tables for people, JSON for programs, and one sentence for an error. */
import { once } from "node:events";

const BOLD = "\u001b[1m";
const DIM = "\u001b[2m";
const RESET = "\u001b[0m";

function isColored(): boolean {
  return process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
}

/** Columns as wide as their widest cell; the last one is not padded. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  isInColor = isColored(),
): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  const head = isInColor ? `${BOLD}${line(header)}${RESET}` : line(header);
  return `${[head, ...rows.map(line)].join("\n")}\n`;
}

export function dim(text: string): string {
  return isColored() ? `${DIM}${text}${RESET}` : text;
}

/** Waits while the reader of our output is slow, so that a long log is not gathered in memory. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

/** For people: "3 s", "5 min", "2 h", "4 d". */
export function formatAge(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** For people: local time with milliseconds, or the bare number if it is no time a calendar knows. */
export function formatMoment(unixMillis: number): string {
  const moment = new Date(unixMillis);
  if (Number.isNaN(moment.getTime())) return String(unixMillis);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
  return `${day} ${time}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
}

/** A value of an entity as people type it: JSON where it is JSON, otherwise a text. */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
