/**
 * What the minifier leaves on the table, done to a bundle whose variables still have their full names: so a name stands for one thing.
 * Here is what is done to constants, functions and the engine's words; classes and texts have files of their own. Each rewrite keeps the number of lines, so that the source map still finds the line of a fault.
 *
 * - `void 0` becomes a variable that nobody sets: five bytes less, a hundred times.
 * - A top-level function becomes an arrow: nothing is hoisted on the engine anyway, and the gate has looked at the order.
 * - A top-level constant becomes its value where that is shorter.
 * - The names of types that `typeof` is compared with become variables.
 * - Functions of the engine that are called often (Math.floor) become variables: half as long, and one search for a name instead of two.
 */
import type { AnyNode, Identifier } from "acorn";
import { apply, type Edit } from "./edit.ts";
import { looseEquals } from "./loose-equals.ts";
import { numberWords, shareTexts } from "./private-words.ts";
import { parseScript } from "./script.ts";
import { shareNames } from "./share-names.ts";
import { inlineSmall, nameMembers } from "./short-members.ts";
import { dropUnused, gatherFields, nameSelves } from "./short-classes.ts";
import { walk } from "./tree-walk.ts";

/** The variable that is never set. */
const UNSET = "saplineUnset";
/** What `typeof` answers, and the variables for it. */
const TYPES: readonly (readonly [text: string, name: string])[] = [
  ['"string"', "saplineString"],
  ['"number"', "saplineNumber"],
];

/** Functions of the engine that need no `this`, and what they are called instead. */
const ENGINE_FUNCTIONS: readonly (readonly [text: string, name: string])[] = [
  ["Math.floor", "saplineFloor"],
  ["Math.min", "saplineMin"],
  ["Math.max", "saplineMax"],
  ["String.fromCharCode", "saplineCharacter"],
  ["Object.assign", "saplineAssign"],
  ["JSON.parse", "saplineParse"],
  ["setTimeout", "saplineLater"],
];

/** What a minified name takes, in bytes: there are more than 54 of them. */
const NAME_BYTES = 2;

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

/** Top-level numbers and texts, by name. */
function constantsOf(body: readonly AnyNode[]): Map<string, string> {
  const constants = new Map<string, string>();
  for (const statement of body) {
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id, init } of statement.declarations) {
      if (id.type === "Identifier" && init?.type === "Literal" && /number|string/.test(typeof init.value) && init.raw)
        constants.set(id.name, init.raw);
    }
  }
  return constants;
}

/** Whether an identifier is the name of a property, and no variable. */
function isPropertyName(node: AnyNode, parent: AnyNode): boolean {
  if (parent.type === "MemberExpression") return parent.property === node && !parent.computed;
  if (parent.type === "Property") return parent.key === node && !parent.shorthand;
  return parent.type === "MethodDefinition" && parent.key === node;
}

/** Whether an identifier stands where a value may stand instead. */
function isValue(node: AnyNode, parent: AnyNode): boolean {
  switch (parent.type) {
    case "AssignmentExpression":
      return parent.right === node;
    case "VariableDeclarator":
      return parent.init === node;
    case "Property":
      return !parent.shorthand;
    case "MemberExpression":
      // `7.toFixed` would not parse.
      return parent.object !== node;
    case "ArrowFunctionExpression":
      return parent.body === node;
    case "UpdateExpression":
    case "CatchClause":
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ClassDeclaration":
    case "ClassExpression":
    case "ForInStatement":
    case "ForOfStatement":
      return false;
    default:
      return true;
  }
}

/** Where each constant is used. A name that is set anywhere, or declared a second time, is none. */
function usesOf(constants: ReadonlyMap<string, string>, program: AnyNode): Map<string, AnyNode[]> {
  const uses = new Map([...constants.keys()].map((name) => [name, [] as AnyNode[]]));
  const declared = new Set<string>();
  walk(program, (node, parent) => {
    if (node.type !== "Identifier" || parent === undefined || !constants.has(node.name)) return true;
    if (isPropertyName(node, parent)) return true;
    if (isValue(node, parent)) uses.get(node.name)?.push(node);
    else if (parent.type === "VariableDeclarator" && !declared.has(node.name)) declared.add(node.name);
    else uses.delete(node.name);
    return true;
  });
  return uses;
}

function isTypeof(node: AnyNode): boolean {
  return node.type === "UnaryExpression" && node.operator === "typeof";
}

/** The engine's functions and names of types, where they are worth a variable: [what it stands for, its name, the places]. */
function engineWords(text: string, program: AnyNode): [string, string, AnyNode[]][] {
  const words = [...TYPES, ...ENGINE_FUNCTIONS];
  const found = new Map<string, AnyNode[]>(words.map(([written]) => [written, []]));
  walk(program, (node) => {
    if (node.type === "CallExpression") found.get(text.slice(node.callee.start, node.callee.end))?.push(node.callee);
    if (node.type === "BinaryExpression" && isTypeof(node.left))
      found.get(text.slice(node.right.start, node.right.end))?.push(node.right);
    return true;
  });
  return words.flatMap(([written, name]) => {
    const places = found.get(written) ?? [];
    const isWorthIt = places.length * (written.length - NAME_BYTES) > NAME_BYTES + written.length + 2;
    return isWorthIt ? [[written, name, places] as [string, string, AnyNode[]]] : [];
  });
}

/** The bundle, shorter once it is minified. `own`: the names of properties that are only its own. */
export function shorten(
  bundle: string,
  own: ReadonlySet<string> = new Set(),
  optional: ReadonlySet<string> = new Set(),
): string {
  const small = inlineSmall(looseEquals(numberWords(dropUnused(bundle, own), own), own));
  const named = shareNames(nameMembers(small, own), own, optional);
  const text = shareTexts(nameSelves(gatherFields(named)));
  const program = parseScript(text);
  const edits: Edit[] = [];
  const constants = constantsOf(program.body);
  for (const [name, uses] of usesOf(constants, program)) {
    const value = constants.get(name) ?? "";
    // Declared, it costs its name, "=", its value and ",".
    if (uses.length * value.length > (uses.length + 1) * NAME_BYTES + value.length + 2) continue;
    // The declaration is unused now, and falls to the minifier.
    for (const use of uses) edits.push({ start: use.start, end: use.end, text: value });
  }
  for (const statement of program.body) edits.push(...functionEdits(statement, text));
  walk(program, (node) => {
    if (isVoid(node)) edits.push({ start: node.start, end: node.end, text: UNSET });
    return true;
  });
  let heads = "";
  for (const [written, name, places] of engineWords(text, program)) {
    heads += `var ${name} = ${written};`;
    for (const place of places) edits.push({ start: place.start, end: place.end, text: name });
  }
  return `var ${UNSET};${heads}${apply(text, edits)}`;
}
