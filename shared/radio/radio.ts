/**
 * Radio is the whole hop by radio without its driver: it finds a parent and keeps the best, takes children, and offers both as links to
 * TreeNode, like WebSocket does. Inputs are methods with the time as an argument; what is to be done comes back as effects.
 *
 * Guarantee: what is handed in on a link comes out at its other end whole, in order and once, or the link is closed; but for a frame
 * longer than PARCEL_BYTES_MAX, which is counted. Whatever is not from somebody with the install key, now and for us, is counted and
 * changes nothing. How much may wait is up to TreeNode, which is told when a link has `drained`.
 *
 * A change of parent is made before the break: only when the new one has answered is the old link closed. A node that has lost its way
 * and knows no other says so before it searches, and its children leave.
 */
import { NOTHING } from "../effect.ts";
import { TAKES_CHILDREN } from "../role.ts";
import { count } from "../table.ts";
import { after, type Instant, type LinkId, type Random, sooner } from "../units.ts";
import { readBeacon } from "./beacon.ts";
import type { RadioConfig, RadioEffect } from "./effect.ts";
import { BEACON, type Header, JOIN, JOIN_ACK, NO_PATH, parseHeader } from "./header.ts";
import { collect, feed, isRoom } from "./hop.ts";
import { JOIN_REFUSED, JOIN_TAKEN, NO_NONCE, NONCE_BYTES, SLEEPY } from "./join.ts";
import { HEADER_BYTES, PACKET_TIME, PARCEL_BYTES_MAX } from "./limits.ts";
import { blame, learn, type Neighbour, reported, shun, tried } from "./neighbours.ts";
import { isDoubted, patience } from "./parents.ts";
import { Place, randomBytes } from "./place.ts";
import { type Mac, macBytes, type Seal } from "./seal.ts";
import { type Outcome, Session } from "./session.ts";
import {
  DEAF_DOUBLINGS_MAX,
  DEAF_FOR,
  DEAF_LOST,
  FAILS_MUTE,
  JOIN_KEPT,
  JOIN_PENDING,
  PROBE_DATAGRAM,
  RADIO_CHILDREN_MAX,
  RADIO_LINKS_FROM,
  SHUN_AFTER_MAX,
} from "./tree-limits.ts";

export class Radio extends Place {
  private seal: Seal;
  /** What the input under way asks for. */
  private out: RadioEffect[];
  /** The children's newest link. */
  private links: number;
  /** The newest offer's, one byte. */
  private epochs: number;
  /** The link that TreeNode wants upwards, or 0; it is open if `up` has it too. */
  private upLink: LinkId;
  /** The session with the parent. */
  private upHop: Session | undefined;
  /** Where the edge was told to tune to. */
  private channel: number;
  /** When the first of those failures came that have not ended yet. */
  private deafAt: Instant;

  constructor(config: RadioConfig, seal: Seal, random: Random) {
    super(config, seal, random);
    this.seal = seal;
    if (TAKES_CHILDREN && config.mayParent) this.slots = config.childrenMax || RADIO_CHILDREN_MAX;
    this.out = [];
    this.links = RADIO_LINKS_FROM - 1;
    this.epochs = TAKES_CHILDREN ? Math.floor(256 * random()) : 0;
    this.upLink = 0 as LinkId;
    this.upHop = undefined;
    this.channel = 0;
    this.deafAt = 0 as Instant;
  }

  start(now: Instant): readonly RadioEffect[] {
    this.decideAt = now;
    return this.restarted(now);
  }

  /** The radio runs (again). */
  restarted(now: Instant): readonly RadioEffect[] {
    this.transmitter.restarted(now);
    this.channel = 0;
    return this.done(now);
  }

  /** A source tells whether its way up is open (0), or not. */
  setRootward(cost: number | undefined, now: Instant): readonly RadioEffect[] {
    this.rootward = cost === undefined ? NO_PATH : cost;
    if (this.config.isEither) {
      this.config.isSource = cost !== undefined;
      this.target = undefined;
      if (this.config.isSource && this.upHop) this.endHop(this.upHop, now);
      this.decideAt = now;
    }
    return this.done(now);
  }

