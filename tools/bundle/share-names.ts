/**
 * Gives one short name to many properties, where no object has two of them: there are 54 names of one letter, and hundreds of properties.
 *
 * Two properties have to differ if one object may have both, that is, if they are seen
 * - in one class, its base and what is derived from it, or in one object literal;
 * - on one variable of a function, or on what is reached by properties of one name: so what a type has in common stays apart. A variable
 *   that is declared as such a property is one of those.
 * What may be absent from an object (`name?:` in the sources) differs from all others, for to read it there must not find another.
 * Where the compiler has seen no more than that, the sources say more than they know (`as`): the tests that run the bundles have the last word.
 */
import { type AnyNode, parse } from "acorn";
import { apply, type Edit } from "./edit.ts";
import { walk } from "./tree-walk.ts";

/** An optional member, or parameter, in TypeScript. */
const OPTIONAL = /([A-Za-z_$][\w$]*)\?\s*[:(]/g;

/** Every name that a source has with a question mark behind it. */
export function optionalNames(sources: readonly string[]): string[] {
  return sources.flatMap((source) => [...source.matchAll(OPTIONAL)].map((match) => match[1] as string));
}

function nameOf(key: AnyNode): string {
  return key.type === "Identifier" ? key.name : "";
}

/** The node that a property's name stands in, if it is written without quotes. */
function keyOf(node: AnyNode): AnyNode | undefined {
  if (node.type === "MemberExpression") return node.computed ? undefined : (node.property as AnyNode);
  if (node.type === "Property" || node.type === "MethodDefinition") return node.computed ? undefined : node.key;
  return undefined;
}

function isClass(node: AnyNode): boolean {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

function isFunction(node: AnyNode): boolean {
  return /Function/.test(node.type);
}

class Shapes {
  /** Names that some object may have together. */
  readonly groups: Set<string>[] = [];
  private readonly classes = new Map<string, { names: Set<string>; base: string }>();
  private readonly seen = new Map<string, Set<string>>();
  /** Variables that stand for a property: by variable, where its members are seen too. */
  private readonly standIns = new Map<string, string>();
  private functions = 0;

  constructor(program: AnyNode) {
    this.visit(program, undefined, 0);
    for (const one of this.classes.values()) {
      const names = new Set(one.names);
      for (let base = this.classes.get(one.base); base !== undefined; base = this.classes.get(base.base)) {
        for (const name of base.names) names.add(name);
      }
      this.groups.push(names);
    }
    this.groups.push(...this.seen.values());
  }

  /** `within`: the names of the class around; `scope`: the outermost function around, for arrows share its variables. */
  private visit(program: AnyNode, within: Set<string> | undefined, scope: number): void {
    walk(program, (node, parent) => {
      if (node !== program && isClass(node)) {
        const names = new Set<string>();
        const { superClass, id } = node as { superClass?: AnyNode | null; id?: AnyNode | null };
        const owner = parent?.type === "VariableDeclarator" ? (parent.id as AnyNode) : (id ?? undefined);
        this.classes.set(owner === undefined ? `class ${node.start}` : nameOf(owner), {
          names,
          base: superClass ? nameOf(superClass) : "",
        });
        this.visit(node, names, scope);
        return false;
      }
      if (node !== program && scope === 0 && isFunction(node)) {
        this.functions += 1;
        this.visit(node, within, this.functions);
        return false;
      }
      if (node.type === "ObjectExpression") {
        this.groups.push(new Set(node.properties.map((member) => nameOf(keyOf(member) ?? node))));
      }
      if (node.type === "MethodDefinition" && within !== undefined) within.add(nameOf(node.key));
      if (node.type === "VariableDeclarator" && node.init?.type === "MemberExpression") {
        this.standIns.set(`${scope} ${nameOf(node.id)}`, `.${nameOf(keyOf(node.init) ?? node.init)}`);
      }
      if (node.type === "MemberExpression") this.member(node, within, scope);
      return true;
    });
  }

  private member(node: AnyNode & { type: "MemberExpression" }, within: Set<string> | undefined, scope: number): void {
    const name = nameOf(keyOf(node) ?? node);
    const { object } = node;
    if (name === "") return;
    if (object.type === "ThisExpression") within?.add(name);
    else if (object.type === "Identifier") {
      const variable = `${scope} ${object.name}`;
      this.see(variable, name);
      const property = this.standIns.get(variable);
      if (property !== undefined) this.see(property, name);
    } else if (object.type === "MemberExpression") this.see(`.${nameOf(keyOf(object as AnyNode) ?? object)}`, name);
    else if (object.type === "CallExpression" && object.callee.type === "MemberExpression") {
      this.see(`.${nameOf(keyOf(object.callee as AnyNode) ?? object)}()`, name);
    }
  }

  private see(where: string, name: string): void {
    const names = this.seen.get(where) ?? new Set<string>();
    names.add(name);
    this.seen.set(where, names);
  }
}

/** How often each name is written, the most frequent first. */
function frequencies(keys: readonly AnyNode[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(nameOf(key), (counts.get(nameOf(key)) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** `own`: the names of properties that may have others; `optional`: those of them that may be absent. */
export function shareNames(text: string, own: ReadonlySet<string>, optional: ReadonlySet<string>): string {
  const program = parse(text, { ecmaVersion: 2024, sourceType: "script" });
  const keys: AnyNode[] = [];
  walk(program, (node) => {
    const key = keyOf(node);
    if (key !== undefined && own.has(nameOf(key))) keys.push(key);
    return true;
  });
  const together = new Map<string, Set<string>>();
  for (const group of new Shapes(program).groups) {
    for (const name of group) {
      const others = together.get(name) ?? new Set<string>();
      for (const other of group) others.add(other);
      together.set(name, others);
    }
  }
  const pool = [...own].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const given = new Map<string, string>();
  /** Names that nobody else may have. */
  const reserved = new Set<string>();
  for (const [name] of frequencies(keys)) {
    const isAlone = optional.has(name);
    const taken = new Set(reserved);
    for (const [other, short] of given) if (isAlone || together.get(name)?.has(other) === true) taken.add(short);
    const short = pool.find((one) => !taken.has(one)) ?? name;
    given.set(name, short);
    if (isAlone) reserved.add(short);
  }
  const edits: Edit[] = keys.map((key) => ({ start: key.start, end: key.end, text: given.get(nameOf(key)) as string }));
  return apply(text, edits);
}
