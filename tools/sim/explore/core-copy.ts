/**
 * Copies a core of shared/ with all its memory, and writes that memory down in one fixed way, so that two cores that will behave
 * alike from now on have one text.
 *
 * Both walk the fields of whatever they meet: a new field in shared/ is copied and compared without a word here. What is one object
 * in the core is one object in the copy (tables share rows, parts share each other). What does not bear on behaviour (`counters`,
 * `acksSent`) is copied and left out of the text. A closure that is not known here throws: copied by reference it would act on the
 * core it was made in, and the exploration would be wrong in silence.
 */
import type { Random } from "#shared/units.ts";

/** Chance that can be copied: the dice of one life of one board, and how often they were thrown. */
export type Dice = Random & { seed: number; thrown: number };

/** Numbers that depend on `seed` and on how many were taken before, and on nothing else. */
export function diceOf(seed: number, thrown = 0): Dice {
  const dice = (() => scrambled(Math.imul(seed, 0x9e3779b1) + dice.thrown++) / 4294967296) as Dice;
  dice.seed = seed;
  dice.thrown = thrown;
  return dice;
}

function scrambled(seed: number): number {
  let word = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/** Fields that only count what happened. */
const FIGURES = new Set(["counters", "acksSent"]);

interface WithUnixAt {
  unixAt: unknown;
  clock: { unix(at: number): unknown };
}

type Fields = { [field: string]: unknown };

export class CoreCopier {
  private shared: Map<unknown, number>;

  /** `shared`: what all cores have in common and nobody changes (limits, codec, token check): not copied, not written down. */
  constructor(shared: unknown[]) {
    this.shared = new Map(shared.map((value, place) => [value, place]));
  }

  copy<Core extends object>(core: Core): Core {
    return this.copied(core, new Map()) as Core;
  }

  text(core: object): string {
    const out: string[] = [];
    this.write(core, new Map(), out);
    return out.join("");
  }

  private copied(value: unknown, made: Map<object, object>): unknown {
    if (typeof value === "function") return this.copiedFunction(value);
    if (typeof value !== "object" || value === null || this.shared.has(value)) return value;
    const known = made.get(value);
    if (known !== undefined) return known;
    if (Array.isArray(value)) {
      const list: unknown[] = [];
      made.set(value, list);
      for (const item of value) list.push(isPlain(item) ? item : this.copied(item, made));
      return list;
    }
    const copy = Object.create(Object.getPrototypeOf(value) as object) as Fields;
    made.set(value, copy);
    for (const field of Object.keys(value)) {
      const item = (value as Fields)[field];
      if (field === "unixAt") copy[field] = unixAtOf(copy as unknown as WithUnixAt);
      else copy[field] = isPlain(item) ? item : this.copied(item, made);
    }
    return copy;
  }

  private copiedFunction(value: object): unknown {
    if (this.shared.has(value)) return value;
    if (!("thrown" in value)) throw new Error("a closure that the explorer cannot copy: teach it in core-copy.ts");
    const dice = value as Dice;
    return diceOf(dice.seed, dice.thrown);
  }

  private write(value: unknown, met: Map<object, number>, out: string[]): void {
    if (typeof value === "string") out.push(JSON.stringify(value));
    else if (typeof value === "function") {
      if ("thrown" in value) out.push("d", String((value as Dice).seed), ".", String((value as Dice).thrown));
    } else if (typeof value !== "object" || value === null) out.push(String(value));
    else if (this.shared.has(value)) out.push("s", String(this.shared.get(value)));
    else this.writeObject(value, met, out);
  }

  private writeObject(value: object, met: Map<object, number>, out: string[]): void {
    const before = met.get(value);
    if (before !== undefined) {
      out.push("^", String(before));
      return;
    }
    met.set(value, met.size);
    if (Array.isArray(value)) {
      out.push("[");
      for (const item of value) {
        this.write(item, met, out);
        out.push(",");
      }
      out.push("]");
      return;
    }
    out.push("{");
    // In the order of insertion, which a Table keeps and which is behaviour: values() is walked in it.
    for (const field of Object.keys(value)) {
      if (FIGURES.has(field)) continue;
      out.push(field, ":");
      this.write((value as Fields)[field], met, out);
      out.push(",");
    }
    out.push("}");
  }
}

/** What TreeNode's constructor makes, for the copy. */
function unixAtOf(node: WithUnixAt): (at: number) => unknown {
  return (at) => node.clock.unix(at);
}

function isPlain(value: unknown): boolean {
  return typeof value !== "object" && typeof value !== "function";
}