  /** TreeNode has joined, or not: children are taken only while it has. To be said by every node whose TreeNode can. */
  setJoined(isJoined: boolean, now: Instant): readonly RadioEffect[] {
    if (isJoined === this.isJoined) return NOTHING;
    this.isJoined = isJoined;
    this.trickle.reset(now);
    return this.done(now);
  }

  /** Wi-Fi has gone to another channel, and the radio with it; 0: it dictates none any more. */
  moved(channel: number, now: Instant): readonly RadioEffect[] {
    this.channels.fix(channel);
    if (TAKES_CHILDREN) this.trickle.reset(now);
    return this.done(now);
  }

  /** TreeNode wants a way up as this link (below zero). It is opened when there is one, however long that takes. */
  dial(link: LinkId, now: Instant): readonly RadioEffect[] {
    this.upLink = link;
    if (this.config.isSource) this.out.push({ kind: "closed", link });
    else if (this.upHop) this.open(this.upHop, link);
    return this.done(now);
  }

  send(link: LinkId, bytes: string, now: Instant): readonly RadioEffect[] {
    const hop = this.hopOf(link);
    if (hop) {
      hop.isOwing = true;
      if (bytes !== "" && bytes.length <= PARCEL_BYTES_MAX) hop.waiting.push(bytes);
      else count(this.counters, "radio frame too long");
    }
    return this.done(now);
  }

  /** TreeNode is done with the link, and is told nothing more of it. */
  close(link: LinkId, now: Instant): readonly RadioEffect[] {
    const hop = this.hopOf(link);
    if (link === this.upLink) this.upLink = 0 as LinkId;
    if (hop) {
      if (TAKES_CHILDREN && link > 0) this.slots += 1;
      hop.link = 0 as LinkId;
      // Whatever displeased it up there may be better elsewhere.
      if (hop === this.upHop) shun(this.parent as Neighbour, SHUN_AFTER_MAX, now);
      this.endHop(hop, now);
    }
    return this.done(now);
  }

  pause(link: LinkId, now: Instant): readonly RadioEffect[] {
    return this.setPaused(link, true, now);
  }

  resume(link: LinkId, now: Instant): readonly RadioEffect[] {
    return this.setPaused(link, false, now);
  }

  sent(outcome: Outcome, now: Instant): readonly RadioEffect[] {
    const flying = this.transmitter.flying;
    const parent = this.parent;
    if (flying && parent && flying.mac === parent.mac) {
      const isOk = outcome === "ok";
      if (isOk || outcome === "fail") tried(parent, isOk);
      if (isOk) this.aliveAt = now;
      else if (outcome === "fail") {
        if (parent.deaf === 1) this.deafAt = now;
        if (isDoubted(parent)) this.hurry(now);
        if (flying.bytes === PROBE_DATAGRAM)
          this.doubt(after(now, PACKET_TIME * (1 + this.chance()) * (1 << Math.min(parent.deaf, DEAF_DOUBLINGS_MAX))));
      }
    }
    this.transmitter.sent(outcome, now);
    return this.done(now);
  }

  /** A datagram came. `rssi` is 0 if it is unknown; `channel` is the one we listen on. */
  heard(mac: Mac, bytes: string, rssi: number, channel: number, now: Instant): readonly RadioEffect[] {
    if (bytes === PROBE_DATAGRAM) return NOTHING;
    const header = parseHeader(bytes);
    if (header === undefined || header.net !== this.ring.net) count(this.counters, "radio of others");
    else if (header.form < BEACON) this.heardData(mac, header, bytes, now);
    else if (header.form === JOIN) {
      if (TAKES_CHILDREN) this.heardJoin(mac, bytes, now);
    } else if (header.form === JOIN_ACK) this.heardAnswer(mac, header, bytes, now);
    else this.heardBeacon(mac, header, bytes, rssi, channel, now);
    return this.done(now);
  }

  tick(now: Instant): readonly RadioEffect[] {
    if (this.transmitter.isWedged(now)) this.out.push({ kind: "restart" });
    if (TAKES_CHILDREN) {
      for (const hop of this.transmitter.sessions.slice()) {
        if (hop !== this.upHop && (hop.isLost(now) || (hop.link === 0 && now >= hop.until))) this.endHop(hop, now);
      }
    }
    if (TAKES_CHILDREN && this.trickle.isDue(now)) this.shout(BEACON);
    this.search(now);
    return this.done(now);
  }

