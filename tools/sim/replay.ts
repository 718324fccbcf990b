/** Plays one world and tells people what happened in it; one that breaks a promise is made as small as can be first. */
import { writeFileSync } from "node:fs";
import { planText } from "./batch.ts";
import type { WorldPlan } from "./plan.ts";
import { type RunResult, runPlan } from "./run.ts";
import { shrink } from "./shrink.ts";
import { traceLine, type TraceRecord } from "./trace.ts";
import { tracePicture } from "./trace-picture.ts";

/** Lines of a trace that come before a broken promise, in a report. */
const STORY_LINES = 40;

export interface ReplayOptions {
  /** Whether the trace is printed. */
  isTraced: boolean;
  /** A file for the picture. */
  svg: string | undefined;
  isJson: boolean;
}

/** Prints to stdout, the trace first. Gives whether all promises were kept. */
export function replay(plan: WorldPlan, { isTraced, svg, isJson }: ReplayOptions): boolean {
  const records: TraceRecord[] = [];
  const result = runPlan(plan, {
    trace: (record) => {
      if (svg !== undefined) records.push(record);
      if (isTraced) process.stdout.write(`${traceLine(record)}\n`);
    },
  });
  if (svg !== undefined) {
    writeFileSync(svg, tracePicture(plan, records));
    process.stderr.write(`the picture is in ${svg}\n`);
  }
  const isKept = result.violation === undefined;
  if (isJson) {
    const { plan: smaller, violation } = isKept ? result : shrink(result);
    process.stdout.write(
      `${JSON.stringify({ ...result, ...(isKept ? {} : { smallest: { plan: smaller, violation } }) })}\n`,
    );
    return isKept;
  }
  if (!isTraced) process.stdout.write(`${planText(plan)}\n\n`);
  process.stdout.write(`${outcome(result)}\n`);
  if (!isKept) process.stdout.write(`\n${smallest(result)}\n`);
  return isKept;
}

/** A run in two lines. */
function outcome({ violation, endedAt, settledAfter, stored, steps, counts }: RunResult): string {
  const did = `${(endedAt / 1000).toFixed(1)} s of virtual time, ${steps} steps, ${stored} events on disk`;
  const net = `${counts["frames"] ?? 0} frames arrived, ${counts["frames lost"] ?? 0} were lost`;
  if (violation !== undefined) return `BROKEN after ${did}; ${net}:\n  ${violation}`;
  return `all promises kept: ${did}; ${net}; settled ${(settledAfter / 1000).toFixed(1)} s after the last fault`;
}

/** What is left of a world that breaks a promise, as a plan and the end of its trace. */
export function smallest(broken: RunResult): string {
  const { plan, violation } = shrink(broken);
  const lines: string[] = [];
  runPlan(plan, { trace: (record) => lines.push(traceLine(record)) });
  const story = lines.slice(-STORY_LINES).map((line) => `  ${line}`);
  return [
    "the smallest world found that breaks a promise:",
    planText(plan),
    "its last steps:",
    ...story,
    violation,
    "as a file for --world:",
    JSON.stringify(plan),
  ].join("\n");
}
