/**
 * Place is a node's place in the radio tree: who is its parent, whom it asks to be, what that makes of its own way up, and all that it
 * says about it to others. It looks for a parent as long as it has none, and for a better one as long as it has.
 *
 * It asks and hears; the sessions that come of it are Radio's.
 */
import { TAKES_CHILDREN } from "../role.ts";
import { count, type Counters } from "../table.ts";
import { after, type Instant, type Random, sooner } from "../units.ts";
import { beaconBody, isOnPath, readBeacon, TAIL_BYTES, tailOf } from "./beacon.ts";
import { Channels } from "./channels.ts";
import type { RadioConfig } from "./effect.ts";
import { emptyHeader, type Header, headerBytes, JOIN, NO_PATH, SOLICIT } from "./header.ts";
import { AWAKE, KeyRing, NONCE_BYTES, SLEEPY } from "./join.ts";
import { HEADER_BYTES } from "./limits.ts";
import { blame, type Neighbour, Neighbours, shun } from "./neighbours.ts";
import { isDoubted, Parents, pathCost } from "./parents.ts";
import { BROADCAST, type Mac, macBytes, type Seal } from "./seal.ts";
import { Transmitter } from "./transmitter.ts";
import {
  ASK_AFTER,
  ASK_BETTER_AFTER,
  ASK_BETTER_AFTER_MAX,
  ASK_DOUBLINGS_MAX,
  ASK_HOPEFUL,
  BEACON_ANSWER_WITHIN,
  BETTER_SPREAD,
  COST_OF_HOP,
  DECIDE_AFTER,
  DECIDE_SPREAD,
  DEPTH_MAX,
  JOIN_AFTER,
  JOIN_TRIES,
  PROBE_AFTER,
  PROBE_DATAGRAM,
  PROBE_SPREAD,
  SHUN_MUTE_MAX,
} from "./tree-limits.ts";
import { Trickle } from "./trickle.ts";

export class Place {
  counters: Counters;
  parent: Neighbour | undefined;
  /** Whom we ask to be our parent, with which nonce, how often yet, and when next. */
  target: Neighbour | undefined;
  nonce: string;
  /** When to think about parents again. */
  decideAt: Instant | undefined;
  /** When the parent last gave a sign of life, if only on the air, and when to ask for one. */
  aliveAt: Instant;
  probeAt: Instant;
  /** Our way up, as headers say it. */
  cost: number;
  path: string;
  /** Of a source: 0, or NO_PATH. */
  rootward: number;
  /** The way to the root is open, as far as anybody has said. */
  isJoined: boolean;
  /** How many children there is room for. */
  slots: number;
  /** Six bytes. */
  own: string;
  ring: KeyRing;
  channels: Channels;
  trickle: Trickle;
  protected config: RadioConfig;
  protected chance: Random;
  protected transmitter: Transmitter;
  private neighbours: Neighbours;
  private parents: Parents;
  /** A random number of this start, and how often it has shouted. */
  private life: string;
  private said: number;
  private tries: number;
  private joinAt: Instant;
  /** How many did not take us since one proved to be our parent, and when another may be asked. */
  refusals: number;
  private askFrom: Instant;
  private restFor: number;
  /** The cost as the last change was told. */
  private costSaid: number;
  private treeVersion: number;

  constructor(config: RadioConfig, seal: Seal, random: Random) {
    this.counters = {};
    this.parent = undefined;
    this.target = undefined;
    this.nonce = "";
    this.decideAt = undefined;
    this.aliveAt = 0 as Instant;
    this.probeAt = 0 as Instant;
    this.cost = NO_PATH;
    this.path = "";
    this.rootward = NO_PATH;
    this.isJoined = true;
    this.slots = 0;
    this.own = macBytes(config.mac);
    this.ring = new KeyRing(config.installKey, seal);
    this.channels = new Channels(config.channel, config.lastChannel || 1, random);
    // A leaf has nothing to tell that it is not asked for.
    this.trickle = TAKES_CHILDREN ? new Trickle(random) : (undefined as never);
    this.config = config;
    this.chance = random;
    this.transmitter = new Transmitter(random);
    this.transmitter.counters = this.counters;
    this.neighbours = new Neighbours(config.mac);
    this.parents = new Parents(config.mac);
    this.life = randomBytes(4, random);
    this.said = 0;
    this.tries = 0;
    this.joinAt = 0 as Instant;
    this.refusals = 0;
    this.askFrom = 0 as Instant;
    this.restFor = ASK_BETTER_AFTER;
    this.costSaid = NO_PATH;
    this.treeVersion = this.life.charCodeAt(0);
  }

