/**
 * Finds the names of properties that nobody outside the bundle can see, so that the minifier may shorten them: it saves a third of the
 * bundle, and a variable of the chip per name that is longer than nine characters.
 *
 * The rule of firmware/ and shared/: a name that comes from outside or goes there is written in quotes (`message["dst"]`; the compiler sees
 * to it, `noPropertyAccessFromIndexSignature`), or in an object literal that has a `type`, which is an event or a line of the wire.
 * All other names are private, but for those of JavaScript and of the engine. An application's file makes no such promise: no name that
 * it uses is shortened, anywhere.
 */
import { readFileSync } from "node:fs";
import { type AnyNode, parse } from "acorn";
import { MISSING_METHODS } from "./missing.ts";
import { walk } from "./tree-walk.ts";

/** What JavaScript's own objects are made by: their methods are known names, as far as the engine has them. */
const CONSTRUCTORS: readonly { readonly name: string; readonly prototype: unknown }[] = [
  Object,
  Function,
  Array,
  String,
  Number,
  Boolean,
  RegExp,
  Date,
  Error,
  Promise,
  ArrayBuffer,
  DataView,
  Uint8Array,
  Object.getPrototypeOf(Uint8Array) as { name: string; prototype: unknown },
];

/** JavaScript has these on texts, for HTML of the last century; the engine does not. */
const HTML_METHODS = ["anchor", "big", "blink", "bold", "fixed", "fontcolor", "fontsize", "italics", "link", "small"];

/** A member of an interface or an object type: what stands before a colon, a question mark, a parenthesis or <, first on its line or after { or ;. */
const DECLARED_MEMBER = /(?:^|[{;])\s*(?:declare function )?([A-Za-z_$][\w$]*)\??\s*[:(<]/gm;

function knownNames(declarations: readonly string[]): Set<string> {
  const known = new Set<string>();
  for (const { name, prototype } of CONSTRUCTORS) {
    const missing = MISSING_METHODS.find((entry) => entry.owner === name)?.names ?? [];
    for (const method of Object.getOwnPropertyNames(prototype)) if (!missing.includes(method)) known.add(method);
  }
  for (const method of HTML_METHODS) known.delete(method);
  for (const file of declarations) {
    const text = readFileSync(file, "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
    for (const match of text.matchAll(DECLARED_MEMBER)) known.add(match[1] as string);
  }
  return known;
}

/** A script, or what it was parsed to. */
type Script = string | AnyNode;

function parsed(script: Script): AnyNode {
  return typeof script === "string" ? parse(script, { ecmaVersion: 2024, sourceType: "module" }) : script;
}

/** The name that this node gives to or takes from a property, if it is written without quotes. */
function nameAt(node: AnyNode): string | undefined {
  switch (node.type) {
    case "MemberExpression":
      return !node.computed && node.property.type === "Identifier" ? node.property.name : undefined;
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
      return !node.computed && node.key.type === "Identifier" ? node.key.name : undefined;
    default:
      return undefined;
  }
}

/** Every property name in a script that is written without quotes. */
export function unquotedNames(script: Script): Set<string> {
  const names = new Set<string>();
  walk(parsed(script), (node) => {
    const name = nameAt(node);
    if (name !== undefined) names.add(name);
    return true;
  });
  return names;
}

/** Every name of a property that is written in quotes. */
export function quotedNames(script: Script): Set<string> {
  const names = new Set<string>();
  walk(parsed(script), (node) => {
    const key = node.type === "MemberExpression" && node.computed ? node.property : undefined;
    const quoted = node.type === "Property" ? node.key : key;
    if (quoted?.type === "Literal" && typeof quoted.value === "string") names.add(quoted.value);
    return true;
  });
  return names;
}

/** What a script takes from a namespace or a constructor of JavaScript: `Object.keys`. */
function staticNames(script: Script): Set<string> {
  const names = new Set<string>();
  walk(parsed(script), (node) => {
    const name = nameAt(node);
    if (name === undefined || node.type !== "MemberExpression" || node.object.type !== "Identifier") return true;
    if (/^[A-Z]/.test(node.object.name) && node.object.name in globalThis) names.add(name);
    return true;
  });
  return names;
}

/** Every key of the object literals that have a `type`, and of the literals within them: what a bundle writes to the wire. */
export function wireNames(script: Script): Set<string> {
  const names = new Set<string>();
  walk(parsed(script), (node) => {
    const isWire =
      node.type === "ObjectExpression" &&
      node.properties.some((member) => member.type === "Property" && nameAt(member) === "type");
    if (isWire) {
      walk(node, (inner) => {
        const name = inner.type === "Property" ? nameAt(inner) : undefined;
        if (name !== undefined) names.add(name);
        return true;
      });
    }
    return true;
  });
  return names;
}

/**
 * `bundle` is the whole program, with all its names; `applications` are those files of it that are not the firmware's own;
 * `declarations` are the files that declare the engine's objects, and what applications see of ours.
 */
export function privateNames(
  bundle: string,
  applications: readonly string[],
  declarations: readonly string[],
): string[] {
  const kept = knownNames(declarations);
  const program = parsed(bundle);
  for (const name of [...staticNames(program), ...wireNames(program)]) kept.add(name);
  for (const application of applications) for (const name of unquotedNames(application)) kept.add(name);
  return [...unquotedNames(program)].filter((name) => !kept.has(name)).toSorted();
}
