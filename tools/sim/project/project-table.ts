/** What came of a project in virtual time, as people read it. The same run gives the same text: nothing here tells how long it took. */
import { table } from "../statistics-table.ts";
import type { ProjectResult } from "./project-run.ts";

/** Longest value that is shown whole. */
const VALUE_CHARS = 24;

export function projectTable({ seed, lastsMillis, settledAfter, counts, nodes, entities }: ProjectResult): string {
  const facts = [
    ["seed", `${seed}`],
    ["virtual time", length(lastsMillis)],
    ["broken", broken(counts)],
    ["settled", settledAfter < 0 ? "never" : `${length(settledAfter)} after that`],
  ];
  const nodeRows = nodes.map(
    ({ node, parent, starts, powerCuts, restarts, wakes }) =>
      [node, parent, ...[starts, powerCuts, restarts, wakes].map(String)] as string[],
  );
  const entityRows = entities.map(({ node, eid, taken, stored, lost, givenUp, refused, last }) => [
    `${node} ${eid}`,
    ...[taken, stored, lost, givenUp, refused].map(String),
    short(last),
  ]);
  const faults = nodes.flatMap(({ node, fault }) => (fault === "" ? [] : [`${node}: nobody caught: ${fault}`]));
  return [
    facts.map(([name, value]) => `${(name as string).padEnd(12)}  ${value}`).join("\n"),
    table([["node", "parent", "starts", "power cuts", "restarts", "wakes"], ...nodeRows]),
    table([["entity", "taken", "stored", "lost", "given up", "refused", "last value"], ...entityRows]),
    ...(faults.length === 0 ? [] : [faults.join("\n")]),
  ].join("\n\n");
}

function broken(counts: ProjectResult["counts"]): string {
  const kinds = ["links cut", "power cuts", "root killed"].map((what) => `${what} ${counts[what] ?? 0}`);
  return kinds.join(", ");
}

function short(value: unknown): string {
  const text = value === undefined ? "" : JSON.stringify(value);
  return text.length > VALUE_CHARS ? `${text.slice(0, VALUE_CHARS - 1)}…` : text;
}

/** 1 h, 90 s, 24 h 0 min 3 s: as people say it. */
function length(millis: number): string {
  const seconds = Math.round(millis / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const parts = [hours > 0 ? `${hours} h` : "", minutes > 0 ? `${minutes} min` : "", rest > 0 ? `${rest} s` : ""];
  return parts.filter((part) => part !== "").join(" ") || "0 s";
}