  wakeAt(): Instant | undefined {
    return sooner(this.transmitter.wakeAt(), this.placeAt());
  }

  /** After every input: what has become of our way up, and what is to go on the air. */
  private done(now: Instant): readonly RadioEffect[] {
    if (this.upHop) this.judge(this.upHop, this.parent as Neighbour, now);
    this.think(now);
    for (const hop of this.transmitter.sessions) feed(hop, this.out);
    const next = this.transmitter.next(now);
    if (this.channel !== this.channels.channel) {
      this.channel = this.channels.channel;
      // Whoever is known there may be asked (again).
      this.decideAt = now;
      this.out.push({ kind: "tune", channel: this.channel });
    }
    if (next !== undefined) this.out.push({ kind: "transmit", mac: next.mac, bytes: next.bytes });
    const out = this.out;
    this.out = [];
    return out;
  }

  /** What became of the datagrams to the parent, and of the parent. */
  private judge(up: Session, parent: Neighbour, now: Instant): void {
    for (const report of up.takeReports()) if (reported(parent, report.acked)) this.hurry(now);
    const isDeaf = parent.deaf >= DEAF_LOST * patience(parent) && now >= after(this.deafAt, DEAF_FOR);
    if (isDeaf || parent.fails >= FAILS_MUTE || up.isLost(now)) {
      count(this.counters, "radio parent lost");
      shun(parent, SHUN_AFTER_MAX, now);
      blame(parent);
    } else if (parent.beacon.life === up.life && this.isWay(parent)) return;
    this.endHop(up, now);
  }

  /** Somebody wants to be our child. */
  private heardJoin(mac: Mac, bytes: string, now: Instant): void {
    const child = macBytes(mac);
    const text = this.ring.signed(child + this.own, bytes);
    if (text === undefined) return count(this.counters, "radio forged");
    if (text.length !== HEADER_BYTES + NONCE_BYTES + 1) return count(this.counters, "radio malformed");
    const asked = text.substr(HEADER_BYTES, NONCE_BYTES);
    const offers = this.transmitter.sessions.filter((one) => one !== this.upHop && one.link === 0);
    let offer = offers.filter((one) => one.peer === mac && one.asked === asked)[0];
    if (!offer && this.mayTake(mac) && this.hasPlace(mac, offers, now)) {
      const nonce = randomBytes(NONCE_BYTES, this.chance);
      const key = this.ring.session(child, this.own, asked, nonce);
      const isSleepy = text.charAt(HEADER_BYTES + NONCE_BYTES) === SLEEPY;
      this.epochs = (this.epochs + 1) & 255;
      offer = this.newHop(mac, key, this.epochs, isSleepy);
      offer.asked = asked;
      offer.nonce = nonce;
      offer.until = after(now, JOIN_PENDING);
    }
    const answer = !offer
      ? this.header(JOIN_ACK, 0) + NO_NONCE + JOIN_REFUSED
      : this.header(JOIN_ACK, offer.epoch) + offer.nonce + JOIN_TAKEN;
    this.transmitter.post(mac, this.ring.sign(this.own + child + asked, answer + this.body()));
    if (!offer) count(this.counters, "radio join refused");
  }

  private hasPlace(mac: Mac, offers: Session[], now: Instant): boolean {
    if (isRoom(mac, offers, this.transmitter.sessions, this.slots)) return true;
    const oldest = offers.filter((one) => one.peer === mac || now >= after(one.until, JOIN_KEPT - JOIN_PENDING))[0];
    if (oldest) this.endHop(oldest, now);
    return oldest !== undefined;
  }

