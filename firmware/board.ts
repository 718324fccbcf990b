/**
 * Wires one TreeNode to this chip: sockets, ingress, clock, one alarm. It carries inputs in and performs effects, and decides nothing.
 *
 * Every entry from the engine is a shallow call: a socket's chunk reaches the core four calls deep, of the chip's 18 to 27, and
 * the application is called from a turn of its own.
 */
import type { NodeEffect } from "#shared/effect.ts";
import { type Emitted, TreeNode } from "#shared/node.ts";
import type { Instant, LinkId, Random } from "#shared/units.ts";
import type { Configuration } from "./configuration.ts";
import { seededRandom } from "./ports/chance.ts";
import { monotonicClock } from "./ports/clock.ts";
import { HttpIngress } from "./ports/http-ingress.ts";
import { nothing } from "./ports/socket.ts";
import { bytesText } from "./ports/text.ts";
import { Dial } from "./ports/websocket-client.ts";
import type { WebSocketLink } from "./ports/websocket-link.ts";
import { startWifi } from "./ports/wifi.ts";

/** What the application gets from the tree. */
export interface Application {
  act(id: string, eid: string, value: unknown): void;
  set(eid: string, value: unknown, rev: number): void;
  deliver(event: { [key: string]: unknown }): void;
  status(isJoined: boolean, reason: string): void;
}

type ApplicationEffect = Extract<NodeEffect, { kind: "act" | "set" | "deliver" | "status" }>;

export class Board {
  readonly node: TreeNode;
  /** Milliseconds since the program's start. */
  readonly now: () => Instant;
  readonly configuration: Configuration;
  private application: Application;
  private random: Random;
  /** Open links, by number. */
  private links: { [id: number]: WebSocketLink };
  /** The last dial, and its number; undefined once that is settled. */
  private dial: Dial | undefined;
  private dialLink: LinkId;
  private nextChild: number;
  private alarm: number;
  private alarmAt: Instant | undefined;
  private isStarted: boolean;
  private isAlarmDue: boolean;

  constructor(configuration: Configuration, firmware: string, application: Application) {
    this.now = monotonicClock();
    this.configuration = configuration;
    this.application = application;
    this.random = seededRandom();
    this.links = {};
    this.dial = undefined;
    this.dialLink = 0 as LinkId;
    this.nextChild = 1;
    this.alarm = 0;
    this.alarmAt = undefined;
    this.isStarted = false;
    this.isAlarmDue = false;
    this.node = new TreeNode(
      { id: configuration.id, token: configuration.token, fw: firmware, limits: configuration.limits },
      bytesText,
      this.random,
    );
  }

  /** Throws if the port for children is taken. */
  start(): void {
    startWifi(this.configuration.wifi, () => this.networkUp());
  }

  /** The application's event: copied at once, sent when there is company for it. */
  emit(event: { type: string; [key: string]: unknown }): Emitted {
    const emitted = this.node.emit(event, this.now());
    if (emitted.effects.length > 0) this.perform(emitted.effects);
    else this.setAlarmLater();
    return emitted;
  }

  answer(id: string, ok: boolean, value: unknown): void {
    this.perform(this.node.answer(id, ok, value, this.now()));
  }

  flush(): void {
    this.perform(this.node.flush(this.now()));
  }

  private networkUp(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    const port = this.configuration.listen;
    if (port !== undefined) {
      new HttpIngress(this.configuration.token, (link, rest) =>
        this.addLink(this.nextChild++ as LinkId, link, rest),
      ).listen(port);
    }
    this.perform(this.node.start(this.now()));
  }

  private addLink(id: LinkId, link: WebSocketLink, rest: string): void {
    this.links[id] = link;
    link.onText = (text) => this.perform(this.node.received(id, text, this.now()));
    link.onDrained = () => this.perform(this.node.drained(id, this.now()));
    link.onClosed = () => this.closed(id);
    this.perform(this.node.opened(id, this.now()));
    link.take(rest);
  }

  /** Also for links that are gone already: the core ignores those it does not know. */
  private closed(id: LinkId): void {
    delete this.links[id];
    this.perform(this.node.closed(id, this.now()));
  }

  private startDial(id: LinkId): void {
    this.dialLink = id;
    this.dial = new Dial(this.configuration.parent, this.configuration.token, this.random, {
      opened: (link, rest) => {
        this.dial = undefined;
        this.addLink(id, link, rest);
      },
      refused: (status) => {
        this.dial = undefined;
        this.perform(this.node.refused(id, status, this.now()));
      },
      failed: () => {
        this.dial = undefined;
        this.closed(id);
      },
    });
  }

  private closeLink(id: LinkId, code: number, reason: string): void {
    const link = this.links[id];
    if (link !== undefined) {
      delete this.links[id];
      // The core has forgotten the link: nothing that still comes from it may reach it.
      link.onText = nothing;
      link.onDrained = nothing;
      link.onClosed = nothing;
      link.close(code, reason);
    } else if (this.dial !== undefined && this.dialLink === id) {
      this.dial.cancel();
      this.dial = undefined;
    }
  }

  private perform(effects: readonly NodeEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "dial":
          this.startDial(effect.link);
          break;
        case "close":
          this.closeLink(effect.link, effect.code, effect.reason);
          break;
        case "send":
        case "pause":
        case "resume": {
          const link = this.links[effect.link];
          // What is done to a link that is gone has no effect.
          if (link === undefined) break;
          if (effect.kind === "send") link.send(effect.text);
          else if (effect.kind === "pause") link.pause();
          else link.resume();
          break;
        }
        default:
          this.tellLater(effect);
      }
    }
    this.setAlarm();
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

  /** Once for all that is emitted in one turn: to ask the core costs more than to emit. */
  private setAlarmLater(): void {
    if (this.isAlarmDue) return;
    this.isAlarmDue = true;
    setTimeout(() => {
      this.isAlarmDue = false;
      this.setAlarm();
    }, 0);
  }

  /** One timer for the whole core; set anew only when the moment has changed (a timer costs the chip 11 variables). */
  private setAlarm(): void {
    const at = this.node.wakeAt();
    if (at === this.alarmAt && this.alarm !== 0) return;
    if (this.alarm !== 0) clearTimeout(this.alarm);
    this.alarm = 0;
    this.alarmAt = at;
    if (at === undefined) return;
    const wait = at - this.now();
    this.alarm = setTimeout(() => this.wake(), wait > 0 ? wait : 0);
  }

  private wake(): void {
    this.alarm = 0;
    this.perform(this.node.tick(this.now()));
  }
}
