/**
 * What nobody asks for is left out: properties of ours that are only ever set, and parameters that nobody reads. And the members of a constant object of
 * numbers become those.
 *
 * For a bundle whose own properties have their short names already. Each rewrite keeps the number of lines.
 */
import type { AnyNode } from "acorn";
import { apply, type Edit, linesOf } from "./edit.ts";
import { parseScript } from "./script.ts";
import { walk } from "./tree-walk.ts";

type Of<T extends AnyNode["type"]> = Extract<AnyNode, { type: T }>;

/** Whether nothing comes of evaluating it. */
function isIdle(node: AnyNode): boolean {
  switch (node.type) {
    case "Literal":
    case "Identifier":
    case "ThisExpression":
      return true;
    case "MemberExpression":
      return !node.computed && isIdle(node.object as AnyNode);
    case "UnaryExpression":
      return node.operator !== "delete" && isIdle(node.argument);
    case "ArrayExpression":
      return node.elements.length === 0;
    case "ObjectExpression":
      return node.properties.every((one) => one.type === "Property" && isIdle(one.value));
    case "ConditionalExpression":
      return isIdle(node.test) && isIdle(node.consequent) && isIdle(node.alternate);
    case "BinaryExpression":
    case "LogicalExpression":
      return isIdle(node.left as AnyNode) && isIdle(node.right);
    default:
      return false;
  }
}

function nameOf(node: AnyNode): string {
  return node.type === "Identifier" ? node.name : "";
}

/** Where a property is set, and nothing more; undefined where it is read as well. */
type Sets = { node: AnyNode; value: AnyNode; object?: Of<"ObjectExpression"> }[] | undefined;

function setsOf(program: AnyNode, own: ReadonlySet<string>): Map<string, Sets> {
  const sets = new Map<string, Sets>();
  const note = (name: string, set: NonNullable<Sets>[number] | undefined): void => {
    if (!own.has(name)) return;
    const before = sets.has(name) ? sets.get(name) : [];
    sets.set(name, before === undefined || set === undefined ? undefined : [...before, set]);
  };
  /** Assignments whose value nobody takes. */
  const loose = new Set<AnyNode>();
  walk(program, (node, parent) => {
    if (node.type === "ExpressionStatement") loose.add(node.expression);
    if (node.type === "SequenceExpression") {
      const isLoose = loose.has(node);
      for (const [at, one] of node.expressions.entries())
        if (isLoose || at < node.expressions.length - 1) loose.add(one);
    }
    if (node.type === "MemberExpression" && !node.computed) {
      const isSet =
        parent?.type === "AssignmentExpression" && parent.left === node && parent.operator === "=" && loose.has(parent);
      const isPlain = isSet && isIdle(node.object as AnyNode);
      note(nameOf(node.property as AnyNode), isPlain ? { node: parent, value: parent.right } : undefined);
    }
    if (node.type === "MethodDefinition") note(nameOf(node.key as AnyNode), undefined);
    if (node.type === "ObjectExpression") {
      for (const one of node.properties) {
        if (one.type !== "Property" || one.computed) continue;
        note(nameOf(one.key as AnyNode), isIdle(one.value) ? { node: one, value: one.value, object: node } : undefined);
      }
    }
    return true;
  });
  return sets;
}

/** Without the properties of `own` that are set and never read. */
export function dropUnread(text: string, own: ReadonlySet<string>): string {
  const edits: Edit[] = [];
  const gone = new Set<AnyNode>();
  const objects = new Set<Of<"ObjectExpression">>();
  for (const sets of setsOf(parseScript(text), own).values()) {
    for (const { node, value, object } of sets ?? []) {
      gone.add(node);
      if (object) objects.add(object);
      // What is set may have effects of its own.
      else edits.push({ start: node.start, end: value.start, text: linesOf(text.slice(node.start, value.start)) });
    }
  }
  for (const object of objects) {
    const kept = object.properties.filter((one) => !gone.has(one));
    let from = object.start + 1;
    for (const one of kept) {
      const glue = from === object.start + 1 ? " " : ", ";
      edits.push({ start: from, end: one.start, text: glue + linesOf(text.slice(from, one.start)) });
      from = one.end;
    }
    edits.push({ start: from, end: object.end - 1, text: linesOf(text.slice(from, object.end - 1)) });
  }
  return edits.length === 0 ? text : apply(text, edits);
}

/** Constant objects of numbers, whose members are read one by one and nothing else, become those numbers. */
export function foldObjects(text: string, own: ReadonlySet<string>): string {
  const program = parseScript(text);
  const objects = new Map<string, Map<string, string>>();
  for (const statement of program.body) {
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id, init } of statement.declarations) {
      if (id.type !== "Identifier" || init?.type !== "ObjectExpression" || init.properties.length === 0) continue;
      const members = init.properties.map((one): [string, string] =>
        one.type === "Property" &&
        one.value.type === "Literal" &&
        typeof one.value.value === "number" &&
        own.has(nameOf(one.key as AnyNode))
          ? [nameOf(one.key as AnyNode), text.slice(one.value.start, one.value.end)]
          : ["", ""],
      );
      if (members.every(([name]) => name !== "")) objects.set(id.name, new Map(members));
    }
  }
  const uses = new Map<string, Edit[]>();
  walk(program, (node, parent) => {
    if (node.type !== "Identifier" || !objects.has(node.name) || parent === undefined) return true;
    if (parent.type === "VariableDeclarator" && parent.id === node && parent.init?.type === "ObjectExpression")
      return true;
    const isName =
      (parent.type === "MemberExpression" && parent.property === node && !parent.computed) ||
      (parent.type === "Property" && parent.key === node && !parent.shorthand);
    if (isName) return true;
    const value =
      parent.type === "MemberExpression" && !parent.computed
        ? objects.get(node.name)?.get(nameOf(parent.property as AnyNode))
        : undefined;
    if (value === undefined) objects.delete(node.name);
    else uses.set(node.name, [...(uses.get(node.name) ?? []), { start: parent.start, end: parent.end, text: value }]);
    return true;
  });
  const edits = [...objects.keys()].flatMap((name) => uses.get(name) ?? []);
  return edits.length === 0 ? text : apply(text, edits);
}

