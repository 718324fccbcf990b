/**
 * `==` for `===` where both say the same, for a byte each: where a number, a text or undefined stands on one side, and on the other what is of
 * our own making: a property of ours, a length, what was computed. Nothing of ours is null. What came from outside is another's, by the
 * rule of private-names.ts, and stays compared as it was.
 */
import type { AnyNode } from "acorn";
import { apply, type Edit } from "./edit.ts";
import { parseScript } from "./script.ts";
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

const OPPOSITE: { readonly [operator: string]: string } = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };

/** What is asked whether it is undefined, by `!==` or `===`. */
function askedAbout(node: AnyNode, operator: string, text: string): string | undefined {
  if (node.type !== "BinaryExpression" || node.operator !== operator) return undefined;
  const { left, right } = node;
  if (right.type !== "UnaryExpression" || right.operator !== "void") return undefined;
  return left.type === "Identifier" || left.type === "MemberExpression" ? text.slice(left.start, left.end) : undefined;
}

/**
 * `now >= at` for `at !== undefined && now >= at`, and `!(now >= at)` for `at === undefined || now < at`: undefined is neither more nor less than a
 * number, nor as much, on the engine as elsewhere.
 */
export function plainComparisons(text: string): string {
  const edits: Edit[] = [];
  walk(parseScript(text), (node) => {
    if (node.type !== "LogicalExpression" || node.operator === "??") return true;
    const asked = askedAbout(node.left, node.operator === "&&" ? "!==" : "===", text);
    const { right } = node;
    if (asked === undefined || right.type !== "BinaryExpression" || OPPOSITE[right.operator] === undefined) return true;
    if (text.slice(right.right.start, right.right.end) !== asked) return true;
    const other = text.slice(right.left.start, right.left.end);
    const lines = text.slice(node.start, right.start).replace(/[^\n]/g, "");
    const operator = node.operator === "&&" ? right.operator : OPPOSITE[right.operator];
    const plain = `${lines}${other} ${operator} ${asked}`;
    edits.push({ start: node.start, end: node.end, text: node.operator === "&&" ? `(${plain})` : `!(${plain})` });
    return false;
  });
  return apply(text, edits);
}

/** The text with each such pair compared by `==`. */
export function looseEquals(text: string, own: ReadonlySet<string>): string {
  const edits: Edit[] = [];
  walk(parseScript(text), (node) => {
    if (node.type !== "BinaryExpression" || !/^[!=]==$/.test(node.operator)) return true;
    const left = node.left as AnyNode;
    if (!(isPlain(left) && isOurs(node.right, own)) && !(isPlain(node.right) && isOurs(left, own))) return true;
    const at = text.indexOf(node.operator, left.end);
    edits.push({ start: at, end: at + node.operator.length, text: node.operator.slice(0, 2) });
    return true;
  });
  return apply(text, edits);
}
