/**
 * Neighbours remembers those that were heard lately, and estimates how many transmissions a datagram to each of them takes (ETX, times 8).
 *
 * The gaps between numbered beacons tell, both ways: ours from the neighbour's own word. Where we send, to the parent, datagrams that are
 * not answered do, too: windows of five. Signal strength is a first guess and nothing more. Bounded: the worst way up goes first, for among many
 * neighbours most are too far, and those that speak most are those that know no way.
 */
import { after, type Instant } from "../units.ts";
import { type Beacon, qualityFor, tailOf } from "./beacon.ts";
import { NO_PATH } from "./header.ts";
import type { Mac } from "./seal.ts";
import {
  BEACON_QUALITIES_MAX,
  BEACONS_WINDOW,
  COST_OF_FAIL,
  COST_OF_HOP,
  FAILS_DOUBT,
  LINK_COST_MAX,
  NEIGHBOUR_FRESH,
  NEIGHBOURS_MAX,
  REBORN_AFTER,
  RSSI_FAIR,
  RSSI_HALVES,
  RSSI_POOR,
  SHUN_AFTER,
  TRIED_WEIGHT,
} from "./tree-limits.ts";

export interface Neighbour {
  mac: Mac;
  tail: string;
  /** What it said last, with which counter, and when; its cost may be from a later datagram. */
  beacon: Beacon;
  newest: number;
  heardAt: Instant;
  cost: number;
  /** It was our parent, and may be keeping our place. */
  hasTaken: boolean;
  /** Transmissions per datagram, times 8. */
  etx: number;
  /** Share of its beacons that we heard, and of ours that it heard, in 1/255; 0 while unknown. */
  inbound: number;
  outbound: number;
  /** Of the window under way: its beacons that came, of how many; … */
  came: number;
  due: number;
  /** Datagrams in a row that were not answered. */
  fails: number;
  /** … and to which not even its MAC had an answer. */
  deaf: number;
  shunUntil: Instant;
  shunFor: number;
}

export class Neighbours {
  known: Neighbour[];
  private own: string;
  private turn: number;

  constructor(own: Mac) {
    this.known = [];
    this.own = tailOf(own);
    this.turn = 0;
  }

  get(mac: Mac): Neighbour | undefined {
    return this.known.filter((one) => one.mac === mac)[0];
  }

  /**
   * A beacon whose tag was right. undefined if it is an old one again, or of a life that is over. The parent is never forgotten, and
   * judged by its answers.
   */
  heardBeacon(
    mac: Mac,
    beacon: Beacon,
    counter: number,
    cost: number,
    rssi: number,
    parent: Neighbour | undefined,
    now: Instant,
  ): Neighbour | undefined {
    let one = this.get(mac);
    if (!one) {
      one = newNeighbour(mac, beacon, rssi, now);
      one.cost = cost;
      this.known.push(one);
      if (this.known.length > NEIGHBOURS_MAX) this.forget(parent, now);
    } else if (one.beacon.life !== beacon.life) {
      // Whoever plays back what a neighbour said in an earlier life is not believed while the neighbour itself speaks.
      if (now < after(one.heardAt, REBORN_AFTER)) return undefined;
      one.etx = guessOf(rssi);
      forgive(one, now);
    } else {
      const gap = counter - one.newest;
      if (gap <= 0) return undefined;
      // Who searches asks on other channels, too: those that we missed say nothing.
      if (cost !== NO_PATH && one.cost !== NO_PATH) this.count(one, gap, beacon);
      // It went silent because it had gone elsewhere.
      if (one.beacon.channel !== beacon.channel) forgive(one, now);
    }
    one.newest = counter;
    learn(one, beacon, cost, now);
    return one;
  }

  /** Some neighbours' qualities for our beacon; they take turns. */
  qualities(): string {
    let bytes = "";
    for (let i = 0; i < BEACON_QUALITIES_MAX && i < this.known.length; i++) {
      this.turn = (this.turn + 1) % this.known.length;
      const one = this.known[this.turn] as Neighbour;
      if (one.inbound > 0) bytes += one.tail + String.fromCharCode(one.inbound);
    }
    return bytes;
  }