/** Where functions of one name are, and where they are called; no calls if they are used in another way as well. */
interface Callers {
  definitions: (AnyNode & { params: AnyNode[]; body: AnyNode })[];
  calls: Of<"CallExpression">[];
  isCalledOnly: boolean;
}

function callersOf(program: Of<"Program">, own: ReadonlySet<string>): Callers[] {
  const all = new Map<string, Callers>();
  const at = (name: string): Callers => {
    const known = all.get(name) ?? { definitions: [], calls: [], isCalledOnly: true };
    all.set(name, known);
    return known;
  };
  walk(program, (node, parent) => {
    if (node.type === "MethodDefinition" && own.has(nameOf(node.key as AnyNode))) {
      if (node.kind === "method") at(nameOf(node.key as AnyNode)).definitions.push(node.value as never);
      else at(nameOf(node.key as AnyNode)).isCalledOnly = false;
    }
    if (node.type === "Property") at(nameOf(node.key as AnyNode)).isCalledOnly = false;
    if (node.type === "MemberExpression" && !node.computed && own.has(nameOf(node.property as AnyNode))) {
      const callers = at(nameOf(node.property as AnyNode));
      if (parent?.type === "CallExpression" && parent.callee === node) callers.calls.push(parent);
      else callers.isCalledOnly = false;
    }
    return true;
  });
  return [...all.values()].filter((one) => one.isCalledOnly && one.definitions.length > 0);
}

/** Without the parameters of our methods that none of those of a name reads, and without what is passed for them. */
export function dropParameters(text: string, own: ReadonlySet<string>): string {
  const edits: Edit[] = [];
  const cut = (list: readonly AnyNode[], at: number): void => {
    const one = list[at];
    if (one === undefined) return;
    const start = at > 0 ? (list[at - 1] as AnyNode).end : one.start;
    const end = at > 0 ? one.end : (list[1]?.start ?? one.end);
    edits.push({ start, end, text: linesOf(text.slice(start, end)) });
  };
  /** One for each round: the places of the others move with it, and calls are arguments of one another. */
  for (const { definitions, calls } of callersOf(parseScript(text), own)) {
    const most = Math.max(...definitions.map((one) => one.params.length));
    for (let at = most - 1; at >= 0 && edits.length === 0; at--) {
      const isRead = definitions.some(({ params, body }) => {
        const parameter = params[at];
        const name = parameter === undefined ? "" : nameOf(parameter);
        let found = false;
        walk(body, (node) => {
          if (node.type === "Identifier" && node.name === name) found = true;
          return true;
        });
        return found;
      });
      const isPlain = calls.every((call) => call.arguments[at] === undefined || isIdle(call.arguments[at] as AnyNode));
      if (isRead || !isPlain) continue;
      for (const one of definitions) cut(one.params, at);
      for (const call of calls) cut(call.arguments as AnyNode[], at);
    }
    if (edits.length > 0) return dropParameters(apply(text, edits), own);
  }
  return text;
}

/** Without variables of functions that nobody reads, and that come of nothing but reading. */
export function dropVariables(text: string): string {
  const edits: Edit[] = [];
  walk(parseScript(text), (node) => {
    if (!/Function/.test(node.type)) return true;
    const counts = new Map<string, number>();
    walk(node, (inner) => {
      if (inner.type === "Identifier") counts.set(inner.name, (counts.get(inner.name) ?? 0) + 1);
      return true;
    });
    const body = (node as AnyNode & { body: AnyNode }).body;
    if (body.type !== "BlockStatement") return true;
    for (const statement of body.body) {
      if (statement.type !== "VariableDeclaration") continue;
      const { declarations } = statement;
      const idle = declarations.filter(
        ({ id, init }) => id.type === "Identifier" && counts.get(id.name) === 1 && init && isIdle(init),
      );
      if (idle.length === 0) continue;
      const kept = declarations.filter((one) => !idle.includes(one));
      if (kept.length === 0) {
        edits.push({
          start: statement.start,
          end: statement.end,
          text: linesOf(text.slice(statement.start, statement.end)),
        });
        continue;
      }
      let from = (declarations[0] as AnyNode).start;
      for (const one of kept) {
        const glue = one === kept[0] ? "" : ", ";
        edits.push({ start: from, end: one.start, text: glue + linesOf(text.slice(from, one.start)) });
        from = one.end;
      }
      const end = (declarations.at(-1) as AnyNode).end;
      if (from < end) edits.push({ start: from, end, text: linesOf(text.slice(from, end)) });
    }
    return true;
  });
  return edits.length === 0 ? text : apply(text, edits);
}
