/** Draws a run: time downwards, one lane per node, messages as arrows. */
import type { WorldPlan } from "./plan.ts";
import type { TraceRecord } from "./trace.ts";
export function tracePicture(_plan: WorldPlan, _records: TraceRecord[]): string {
  return "";
}
