/**
 * Answers watches that the root answers each group: at once when its commit is through, and at once when it comes again and is on
 * the disk already. A root that forgets one breaks no other promise, for the node asks again a minute later.
 */
import type { Transaction } from "#shared/effect.ts";
import type { Root } from "#shared/root.ts";
import type { Member } from "#shared/tree/roll.ts";
import type { LinkId } from "#shared/units.ts";
import { Violation } from "./checks.ts";

interface RootInside {
  roll: { find(id: string): Member | undefined };
}

const ACK_LINE = /^\{"type":"!ack","dst":"([^"]*)","ep":(\d+),"n":(\d+)\}$/gm;
const GROUP_END = /^\{"type":"\?ack","src":"([^"]*)","ep":(\d+),"n":(\d+)[,}].*$/gm;

export class Answers {
  /** What each node was told last, since its program on the root began. */
  private readonly told = new Map<string, { epoch: number; n: number }>();
  private readonly inside: RootInside;
  private howMany = 0;

  constructor(core: Root) {
    this.inside = core as unknown as RootInside;
  }

  /** The root sends a frame. */
  sent(text: string): void {
    for (const [, node, epoch, n] of text.matchAll(ACK_LINE)) {
      this.told.set(node as string, { epoch: Number(epoch), n: Number(n) });
      this.howMany += 1;
    }
  }

  /** The root has done all that a commit asks of it. */
  committed(transaction: Transaction): void {
    for (const { node, epoch, last } of transaction.groups) {
      const member = this.inside.roll.find(node);
      if (member === undefined || member.isPlain || member.link <= 0 || member.epoch !== epoch) continue;
      const told = this.told.get(node);
      if (told === undefined || told.epoch !== epoch || told.n < last)
        throw new Violation(`${node} is not told that event ${last} of epoch ${epoch} is on the disk`);
    }
  }

  /** The root has done all that a frame asks of it. `before`: how many answers there were before it (`count`). */
  received(link: LinkId, text: string, before: number): void {
    for (const [, node, epoch, n] of text.matchAll(GROUP_END)) {
      const member = this.inside.roll.find(node as string);
      if (member === undefined || member.link !== link || member.isPlain || member.epoch !== Number(epoch)) continue;
      if (Number(n) > member.last || member.stored !== member.last || this.howMany > before) continue;
      throw new Violation(`${node} says event ${n} of epoch ${epoch} again, and nobody answers`);
    }
  }

  count(): number {
    return this.howMany;
  }
}
