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
import { nothing, widenChunks } from "./ports/socket.ts";
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
  private chance: Random;
  /** Open links, by number. */
  private links: { [id: number]: WebSocketLink };
  /** The last dial, and its number; undefined once that is settled. */
  private dial: Dial | undefined;
  private dialLink: LinkId;
  private nextChild: number;
  private alarm: number;
  private alarmAt: Instant;
  private isStarted: boolean;
  private isTickDue: boolean;

  constructor(configuration: Configuration, firmware: string, application: Application) {
    this.now = monotonicClock();
    this.configuration = configuration;
    this.application = application;
    this.chance = seededRandom();
    this.links = {};
    this.dial = undefined;
    this.dialLink = 0 as LinkId;
    this.nextChild = 1;
    this.alarm = 0;
    this.alarmAt = 0 as Instant;
    this.isStarted = false;
    this.isTickDue = false;
    this.node = new TreeNode(
      { id: configuration.id, token: configuration.token, fw: firmware, limits: configuration.limits, isPatient: true },
      bytesText,
      this.chance,
    );
  }

  /** Throws if the port for children is taken. */
  start(): void {
    startWifi(this.configuration.wifi, () => this.networkUp());
  }

  /** The application's event: copied at once, sent when there is company for it. */
  emit(event: { type: string; [key: string]: unknown }): Emitted {
    if (!this.isTickDue) this.tickLater();
    return this.node.emit(event, this.now());
  }

  /** The line of an `!update`, whole, with its `ts` and newline. False if it should be said with `emit`. */
  append(line: string): boolean {
    if (!this.isTickDue) this.tickLater();
    return this.node.append(line, this.now());
  }

  /** Reads the clock, for a millisecond or until this turn is over: see OpenChunk. False while nobody has told the time. */
  restamp(): boolean {
    const unix = this.node.unix(this.now());
    if (unix === undefined) return false;
    const open = this.node.outbox.open;
    open.stamp = ',"ts":' + unix + "}\n";
    open.stampUntil = getTime() + 0.001;
    return true;
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
    widenChunks();
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
    this.dial = new Dial(this.configuration.parent, this.configuration.token, this.chance, {
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
    if (!this.isTickDue) this.tickLater();
    if (effects.length === 0) return;
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
    this.isTickDue = false;
    const at = this.node.wakeAt();
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
