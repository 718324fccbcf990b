/**
 * The radio as the board's carrier: shared/radio with the driver below it. It carries, and decides nothing.
 *
 * What TreeNode wants of a link waits for the board's next tick: to cut, seal and send it on top of the core's own calls would not fit on
 * the stack. A datagram that comes in reaches the core three calls deep, as a socket's chunk does.
 */
import { type NodeEffect, NOTHING } from "#shared/effect.ts";
import { Outgress } from "#shared/radio/outgress.ts";
import { Radio } from "#shared/radio/radio.ts";
import type { RadioEffect } from "#shared/radio/effect.ts";
import { HAS_SOCKETS, SLEEPS, TAKES_CHILDREN } from "#shared/role.ts";
import { type Instant, sooner } from "#shared/units.ts";
import type { Board, Carrier, CarrierEffect, RadioCarrier } from "./board.ts";
import { mistake } from "./configuration.ts";
import { errorText } from "./entities.ts";
import { espNow, RadioPort, sealBy } from "./ports/espnow.ts";
import { hasWifi } from "./ports/wifi.ts";
import { type RadioSettings, radioSettings } from "./radio-configuration.ts";
import { napChannel } from "./sleep.ts";
import type { SocketCarrier } from "./socket-carrier.ts";

/** What becomes of links. */
type LinkNews = Exclude<RadioEffect, { kind: "transmit" | "tune" | "restart" }>;

/** How often Wi-Fi is asked for its channel, in milliseconds. Chosen: nothing tells when its router has gone to another. */
const CHANNEL_EVERY = 1000;

class EspNowCarrier implements RadioCarrier {
  private board: Board;
  private driver: RadioPort;
  private radio: Radio;
  /** Of a node that has both ways up. */
  private outgress: Outgress | undefined;
  /** What TreeNode wants of links and has not been done. */
  private wanted: CarrierEffect[];
  /** The node was told something in this turn. */
  private hasTold: boolean;
  /** Whether there is a way up but for the radio, as the radio was told. */
  private isRooted: boolean;
  /** What Wi-Fi dictates, as the radio was told; 0: nothing. */
  private channel: number;

  /** Throws if the radio cannot be had. */
  constructor(board: Board, settings: RadioSettings, isEither: boolean) {
    const configuration = board.configuration;
    this.board = board;
    this.outgress = HAS_SOCKETS && isEither ? new Outgress() : undefined;
    this.wanted = [];
    this.hasTold = false;
    this.isRooted = false;
    this.channel = 0;
    const library = espNow();
    const seal = sealBy(library, settings.isOpen);
    this.driver = new RadioPort(library, settings.channel);
    this.driver.onHeard = (mac, bytes, rssi, channel) =>
      this.carry(this.radio.heard(mac, bytes, rssi, channel, board.now()));
    this.radio = new Radio(
      {
        id: configuration.id,
        mac: this.driver.mac,
        installKey: settings.installKey,
        mayParent: settings.mayParent,
        isSource: HAS_SOCKETS && configuration.parent !== undefined && !isEither,
        isEither: HAS_SOCKETS && isEither,
        channel: 0,
        lastChannel: settings.channel,
        isSleepy: settings.isSleepy,
        childrenMax: configuration.limits.childrenMax,
      },
      seal,
      board.chance,
    );
  }

  start(): void {
    this.carry(this.radio.start(this.board.now()));
    if (HAS_SOCKETS && hasWifi(this.board.configuration.wifi)) this.follow();
  }

  way(): Carrier {
    const board = this.board;
    const isSocket = !this.outgress
      ? board.configuration.parent !== undefined
      : this.outgress.dial(board.hasNetwork, board.now());
    return isSocket ? (board.sockets as Carrier) : this;
  }

  perform(effect: CarrierEffect): void {
    this.wanted.push(effect);
  }

