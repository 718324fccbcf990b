/**
 * `==` for `===` where both say the same, for a byte each: where a number, a text or undefined stands on one side, and on the other what is of
 * our own making: a property of ours, a length, what was computed. Nothing of ours is null. What came from outside is another's, by the
 * rule of private-names.ts, and stays compared as it was.
 */
import { type AnyNode, parse } from "acorn";
import { apply, type Edit } from "./edit.ts";
import { walk } from "./tree-walk.ts";

/** Answers of the engine's that are numbers. */
const NUMBERS = ["charCodeAt", "indexOf"];

function isPlain(node: AnyNode): boolean {
  if (node.type === "UnaryExpression") return node.operator === "void" || node.operator === "-";
  return node.type === "Literal" && (typeof node.value === "number" || typeof node.value === "string");
}

function isOurs(node: AnyNode, own: ReadonlySet<string>): boolean {
  switch (node.type) {
    case "MemberExpression":
      return (
        !node.computed &&
        node.property.type === "Identifier" &&
        (own.has(node.property.name) || node.property.name === "length")
      );
    case "CallExpression":
      return (
        isOurs(node.callee as AnyNode, own) ||
        (node.callee.type === "MemberExpression" &&
          node.callee.property.type === "Identifier" &&
          NUMBERS.includes(node.callee.property.name))
      );
    case "BinaryExpression":
      return /^([-*/%&|^]|<<|>>>?)$/.test(node.operator);
    default:
      return false;
  }
}

/** The text with each such pair compared by `==`. */
export function looseEquals(text: string, own: ReadonlySet<string>): string {
  const edits: Edit[] = [];
  walk(parse(text, { ecmaVersion: 2024, sourceType: "script" }), (node) => {
    if (node.type !== "BinaryExpression" || !/^[!=]==$/.test(node.operator)) return true;
    const left = node.left as AnyNode;
    if (!(isPlain(left) && isOurs(node.right, own)) && !(isPlain(node.right) && isOurs(left, own))) return true;
    const at = text.indexOf(node.operator, left.end);
    edits.push({ start: at, end: at + node.operator.length, text: node.operator.slice(0, 2) });
    return true;
  });
  return apply(text, edits);
}