  /** The answer to our `join`. */
  private heardAnswer(mac: Mac, header: Header, bytes: string, now: Instant): void {
    const to = this.target;
    if (!to || to.mac !== mac) return count(this.counters, "radio answer unasked");
    const parent = macBytes(mac);
    const text = this.ring.signed(parent + this.own + this.nonce, bytes);
    if (text === undefined) return count(this.counters, "radio forged");
    const beacon = readBeacon(text.substr(HEADER_BYTES + NONCE_BYTES + 1));
    if (!beacon) return count(this.counters, "radio malformed");
    learn(to, beacon, header.cost, now);
    to.hasTaken = text.charAt(HEADER_BYTES + NONCE_BYTES) === JOIN_TAKEN;
    if (!to.hasTaken || !this.isWay(to)) {
      this.notTaken(to, SHUN_AFTER_MAX, now);
      return;
    }
    this.target = undefined;
    const old = this.upHop;
    // The old parent may have come back meanwhile.
    if (!this.isWanted(to, now)) return;
    const key = this.ring.session(this.own, parent, this.nonce, text.substr(HEADER_BYTES, NONCE_BYTES));
    const up = this.newHop(mac, key, header.epoch, this.config.isSleepy);
    up.life = beacon.life;
    to.fails = 0;
    to.deaf = 0;
    this.upHop = up;
    this.parent = to;
    this.rest(now);
    this.aliveAt = now;
    this.probeAt = now;
    this.channels.found();
    this.endOthers(up, now);
    if (old !== undefined && old.peer !== mac) this.endHop(old, now);
    if (this.upLink !== 0) this.open(up, this.upLink);
  }

  private heardData(mac: Mac, header: Header, bytes: string, now: Instant): void {
    const hop = this.transmitter.sessions.filter((one) => one.peer === mac && one.epoch === header.epoch)[0];
    if (!hop) return count(this.counters, "radio other session");
    const before = hop.heardAt;
    hop.heardAt = undefined;
    hop.heard(header, bytes, now);
    if (hop.heardAt === undefined) {
      hop.heardAt = before;
      return;
    }
    if (hop === this.upHop) {
      const parent = this.parent as Neighbour;
      parent.cost = header.cost;
      parent.heardAt = now;
      this.aliveAt = now;
      this.refusals = 0;
    } else if (TAKES_CHILDREN) {
      if (hop.link === 0) {
        this.endOthers(hop, now);
        if (this.slots <= 0) {
          // Others were quicker.
          this.endHop(hop, now);
          return count(this.counters, "radio join refused");
        }
        this.slots -= 1;
        this.links += 1;
        this.open(hop, this.links as LinkId);
      }
      // What is below cannot be nearer to the source, unless one of us is wrong, or this goes round in a circle.
      if (header.cost <= this.cost && header.cost !== NO_PATH) {
        count(this.counters, "radio loop suspected");
        this.trickle.reset(now);
      }
    }
    collect(hop, this.out);
    if (hop.isOver) this.endHop(hop, now);
  }

  private hopOf(link: LinkId): Session | undefined {
    return this.transmitter.sessions.filter((one) => one.link === link)[0];
  }

  private newHop(mac: Mac, key: string, epoch: number, isSleepy: boolean): Session {
    const hop = new Session(mac, this.config.mac, key, epoch, this.seal, this.chance, isSleepy);
    hop.counters = this.counters;
    hop.net = this.ring.net;
    hop.pathCost = this.cost;
    this.transmitter.sessions.push(hop);
    return hop;
  }

  private setPaused(link: LinkId, isPaused: boolean, now: Instant): readonly RadioEffect[] {
    const hop = this.hopOf(link);
    if (hop) {
      hop.isPaused = isPaused;
      collect(hop, this.out);
    }
    return this.done(now);
  }

  private open(hop: Session, link: LinkId): void {
    hop.link = link;
    this.out.push({ kind: "opened", link });
    collect(hop, this.out);
  }

  /** With each neighbour there is one session: the newest. */
  private endOthers(hop: Session, now: Instant): void {
    const others = this.transmitter.sessions.filter((one) => one !== hop && one.peer === hop.peer);
    for (const other of others) this.endHop(other, now);
  }

  /** A session is over, and TreeNode is told if it knew of it. */
  private endHop(hop: Session, now: Instant): void {
    const link = hop.link;
    this.transmitter.remove(hop);
    // So that the other end need not find out, and keeps no this.
    if (hop.heardAt !== undefined && !hop.isOver && !hop.isLost(now)) this.transmitter.post(hop.peer, hop.bye());
    if (hop === this.upHop) {
      this.upHop = undefined;
      this.parent = undefined;
      this.hurry(now);
    }
    if (link === 0) return;
    if (TAKES_CHILDREN && link > 0) this.slots += 1;
    else this.upLink = 0 as LinkId;
    this.out.push({ kind: "closed", link });
  }
}