  /** Does what its time has come for, but for what only `search` may do. */
  think(now: Instant): void {
    if (this.decideAt !== undefined && now >= this.decideAt) this.decide(now);
    if (this.target && now >= this.joinAt) this.askToJoin(this.target, now);
    if (this.parent && now >= this.probeAt) this.probe(this.parent, now);
    this.settle(now);
  }

  /** One step of the search, if it is time and the radio is free; `channels.channel` may be another then. */
  search(now: Instant): void {
    if (this.maySearch() && this.channels.isToAsk(now)) this.shout(SOLICIT);
  }

  placeAt(): Instant | undefined {
    let at = TAKES_CHILDREN ? sooner(this.trickle.wakeAt(), this.decideAt) : this.decideAt;
    if (this.parent) at = sooner(at, this.probeAt);
    return sooner(at, this.target ? this.joinAt : this.maySearch() ? this.channels.wakeAt() : undefined);
  }

  /** To all who hear it: what we are. To ask (SOLICIT) is to ask for the same in return. */
  shout(type: number): void {
    this.transmitter.post(BROADCAST, this.ring.shout(this.own, this.header(type, 0) + this.body()));
  }

  header(form: number, epoch: number): string {
    const header = emptyHeader(form, this.ring.net, epoch);
    // Beacons are numbered without gaps: those that are missing tell how good the link is.
    if (form < JOIN) this.said += 1;
    header.counter = this.said;
    header.cost = this.cost;
    return headerBytes(header);
  }

  body(): string {
    return beaconBody({
      treeVersion: this.treeVersion,
      life: this.life,
      channel: this.channels.channel,
      slots: TAKES_CHILDREN && this.isJoined ? this.slots : 0,
      path: this.path,
      qualities: TAKES_CHILDREN ? this.neighbours.qualities() : "",
    });
  }

  /** A beacon, or a search for one. */
  heardBeacon(mac: Mac, header: Header, bytes: string, rssi: number, channel: number, now: Instant): void {
    const counters = this.counters;
    const text = this.ring.heard(macBytes(mac), bytes);
    if (text === undefined) return count(counters, "radio forged");
    const beacon = readBeacon(text.substr(HEADER_BYTES));
    if (!beacon) return count(counters, "radio malformed");
    // The next channel's datagrams come through, but ours would not arrive there.
    if (beacon.channel !== channel) return count(counters, "radio other channel");
    const wasSibling = this.isSibling(this.neighbours.get(mac));
    const from = this.neighbours.heardBeacon(mac, beacon, header.counter, header.cost, rssi, this.parent, now);
    if (!from) return count(counters, "radio replayed");
    // It has left our parent: does that live? Were all to ask in one moment, they would not hear the answers.
    if (wasSibling && !this.isSibling(from)) this.doubt(after(now, PROBE_SPREAD * this.siblings() * this.chance()));
    if (TAKES_CHILDREN && header.form === SOLICIT && this.cost < header.cost) {
      this.trickle.hurry(after(now, BEACON_ANSWER_WITHIN * this.chance()));
    }
    if (header.cost === NO_PATH) return;
    if (!this.parent) this.channels.isGood();
    // Others may be about to answer as well: choose among them.
    const spread = this.parent ? BETTER_SPREAD : DECIDE_SPREAD;
    if (this.decideAt === undefined) this.decideAt = after(now, DECIDE_AFTER * (1 + spread * this.chance()));
  }

  /** Whether we would still have it, now that it has answered. */
  isWanted(one: Neighbour, now: Instant): boolean {
    return !this.parent || this.best(now) === one;
  }

  /** Whether that one may be our child. */
  mayTake(mac: Mac): boolean {
    return (
      this.isJoined &&
      this.cost !== NO_PATH &&
      (this.parent || this.config.isSource) &&
      (!this.target || this.target.mac !== mac) &&
      this.path.length < DEPTH_MAX * TAIL_BYTES &&
      !isOnPath(this.path, tailOf(mac))
    );
  }

  /** Whether a way up over it can be kept. */
  isWay(one: Neighbour): boolean {
    return this.parents.isWay(one);
  }

  /** The parent's sign of life is wanted by then, whenever the last one was. */
  doubt(at: Instant): void {
    this.aliveAt = 0 as Instant;
    if (at < this.probeAt) this.probeAt = at;
  }

