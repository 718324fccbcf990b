/** Walking acorn's trees: the little that the gate and the name shortener share. */
import type { AnyNode } from "acorn";

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** Fields that are nodes, lists of them, or null, by type: acorn gives all nodes of a type the same fields. */
const fieldsOf = new Map<string, (keyof AnyNode)[]>();
/** What is a text, a number, a place or a regular expression's own parts in every type; `value` is both. */
const PLAIN = ["type", "start", "end", "loc", "raw", "name", "operator", "kind", "computed", "static", "regex"];

function fields(node: AnyNode): (keyof AnyNode)[] {
  let known = fieldsOf.get(node.type);
  if (known === undefined) {
    known = (Object.keys(node) as (keyof AnyNode)[]).filter((field) => !PLAIN.includes(field));
    fieldsOf.set(node.type, known);
  }
  return known;
}

/** Visits a node and what is below it; `visit` answers whether to go below. */
export function walk(
  node: AnyNode,
  visit: (node: AnyNode, parent: AnyNode | undefined) => boolean,
  parent?: AnyNode,
): void {
  if (!visit(node, parent)) return;
  for (const field of fields(node)) {
    const value = node[field] as unknown;
    if (typeof value !== "object" || value === null) continue;
    if (!Array.isArray(value)) {
      if (isNode(value)) walk(value, visit, node);
    } else for (const child of value) if (isNode(child)) walk(child, visit, node);
  }
}
