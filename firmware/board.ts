/**
 * Wires one TreeNode to this chip: its carriers (WebSocket, the radio), clock, one alarm. It carries inputs in and performs effects, and
 * decides nothing. A program hands in the carriers that it has: one that it does not name is not in its bundle.
 *
 * Every entry from the engine is a shallow call: a socket's chunk reaches the core four calls deep, of the chip's 18 to 27, and
 * the application is called from a turn of its own.
 */
import type { NodeEffect } from "#shared/effect.ts";
import type { ShelfEffect } from "#shared/link/shelf.ts";
import { type Emitted, type NodeConfig, TreeNode } from "#shared/node.ts";
import { HAS_SOCKETS, KEEPS, STAYS_ALIVE } from "#shared/role.ts";
import { RADIO_LINKS_FROM } from "#shared/radio/tree-limits.ts";
import { type Instant, type LinkId, type Random, sooner } from "#shared/units.ts";
import type { Configuration } from "./configuration.ts";
import { KeptEvents } from "./kept-events.ts";
import { seededRandom } from "./ports/chance.ts";
import { monotonicClock } from "./ports/clock.ts";
import { bytesText } from "./ports/text.ts";
import { startWifi } from "./ports/wifi.ts";

/** What the application gets from the tree. */
export interface Application {
  act(id: string, eid: string, value: unknown): void;
  set(eid: string, value: unknown, rev: number): void;
  deliver(event: { [key: string]: unknown }): void;
  status(isJoined: boolean, reason: string): void;
}

type ApplicationEffect = Extract<NodeEffect, { kind: "act" | "set" | "deliver" | "status" }>;
/** What TreeNode wants of a link. */
export type CarrierEffect = Exclude<NodeEffect, ApplicationEffect | ShelfEffect>;

/** Carries links. It tells the board what comes of them by `perform`, with what the node has answered. */
export interface Carrier {
  /** Now, or later: it is the carrier's to see that the calls do not get too deep. Of a link that is gone: no effect. */
  perform(effect: CarrierEffect): void;
  /** Takes children from now on. Called again after each reconnection. */
  start(): void;
}

/** The radio, as the board sees it. */
export interface RadioCarrier extends Carrier {
  /** By which carrier a dial goes. */
  way(): Carrier;
  /** Does what its time has come for; answers when there is more. */
  turn(now: Instant): Instant | undefined;
}

/** An alarm that is so late will not come any more, in milliseconds. Chosen: longer than a connection may block the interpreter. */
const OVERDUE = 30000;

export class Board {
  readonly node: TreeNode;
  /** Milliseconds since the program's start. */
  readonly now: () => Instant;
  readonly chance: Random;
  readonly configuration: Configuration;
  /** Whether Wi-Fi is connected, where it is asked for. */
  hasNetwork: boolean;
  /** It need not wait for that to begin. */
  isEager: boolean;
  sockets: Carrier | undefined;
  radio: RadioCarrier | undefined;
  /** The carrier of the last dial, and its link. */
  upCarrier: Carrier | undefined;
  private upLink: LinkId;
  /** In a program that keeps its events. */
  readonly kept: KeptEvents | undefined;
  private application: Application;
  private alarm: number;
  private alarmAt: Instant;
  private isStarted: boolean;
  private isTickDue: boolean;
  /** Ticks that have ended, and how many those were when somebody last asked whether it is stuck, if one was due then. */
  private ticks!: number;
  private ticksSeen!: number;

  constructor(configuration: Configuration, firmware: string, application: Application) {
    this.now = monotonicClock();
    this.chance = seededRandom();
    this.configuration = configuration;
    this.hasNetwork = false;
    this.isEager = false;
    this.sockets = undefined;
    this.radio = undefined;
    this.upCarrier = undefined;
    this.upLink = 0 as LinkId;
    this.application = application;
    this.alarm = 0;
    this.alarmAt = 0 as Instant;
    this.isStarted = false;
    this.isTickDue = false;
    if (STAYS_ALIVE) this.ticks = 0;
    if (STAYS_ALIVE) this.ticksSeen = -1;
    const config: NodeConfig = {
      id: configuration.id,
      token: configuration.token,
      fw: firmware,
      limits: configuration.limits,
      isPatient: true,
      isByRadio: !HAS_SOCKETS || configuration.parent === undefined || configuration.raw["outgress"] === "auto",
    };
    if (KEEPS) {
      this.kept = new KeptEvents(this, config);
      this.node = this.kept.node;
    } else this.node = new TreeNode(config, bytesText, this.chance);
  }

