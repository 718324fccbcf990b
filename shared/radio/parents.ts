/**
 * Parents chooses: the neighbour over which the whole way up costs least. It changes its mind only for a gain of 1.5 transmissions,
 * or for any gain that has lasted ten minutes, so two like neighbours make nobody run to and fro.
 *
 * Never chosen: one without a way up, one whose path leads over us (so no descendant), one that is too deep, full, on another
 * channel, not heard for long, or that has just refused or gone silent.
 */
import { after, type Instant } from "../units.ts";
import { isOnPath, TAIL_BYTES, tailOf } from "./beacon.ts";
import { NO_PATH } from "./header.ts";
import type { Neighbour } from "./neighbours.ts";
import type { Mac } from "./seal.ts";
import {
  COST_OF_DOUBT,
  DEAF_DOUBT,
  DEPTH_MAX,
  FAILS_DOUBT,
  NEIGHBOUR_FRESH,
  PARENT_BETTER_FOR,
  PARENT_GAIN,
  POOR_LINK,
  POOR_LINK_UNHEARD,
  SHUN_AFTER_MAX,
} from "./tree-limits.ts";

export class Parents {
  private own: string;
  /** The one that would be better, and since when it has been without a break. */
  private rival: Neighbour | undefined;
  private rivalSince: Instant;

  constructor(own: Mac) {
    this.own = tailOf(own);
    this.rival = undefined;
    this.rivalSince = 0 as Instant;
  }

  /** Whether a way up over it can be kept. */
  isWay(one: Neighbour): boolean {
    const path = one.beacon.path;
    return one.cost < NO_PATH && path.length < DEPTH_MAX * TAIL_BYTES && !isOnPath(path, this.own);
  }

  /** The parent to have: the current one, if there is none worth the change; undefined if there is none at all. */
  choose(
    list: readonly Neighbour[],
    current: Neighbour | undefined,
    channel: number,
    now: Instant,
  ): Neighbour | undefined {
    // Who is in a hurry asks those first who are easy to reach: a join over a poor link takes long, if it comes to anything. Many are
    // heard who hear nothing of us; and who was quiet for long may be there all the same.
    const isUrgent = !current || isDoubted(current);
    let best: Neighbour | undefined;
    let least = Infinity;
    for (const one of list) {
      const poor = one.outbound || one.hasTaken ? POOR_LINK : POOR_LINK_UNHEARD;
      const cost = pathCost(one) + (isUrgent ? (one.etx * one.etx) / poor : 0);
      if (
        one !== current &&
        cost < least &&
        (one.beacon.slots > 0 || one.hasTaken) &&
        one.beacon.channel === channel &&
        now >= after(one.shunUntil, current === undefined ? Math.min(0, SHUN_AFTER_MAX - one.shunFor) : 0) &&
        (isUrgent || now < after(one.heardAt, NEIGHBOUR_FRESH)) &&
        this.isWay(one)
      ) {
        best = one;
        least = cost;
      }
    }
    if (current === undefined || !best) return best || current;
    const gain = pathCost(current) - pathCost(best);
    if (this.rival !== best || gain < 1) this.rivalSince = now;
    this.rival = best;
    // In doubt of the current one any other will do.
    const isWorth = isUrgent || (gain >= PARENT_GAIN && 4 * gain >= pathCost(current));
    return isWorth || now >= after(this.rivalSince, PARENT_BETTER_FOR) ? best : current;
  }
}

/** Its MAC has not answered so often that another one is wanted. Where it does, the one behind it is only busy. */
export function isDoubted(one: Neighbour): boolean {
  return one.deaf >= patience(one);
}

/** So many datagrams in a row to which the MAC has no answer say more than that the link is poor. */
export function patience(one: Neighbour): number {
  return Math.max(DEAF_DOUBT, one.etx / COST_OF_DOUBT);
}

/** Of the whole way up over that neighbour. While it does not answer, it is doubted. */
export function pathCost(one: Neighbour): number {
  return one.cost + one.etx * (one.fails < FAILS_DOUBT ? 1 : 2);
}
