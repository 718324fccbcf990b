/**
 * What is called from one place alone becomes part of it: a method of ours, or a function. On the chip that spares its head, the call, and a level of the
 * stack.
 *
 * Done to a bundle whose own properties have their short names already and whose variables still have their full ones. There, a name of `own` that
 * one class alone has, and one place alone reads, is that method. Bodies are moved as they are: their variables get names that nobody else has, `this`
 * becomes what it was called on, and what they return goes where the answer went. Where that cannot be (a loop that returns, in the middle of another
 * function), the call stays.
 *
 * The engine has no tree of a program: what it does not execute it reads over, word by word. Measured on a chip-like engine, that and the calls that are
 * spared weigh the same.
 */
import type { AnyNode } from "acorn";
import { Inlining, type Once } from "./inlining.ts";
import type { MovedEdit, MovedText } from "./moved-text.ts";
import { assignedIn, declaredIn, holds, isFunction, isVariable, type FunctionNode } from "./scopes.ts";
import { parseScript } from "./script.ts";
import { walk } from "./tree-walk.ts";

/** All that is called from one place alone. */
function calledOnce(program: AnyNode & { type: "Program" }, own: ReadonlySet<string>): Once[] {
  const definitions = new Map<string, { definition: AnyNode; callee: FunctionNode }[]>();
  const uses = new Map<string, AnyNode[]>();
  const parents = new Map<AnyNode, AnyNode>();
  const note = <T>(map: Map<string, T[]>, name: string, one: T): void => {
    const all = map.get(name);
    if (all) all.push(one);
    else map.set(name, [one]);
  };
  walk(program, (node, parent) => {
    if (parent) parents.set(node, parent);
    if (node.type === "MethodDefinition" && node.key.type === "Identifier") {
      if (node.kind === "method" && !node.static)
        note(definitions, `.${node.key.name}`, { definition: node, callee: node.value as FunctionNode });
      else note(uses, `.${node.key.name}`, node);
    } else if (node.type === "Property" && node.key.type === "Identifier") note(uses, `.${node.key.name}`, node);
    else if (node.type === "FunctionDeclaration" && parent === program)
      note(definitions, node.id?.name ?? "", { definition: node, callee: node as FunctionNode });
    else if (node.type === "MemberExpression" && !node.computed && node.property.type === "Identifier")
      note(uses, `.${node.property.name}`, node);
    else if (
      isVariable(node, parent) &&
      !(parent?.type === "FunctionDeclaration" && (parent.id as AnyNode | null) === node)
    )
      note(uses, node.name, node);
    return true;
  });
  return [...definitions].flatMap(([name, found]) => {
    const [use, ...others] = uses.get(name) ?? [];
    const [one, ...more] = found;
    const call = use && parents.get(use);
    if (!use || !one || others.length > 0 || more.length > 0 || (name.startsWith(".") && !own.has(name.slice(1))))
      return [];
    if (call?.type !== "CallExpression" || call.callee !== use || holds(one.definition, call)) return [];
    const around: AnyNode[] = [];
    for (let at = parents.get(call); at; at = parents.get(at)) around.unshift(at);
    return [{ name, ...one, call, around }];
  });
}

function usesOwnCall(callee: FunctionNode): boolean {
  let found = false;
  walk(callee.body, (node) => {
    if (node.type === "Super" || (node.type === "Identifier" && node.name === "arguments")) found = true;
    if (node.type === "FunctionExpression" || node.type === "ClassExpression") found = true;
    return true;
  });
  return found;
}

function makesClosure(callee: FunctionNode): boolean {
  let found = false;
  walk(callee.body, (node) => {
    if (isFunction(node)) found = true;
    return true;
  });
  return found;
}

/** What changes for one call; undefined if it stays. */
function editsFor(once: Once, everywhere: ReadonlySet<string>, number: number): MovedEdit[] | undefined {
  const { around, callee, call, definition } = once;
  const at = around.findLastIndex(isFunction);
  const caller = around[at] as FunctionNode | undefined;
  const outermost = around.find(isFunction);
  if (!caller || !outermost || usesOwnCall(callee) || callee.params.some((one) => one.type !== "Identifier"))
    return undefined;
  const declared = declaredIn(outermost);
  const own = declaredIn(callee);
  let isShadowed = false;
  walk(callee.body, (node, parent) => {
    if (isVariable(node, parent) && !own.has(node.name) && declared.has(node.name)) isShadowed = true;
    return true;
  });
  if (isShadowed) return undefined;
  const gone: MovedEdit = { start: definition.start, end: definition.end, parts: [] };
  const inside = around.slice(at + 1);
  const statement = inside.findLast(
    (node) => /Statement$|^VariableDeclaration$/.test(node.type) && node !== caller.body,
  );
  const parent = statement && around[around.indexOf(statement) - 1];
  // The engine gives a `switch` no scope: in a loop, closures would share one variable for all rounds.
  const isInList = parent?.type === "BlockStatement" || (parent?.type === "SwitchCase" && !makesClosure(callee));
  const mayReplace = statement && (statement.type !== "VariableDeclaration" || isInList);
  const whole = mayReplace ? new Inlining(once, outermost, everywhere, number).statement(statement) : undefined;
  if (statement && whole) {
    const parts = isInList ? whole : ["{", ...whole, "}"];
    return [gone, { start: statement.start, end: statement.end, parts }];
  }
  const inlining = new Inlining(once, outermost, everywhere, number);
  const value = inlining.expression();
  if (value === undefined) return undefined;
  const there: MovedEdit = { start: call.start, end: call.end, parts: value };
  if (inlining.hoisted.length === 0) return [gone, there];
  const head = `let ${[...new Set(inlining.hoisted)].join(", ")};`;
  const { body } = caller;
  if (body.type === "BlockStatement")
    return [gone, there, { start: body.start + 1, end: body.start + 1, parts: [head] }];
  // These stand in parentheses.
  if (body.type === "ObjectExpression" || body.type === "SequenceExpression") return undefined;
  return [
    gone,
    { start: body.start, end: body.start, parts: [`{${head} return `] },
    there,
    { start: body.end, end: body.end, parts: [";}"] },
  ];
}

/** Moves what is called once to where it is called, as long as there is such. `own`: the names of properties that are only the bundle's own. */
export function inlineOnce(moved: MovedText, own: ReadonlySet<string>): void {
  const left = new Set<string>();
  for (let number = 0; ; ) {
    const program = parseScript(moved.text);
    const everywhere = assignedIn(program);
    const edits: MovedEdit[] = [];
    /** What is changed in this round. */
    const taken: { start: number; end: number }[] = [];
    for (const once of calledOnce(program, own)) {
      if (left.has(once.name)) continue;
      const outermost = once.around.find(isFunction);
      const ranges = [once.definition, ...(outermost ? [outermost] : [])];
      if (ranges.some((one) => taken.some((other) => one.start < other.end && other.start < one.end))) continue;
      const changes = editsFor(once, everywhere, ++number);
      if (changes === undefined) left.add(once.name);
      else {
        taken.push(...ranges);
        edits.push(...changes);
      }
    }
    if (edits.length === 0) return;
    moved.edit(edits);
  }
}