  /** Throws if the port for children is taken. */
  start(): void {
    if (!HAS_SOCKETS || this.isEager) this.begin();
    if (!HAS_SOCKETS) return;
    startWifi(this.configuration.wifi, (isUp) => {
      this.hasNetwork = isUp;
      if (!isUp) return;
      if (this.sockets) this.sockets.start();
      this.begin();
    });
  }

  /** The application's event: copied at once, sent when there is company for it. */
  emit(event: { type: string; [key: string]: unknown }): Emitted {
    if (!this.isTickDue) this.tickLater();
    return this.node.emit(event, this.now());
  }

  /** Reads the clock, for a millisecond or until this turn is over: see OpenChunk. False while nobody has told the time, or short lines have no room. */
  restamp(): boolean {
    const outbox = this.node.outbox;
    const unix = this.node.unix(this.now());
    if (unix === undefined || !outbox.open.takesShort) return false;
    outbox.open.stamp = outbox.stamp(unix);
    outbox.open.stampUntil = getTime() + 0.001;
    return true;
  }

  answer(id: string, ok: boolean, value: unknown): void {
    this.perform(this.node.answer(id, ok, value, this.now()));
  }

  flush(): void {
    this.perform(this.node.flush(this.now()));
  }

  private begin(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    if (this.radio) this.radio.start();
    this.perform(this.node.start(this.now()));
  }

  /** An alarm is long overdue, or the turn that was due when this was asked before has not come: asked every ten seconds or so. */
  isStuck(): boolean {
    const isLate = this.alarm !== 0 && this.now() > this.alarmAt + OVERDUE;
    if (isLate || (this.isTickDue && this.ticks === this.ticksSeen)) return true;
    this.ticksSeen = this.isTickDue ? this.ticks : -1;
    return false;
  }

  /** Leaves the way up in use, as if it had broken: the node dials again. */
  leave(reason: string): void {
    const link = this.upLink;
    if (this.upCarrier) this.upCarrier.perform({ kind: "close", link: link, code: 1001, reason: reason });
    this.perform(this.node.closed(link, this.now()));
  }

  /** Does what the node has answered, and has it asked once more in a turn of its own. */
  perform(effects: readonly NodeEffect[]): void {
    if (!this.isTickDue) this.tickLater();
    for (const effect of effects as readonly Exclude<NodeEffect, ShelfEffect>[]) {
      if (KEEPS && (this.kept as KeptEvents).perform(effect)) continue;
      switch (effect.kind) {
        case "act":
        case "set":
        case "deliver":
        case "status":
          this.tellLater(effect);
          break;
        default: {
          if (HAS_SOCKETS && effect.kind === "dial") {
            this.upLink = effect.link;
            this.upCarrier = !this.radio ? this.sockets : this.radio.way();
          }
          if (!HAS_SOCKETS) {
            (this.radio as RadioCarrier).perform(effect);
            break;
          }
          const below = effect.link < RADIO_LINKS_FROM ? this.sockets : this.radio;
          const carrier = effect.link < 0 ? this.upCarrier : below;
          if (carrier !== undefined) carrier.perform(effect);
        }
      }
    }
  }

  /** In a turn of its own: the application's calls, and the answer they lead to, would not fit on top of the core's stack. */
  private tellLater(effect: ApplicationEffect): void {
    setTimeout(() => this.tell(effect), 0);
  }

  private tell(effect: ApplicationEffect): void {
    switch (effect.kind) {
      case "act":
        this.application.act(effect.id, effect.eid, effect.value);
        break;
      case "set":
        this.application.set(effect.eid, effect.value, effect.rev);
        break;
      case "deliver":
        this.application.deliver(effect.event);
        break;
      default:
        this.application.status(effect.isJoined, effect.reason);
    }
  }

  /** Once for all that comes and is said in one turn: to ask the core costs more than to say it. */
  private tickLater(): void {
    this.isTickDue = true;
    setTimeout(() => this.tick(), 0);
  }

  /**
   * One alarm for the whole core. One that comes too early is left as it is: to wake for nothing costs less than to set it anew
   * each time that the moment is put off.
   */
  private tick(): void {
    this.isTickDue = true;
    this.node.outbox.open.stampUntil = 0;
    const now = this.now();
    this.perform(this.node.tick(now));
    const radioAt = !this.radio ? undefined : this.radio.turn(now);
    this.isTickDue = false;
    if (STAYS_ALIVE) this.ticks += 1;
    const at = sooner(this.node.wakeAt(), radioAt);
    if (at === undefined || (this.alarm !== 0 && at >= this.alarmAt)) return;
    if (this.alarm !== 0) clearTimeout(this.alarm);
    this.alarmAt = at;
    this.alarm = setTimeout(
      () => {
        this.alarm = 0;
        this.tick();
      },
      at > now ? at - now : 0,
    );
  }
}
