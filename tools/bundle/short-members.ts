/**
 * Members and small functions with less text.
 *
 * - A name that is not ours to shorten (`length`, `charCodeAt`) and is used often becomes a variable: `text[a]` for `text.length`.
 * - A call of a function that does nothing but one small expression becomes that expression: a call is felt on the engine, too.
 */
import type { AnyNode, CallExpression } from "acorn";
import { apply, type Edit } from "./edit.ts";
import { parseScript } from "./script.ts";
import { walk } from "./tree-walk.ts";

/** What a minified variable takes, in bytes, in the brackets around it too, and in its declaration beyond the text. */
const INDEX_BYTES = 4;
const DECLARATION_BYTES = 6;
/** A function is small if what it answers has as many nodes as this at the most: an operator and two operands. */
const SMALL_NODES = 3;

/** Names of members that are used often, and are not of `own`, become variables. */
export function nameMembers(text: string, own: ReadonlySet<string>): string {
  const places = new Map<string, AnyNode[]>();
  walk(parseScript(text), (node, parent) => {
    if (node.type !== "MemberExpression" || node.computed || node.property.type !== "Identifier") return true;
    const { name } = node.property;
    // What belongs to a namespace is constant to the minifier, and read once.
    const isStatic = node.object.type === "Identifier" && /^[A-Z]/.test(node.object.name);
    if (own.has(name) || isStatic || node.object.type === "Super" || parent === undefined) return true;
    places.set(name, [...(places.get(name) ?? []), node]);
    return true;
  });
  const edits: Edit[] = [];
  let heads = "";
  for (const [name, nodes] of places) {
    const gain = nodes.length * (name.length + 1 - INDEX_BYTES);
    if (gain <= name.length + DECLARATION_BYTES) continue;
    const variable = `saplineMember${name}`;
    heads += `var ${variable} = "${name}";`;
    for (const node of nodes) {
      if (node.type !== "MemberExpression") continue;
      const { object, property } = node;
      const between = text.slice(object.end, property.start);
      const lines = between.replace(/[^\n]/g, "");
      edits.push({ start: object.end, end: property.end, text: `${lines}[${variable}]` });
    }
  }
  return heads + apply(text, edits);
}

/** A function that answers one expression, in which each of its parameters stands once, in their order, and no other variable. */
interface Formula {
  answer: AnyNode;
  parameters: string[];
  calls: CallExpression[];
}

function formulaOf(statement: AnyNode): [name: string, formula: Formula] | undefined {
  if (statement.type !== "FunctionDeclaration" || !statement.id) return undefined;
  const [only] = statement.body.body;
  if (statement.body.body.length !== 1 || only?.type !== "ReturnStatement" || !only.argument) return undefined;
  const parameters = statement.params.map((one) => (one.type === "Identifier" ? one.name : ""));
  const used: string[] = [];
  let nodes = 0;
  walk(only.argument, (node, parent) => {
    nodes += 1;
    const isProperty = parent?.type === "MemberExpression" && parent.property === node && !parent.computed;
    if (node.type === "Identifier" && !isProperty) used.push(node.name);
    return true;
  });
  const isFormula = nodes <= SMALL_NODES && used.join() === parameters.join();
  return isFormula ? [statement.id.name, { answer: only.argument, parameters, calls: [] }] : undefined;
}

/** Calls of small functions become what they answer. */
export function inlineSmall(text: string): string {
  const program = parseScript(text);
  const formulas = new Map(
    program.body.flatMap((statement) => [formulaOf(statement)].flatMap((one) => (one ? [one] : []))),
  );
  walk(program, (node) => {
    if (node.type === "CallExpression" && node.callee.type === "Identifier") {
      formulas.get(node.callee.name)?.calls.push(node);
    }
    return true;
  });
  const all = [...formulas.values()].flatMap((formula) => formula.calls.map((call) => ({ call, formula })));
  // A call within the arguments of another has its turn first.
  const edits = all
    .filter(
      ({ call }) =>
        !all.some(({ call: other }) => other !== call && other.start >= call.start && other.end <= call.end),
    )
    .map(({ call, formula }) => ({ start: call.start, end: call.end, text: `(${replaced(text, call, formula)})` }));
  return edits.length === 0 ? text : inlineSmall(apply(text, edits));
}

function replaced(text: string, call: CallExpression, { answer, parameters }: Formula): string {
  const edits: Edit[] = [];
  walk(answer, (node) => {
    const at = node.type === "Identifier" ? parameters.indexOf(node.name) : -1;
    const argument = call.arguments[at];
    const own = argument === undefined ? "void 0" : text.slice(argument.start, argument.end);
    if (at >= 0) edits.push({ start: node.start - answer.start, end: node.end - answer.start, text: `(${own})` });
    return true;
  });
  return apply(text.slice(answer.start, answer.end), edits);
}
