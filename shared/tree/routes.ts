/**
 * Routes knows behind which link each node below lives, and which of them the root has admitted.
 *
 * A `?hello` only makes a claim; the route changes when the root's `!hello` answers that claim, told by its nonce. So a
 * stranger's `?hello` with a wrong token takes nobody's place. Claims are bounded in number and in time.
 */
import { HELLO_AFTER } from "../limits.ts";
import { Table } from "../table.ts";
import { after, type Instant, type LinkId, type NodeId } from "../units.ts";

interface Claim {
  id: NodeId;
  nonce: unknown;
  link: LinkId;
  until: Instant;
}

/** A claim that nobody answered is forgotten after this long: the child has asked again by then. Chosen. */
const CLAIM_AFTER = 2 * HELLO_AFTER;

export class Routes {
  private links: Table<LinkId>;
  private claims: Claim[];
  private max: number;

  constructor(max: number) {
    this.links = new Table<LinkId>();
    this.claims = [];
    this.max = max;
  }

  /** The link to an admitted node, or undefined. */
  link(id: string): LinkId | undefined {
    return this.links.get(id);
  }

  /** Notes a claim. False if there is no room: then the `?hello` is dropped, and will be said again. */
  claim(id: NodeId, nonce: unknown, link: LinkId, now: Instant): boolean {
    this.claims = this.claims.filter((old) => old.until > now && (old.link !== link || old.id !== id));
    const isKnown = this.links.get(id) !== undefined;
    if (this.claims.length >= this.max || (!isKnown && this.links.size >= this.max)) return false;
    this.claims.push({ id, nonce, link, until: after(now, CLAIM_AFTER) });
    return true;
  }

  /** Takes the claim that an answer names, and tells its link; undefined if there is none (any more). */
  settle(id: string, nonce: unknown): LinkId | undefined {
    for (let i = 0; i < this.claims.length; i++) {
      const claim = this.claims[i] as Claim;
      if (claim.id === id && claim.nonce === nonce) {
        this.claims.splice(i, 1);
        return claim.link;
      }
    }
    return undefined;
  }

  admit(id: string, link: LinkId): void {
    this.links.set(id, link);
  }

  remove(id: string): void {
    this.links.remove(id);
  }

  /** A link is gone: forgets all that was behind it, and tells the nodes that were. */
  removeLink(link: LinkId): string[] {
    this.claims = this.claims.filter((claim) => claim.link !== link);
    const gone = this.links.keys().filter((id) => this.links.get(id) === link);
    for (let i = 0; i < gone.length; i++) this.links.remove(gone[i] as string);
    return gone;
  }
}
