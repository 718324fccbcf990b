/**
 * Wires one TreeNode to this chip: sockets, ingress, clock, one alarm. It carries inputs in and performs effects, and decides nothing.
 *
 * Every entry from the engine is a shallow call: a socket's chunk reaches the core four calls deep, of the chip's 18 to 27, and
 * the application is called from a turn of its own.
 */
import type { NodeEffect } from "#shared/effect.ts";
import { type Emitted, TreeNode } from "#shared/node.ts";
import { type Instant, type LinkId, type Random, unreachable } from "#shared/units.ts";
import type { Configuration } from "./configuration.ts";
import { seededRandom } from "./ports/chance.ts";
import { Clock } from "./ports/clock.ts";
import { HttpIngress } from "./ports/http-ingress.ts";
import { bytesText } from "./ports/text.ts";
import { type Dial, dial } from "./ports/websocket-client.ts";
import type { WebSocketLink } from "./ports/websocket-link.ts";
import { Wifi } from "./ports/wifi.ts";

/** What the application gets from the tree. */
export interface Application {
  act(id: string, eid: string, value: unknown): void;
  set(eid: string, value: unknown, rev: number): void;
  deliver(event: { [key: string]: unknown }): void;
  status(isJoined: boolean, reason: string): void;
}

type ApplicationEffect = Extract<NodeEffect, { kind: "act" | "set" | "deliver" | "status" }>;

interface LinkEntry {
  id: LinkId;
  link: WebSocketLink;
}

export class Board {
  readonly node: TreeNode;
  readonly clock: Clock;
  readonly configuration: Configuration;
  private application: Application;
  private random: Random;
  private links: LinkEntry[];
  /** The dial under way, and its number. */
  private dial: Dial | undefined;
  private dialLink: LinkId;
  private nextChild: number;
  private alarm: number;
  private alarmAt: Instant | undefined;
  private isStarted: boolean;
  private isAlarmDue: boolean;

  constructor(configuration: Configuration, firmware: string, application: Application) {
    this.clock = new Clock();
    this.configuration = configuration;
    this.application = application;
    this.random = seededRandom();
    this.links = [];
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
    new Wifi(this.configuration.wifi).start(() => this.networkUp());
  }

  /** The application's event: copied at once, sent when there is company for it. */
  emit(event: { type: string; [key: string]: unknown }): Emitted {
    const emitted = this.node.emit(event, this.clock.now());
    if (emitted.effects.length > 0) this.perform(emitted.effects);
    else this.setAlarmLater();
    return emitted;
  }

  answer(id: string, ok: boolean, value: unknown): void {
    this.perform(this.node.answer(id, ok, value, this.clock.now()));
  }

  flush(): void {
    this.perform(this.node.flush(this.clock.now()));
  }

  private networkUp(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    const port = this.configuration.listen;
    if (port !== undefined) {
      new HttpIngress(this.configuration.token, { child: (link, rest) => this.addChild(link, rest) }).listen(port);
    }
    this.perform(this.node.start(this.clock.now()));
  }

  private addChild(link: WebSocketLink, rest: string): void {
    this.addLink(this.nextChild++ as LinkId, link, rest);
  }

  private addLink(id: LinkId, link: WebSocketLink, rest: string): void {
    this.links.push({ id: id, link: link });
    link.onText = (text) => this.perform(this.node.received(id, text, this.clock.now()));
    link.onDrained = () => this.perform(this.node.drained(id, this.clock.now()));
    link.onClosed = () => this.closed(id);
    this.perform(this.node.opened(id, this.clock.now()));
    if (rest.length > 0) link.take(rest);
  }

  /** Also for links that are gone already: the core ignores those it does not know. */
  private closed(id: LinkId): void {
    this.links = this.links.filter((entry) => entry.id !== id);
    this.perform(this.node.closed(id, this.clock.now()));
  }

  private startDial(id: LinkId): void {
    this.dialLink = id;
    this.dial = dial(this.configuration.parent, this.configuration.token, this.random, {
      opened: (link, rest) => {
        this.dial = undefined;
        this.addLink(id, link, rest);
      },
      refused: (status) => {
        this.dial = undefined;
        this.perform(this.node.refused(id, status, this.clock.now()));
      },
      failed: () => {
        this.dial = undefined;
        this.closed(id);
      },
    });
  }

  /** undefined for a link that is gone: what is done to it has no effect. */
  private linkOf(id: LinkId): WebSocketLink | undefined {
    for (const entry of this.links) if (entry.id === id) return entry.link;
    return undefined;
  }

  private closeLink(id: LinkId, code: number, reason: string): void {
    const link = this.linkOf(id);
    this.links = this.links.filter((entry) => entry.id !== id);
    if (link !== undefined) {
      // The core has forgotten the link: nothing that still comes from it may reach it.
      const nothing = (): void => {};
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
        case "send":
          this.linkOf(effect.link)?.send(effect.text);
          break;
        case "close":
          this.closeLink(effect.link, effect.code, effect.reason);
          break;
        case "pause":
          this.linkOf(effect.link)?.pause();
          break;
        case "resume":
          this.linkOf(effect.link)?.resume();
          break;
        case "dial":
          this.startDial(effect.link);
          break;
        case "act":
        case "set":
        case "deliver":
        case "status":
          this.tellLater(effect);
          break;
        default:
          unreachable(effect);
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
      case "status":
        this.application.status(effect.isJoined, effect.reason);
        break;
      default:
        unreachable(effect);
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
    const wait = at - this.clock.now();
    this.alarm = setTimeout(() => this.wake(), wait > 0 ? wait : 0);
  }

  private wake(): void {
    this.alarm = 0;
    this.perform(this.node.tick(this.clock.now()));
  }
}
