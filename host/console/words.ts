/** What the console says: ages, times in the reader's own zone, values with their units, and events in sentences. */

const dayTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
/** Longest text of a value, in characters: the rest is said to be left out. */
const VALUE_CHARS = 120;
/** What came later than this after it was made was replayed or caught up. */
export const LATE_MILLIS = 3_600_000;

export function formatDuration(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${whole.format(Math.floor(seconds / 86_400))} days`;
}

export function formatAge(millis: number): string {
  return millis < 1000 ? "now" : `${formatDuration(millis)} ago`;
}

/** "14:03:07", with the day if that is not today. */
export function formatTime(unixMillis: number): string {
  const date = new Date(unixMillis);
  if (Number.isNaN(date.getTime())) return "at no time";
  return date.toDateString() === new Date().toDateString() ? timeOnly.format(date) : dayTime.format(date);
}

export function formatDay(unixMillis: number): string {
  const date = new Date(unixMillis);
  return Number.isNaN(date.getTime()) ? "no day" : day.format(date);
}

export function formatNumber(value: number): string {
  return Math.abs(value) >= 1e15 || (value !== 0 && Math.abs(value) < 0.001)
    ? value.toPrecision(4)
    : numbers.format(value);
}

export function formatBytes(bytes: number): string {
  const steps = ["bytes", "kB", "MB", "GB", "TB"];
  let step = 0;
  let value = bytes;
  while (value >= 1000 && step < steps.length - 1) {
    value /= 1000;
    step++;
  }
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${steps[step]}`;
}

/** A value as people read it; never markup, never long. */
export function formatValue(value: unknown): string {
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "boolean") return value ? "on" : "off";
  if (value === null || value === undefined) return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > VALUE_CHARS ? `${text.slice(0, VALUE_CHARS)} …` : text;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

/** An event as the API gives it. */
export interface StoredEvent {
  node: string;
  epoch: number;
  n: number;
  type: string;
  eid: string | null;
  value: unknown;
  ts: number;
  received: number;
  more?: { [field: string]: unknown };
}

/** What an event means. */
export function eventWords({ node, type, eid, value, more = {} }: StoredEvent): string {
  const of = (name: string): string => formatValue(more[name]);
  switch (type) {
    case "!update":
      return `${eid ?? ""} ${formatValue(value)}${typeof more["unit"] === "string" ? ` ${more["unit"].slice(0, 16)}` : ""}`;
    case "!gap":
      return gapWords(node, more);
    case "!log":
      return typeof more["text"] === "string" ? formatValue(more["text"]) : formatValue(more);
    case "!joined": {
      const via = more["via"];
      return `${of("id")} joined below ${Array.isArray(via) && via.length > 0 ? String(via[0]) : "the root"}`;
    }
    case "!left":
      return `${of("id")} left`;
    case "!started":
      return "the root started; every node is away until it joins again";
    case "!conflict":
      return `two boards call themselves ${of("id")}: give one of them another id`;
    case "?set":
      return `${of("dst")} is to have ${eid ?? ""} ${formatValue(value)}`;
    case "!act":
      return more["ok"] === true ? `done, answered ${formatValue(value)}` : `not done: ${of("error")}`;
    default:
      return formatValue(eid === null ? (Object.keys(more).length > 0 ? more : value) : `${eid} ${formatValue(value)}`);
  }
}

const CLASSES: { [name: string]: [string, string] } = {
  state: ["reading", "readings"],
  log: ["log line", "log lines"],
  event: ["event", "events"],
};

/** A gap as what it is: what is missing, and why. */
export function gapWords(node: string, more: { [field: string]: unknown }): string {
  const count = typeof more["n"] === "number" ? more["n"] : 1;
  const [one, many] = CLASSES[String(more["class"])] ?? ["event", "events"];
  switch (more["reason"]) {
    case "full":
      return `${node} gave up ${plural(count, one, many)}: its buffer was full while it could not reach the root`;
    case "malformed":
      return `${plural(count, one, many)} of ${node} could not be read: damaged on the way or wrongly made`;
    case "long":
      return `${plural(count, one, many)} of ${node} ${count === 1 ? "was" : "were"} longer than a line may be, and not kept`;
    default:
      return `${plural(count, one, many)} of ${node} ${count === 1 ? "is" : "are"} missing: ${formatValue(more["reason"])}`;
  }
}
