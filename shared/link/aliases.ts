/**
 * Aliases are the numbers by which this node's short lines call its entities: 1, 2, 3 … They are for the life of the program, in all epochs;
 * what the root has to be told of them, and when, is the outbox's business.
 */
import { ALIAS_NAMES_CHARS_MAX } from "../limits.ts";
import { Table } from "../table.ts";
import type { TextCodec } from "../text.ts";
import { isEntityId } from "../wire/message.ts";

export class Aliases {
  /** The entities' ids as JSON: the first one's alias is 1. */
  names: string[];
  private known: Table<number>;
  private free: number;
  private codec: TextCodec;

  constructor(codec: TextCodec) {
    this.names = [];
    this.known = new Table<number>();
    this.free = ALIAS_NAMES_CHARS_MAX;
    this.codec = codec;
  }

  /** The alias of an entity, a new one if need be; 0 if it gets none: it is no id, or there is no room for more names. */
  aliasOf(eid: unknown): number {
    if (!isEntityId(eid)) return 0;
    let alias = this.known.get(eid);
    if (alias === undefined) {
      const name = this.codec.stringify(eid);
      if (name.length > this.free) return 0;
      this.free -= name.length;
      alias = this.names.push(name);
      this.known.set(eid, alias);
    }
    return alias;
  }

  /** The members of `?ack` that tell of those from place `from` up to `to`, or "". */
  told(from: number, to: number): string {
    return from < to ? ',"k":' + (from + 1) + ',"eids":[' + this.names.slice(from, to).join(",") + "]" : "";
  }
}
