/**
 * Table is a dictionary for keys that strangers choose. A plain object is not: `__proto__` is special everywhere, and on the
 * chip every object answers to `on` and `emit`. A mark before each key takes both away.
 */
export class Table<T> {
  size: number;
  private items: { [key: string]: T };

  constructor() {
    this.size = 0;
    this.items = {};
  }

  get(key: string | number): T | undefined {
    return this.items["$" + key];
  }

  set(key: string | number, item: T): void {
    const marked = "$" + key;
    if (this.items[marked] === undefined) this.size += 1;
    this.items[marked] = item;
  }

  remove(key: string | number): void {
    const marked = "$" + key;
    if (this.items[marked] === undefined) return;
    delete this.items[marked];
    this.size -= 1;
  }

  /** A copy, safe to walk while the table changes. */
  keys(): string[] {
    return Object.keys(this.items).map((marked) => marked.substr(1));
  }

  /** A copy, safe to walk while the table changes. */
  values(): T[] {
    return Object.keys(this.items).map((marked) => this.items[marked] as T);
  }
}

/** Counts of what was dropped or refused, by reason. Names are ours, so there are few. */
export type Counters = { [name: string]: number };

export function count(counters: Counters, name: string): void {
  counters[name] = (counters[name] || 0) + 1;
}
