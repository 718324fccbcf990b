/**
 * Finds the names of properties that no one outside the bundle can see, so that the minifier may shorten them: it saves a fifth of the
 * bundle, and a variable of the chip per name that is longer than nine characters.
 *
 * A name that the engine knows, or that stands somewhere as a text, is never private. Of the others these are:
 * - names with a capital inside: nothing on the wire or in a configuration has one without being written as a text where it is read;
 * - names that classes of the bundle define, if they are nowhere a key of an object literal, and a field is only ever reached
 *   through `this`, a method only ever called.
 */
import { readFileSync } from "node:fs";
import { type AnyNode, parse } from "acorn";
import { walk } from "./tree-walk.ts";

/** Every name that a built-in object of JavaScript carries. */
function builtInNames(): Set<string> {
  const names = new Set<string>();
  const owners: unknown[] = [globalThis, Function.prototype, Object.prototype];
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = (globalThis as Record<string, unknown>)[name];
    if (typeof value === "function") owners.push(value, (value as { prototype?: unknown }).prototype);
    else if (name === "Math" || name === "JSON" || name === "Reflect") owners.push(value);
  }
  for (const owner of owners) {
    if (owner === undefined || owner === null) continue;
    for (const name of Object.getOwnPropertyNames(owner)) names.add(name);
  }
  return names;
}

/** `declarations` is the file that declares the engine's own objects: every word in it is left alone. */
export function privateNames(bundle: string, declarations: string): string[] {
  const known = builtInNames();
  for (const word of readFileSync(declarations, "utf8").match(/[A-Za-z_$][\w$]*/g) ?? []) known.add(word);
  const fields = new Set<string>();
  const methods = new Set<string>();
  /** Names that stand for something else somewhere: keys, texts, properties of other objects that are not called. */
  const elsewhere = new Set<string>();
  const camels = new Set<string>();
  const texts = new Set<string>();
  /** Methods called on something other than `this`. */
  const called = new Set<string>();
  walk(parse(bundle, { ecmaVersion: 2024, sourceType: "script" }), (node, parent) => {
    switch (node.type) {
      case "MethodDefinition":
        if (node.key.type !== "Identifier") break;
        (node.kind === "method" && !node.static ? methods : elsewhere).add(node.key.name);
        break;
      case "PropertyDefinition":
      case "Property":
        if (node.key.type !== "Identifier") break;
        elsewhere.add(node.key.name);
        if (isCamel(node.key.name)) camels.add(node.key.name);
        break;
      case "Literal":
        if (typeof node.value === "string") texts.add(node.value);
        break;
      case "MemberExpression":
        if (node.computed || node.property.type !== "Identifier") break;
        if (isCamel(node.property.name)) camels.add(node.property.name);
        if (node.object.type === "ThisExpression") {
          if (parent?.type === "AssignmentExpression" && parent.left === node) fields.add(node.property.name);
        } else (isCalled(node, parent) ? called : elsewhere).add(node.property.name);
        break;
      default:
    }
    return true;
  });
  // What is called on another object and is no method of ours may be anything there.
  const own = [...fields, ...methods].filter(
    (name) => !elsewhere.has(name) && (methods.has(name) || !called.has(name)),
  );
  return [...new Set([...own, ...camels])].filter((name) => !known.has(name) && !texts.has(name)).toSorted();
}

function isCamel(name: string): boolean {
  return /^[a-z]+[A-Z]/.test(name);
}

function isCalled(node: AnyNode, parent: AnyNode | undefined): boolean {
  return parent?.type === "CallExpression" && parent.callee === node;
}
