/**
 * Sockets are the ends of a process's links by their numbers. Most processes have one end, to their parent: it has a place of its own,
 * for what is looked up all the time should be next to where it is used.
 */
import type { LinkId } from "#shared/units.ts";
import type { WireEnd } from "./wire.ts";

export class Sockets {
  private first: WireEnd | undefined;
  private others: Map<LinkId, WireEnd> | undefined;

  get(link: LinkId): WireEnd | undefined {
    const { first } = this;
    return first !== undefined && first.link === link ? first : this.others?.get(link);
  }

  add(end: WireEnd): void {
    if (end.link < 0 && this.first === undefined) this.first = end;
    else (this.others ??= new Map()).set(end.link, end);
  }

  remove(link: LinkId): void {
    if (this.first?.link === link) this.first = undefined;
    else this.others?.delete(link);
  }

  clear(): void {
    this.first = undefined;
    this.others = undefined;
  }

  all(): WireEnd[] {
    const others = this.others === undefined ? [] : [...this.others.values()];
    return this.first === undefined ? others : [this.first, ...others];
  }
}
