/**
 * Routes knows behind which link each node below lives, and which of them the root has admitted.
 *
 * A `?hello` only makes a claim; the route changes when the root's `!hello` answers that claim, told by its nonce. So a
 * stranger's `?hello` with a wrong token takes nobody's place. Claims are bounded in number and in time.
 */
import { HELLO_AFTER_MAX } from "../limits.ts";
import { Table } from "../table.ts";
import { after, type Instant, type LinkId, type NodeId } from "../units.ts";

interface Claim {
  id: NodeId;
  nonce: unknown;
  link: LinkId;
  until: Instant;
}

/** A claim that nobody answered is forgotten after this long: the child has asked again by then. Chosen. */
const CLAIM_AFTER = 2 * HELLO_AFTER_MAX;

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

  /**
   * Forgets a node behind a link. "gone": nobody here leads to it any more. "moving": another link claims it, so an older
   * word about its going says nothing. "stranger": it is not behind that link.
   */
  leave(id: string, link: LinkId): "gone" | "moving" | "stranger" {
    const kept = this.claims.filter((claim) => claim.link !== link || claim.id !== id);
    const hadClaim = kept.length < this.claims.length;
    const route = this.links.get(id);
    this.claims = kept;
    if (route === undefined ? !hadClaim : route !== link) return "stranger";
    this.links.remove(id);
    return kept.some((claim) => claim.id === id) ? "moving" : "gone";
  }

  /** A link is gone: forgets all that was behind it, or asked to be, and tells the nodes that nobody leads to now. */
  removeLink(link: LinkId): string[] {
    const behind = this.links.keys().filter((id) => this.links.get(id) === link);
    const claimed = this.claims.filter((claim) => claim.link === link && this.links.get(claim.id) === undefined);
    const ids = behind.concat(claimed.map((claim) => claim.id));
    const gone = ids.filter((id) => this.leave(id, link) === "gone");
    this.claims = this.claims.filter((claim) => claim.link !== link);
    return gone;
  }
}
