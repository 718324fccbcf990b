/**
 * UnitBook keeps the units that nodes name in their events, in `units.json` of the data directory: a node says one once, and it stays.
 * It can be lost without harm; the node's next event that names a unit brings it back.
 *
 * Bounded: `UNITS_MAX` units of `UNIT_CHARS_MAX` characters.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { GroupRow } from "#shared/effect.ts";
import { writeFileAtomic } from "./file.ts";
import { decodeGroup } from "./log/event.ts";

/** Chosen: nodes times entities of a large house. */
export const UNITS_MAX = 20_000;
/** Chosen: "kWh/100 km" and more. */
export const UNIT_CHARS_MAX = 16;
/** Groups that are taken apart for their units in a second: a tree that names them in every event must not pay for each. Chosen. */
const GROUPS_PER_SECOND = 500;
const FILE = "units.json";

const fileSchema = v.record(v.string(), v.record(v.string(), v.string()));

export class UnitBook {
  private readonly path: string;
  /** By node, by entity. */
  private readonly units: Map<string, Map<string, string>>;
  private size = 0;
  private groupsLeft = GROUPS_PER_SECOND;
  private isDirty = false;

  constructor(directory: string) {
    this.path = join(directory, FILE);
    this.units = readUnits(this.path);
    for (const of of this.units.values()) this.size += of.size;
  }

  of(node: string, eid: string): string | null {
    return this.units.get(node)?.get(eid) ?? null;
  }

  /** Takes a group that is on disk. */
  take(group: GroupRow): void {
    // Without the first quote: a search for what begins with a letter that is everywhere takes four times as long (measured).
    if (this.groupsLeft === 0 || !group.lines.includes('unit"')) return;
    this.groupsLeft--;
    for (const { type, eid, more } of decodeGroup(group)) {
      const unit = more?.["unit"];
      if (type === "!update" && eid !== null && typeof unit === "string" && unit.length <= UNIT_CHARS_MAX)
        this.learn(group.node, eid, unit);
    }
  }

  /** A second is over: what is new is written. */
  turn(): void {
    this.groupsLeft = GROUPS_PER_SECOND;
    if (!this.isDirty) return;
    this.isDirty = false;
    const plain = [...this.units].map(([node, of]) => [node, Object.fromEntries(of)] as const);
    try {
      writeFileAtomic(this.path, `${JSON.stringify(Object.fromEntries(plain))}\n`, 0o600);
    } catch {
      // A full disk ends the root by its log; units are not worth a word of their own.
    }
  }

  private learn(node: string, eid: string, unit: string): void {
    const of = this.units.get(node) ?? new Map<string, string>();
    if (of.get(eid) === unit) return;
    if (!of.has(eid)) {
      if (this.size >= UNITS_MAX) return;
      this.size++;
    }
    of.set(eid, unit);
    this.units.set(node, of);
    this.isDirty = true;
  }
}

function readUnits(path: string): Map<string, Map<string, string>> {
  try {
    const plain = v.parse(fileSchema, JSON.parse(readFileSync(path, "utf8")));
    return new Map(Object.entries(plain).map(([node, of]) => [node, new Map(Object.entries(of))]));
  } catch {
    return new Map();
  }
}