  private count(one: Neighbour, gap: number, beacon: Beacon): void {
    one.came += 1;
    one.due += Math.min(gap, BEACONS_WINDOW);
    one.outbound = qualityFor(beacon, this.own) || one.outbound;
    if (one.due < BEACONS_WINDOW) return;
    const share = (255 * one.came) / one.due;
    one.came = 0;
    one.due = 0;
    one.inbound = one.inbound === 0 ? share : 0.9 * one.inbound + 0.1 * share;
    // What comes back is but the MAC's ack, which is short.
    average(one, 0.5, (COST_OF_HOP * 255) / (one.outbound || one.inbound) / Math.sqrt(one.inbound / 255));
  }

  /** The worst way up goes, be it the newest; or one that was not heard for long. */
  private forget(parent: Neighbour | undefined, now: Instant): void {
    let worst = -1;
    let most = -1;
    for (let i = 0; i <= NEIGHBOURS_MAX; i++) {
      const one = this.known[i] as Neighbour;
      const badness = now < after(one.heardAt, NEIGHBOUR_FRESH) ? one.cost + one.etx : now - one.heardAt;
      if (one === parent || badness <= most) continue;
      worst = i;
      most = badness;
    }
    this.known.splice(worst, 1);
  }
}

/** What a beacon, or an answer to `join`, says of the way up. */
export function learn(one: Neighbour, beacon: Beacon, cost: number, now: Instant): void {
  one.heardAt = now;
  one.beacon = beacon;
  one.cost = cost;
}

/** A datagram to that neighbour was answered, or was not. True if it is time to look for another: three in a row were not. */
export function reported(one: Neighbour, isAcked: boolean): boolean {
  if (isAcked) {
    one.fails = 0;
    one.shunFor = 0;
    return false;
  }
  one.fails += 1;
  return one.fails % FAILS_DOUBT === 0;
}

/** What its MAC made of something we sent. It was tried six times: that it was not answered says much, that it was says little. */
export function tried(one: Neighbour, isOk: boolean): void {
  one.deaf = isOk ? 0 : one.deaf + 1;
  average(one, TRIED_WEIGHT, isOk ? COST_OF_HOP : COST_OF_FAIL);
}

/** It refused, or does not answer: leave it alone for a while, for longer each time. */
export function shun(one: Neighbour, most: number, now: Instant): void {
  one.shunFor = Math.min(2 * one.shunFor || SHUN_AFTER, most);
  one.shunUntil = after(now, one.shunFor);
  one.fails = 0;
  one.deaf = 0;
}

/** … and its link is taken for poorer, but not so poor that it is never tried again. */
export function blame(one: Neighbour): void {
  one.etx = Math.min(2 * one.etx, LINK_COST_MAX);
}

function forgive(one: Neighbour, now: Instant): void {
  one.shunFor = 0;
  one.shunUntil = now;
}

function average(one: Neighbour, weight: number, sample: number): void {
  one.etx += weight * (Math.min(sample, LINK_COST_MAX) - one.etx);
}

function guessOf(rssi: number): number {
  const guess = COST_OF_HOP * Math.pow(2, (RSSI_FAIR - (rssi || RSSI_POOR)) / RSSI_HALVES);
  return Math.min(Math.max(guess, COST_OF_HOP), LINK_COST_MAX);
}

function newNeighbour(mac: Mac, beacon: Beacon, rssi: number, now: Instant): Neighbour {
  return {
    mac,
    tail: tailOf(mac),
    beacon,
    newest: 0,
    heardAt: now,
    cost: NO_PATH,
    hasTaken: false,
    etx: guessOf(rssi),
    inbound: 0,
    outbound: 0,
    came: 0,
    due: 0,
    fails: 0,
    deaf: 0,
    shunUntil: now,
    shunFor: 0,
  };
}