  turn(now: Instant): Instant | undefined {
    const node = this.board.node;
    const wanted = this.wanted;
    this.wanted = [];
    this.hasTold = false;
    for (const effect of wanted) this.carry(this.ask(effect, now));
    const isJoined = node.isJoined();
    if (TAKES_CHILDREN) this.carry(this.radio.setJoined(isJoined, now));
    const isRooted = HAS_SOCKETS && this.board.upCarrier !== this && isJoined;
    if (HAS_SOCKETS && isRooted !== this.isRooted) {
      this.isRooted = isRooted;
      this.carry(this.radio.setRootward(isRooted ? 0 : undefined, now));
    }
    const at = this.radio.wakeAt();
    if (at !== undefined && now >= at) this.carry(this.radio.tick(now));
    const choice = !HAS_SOCKETS || !this.outgress ? undefined : this.heed(this.outgress, now);
    return this.hasTold ? now : sooner(this.radio.wakeAt(), choice);
  }

  private heed(outgress: Outgress, now: Instant): Instant | undefined {
    const board = this.board;
    switch (outgress.advise(board.hasNetwork, board.node.isJoined(), now)) {
      case "look":
        (board.sockets as SocketCarrier).look(() => {
          if (outgress.found(board.now())) board.leave("WebSocket is to be had");
        });
        break;
      case "leave":
        board.leave("no way up by WebSocket");
        break;
      default:
    }
    return outgress.wakeAt(board.hasNetwork);
  }

  private ask(effect: CarrierEffect, now: Instant): readonly RadioEffect[] {
    const radio = this.radio;
    switch (effect.kind) {
      case "dial":
        return radio.dial(effect.link, now);
      case "send":
        return radio.send(effect.link, effect.text, now);
      case "close":
        return radio.close(effect.link, now);
      case "pause":
        return TAKES_CHILDREN ? radio.pause(effect.link, now) : NOTHING;
      default:
        return TAKES_CHILDREN ? radio.resume(effect.link, now) : NOTHING;
    }
  }

  private carry(effects: readonly RadioEffect[]): void {
    const board = this.board;
    for (const effect of effects) {
      switch (effect.kind) {
        case "transmit":
          this.driver.transmit(effect.mac, effect.bytes, (outcome) =>
            this.carry(this.radio.sent(outcome, board.now())),
          );
          break;
        case "tune":
          this.driver.tune(effect.channel);
          break;
        case "restart":
          setTimeout(() => this.restart(), 0);
          break;
        default:
          this.hasTold = true;
          board.perform(this.tell(effect, board.now()));
      }
    }
    board.perform(NOTHING);
  }

  private tell(effect: LinkNews, now: Instant): readonly NodeEffect[] {
    const node = this.board.node;
    switch (effect.kind) {
      case "received":
        return node.received(effect.link, effect.bytes, now);
      case "opened":
        return node.opened(effect.link, now);
      case "closed":
        return node.closed(effect.link, now);
      default:
        return node.drained(effect.link, now);
    }
  }

  private restart(): void {
    this.driver.restart();
    this.carry(this.radio.restarted(this.board.now()));
  }

  /** Goes where Wi-Fi goes. */
  private follow(): void {
    if (!HAS_SOCKETS) return;
    setTimeout(() => this.follow(), CHANNEL_EVERY);
    const channel = this.board.hasNetwork ? this.driver.channel() : 0;
    if (channel === this.channel) return;
    this.channel = channel;
    this.carry(this.radio.moved(channel, this.board.now()));
  }
}

/** Gives a board the radio that its configuration asks for, if any. Throws a sentence if the board cannot do without. */
export function withRadio(board: Board): void {
  const configuration = board.configuration;
  const raw = configuration.raw;
  if (HAS_SOCKETS && raw["radio"] === undefined) return;
  const settings = radioSettings(raw);
  if (SLEEPS) settings.channel = napChannel(settings.channel);
  const hasParent = HAS_SOCKETS && configuration.parent !== undefined;
  const isEither = HAS_SOCKETS && raw["outgress"] === "auto";
  if (HAS_SOCKETS && isEither && !hasParent) throw mistake("outgress");
  board.isEager = !hasParent || isEither;
  if (settings.isOpen) console.log("sapline: radio: NOT encrypted, as configured");
  try {
    board.radio = new EspNowCarrier(board, settings, isEither);
  } catch (error) {
    if (!hasParent) throw error;
    console.log("sapline: " + errorText(error) + "; going on without the radio");
  }
}
