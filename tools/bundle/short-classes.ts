/**
 * Classes with less text, for a bundle whose own properties have their short names already.
 *
 * - A method of ours that nobody calls is left out.
 * - A constructor that sets one field after the other sets them together, by Object.assign; those that are undefined need not be set.
 * - Where a method says `this` often, a variable says it.
 *
 * Each keeps the number of lines.
 */
import type { AnyNode } from "acorn";
import { apply, type Edit, linesOf } from "./edit.ts";
import { parseScript } from "./script.ts";
import { walk } from "./tree-walk.ts";

/** The variable that stands for `this`. */
const SELF = "saplineSelf";
/** What `let t=this;` takes in bytes, and `t=this,` in a declaration that is there already; what each use of it saves. */
const SELF_BYTES = 11;
const SELF_MORE_BYTES = 7;
const SELF_SAVES = 3;
/** From so many fields on, `A(this,{a:0})` is shorter than `let t=this;t.a=0`. */
const FIELDS_MIN = 4;

/** The name of a property that is read, written, or given to an object or a class; texts count as names, too. */
function usedName(node: AnyNode): string | undefined {
  if (node.type === "MemberExpression" && !node.computed && node.property.type === "Identifier") {
    return node.property.name;
  }
  if (node.type === "Property" && node.key.type === "Identifier") return node.key.name;
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

/** What the engine calls of itself. */
const CALLED_BY_ENGINE = ["constructor", "toJSON", "toString", "valueOf"];

/** `Object.keys`: of a namespace or a constructor of JavaScript. */
function isStatic(node: AnyNode): boolean {
  return node.type === "MemberExpression" && node.object.type === "Identifier" && node.object.name in globalThis;
}

/**
 * Without the methods that nobody uses; without those that only they used, too. `isWhole`: nobody outside the bundle calls what is in it, so that this
 * goes for methods whose names are not of `own` as well.
 */
export function dropUnused(text: string, own: ReadonlySet<string>, isWhole = false): string {
  const program = parseScript(text);
  const used = new Set<string>();
  const methods: { name: string; node: AnyNode }[] = [];
  walk(program, (node) => {
    const name = isStatic(node) ? undefined : usedName(node);
    if (name !== undefined) used.add(name);
    if (node.type === "MethodDefinition" && node.key.type === "Identifier") methods.push({ name: node.key.name, node });
    return true;
  });
  const mayGo = (name: string): boolean => own.has(name) || (isWhole && !CALLED_BY_ENGINE.includes(name));
  const unused = methods.filter(({ name }) => mayGo(name) && !used.has(name));
  if (unused.length === 0) return text;
  const edits = unused.map(({ node: { start, end } }) => ({ start, end, text: linesOf(text.slice(start, end)) }));
  return dropUnused(apply(text, edits), own, isWhole);
}

/** How often a function says `this`: with its arrows, and without the functions in it that have their own. */
function thisOf(body: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  walk(body, (node) => {
    if (node.type === "ThisExpression") found.push(node);
    return node.type !== "FunctionExpression" && node.type !== "FunctionDeclaration";
  });
  return found;
}

/** `this.name = value`, taken apart, if the value does not ask what was set before. */
function fieldOf(node: AnyNode): { name: string; value: AnyNode } | undefined {
  if (node.type !== "AssignmentExpression" || node.operator !== "=") return undefined;
  const { left, right } = node;
  if (left.type !== "MemberExpression" || left.object.type !== "ThisExpression" || left.computed) return undefined;
  let isFree = true;
  walk(right, (inner) => {
    if (inner.type === "ThisExpression") isFree = false;
    return inner.type !== "ArrowFunctionExpression";
  });
  return isFree && left.property.type === "Identifier" ? { name: left.property.name, value: right } : undefined;
}

function isUndefined(node: AnyNode): boolean {
  return node.type === "UnaryExpression" && node.operator === "void";
}

function fieldEdits(nodes: readonly AnyNode[], text: string): Edit[] {
  const first = nodes[0] as AnyNode;
  const last = nodes.at(-1) as AnyNode;
  const edits: Edit[] = [];
  let from = first.start;
  let glue = "Object.assign(this, {";
  for (const node of nodes) {
    const { name, value } = fieldOf(node) as { name: string; value: AnyNode };
    if (isUndefined(value)) continue;
    edits.push({ start: from, end: value.start, text: `${glue}${linesOf(text.slice(from, value.start))}${name}: ` });
    from = value.end;
    glue = ", ";
  }
  if (edits.length === 0) return [];
  return [...edits, { start: from, end: last.end, text: `${linesOf(text.slice(from, last.end))}})` }];
}

/** Constructors that set their fields together. */
export function gatherFields(text: string): string {
  const edits: Edit[] = [];
  walk(parseScript(text), (node) => {
    if (node.type !== "MethodDefinition" || node.kind !== "constructor" || !node.value.body) return true;
    for (const statement of node.value.body.body) {
      if (statement.type !== "ExpressionStatement") continue;
      const whole = statement.expression;
      const parts = whole.type === "SequenceExpression" ? whole.expressions : [whole];
      for (let at = 0; at < parts.length; at++) {
        let end = at;
        while (end < parts.length && fieldOf(parts[end] as AnyNode) !== undefined) end += 1;
        const run = parts.slice(at, end);
        if (run.filter((part) => !isUndefined((fieldOf(part) as { value: AnyNode }).value)).length >= FIELDS_MIN) {
          edits.push(...fieldEdits(run, text));
        }
        at = end;
      }
    }
    return true;
  });
  return apply(text, edits);
}

/** Methods that say `this` by a variable. */
export function nameSelves(text: string): string {
  const edits: Edit[] = [];
  walk(parseScript(text), (node) => {
    if (node.type !== "MethodDefinition" || !node.value.body) return true;
    const body = node.value.body;
    const uses = thisOf(body);
    const first = body.body[0];
    // Before `super` there is no `this`.
    if (first === undefined || text.slice(body.start, body.end).includes("super(")) return true;
    const isDeclared = first.type === "VariableDeclaration";
    if (uses.length * SELF_SAVES <= (isDeclared ? SELF_MORE_BYTES : SELF_BYTES)) return true;
    const start = isDeclared ? first.start + first.kind.length : first.start;
    edits.push({ start, end: start, text: isDeclared ? ` ${SELF} = this,` : `let ${SELF} = this; ` });
    for (const use of uses) edits.push({ start: use.start, end: use.end, text: SELF });
    return true;
  });
  return apply(text, edits);
}
