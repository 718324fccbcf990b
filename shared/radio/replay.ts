/**
 * Replay remembers which counters of one sender were heard: each is taken once. The newest and the 31 before it are told apart; what is
 * older is taken for heard. A counter is noted only after its seal was found good, so that a forger moves nothing.
 */
import { REPLAY_SPAN } from "./limits.ts";

export class Replay {
  /** The newest counter heard; 0 before the first, for counters start at 1. */
  newest: number;
  /** Bit i: newest - i was heard. */
  private heard: number;

  constructor() {
    this.newest = 0;
    this.heard = 0;
  }

  isFresh(counter: number): boolean {
    const behind = this.newest - counter;
    return behind < 0 || (behind < REPLAY_SPAN && counter > 0 && ((this.heard >>> behind) & 1) === 0);
  }

  note(counter: number): void {
    const ahead = counter - this.newest;
    if (ahead <= 0) this.heard |= 1 << -ahead;
    else {
      this.heard = ahead < REPLAY_SPAN ? (this.heard << ahead) | 1 : 1;
      this.newest = counter;
    }
  }
}
