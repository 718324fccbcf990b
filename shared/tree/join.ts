/**
 * Join is a node's way to its parent: when to dial, when to say `?hello`, and what the answers mean.
 *
 * It guarantees that after every trouble it dials again, later and later, never in step with its neighbours, and slower still
 * when a person has to change something first (token, version) or another board has its id.
 */
import type { LinkId, Random } from "../units.ts";
import { after, type Instant, unreachable } from "../units.ts";
import {
  DIAL_AFTER,
  DIAL_AFTER_MAX,
  DIAL_TIMEOUT,
  HELLO_AFTER,
  HELLO_AFTER_MAX,
  REFUSED_WAIT,
  REPLACED_WAIT,
  ROOTLESS_WAIT,
} from "../limits.ts";
import { NUMBER_MAX } from "../wire/message.ts";

export type JoinState =
  /** No link; dial at that moment. */
  | { name: "waiting"; dialAt: Instant }
  | { name: "dialing"; link: LinkId; giveUpAt: Instant }
  /** The link is open and `?hello` is said. */
  | { name: "greeting"; link: LinkId; nonce: number; saidAt: Instant; wait: number }
  /** The link is open, but the parent has no way to the root. */
  | { name: "rootless"; link: LinkId; askAt: Instant }
  | { name: "joined"; link: LinkId };

export class Join {
  state: JoinState;
  private random: Random;
  private dials: number;
  private failures: number;

  constructor(random: Random) {
    this.state = { name: "waiting", dialAt: 0 as Instant };
    this.random = random;
    this.dials = 0;
    this.failures = 0;
  }

  /** The open link to the parent, or 0. */
  openLink(): LinkId {
    const state = this.state;
    return state.name === "waiting" || state.name === "dialing" ? (0 as LinkId) : state.link;
  }

  /** The link that a dial has made or is making, or 0. */
  anyLink(): LinkId {
    return this.state.name === "waiting" ? (0 as LinkId) : this.state.link;
  }

  isJoined(): boolean {
    return this.state.name === "joined";
  }

  dial(now: Instant): LinkId {
    this.dials += 1;
    this.state = { name: "dialing", link: -this.dials as LinkId, giveUpAt: after(now, DIAL_TIMEOUT) };
    return this.state.link;
  }

  /** `?hello` goes out now: with this nonce, which its answer repeats. */
  greet(link: LinkId, now: Instant): number {
    const nonce = Math.floor(this.random() * NUMBER_MAX);
    const wait = this.state.name === "greeting" ? Math.min(HELLO_AFTER_MAX, 2 * this.state.wait) : HELLO_AFTER;
    this.state = { name: "greeting", link, nonce, saidAt: now, wait };
    return nonce;
  }

  rootless(link: LinkId, now: Instant): void {
    this.state = { name: "rootless", link, askAt: after(now, ROOTLESS_WAIT) };
  }

  joined(link: LinkId): void {
    this.state = { name: "joined", link };
  }

  /** The link is gone, or never came. */
  lost(why: "lost" | "replaced" | "refused", now: Instant): void {
    if (this.state.name === "joined") this.failures = 0;
    this.state = { name: "waiting", dialAt: after(now, this.wait(why)) };
    this.failures += 1;
  }

  wakeAt(): Instant | undefined {
    const state = this.state;
    switch (state.name) {
      case "waiting":
        return state.dialAt;
      case "dialing":
        return state.giveUpAt;
      case "greeting":
        return after(state.saidAt, state.wait);
      case "rootless":
        return state.askAt;
      case "joined":
        return undefined;
      default:
        return unreachable(state);
    }
  }

  /** Half of it is certain, half is chance, so that a tree that lost its root does not come back in one instant. */
  private wait(why: "lost" | "replaced" | "refused"): number {
    const doubled = DIAL_AFTER * Math.pow(2, Math.min(this.failures, 10));
    const usual = Math.min(DIAL_AFTER_MAX, doubled) * (0.5 + this.random() / 2);
    if (why === "refused") return Math.floor(REFUSED_WAIT * (1 + this.random() / 2));
    return Math.floor(why === "replaced" ? REPLACED_WAIT + usual : usual);
  }
}