  /** The one asked has refused, or does not answer. */
  notTaken(to: Neighbour, shunMax: number, now: Instant): void {
    this.target = undefined;
    this.decideAt = now;
    if (this.parent && !isDoubted(this.parent)) this.rest(now);
    else this.askFrom = after(now, ASK_AFTER * (1 << this.refusals) * (0.5 + 0.5 * this.chance()));
    if (this.refusals < ASK_DOUBLINGS_MAX) this.refusals += 1;
    shun(to, shunMax, now);
  }

  /** The parent is lost, or about to be: another one is wanted at once. */
  hurry(now: Instant): void {
    this.decideAt = now;
    this.askFrom = now;
  }

  /** It is as good as it gets, for a while. */
  rest(now: Instant): void {
    this.askFrom = after(now, this.restFor * (0.5 + this.chance()));
    this.restFor = Math.min(2 * this.restFor, ASK_BETTER_AFTER_MAX);
  }

  private isSibling(one: Neighbour | undefined): boolean {
    const parent = this.parent;
    return one !== undefined && parent !== undefined && one.beacon.path.substr(0, TAIL_BYTES) === parent.tail;
  }

  private siblings(): number {
    return this.neighbours.known.filter((one) => this.isSibling(one)).length;
  }

  /**
   * If the parent has been silent for too long, sends it something that only its MAC answers. Those that hang on it share the work: the
   * first to miss it leaves, and the others, who hear that, ask soon. What an answer costs goes into the wait by its root: so the same
   * air finds dead parents soonest.
   */
  private probe(parent: Neighbour, now: Instant): void {
    const silence = PROBE_AFTER * Math.sqrt(parent.etx) * (1 + this.siblings()) * (0.75 + 0.5 * this.chance());
    const isSilent = now >= after(this.aliveAt, silence);
    this.probeAt = after(isSilent ? now : this.aliveAt, silence);
    if (isSilent && !this.config.isSleepy) this.transmitter.post(parent.mac, PROBE_DATAGRAM);
  }

  /** Our own cost and path follow from the parent's. */
  private settle(now: Instant): void {
    const parent = this.parent;
    let cost = this.rootward;
    let path = "";
    if (parent) {
      cost = Math.min(Math.floor(pathCost(parent)), NO_PATH - 1);
      path = parent.tail + parent.beacon.path;
      this.treeVersion = parent.beacon.treeVersion;
      // While it asks others that it knows, there is hope that the children need not leave.
    } else if (this.target || (this.decideAt !== undefined && this.refusals < ASK_HOPEFUL)) return;
    for (const session of this.transmitter.sessions) session.pathCost = cost;
    const isNews = path !== this.path || Math.abs(cost - this.costSaid) >= COST_OF_HOP;
    this.cost = cost;
    this.path = path;
    if (!TAKES_CHILDREN || !isNews || !this.config.mayParent) return;
    this.costSaid = cost;
    this.trickle.reset(now);
    // Those who hang on the parent that was left, or on us, want to know.
    this.trickle.hurry(after(now, BEACON_ANSWER_WITHIN * this.chance()));
  }

  /** Which parent to have, and what to do for it. */
  private decide(now: Instant): void {
    this.decideAt = undefined;
    if (this.config.isSource || this.target) return;
    const best = this.best(now);
    // Those who do not answer may have gone elsewhere.
    if (!best || (!this.parent && this.refusals >= ASK_HOPEFUL)) this.channels.search(now);
    if (!best) return;
    if (best === this.parent) return;
    if (now < this.askFrom) this.decideAt = this.askFrom;
    else {
      this.target = best;
      this.nonce = randomBytes(NONCE_BYTES, this.chance);
      this.tries = JOIN_TRIES;
      this.joinAt = now;
    }
  }

  private best(now: Instant): Neighbour | undefined {
    return this.parents.choose(this.neighbours.known, this.parent, this.channels.channel, now);
  }

  private askToJoin(to: Neighbour, now: Instant): void {
    if (this.tries === 0) {
      blame(to);
      return this.notTaken(to, SHUN_MUTE_MAX, now);
    }
    this.tries -= 1;
    this.joinAt = after(now, JOIN_AFTER * (1 + this.chance()));
    const text = this.header(JOIN, 0) + this.nonce + (this.config.isSleepy ? SLEEPY : AWAKE);
    this.transmitter.post(to.mac, this.ring.sign(this.own + macBytes(to.mac), text));
  }

  private maySearch(): boolean {
    const isFree = this.decideAt === undefined || this.refusals >= ASK_HOPEFUL;
    return !this.target && isFree && this.transmitter.flying === undefined;
  }
}

export function randomBytes(length: number, random: Random): string {
  let bytes = "";
  while (bytes.length < length) bytes += String.fromCharCode(Math.floor(256 * random()));
  return bytes;
}
