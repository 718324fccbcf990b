/** Statistics as people read them: what came of a large tree, and a table by level. */
import type { TreeResult } from "./scale.ts";
import type { LevelSums, Spread, WorldSums } from "./sums.ts";

/** A table whose first row is its head; words to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const head = rows[0] ?? [];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const cell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[0] as number) : text.padStart(widths[column] as number);
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}

export function treeTable(result: TreeResult): string {
  return [pairs(result), "", levelTable(result.sums.levels)].join("\n");
}

function pairs({ size, speed, sums, joinedAfter, settledAfter, counts }: TreeResult): string {
  const rows = [
    ["nodes", `${size.nodes} in ${size.depth} levels, seed ${size.seed}`],
    [
      "virtual time",
      `${seconds(speed.virtualMillis)} in ${seconds(speed.wallMillis)}, in ${speed.threads} thread${speed.threads === 1 ? "" : "s"}`,
    ],
    ["speed", `${speed.factor.toFixed(1)} × real time, ${thousands(speed.nodeSeconds)} node-seconds a second`],
    [
      "cost",
      `${speed.microsecondsPerEvent.toFixed(0)} µs (${speed.processorMicrosecondsPerEvent.toFixed(0)} of all processors) and ${sums.stepsPerEvent.toFixed(1)} steps an event`,
    ],
    [
      "memory",
      `${thousands(speed.heapBytesPerNode)} B a node; the process had ${mebibytes(speed.residentBytesMost)} at most`,
    ],
    ["links cut", `${counts["fault: cut"] ?? 0}`],
    [
      "joined",
      joinedAfter.all < 0
        ? "not all"
        : `99 % within ${seconds(joinedAfter.most)}, all within ${seconds(joinedAfter.all)}`,
    ],
    ["settled", settledAfter < 0 ? "never" : `${seconds(settledAfter)} after the last cut`],
    ...deliveryRows(sums),
  ];
  const width = Math.max(...rows.map(([name]) => (name as string).length));
  return rows.map(([name, value]) => `${(name as string).padEnd(width)}  ${value}`).join("\n");
}

function deliveryRows(sums: WorldSums): string[][] {
  const { lastLinkUp, lastLinkDown, allLinks } = sums.bytesPerEvent;
  const last = `${lastLinkUp.toFixed(0)} up and ${lastLinkDown.toFixed(0)} down on the last link`;
  return [
    ["delivered", `${thousands(sums.delivered)} of ${thousands(sums.taken)} taken, ${sums.refused} refused`],
    ["duplicates", `${sums.duplicates} stored; ${sums.groupsKnown} groups came again and were known`],
    ["sent again", `${sums.resends} times`],
    ["latency", `${spread(sums.latencyMillis).join(" / ")} (p50 / p99 / max)`],
    ["bytes an event", `${last}, ${allLinks.toFixed(0)} on all links`],
    ["frames", thousands(sums.frames)],
  ];
}

function levelTable(levels: readonly LevelSums[]): string {
  const head = ["level", "nodes", "delivered", "p50", "p99", "max", "sent again", "outbox", "relay", "socket"];
  const rows = levels.map((sums) => [
    `${sums.level}`,
    thousands(sums.nodes),
    thousands(sums.stored),
    ...spread(sums.latencyMillis),
    `${sums.resends}`,
    ...[sums.outboxBytesMost, sums.relayBytesMost, sums.socketBytesMost].map((bytes) => `${thousands(bytes)} B`),
  ]);
  return table([head, ...rows]);
}

function spread({ p50, p99, max }: Spread): string[] {
  return [p50, p99, max].map(seconds);
}

/** Milliseconds as people say them. */
export function seconds(millis: number): string {
  return millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(millis < 10_000 ? 2 : 1)} s`;
}

/** With thin groups: 12 345. */
export function thousands(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

function mebibytes(bytes: number): string {
  return `${thousands(bytes / 1048576)} MiB`;
}
