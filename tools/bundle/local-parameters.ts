/**
 * Variables as parameters that nobody passes: `x(t,r){r=this;…}` for `x(t){let r=this;…}`. It spares `let ` and costs a comma, and the engine makes no scope of its
 * own for them.
 *
 * Done to what is minified but for its white space, so that nothing is renamed or moved any more. A variable stays as it is where it would not be
 * the same: if an inner function uses it, if it is told by not being set, or if a function is called by somebody else, who may pass more.
 */
import type { AnyNode } from "acorn";
import { apply, type Edit } from "./edit.ts";
import { parseScript } from "./script.ts";
import { walk } from "./tree-walk.ts";

type FunctionNode = AnyNode & { params: AnyNode[]; body: AnyNode };
type Declaration = Extract<AnyNode, { type: "VariableDeclaration" }>;

/** What `let ` takes, and a parameter with its comma beyond its name. */
const LET_BYTES = 4;

function isFunction(node: AnyNode): node is FunctionNode {
  return /Function/.test(node.type);
}

function namesOf(declaration: Declaration): string[] {
  return declaration.declarations.map((one) => (one.id.type === "Identifier" ? one.id.name : ""));
}

/** Names that inner functions use. */
function capturedIn(body: AnyNode): Set<string> {
  const names = new Set<string>();
  walk(body, (node) => {
    if (!isFunction(node)) return true;
    walk(node, (inner) => {
      if (inner.type === "Identifier") names.add(inner.name);
      return true;
    });
    return false;
  });
  return names;
}

interface Candidate {
  node: Declaration;
  names: string[];
  /** It stands in the head of `for (… of …)`, or in a loop's. */
  isOf: boolean;
}

/** Declarations of a function that may become assignments. */
function candidatesIn(body: AnyNode): Candidate[] {
  const captured = capturedIn(body);
  const candidates: Candidate[] = [];
  let depth = 0;
  const visit = (node: AnyNode, parent: AnyNode | undefined): void => {
    if (isFunction(node)) return;
    if (node.type === "VariableDeclaration") {
      const names = namesOf(node);
      const isOf = parent?.type === "ForOfStatement" || parent?.type === "ForInStatement";
      // In a loop a variable without a value is undefined in each round.
      const isSet = isOf || depth === 0 || node.declarations.every((one) => one.init);
      if (isSet && !names.includes("") && !names.some((name) => captured.has(name)))
        candidates.push({ node, names, isOf });
    }
    const isBlock = /^For|^While|^Do/.test(node.type) || (node !== body && /Block|Switch|Catch/.test(node.type));
    if (isBlock) depth += 1;
    walk(node, (inner) => {
      if (inner === node) return true;
      visit(inner, node);
      return false;
    });
    if (isBlock) depth -= 1;
  };
  visit(body, undefined);
  return candidates;
}

/** Those whose `let`s are more than their names in the list of parameters. */
function chosen(candidates: readonly Candidate[], first: number): Candidate[] {
  const price = (name: string): number => name.length + 1;
  const names = new Set<string>();
  const picked = new Set<Candidate>();
  for (let isMore = true; isMore; ) {
    isMore = false;
    for (const candidate of candidates) {
      if (picked.has(candidate)) continue;
      // Without a value, nothing is left of it.
      const bare = candidate.node.declarations.filter((one) => !one.init && !candidate.isOf).length;
      const costs = candidate.names.filter((name) => !names.has(name)).reduce((sum, name) => sum + price(name), 0);
      if (LET_BYTES + 2 * bare - costs <= 0) continue;
      picked.add(candidate);
      for (const name of candidate.names) names.add(name);
      isMore = true;
    }
  }
  return picked.size > first ? [...picked] : [];
}

function editsFor(node: FunctionNode, text: string, isArrow: boolean): Edit[] {
  const candidates = candidatesIn(node.body);
  // An arrow with one parameter needs parentheses for two.
  const picked = chosen(candidates, isArrow && node.params.length === 1 ? 1 : 0);
  if (picked.length === 0) return [];
  const edits: Edit[] = [];
  const names = new Set<string>();
  for (const { node: declaration, names: own, isOf } of picked) {
    for (const name of own) names.add(name);
    // What is between two that are set is a comma; those that are not set are gone with theirs. (There may be functions in there, with edits of their own.)
    const kept = declaration.declarations.filter((one) => isOf || one.init);
    const end = text[declaration.end - 1] === ";" ? declaration.end - 1 : declaration.end;
    let from = declaration.start;
    for (const one of kept) {
      edits.push({ start: from, end: one.start, text: from === declaration.start ? "" : ", " });
      from = one.end;
    }
    edits.push({ start: from, end, text: "" });
  }
  const last = node.params.at(-1);
  const list = [...names]
    .filter((name) => !node.params.some((one) => one.type === "Identifier" && one.name === name))
    .join(", ");
  if (last) {
    const isBare = isArrow && node.params.length === 1 && text[last.start - 1] !== "(";
    edits.push(
      { start: last.start, end: last.start, text: isBare ? "(" : "" },
      { start: last.end, end: last.end, text: `, ${list}${isBare ? ")" : ""}` },
    );
  } else {
    const at = text.indexOf("(", node.start) + 1;
    edits.push({ start: at, end: at, text: list });
  }
  return edits;
}

/** The text with variables as parameters, of methods and of functions that have a name. */
export function variablesAsParameters(text: string): string {
  const edits: Edit[] = [];
  walk(parseScript(text), (node, parent) => {
    if (!isFunction(node) || node.body.type !== "BlockStatement") return true;
    if (parent?.type === "MethodDefinition" && parent.kind !== "get" && parent.kind !== "set")
      edits.push(...editsFor(node, text, false));
    else if (parent?.type === "VariableDeclarator" && node.type === "ArrowFunctionExpression")
      edits.push(...editsFor(node, text, true));
    return true;
  });
  return apply(text, edits);
}
