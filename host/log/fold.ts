/** What stored rows amount to: the fold of shared/tree/projection.ts, over lines as they are in the log. */
import type { GroupRow, RootImage, ValueRow } from "#shared/effect.ts";
import { Projection } from "#shared/tree/projection.ts";
import type { NodeId } from "#shared/units.ts";
import { parseMessage } from "#shared/wire/message.ts";

export function newProjection(image: RootImage): Projection {
  return new Projection("root" as NodeId, image);
}

/** The last values that are others, once these rows have followed on what the image knows. */
export function changedValues(image: RootImage, rows: Iterable<GroupRow>): ValueRow[] {
  const projection = newProjection(image);
  for (const row of rows) foldRow(projection, row);
  return projection.takeChanges(true).values;
}

/** Returns how many lines there were. */
export function foldRow(projection: Projection, row: GroupRow): number {
  const lines = row.lines.split("\n");
  lines.forEach((line, i) => {
    const event = parseMessage(line);
    if (event === undefined) return;
    projection.applyEvent(row.node, row.epoch, row.first + i, event, row.received);
  });
  projection.applyGroup(row.node, row.epoch, row.last);
  return lines.length;
}
