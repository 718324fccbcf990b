/** Numbers and texts with a meaning of their own. A point in time and a length of time never mix. */

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A moment on this program's own monotonic clock, in milliseconds since its start. Never sent on the wire. */
export type Instant = Brand<number, "Instant">;
/** A length of time, in milliseconds. */
export type Millis = Brand<number, "Millis">;
/** A moment everybody agrees on: milliseconds since 1970, as on the wire in `ts` and `now`. */
export type UnixMillis = Brand<number, "UnixMillis">;
/** The name of a node, unique in its tree. See `isNodeId` in wire/message.ts for its form. */
export type NodeId = Brand<string, "NodeId">;
/** One connection. The edge numbers its children's links 1, 2, 3 …; a node numbers its own dials -1, -2, -3 … */
export type LinkId = Brand<number, "LinkId">;
/** The number of a node's session, given out by the root. Larger is newer. */
export type Epoch = Brand<number, "Epoch">;
/** The number of an event within its origin's epoch: 1, 2, 3 … */
export type EventNumber = Brand<number, "EventNumber">;

/** Chance as an argument: a number from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

/** Sooner of two moments, where either may be absent. */
export function sooner(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return a < b ? a : b;
}

/** The moment `length` after `from`. */
export function after(from: Instant, length: number): Instant {
  return (from + length) as Instant;
}

/** Forgetting a case of a union is a compile error; reaching this at run time is a bug of ours. */
export function unreachable(value: never): never {
  throw new Error("unreachable: " + JSON.stringify(value));
}
