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
  HELLO_WITHIN,
  REFUSED_WAIT,
  REPLACED_WAIT,
  ROOTLESS_WAIT,
} from "../limits.ts";
import { NUMBER_MAX } from "../wire/message.ts";

export type JoinState =
  /** No link; dial at that moment. */
  | { kind: "waiting"; dialAt: Instant }
  | { kind: "dialing"; link: LinkId; giveUpAt: Instant | undefined }
  /** The link is open and `?hello` is said. */
  | { kind: "greeting"; link: LinkId; nonce: number; saidAt: Instant; wait: number }
  /** The link is open, but the parent has no way to the root. */
  | { kind: "rootless"; link: LinkId; askAt: Instant }
  | { kind: "joined"; link: LinkId };

export class Join {
  state: JoinState;
  /** The link to the parent while the root knows us, or 0. */
  joinedLink: LinkId;
  isByRadio: boolean;
  private chance: Random;
  private dials: number;
  private dialledAt: Instant;
  private failures: number;
  /** The next `?hello`'s. They count up, so the root can tell one that was overtaken on its way. */
  private nonce: number;

  constructor(random: Random, isByRadio: boolean) {
    this.isByRadio = isByRadio;
    this.state = { kind: "waiting", dialAt: 0 as Instant };
    this.joinedLink = 0 as LinkId;
    this.chance = random;
    this.dials = 0;
    this.dialledAt = 0 as Instant;
    this.failures = 0;
    this.nonce = Math.floor(random() * NUMBER_MAX);
  }

  /** The open link to the parent, or 0. */
  openLink(): LinkId {
    const state = this.state;
    return state.kind === "waiting" || state.kind === "dialing" ? (0 as LinkId) : state.link;
  }

  /** The link that a dial has made or is making, or 0. */
  anyLink(): LinkId {
    return this.state.kind === "waiting" ? (0 as LinkId) : this.state.link;
  }

  dial(now: Instant): LinkId {
    this.dials += 1;
    this.dialledAt = now;
    const giveUpAt = this.isByRadio ? undefined : after(now, DIAL_TIMEOUT);
    this.state = { kind: "dialing", link: -this.dials as LinkId, giveUpAt };
    return this.state.link;
  }

  /** `?hello` goes out now: with this nonce, which its answer repeats. */
  greet(link: LinkId, now: Instant): number {
    const nonce = this.nonce++;
    const isAgain = this.state.kind === "greeting" && !this.isByRadio;
    const wait = isAgain ? Math.min(HELLO_AFTER_MAX, 2 * (this.state as { wait: number }).wait) : HELLO_AFTER;
    this.joinedLink = 0 as LinkId;
    this.state = { kind: "greeting", link, nonce, saidAt: now, wait };
    return nonce;
  }

  /** `isUp`: it has one now, but others hear that too. */
  rootless(link: LinkId, isUp: boolean, now: Instant): void {
    this.joinedLink = 0 as LinkId;
    this.state = { kind: "rootless", link, askAt: after(now, isUp ? HELLO_WITHIN * this.chance() : ROOTLESS_WAIT) };
  }

  joined(link: LinkId): void {
    this.joinedLink = link;
    this.state = { kind: "joined", link };
  }

  /** The link is gone, or never came. */
  lost(why: "lost" | "replaced" | "refused", now: Instant): void {
    if (this.joinedLink !== 0) this.failures = 0;
    this.joinedLink = 0 as LinkId;
    // By radio the other parent is often there before the old one is left.
    const from = this.isByRadio && why === "lost" ? this.dialledAt : now;
    const at = after(from, this.wait(why));
    this.state = { kind: "waiting", dialAt: at < now ? now : at };
    this.failures += 1;
  }

  wakeAt(): Instant | undefined {
    const state = this.state;
    switch (state.kind) {
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
    // By radio, whoever could not help is left alone by Radio, for longer each time.
    const doubled = DIAL_AFTER * Math.pow(2, this.isByRadio ? 0 : Math.min(this.failures, 10));
    const usual = Math.min(DIAL_AFTER_MAX, doubled) * (0.5 + this.chance() / 2);
    if (why === "refused") return Math.floor(REFUSED_WAIT * (1 + this.chance() / 2));
    return Math.floor(why === "replaced" ? REPLACED_WAIT + usual : usual);
  }
}
