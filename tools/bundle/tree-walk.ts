/** Walking acorn's trees: the little that the gate and the name shortener share. */
import type { AnyNode } from "acorn";

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const key in node) {
    const value = node[key as keyof AnyNode] as unknown;
    if (typeof value !== "object" || value === null || key === "loc") continue;
    if (Array.isArray(value)) {
      for (const child of value) if (isNode(child)) found.push(child);
    } else if (isNode(value)) found.push(value);
  }
  return found;
}

/** Visits a node and what is below it; `visit` answers whether to go below. */
export function walk(
  node: AnyNode,
  visit: (node: AnyNode, parent: AnyNode | undefined) => boolean,
  parent?: AnyNode,
): void {
  if (!visit(node, parent)) return;
  for (const child of children(node)) walk(child, visit, node);
}
