/**
 * What a program of the chip imports from "sapline": `node`, and what it answers. docs/node.md is its page.
 * The names here are the ones that keep their full length in a program for the chip.
 */

/** What values an entity takes from outside: of a type, or one of some words. */
export type ValueType = "boolean" | "number" | "string" | readonly string[];

export type ValueOf<T> = T extends "boolean"
  ? boolean
  : T extends "number"
    ? number
    : T extends "string"
      ? string
      : T extends readonly (infer Word)[]
        ? Word
        : unknown;

export interface EntityOptions<T extends ValueType | undefined = undefined> {
  /** What `act` and `set` take. Anything else is answered with an error, and they do not see it. Left out: they get whatever comes. */
  type?: T;
  /** Of its values, such as "°C": at most 16 characters. */
  unit?: string;
  /** What it is, such as "temperature", "switch" or "battery". */
  class?: string;
  /** Milliseconds between two calls of `read`: 50 or more. The first is made at the start. */
  every?: number;
  /** The current value; undefined for "nothing to say now". What it throws is logged, once until it works again. */
  read?: () => unknown;
  /** A number is reported only if it differs by more than this from the one reported before, and anything else only if it differs. */
  deadband?: number;
  /** Runs an action. What it returns is the answer, and the entity's value from now on; what it throws is the error. */
  act?: (value: ValueOf<T>) => unknown;
  /** Brings a desired value into force. Returns the value that holds now, if that is another. Called again after each joining. */
  set?: (value: ValueOf<T>) => unknown;
}

export interface Entity {
  readonly eid: string;
  /** Reports a value. False if there was no room for it, or if it is no value. */
  update(value: unknown): boolean;
}

export interface SaplineNode {
  /** This node's name. */
  readonly id: string;
  /** Declares an entity of this name: 1 to 64 characters. Throws for a mistake in the options. */
  entity<const T extends ValueType | undefined = undefined>(eid: string, options?: EntityOptions<T>): Entity;
  /** Reports a value of an entity that need not be declared. False if there was no room for it. */
  update(eid: string, value: unknown): boolean;
  /** An event of any other type than the protocol's own: at most 4096 bytes of JSON. False if it was refused. */
  emit(event: { type: string; [field: string]: unknown }): boolean;
  /** A line for people, kept in the root's log. */
  log(text: string): boolean;
  /** Sends what there is now, and does not wait two seconds for company. */
  flush(): void;
  /** Whether events reach the root at the moment. */
  isRootUp(): boolean;
  /** Called each time that the way to the root opens. */
  onRootUp(listener: () => void): void;
  /** Called each time that it closes, and why. */
  onRootDown(listener: (reason: string) => void): void;
}

/**
 * This board, as a node of the tree. A program is one node, so this is called once. With `id`, the board's configuration has to be of that
 * node; without, the program serves whichever node the configuration names.
 */
export declare function node(id?: string): SaplineNode;
