/** What a piece of a program declares, sets and answers: the questions that the passes over a bundle ask of acorn's trees. */
import type { AnyNode } from "acorn";
import { walk } from "./tree-walk.ts";

export type Of<T extends AnyNode["type"]> = Extract<AnyNode, { type: T }>;
export type FunctionNode = AnyNode & { params: AnyNode[]; body: AnyNode };

export function isFunction(node: AnyNode): node is FunctionNode {
  return /Function/.test(node.type);
}

export function holds(outer: AnyNode, inner: AnyNode): boolean {
  return outer.start <= inner.start && outer.end >= inner.end;
}

/** Whether an identifier is a variable, and no property's name. */
export function isVariable(node: AnyNode, parent: AnyNode | undefined): node is Of<"Identifier"> {
  if (node.type !== "Identifier" || parent === undefined) return false;
  if (parent.type === "MemberExpression") return parent.object === node || parent.computed;
  if (parent.type === "Property") return parent.value === node || parent.computed;
  return parent.type !== "MethodDefinition";
}

/** Names that are declared in a function, at whatever depth. */
export function declaredIn(node: AnyNode): Set<string> {
  const names = new Set<string>();
  const add = (one: AnyNode | null | undefined): void => {
    if (one?.type === "Identifier") names.add(one.name);
  };
  walk(node, (inner) => {
    if (isFunction(inner)) for (const one of inner.params) add(one);
    if (inner.type === "VariableDeclarator") add(inner.id as AnyNode);
    if (inner.type === "CatchClause") add(inner.param as AnyNode | null);
    return true;
  });
  return names;
}

/** Names of variables that are set after their declaration. */
export function assignedIn(node: AnyNode): Set<string> {
  const names = new Set<string>();
  walk(node, (inner) => {
    const target =
      inner.type === "AssignmentExpression"
        ? inner.left
        : inner.type === "UpdateExpression"
          ? inner.argument
          : undefined;
    if (target?.type === "Identifier") names.add(target.name);
    if (inner.type === "VariableDeclarator" && !inner.init && inner.id.type === "Identifier") names.add(inner.id.name);
    return true;
  });
  return names;
}

/** Whether a `return` of the function itself is in there. */
export function returns(node: AnyNode): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.type === "ReturnStatement") found = true;
    return !isFunction(inner);
  });
  return found;
}

/** Whether what comes behind may be reached. */
export function fallsThrough(statements: readonly AnyNode[]): boolean {
  return statements.every((one) => {
    if (one.type === "ReturnStatement" || one.type === "ThrowStatement") return false;
    if (one.type === "BlockStatement") return fallsThrough(one.body);
    if (one.type !== "IfStatement") return true;
    return !one.alternate || fallsThrough([one.consequent]) || fallsThrough([one.alternate]);
  });
}

export function bodyOf(node: AnyNode): AnyNode[] {
  return node.type === "BlockStatement" ? node.body : [node];
}
