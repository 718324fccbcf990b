/** Gives each distinct value a number, 0, 1, 2 …, so that states hold small numbers and equal is one comparison. */
export class Interned<Value> {
  private values: Value[];
  private numbers: Map<string, number>;

  constructor() {
    this.values = [];
    this.numbers = new Map();
  }

  /** `text` stands for the value: equal texts are equal values. */
  number(value: Value, text = JSON.stringify(value)): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.values.length;
    this.values.push(value);
    this.numbers.set(text, number);
    return number;
  }

  /** The number of the value of that text, if it has one. */
  known(text: string): number | undefined {
    return this.numbers.get(text);
  }

  value(number: number): Value {
    return this.values[number] as Value;
  }

  get size(): number {
    return this.values.length;
  }
}
