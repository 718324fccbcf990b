/**
 * Works the projections out again from `groups` alone, the way the root came to them: the fold is shared/tree/projection.ts.
 * Needs the data directory to itself, and replaces all projections in one commit or none.
 */
import type { GroupRow, RootImage } from "#shared/effect.ts";
import { foldRow, newProjection } from "./fold.ts";
import { DirectoryLock } from "./lock.ts";
import { LogReader } from "./reader.ts";
import { logFile } from "./schema.ts";
import { LogWriter } from "./writer.ts";

export interface Rebuilt {
  groups: number;
  events: number;
  /** A sentence for each damaged row, which was passed over. */
  damaged: string[];
  image: RootImage;
  /** How many rows of projections were missing, wrong or too many before. */
  changes: number;
}

/** Throws `Trouble` if a root runs on the directory, or what SQLite throws. */
export function rebuildProjections(directory: string): Rebuilt {
  const lock = new DirectoryLock(directory);
  try {
    // Opened first: it brings the file up to date after a crash.
    const writer = new LogWriter(logFile(directory));
    const reader = new LogReader(logFile(directory));
    try {
      const before = reader.image();
      const damaged: string[] = [];
      const folded = fold(reader.rows({}, (message) => damaged.push(message)));
      writer.replaceProjections(folded.image);
      return { ...folded, damaged, changes: differences(before, folded.image) };
    } finally {
      reader.close();
      writer.close();
    }
  } finally {
    lock.release();
  }
}

/** The projections that these rows, in order of storing, amount to. */
export function fold(rows: Iterable<GroupRow>): { groups: number; events: number; image: RootImage } {
  const projection = newProjection({ epochs: [], values: [], desired: [], nodes: [] });
  const tables = [
    new Map<string, object>(),
    new Map<string, object>(),
    new Map<string, object>(),
    new Map<string, object>(),
  ];
  let groups = 0;
  let events = 0;
  for (const row of rows) {
    groups++;
    events += foldRow(projection, row);
    const { epochs, values, desired, nodes } = projection.takeChanges(true);
    [epochs, values, desired, nodes].forEach((changed, kind) => {
      for (const one of changed) tables[kind]?.set(rowKey(one), one);
    });
  }
  const [epochs, values, desired, nodes] = tables.map((table) => [...table.values()]);
  return { groups, events, image: { epochs, values, desired, nodes } as RootImage };
}

function rowKey(row: object): string {
  const { node, id, epoch, eid } = row as { node?: string; id?: string; epoch?: number; eid?: string };
  return JSON.stringify(id === undefined ? (eid === undefined ? [node, epoch] : [node, eid]) : [id]);
}

/** Rows of either that the other does not have just so. */
function differences(before: RootImage, after: RootImage): number {
  const count = (a: readonly object[], b: readonly object[]): number => {
    const wanted = new Map(b.map((row) => [rowKey(row), rowText(row)]));
    const wrong = a.filter((row) => wanted.get(rowKey(row)) !== rowText(row)).length;
    const known = new Set(a.map(rowKey));
    return wrong + b.filter((row) => !known.has(rowKey(row))).length;
  };
  return (
    count(before.epochs, after.epochs) +
    count(before.values, after.values) +
    count(before.desired, after.desired) +
    count(before.nodes, after.nodes)
  );
}

function rowText(row: object): string {
  return JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
