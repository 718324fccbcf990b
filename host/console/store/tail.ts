/** The newest events, for the live tail. Bounded: past `TAIL_MAX` the oldest leave. */
import type { StoredEvent } from "../words.ts";

/** Chosen: more than anybody scrolls back; older ones are in the log. */
export const TAIL_MAX = 2000;

export interface TailFilter {
  node: string;
  eid: string;
  type: string;
}

export class Tail {
  /** Oldest first. */
  events: StoredEvent[] = [];
  /** How many there ever were. */
  count = 0;

  add(events: readonly StoredEvent[]): void {
    this.count += events.length;
    this.events = this.events.concat(events).slice(-TAIL_MAX);
  }

  clear(): void {
    this.events = [];
  }
}

/** Parts of names will do; an empty field lets everything through. */
export function fits(event: StoredEvent, { node, eid, type }: TailFilter): boolean {
  const has = (text: string | null, part: string): boolean =>
    part === "" || (text ?? "").toLowerCase().includes(part.toLowerCase());
  return has(event.node, node) && has(event.eid, eid) && (type === "" || event.type === type);
}
