/** Who was whose parent at some moment: the root's own events up to it, folded like everything else. */
import type { NodeRow } from "#shared/effect.ts";
import { Projection } from "#shared/tree/projection.ts";
import type { NodeId } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import type { LogReader } from "./reader.ts";

/** `at` is milliseconds since 1970, by the root's clock. */
export function topology(reader: LogReader, rootId: NodeId, at: number): NodeRow[] {
  const projection = new Projection(rootId, { epochs: [], values: [], desired: [], nodes: [] });
  for (const { node, epoch, n, received, type, more } of reader.events({ node: rootId, to: at })) {
    const event: Message = { ...more, type };
    projection.applyEvent(node as NodeId, epoch, n, event, received);
  }
  return projection.nodeRows();
}
