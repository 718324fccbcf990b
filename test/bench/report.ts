/** Turns the contest's results into medians and ratios, and those into a table for people. Pure. */
import type { Results } from "./contest.ts";
import type { Latency } from "./load.ts";

/** What the root has to reach against a contestant: its events per second divided by the contestant's. */
export const TARGETS: Readonly<Record<string, number>> = { ceiling: 0.5, mosquitto: 3, "mosquitto-saved": 100 };

export const LABELS: Readonly<Record<string, string>> = {
  sapline: "Sapline root: parsed, checked, on disk",
  "sapline-chips": "    the same, each with no more in flight than a chip",
  "sapline-short": "Sapline root, the same in short lines",
  ceiling: "(a) ceiling: bare ws, parse, append, fdatasync",
  mosquitto: "(b) mosquitto QoS 1, retained, as installed: NOT durable",
  "mosquitto-saved": "(b) mosquitto QoS 1, retained, saved after every change",
  "mosquitto-saved-empty": "    the same, with nothing kept yet",
  "mosquitto-forgets": "    mosquitto QoS 1, one topic a node, nothing retained",
  "mosquitto-10": "(c) mosquitto, 10 events a message: NOT parsed, NOT durable",
};

export interface Cell {
  connections: number;
  eventsPerSecond: number;
  /** Median over the rounds of the root's rate divided by this one's in the same round; undefined for the root itself. */
  ratio: number | undefined;
  target: number | undefined;
  isMet: boolean | undefined;
}

export interface Row {
  key: string;
  label: string;
  throughput: Cell[];
  latency: Latency | undefined;
}

export function rows(results: Results): Row[] {
  const ours = results.rates.get("sapline");
  return [...results.rates].map(([key, byConnections]) => ({
    key,
    label: LABELS[key] ?? key,
    throughput: [...byConnections].map(([connections, rates]) => {
      const our = ours?.get(connections) ?? [];
      const ratio =
        key === "sapline" ? undefined : median(rates.map((rate, round) => (our[round] ?? Number.NaN) / rate));
      const target = key === "sapline" ? undefined : TARGETS[key];
      const isMet = target === undefined || ratio === undefined ? undefined : ratio >= target;
      return { connections, eventsPerSecond: median(rates), ratio, target, isMet };
    }),
    latency: middleLatency(results.latencies.get(key) ?? []),
  }));
}

export function table(all: readonly Row[], connections: readonly number[]): string {
  const head = ["events per second, sent to acknowledged", ...connections.map((n) => `${n} conn.`)];
  const body = all.map(({ label, throughput }) => [
    label,
    ...throughput.map((cell) => thousands(cell.eventsPerSecond)),
  ]);
  const ratioHead = ["Sapline's rate divided by theirs (target)", ...connections.map((n) => `${n} conn.`)];
  const ratioBody = all
    .filter(({ key }) => !key.startsWith("sapline"))
    .map(({ label, throughput }) => [label, ...throughput.map(ratioText)]);
  const paced = all.filter(({ latency }) => latency !== undefined);
  const latencyHead = ["one event a frame at a fixed rate", "p50", "p99", "sent/s"];
  const latencyBody = paced.map(({ label, latency }) => [label, ...latencyTexts(latency as Latency)]);
  return [grid([head, ...body]), grid([ratioHead, ...ratioBody]), grid([latencyHead, ...latencyBody])].join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

function middleLatency(all: readonly (Latency | undefined)[]): Latency | undefined {
  const seen = all.filter((latency) => latency !== undefined);
  if (seen.length === 0) return undefined;
  return {
    p50Millis: median(seen.map(({ p50Millis }) => p50Millis)),
    p99Millis: median(seen.map(({ p99Millis }) => p99Millis)),
    sentPerSecond: median(seen.map(({ sentPerSecond }) => sentPerSecond)),
    unacked: median(seen.map(({ unacked }) => unacked)),
  };
}

function ratioText({ ratio, target, isMet }: Cell): string {
  if (ratio === undefined || Number.isNaN(ratio)) return "-";
  const text = ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2);
  return target === undefined ? text : `${text} (${target}${isMet === true ? " met" : " MISSED"})`;
}

function latencyTexts({ p50Millis, p99Millis, sentPerSecond, unacked }: Latency): string[] {
  // A server that fell behind answered only its first ones; their times are no measure of it.
  const note = unacked > sentPerSecond / 10 ? " (fell behind)" : "";
  const millis = (n: number): string => (Number.isNaN(n) ? "-" : `${n.toFixed(2)} ms`);
  return [millis(p50Millis), millis(p99Millis), `${Math.round(sentPerSecond)}${note}`];
}

function thousands(rate: number): string {
  if (Number.isNaN(rate)) return "-";
  return rate < 10_000 ? `${(rate / 1000).toFixed(1)} k` : `${Math.round(rate / 1000)} k`;
}

export function grid(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  return `${[text[0], "-".repeat((text[0] ?? "").length), ...text.slice(1)].join("\n")}\n`;
}
