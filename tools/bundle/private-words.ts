/**
 * Texts that never leave the program are shortened like names.
 *
 * - Words of a private property that is only ever compared with words (`effect.kind === "send"`) become numbers: every value that it is
 *   given is a word, and every place that reads it compares or switches.
 * - What `count` counts by becomes a number. Nothing on the chip says its counters; the list that comes with the bundle says what they mean.
 * - A text that stands in several places becomes a variable.
 */
import type { AnyNode, Literal } from "acorn";
import { apply, type Edit } from "./edit.ts";
import { parseScript } from "./script.ts";
import { walk } from "./tree-walk.ts";

/** What a minified name takes, in bytes, and a declaration beyond it and the value. */
const NAME_BYTES = 2;
const DECLARATION_BYTES = 2;

/** The words that an expression may come to, if it can be nothing else. */
function wordsOf(node: AnyNode): (Literal & { value: string })[] | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return [node as Literal & { value: string }];
  if (node.type !== "ConditionalExpression") return undefined;
  const yes = wordsOf(node.consequent);
  const no = wordsOf(node.alternate);
  return yes === undefined || no === undefined ? undefined : [...yes, ...no];
}

/** Numbers for the words, the most frequent first, as they get the shorter ones. */
function numbered(words: readonly { value: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { value } of words) counts.set(value, (counts.get(value) ?? 0) + 1);
  const order = [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return new Map(order.map(([word], at) => [word, at]));
}

/** The words that a property is given or compared with; undefined once it was used in any other way. */
type Words = (Literal & { value: string })[] | undefined;

/** Collects, for each property of `own`, its words. */
class ComparedWords {
  readonly words = new Map<string, Words>();
  private readonly own: ReadonlySet<string>;

  constructor(own: ReadonlySet<string>) {
    this.own = own;
  }

  visit(node: AnyNode, parent: AnyNode | undefined): void {
    if (node.type === "Property" && parent?.type === "ObjectExpression" && node.key.type === "Identifier") {
      this.note(node.key.name, node.shorthand ? undefined : wordsOf(node.value));
    } else if (node.type === "MethodDefinition" && node.key.type === "Identifier") this.note(node.key.name, undefined);
    else if (node.type === "MemberExpression" && !node.computed && node.property.type === "Identifier") {
      this.note(node.property.name, this.wordsBeside(node, parent));
    }
  }

  private wordsBeside(node: AnyNode, parent: AnyNode | undefined): Words {
    switch (parent?.type) {
      case "AssignmentExpression":
        return parent.left === node && parent.operator === "=" ? wordsOf(parent.right) : undefined;
      case "BinaryExpression":
        return /^[!=]==?$/.test(parent.operator)
          ? wordsOf(parent.left === node ? parent.right : (parent.left as AnyNode))
          : undefined;
      case "SwitchStatement": {
        const cases = parent.cases.flatMap((one) => (one.test ? [wordsOf(one.test)] : []));
        return parent.discriminant === node && !cases.includes(undefined)
          ? cases.flatMap((one) => one ?? [])
          : undefined;
      }
      default:
        return undefined;
    }
  }

  private note(name: string, found: Words): void {
    if (!this.own.has(name)) return;
    const before = this.words.has(name) ? this.words.get(name) : [];
    this.words.set(name, before === undefined || found === undefined ? undefined : [...before, ...found]);
  }
}

/** Words of properties that are only compared become numbers. */
export function numberWords(text: string, own: ReadonlySet<string>): string {
  const collected = new ComparedWords(own);
  walk(parseScript(text), (node, parent) => {
    collected.visit(node, parent);
    return true;
  });
  const edits: Edit[] = [];
  for (const words of collected.words.values()) {
    if (words === undefined) continue;
    const numbers = numbered(words);
    for (const { start, end, value } of words) edits.push({ start, end, text: String(numbers.get(value)) });
  }
  return apply(text, edits);
}

/** What is counted: a text handed to `count`, or one that is answered somewhere and is the same as, or begins like, one of those. */
function countedTexts(program: AnyNode): (Literal & { value: string })[] {
  const counted: (Literal & { value: string })[] = [];
  walk(program, (node) => {
    if (node.type !== "CallExpression" || node.callee.type !== "Identifier" || node.callee.name !== "count")
      return true;
    const words = node.arguments[1] === undefined ? undefined : wordsOf(node.arguments[1] as AnyNode);
    counted.push(...(words ?? []));
    return true;
  });
  return counted;
}

/** The bundle, and what its counters' numbers stand for. */
export function numberCounters(text: string): { text: string; counters: string[] } {
  const counted = countedTexts(parseScript(text));
  const numbers = numbered(counted);
  const edits = counted.map(({ start, end, value }) => ({ start, end, text: String(numbers.get(value)) }));
  return { text: apply(text, edits), counters: [...numbers.keys()] };
}

/** The bundle without calls of these functions, which answer nothing. Their arguments must have no effects. */
export function dropCalls(text: string, functions: readonly string[]): string {
  const edits: Edit[] = [];
  walk(parseScript(text), (node) => {
    if (node.type !== "CallExpression" || node.callee.type !== "Identifier") return true;
    if (!functions.includes(node.callee.name)) return true;
    edits.push({ start: node.start, end: node.end, text: "void 0" });
    return false;
  });
  return apply(text, edits);
}

/** Texts that stand in several places become variables, where that is shorter. */
export function shareTexts(text: string): string {
  const places = new Map<string, AnyNode[]>();
  walk(parseScript(text), (node, parent) => {
    if (node.type !== "Literal" || typeof node.value !== "string" || parent?.type === "ExpressionStatement")
      return true;
    if (parent?.type === "Property" && parent.key === node) return true;
    places.set(node.value, [...(places.get(node.value) ?? []), node]);
    return true;
  });
  const edits: Edit[] = [];
  let heads = "";
  for (const [value, nodes] of places) {
    const bytes = JSON.stringify(value).length;
    if (nodes.length * (bytes - NAME_BYTES) <= bytes + NAME_BYTES + DECLARATION_BYTES) continue;
    const name = `saplineText${edits.length}`;
    heads += `var ${name} = ${text.slice(nodes[0]?.start, nodes[0]?.end)};`;
    for (const { start, end } of nodes) edits.push({ start, end, text: name });
  }
  return heads + apply(text, edits);
}
