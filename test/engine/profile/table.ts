/** The profile as a table for people. */
import { grid } from "../../bench/report.ts";
import type { Figures, Profile } from "./budget.ts";

const ROWS: readonly [keyof Figures, string][] = [
  ["bytes", "bytes of the program"],
  ["variablesAtRest", "variables at rest, joined"],
  ["variablesMost", "variables at the most, with what is not yet collected"],
  ["variablesPerEvent", "variables for each event that waits"],
  ["variablesPerChild", "variables for each child by WebSocket"],
  ["variablesPerRadioChild", "variables for each child by radio"],
  ["stackBytes", "deepest call: bytes of the stack's 25000"],
  ["blockStatements", "longest turn of the interpreter, in statements"],
  ["leafTimesMqtt", "events a second as leaf, times those of MQTT, QoS 1"],
  ["leafTimesWs", "events a second as leaf, times those of ws"],
  ["branchTimesWs", "events a second as branch, times those of ws"],
];

export function profileTable(profile: Profile): string {
  const programs = Object.keys(profile);
  const body = ROWS.map(([name, label]) => [label, ...programs.map((program) => cell(profile[program]?.[name]))]);
  return grid([["on the chip-like engine", ...programs], ...body]);
}

function cell(value: number | undefined): string {
  return value === undefined ? "-" : String(value);
}
