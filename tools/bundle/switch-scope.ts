/**
 * Finds where it matters that the engine gives a `switch` no scope of its own: what a case declares belongs to the block or function around the
 * `switch`. It overwrites a variable of that name there; and where a loop has no braces between itself and the `switch`, there is one such variable for
 * all rounds, and a closure sees its last value.
 */
import type { AnyNode } from "acorn";
import { declaredIn, isFunction, isVariable, type Of } from "./scopes.ts";
import { walk } from "./tree-walk.ts";

export interface Misplaced {
  node: AnyNode;
  message: string;
}

/** Names that the cases themselves declare, with where. */
function declaredByCases(node: Of<"SwitchStatement">): Map<string, AnyNode> {
  const names = new Map<string, AnyNode>();
  for (const statement of node.cases.flatMap(({ consequent }) => consequent)) {
    if (statement.type === "ClassDeclaration" || statement.type === "FunctionDeclaration")
      names.set(statement.id.name, statement.id as AnyNode);
    else if (statement.type === "VariableDeclaration" && statement.kind !== "var")
      for (const { id } of statement.declarations) if (id.type === "Identifier") names.set(id.name, id);
  }
  return names;
}

function namesOf(statement: AnyNode | null | undefined): string[] {
  if (statement?.type === "FunctionDeclaration" || statement?.type === "ClassDeclaration")
    return [statement.id?.name ?? ""];
  if (statement?.type !== "VariableDeclaration") return [];
  return statement.declarations.map(({ id }) => (id.type === "Identifier" ? id.name : ""));
}

/** The names in the engine's scope where something in `node` declares one more; `around`: in the scope that `node` is in. Seen on the engine. */
function scopeIn(node: AnyNode, parent: AnyNode | undefined, around: ReadonlySet<string>): ReadonlySet<string> {
  if (isFunction(node)) return new Set(node.params.map((one) => (one.type === "Identifier" ? one.name : "")));
  switch (node.type) {
    case "BlockStatement":
      // A function's body has one scope with its parameters.
      return new Set([...(parent && isFunction(parent) ? around : []), ...node.body.flatMap(namesOf)]);
    case "Program":
      return new Set(node.body.flatMap(namesOf));
    case "ForStatement":
      return new Set(namesOf(node.init));
    case "ForOfStatement":
    case "ForInStatement":
      return new Set(namesOf(node.left));
    case "SwitchStatement":
      return new Set([...around, ...declaredByCases(node).keys()]);
    default:
      return around;
  }
}

/** Whether a function in there uses a variable of that name which is not its own. */
function isInClosure(name: string, node: AnyNode): boolean {
  let found = false;
  walk(node, (inner) => {
    if (!isFunction(inner)) return true;
    if (!declaredIn(inner).has(name))
      walk(inner, (deep, parent) => {
        if (isVariable(deep, parent) && deep.name === name) found = true;
        return true;
      });
    return false;
  });
  return found;
}

/** Everything that would run with another meaning; an empty list if nothing does. */
export function misplacedInSwitch(program: AnyNode): Misplaced[] {
  const found: Misplaced[] = [];
  const visit = (
    node: AnyNode,
    parent: AnyNode | undefined,
    around: ReadonlySet<string>,
    isBareLoop: boolean,
  ): void => {
    const own = node.type === "SwitchStatement" ? declaredByCases(node) : new Map<string, AnyNode>();
    for (const [name, place] of own) {
      const harm = around.has(name)
        ? `this overwrites the ${name} around it`
        : isBareLoop && isInClosure(name, node)
          ? `a closure sees only the last ${name}`
          : undefined;
      if (harm !== undefined)
        found.push({ node: place, message: `a switch has no scope of its own: ${harm}; put the case in braces` });
    }
    const scope = scopeIn(node, parent, around);
    const isLoop = /^(For|While|DoWhile)/.test(node.type);
    const isClosed = node.type === "BlockStatement" || isFunction(node);
    walk(node, (child) => {
      if (child === node) return true;
      visit(child, node, scope, isLoop || (isBareLoop && !isClosed));
      return false;
    });
  };
  visit(program, undefined, new Set(), false);
  return found;
}
