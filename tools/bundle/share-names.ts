/**
 * Gives one short name to many properties, where no object has two of them: there are 54 names of one letter, and hundreds of properties.
 *
 * Two properties have to differ if one object may have both. Whatever may be the same object is found by what is assigned, passed, returned and
 * put into arrays: a variable, what a property of some name holds, a class with its base, a literal (see object-kinds.ts).
 * What may be absent from an object (`name?:` in the sources) differs from all others, for to read it there must not find another.
 */
import type { AnyNode } from "acorn";
import { apply, type Edit } from "./edit.ts";
import { keyOf, nameOf, namesTogether } from "./object-kinds.ts";
import { parseScript } from "./script.ts";
import { walk } from "./tree-walk.ts";

/** An optional member, or parameter, in TypeScript. */
const OPTIONAL = /([A-Za-z_$][\w$]*)\?\s*[:(]/g;

/** Every name that a source has with a question mark behind it. */
export function optionalNames(sources: readonly string[]): string[] {
  return sources.flatMap((source) => [...source.matchAll(OPTIONAL)].map((match) => match[1] as string));
}

/** How often each name is written, the most frequent first. */
function frequencies(keys: readonly AnyNode[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(nameOf(key), (counts.get(nameOf(key)) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** `own`: the names of properties that may have others; `optional`: those of them that may be absent. */
export function shareNames(text: string, own: ReadonlySet<string>, optional: ReadonlySet<string>): string {
  const program = parseScript(text);
  const keys: AnyNode[] = [];
  walk(program, (node) => {
    const key = keyOf(node);
    if (key !== undefined && own.has(nameOf(key))) keys.push(key);
    return true;
  });
  const together = new Map<string, Set<string>>();
  for (const group of namesTogether(program)) {
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
