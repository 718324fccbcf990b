/**
 * What the minifier leaves on the table, done to a bundle whose variables still have their full names: so a name stands for one thing.
 * Each rewrite keeps the number of lines, so that the source map still finds the line of a fault.
 *
 * - `void 0` becomes a variable that nobody sets: five bytes less, a hundred times.
 * - A top-level function becomes an arrow: nothing is hoisted on the engine anyway, and the gate has looked at the order.
 * - A top-level constant becomes its value where that is shorter.
 */
import { type AnyNode, type Identifier, parse } from "acorn";
import { walk } from "./tree-walk.ts";

/** The variable that is never set. */
const UNSET = "saplineUnset";
/** What a minified name takes, in bytes: there are more than 54 of them. */
const NAME_BYTES = 2;

interface Edit {
  start: number;
  end: number;
  text: string;
}

function apply(text: string, edits: readonly Edit[]): string {
  let out = text;
  for (const edit of edits.toSorted((a, b) => b.start - a.start)) {
    out = out.slice(0, edit.start) + edit.text + out.slice(edit.end);
  }
  return out;
}

function isVoid(node: AnyNode): boolean {
  return node.type === "UnaryExpression" && node.operator === "void" && node.argument.type === "Literal";
}

/** Whether the function's meaning depends on being called as one: then it stays. */
function usesThis(node: AnyNode): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.type === "ThisExpression" || inner.type === "Super") found = true;
    if (inner.type === "Identifier" && inner.name === "arguments") found = true;
    // Methods of classes have a `this` of their own.
    return inner.type !== "ClassExpression" && inner.type !== "ClassDeclaration";
  });
  return found;
}

function functionEdits(statement: AnyNode, text: string): Edit[] {
  if (statement.type !== "FunctionDeclaration" || usesThis(statement.body)) return [];
  const name = (statement.id as Identifier).name;
  const parameters = statement.params.map((parameter) => text.slice(parameter.start, parameter.end)).join(", ");
  return [
    { start: statement.start, end: statement.body.start, text: `var ${name} = (${parameters}) => ` },
    { start: statement.end, end: statement.end, text: ";" },
  ];
}

/** Top-level numbers, by name. */
function constantsOf(body: readonly AnyNode[]): Map<string, string> {
  const constants = new Map<string, string>();
  for (const statement of body) {
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id, init } of statement.declarations) {
      if (id.type === "Identifier" && init?.type === "Literal" && typeof init.value === "number" && init.raw)
        constants.set(id.name, init.raw);
    }
  }
  return constants;
}

/** A constant's uses; undefined if its name has another meaning anywhere, or it is set. */
function usesOf(name: string, program: AnyNode): AnyNode[] | undefined {
  const uses: AnyNode[] = [];
  let declarations = 0;
  let isSet = false;
  walk(program, (node, parent) => {
    if (node.type !== "Identifier" || node.name !== name) return true;
    if (parent?.type === "MemberExpression" && parent.property === node && !parent.computed) return true;
    if (parent?.type === "Property" && parent.key === node && !parent.shorthand) return true;
    if (parent?.type === "MethodDefinition" && parent.key === node) return true;
    if (parent?.type === "VariableDeclarator" && parent.id === node) declarations++;
    else if (
      parent === undefined ||
      parent.type === "AssignmentExpression" ||
      parent.type === "UpdateExpression" ||
      parent.type === "CatchClause" ||
      parent.type === "Property" ||
      /^(Function|ArrowFunction|Class)/.test(parent.type)
    )
      isSet = isSet || !isRightSide(node, parent);
    if (!(parent?.type === "VariableDeclarator" && parent.id === node)) uses.push(node);
    return true;
  });
  return declarations === 1 && !isSet ? uses : undefined;
}

function isRightSide(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type === "AssignmentExpression") return parent.right === node;
  if (parent?.type === "Property") return parent.value === node && !parent.shorthand;
  return parent?.type === "ArrowFunctionExpression" && parent.body === node;
}

/** The bundle, shorter once it is minified. */
export function shorten(text: string): string {
  const program = parse(text, { ecmaVersion: 2024, sourceType: "script" });
  const edits: Edit[] = [];
  const constants = constantsOf(program.body);
  for (const [name, value] of constants) {
    const uses = usesOf(name, program);
    // Declared, it costs its name, "=", its value and ",".
    if (uses === undefined || uses.length * value.length > (uses.length + 1) * NAME_BYTES + value.length + 2) continue;
    // The declaration is unused now, and falls to the minifier.
    for (const use of uses) edits.push({ start: use.start, end: use.end, text: value });
  }
  for (const statement of program.body) edits.push(...functionEdits(statement, text));
  walk(program, (node) => {
    if (isVoid(node)) edits.push({ start: node.start, end: node.end, text: UNSET });
    return true;
  });
  return `var ${UNSET};${apply(text, edits)}`;
}
