/**
 * NodeEdge is a node on a PC: it brings `shared/node.ts` its bytes and time, dials its parent over WebSocket, and performs its
 * effects. `Bridge` and `sapline node` are made of it; with `child` it is a branch. It decides nothing about the protocol.
 */
import { WebSocket } from "ws";
import type { NodeEffect } from "#shared/effect.ts";
import { DIAL_TIMEOUT, LINE_BYTES_MAX } from "#shared/limits.ts";
import type { Emitted, TreeNode } from "#shared/node.ts";
import { unreachable, type LinkId } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { Alarm } from "./alarm.ts";
import { monotonicNow } from "./clock.ts";
import { Trouble } from "./trouble.ts";
import { MESSAGE_BYTES_MAX, WebSocketLinks } from "./websocket-links.ts";

/** The longest event, and what a time stamp adds to it. */
const ROOM_BYTES = LINE_BYTES_MAX + 32;

/** What the program around the node is told. */
export interface NodeEdgeListener {
  act(id: string, eid: string, value: unknown): void;
  set(eid: string, value: unknown, rev: number): void;
  deliver(event: { [key: string]: unknown }): void;
  status(isJoined: boolean, reason: string): void;
  /** The root has so many more of our events on disk. */
  acknowledged(howMany: number): void;
}

export class NodeEdge {
  readonly node: TreeNode;
  private readonly url: string;
  private readonly token: string;
  private readonly listener: NodeEdgeListener;
  private readonly links: WebSocketLinks;
  private readonly alarm: Alarm;
  private dialing: { link: LinkId; socket: WebSocket } | undefined;
  private childLinks = 0;
  private isStopped = false;

  constructor(node: TreeNode, url: string, token: string, listener: NodeEdgeListener) {
    this.node = node;
    this.url = parentUrl(url);
    this.token = token;
    this.listener = listener;
    this.links = new WebSocketLinks({
      received: (link, text) => this.received(link, text),
      closed: (link) => this.perform(node.closed(link, monotonicNow())),
      drained: (link) => this.perform(node.drained(link, monotonicNow())),
    });
    this.alarm = new Alarm(
      () => node.wakeAt(),
      () => this.perform(node.tick(monotonicNow())),
    );
  }

  start(): void {
    this.perform(this.node.start(monotonicNow()));
  }

  emit(event: Message): Emitted {
    const emitted = this.node.emit(event, monotonicNow());
    this.perform(emitted.effects);
    return emitted;
  }

  /**
   * Whether any event fits without another giving way. Whoever can wait, waits for this and loses nothing; who cannot, leaves it to the
   * outbox's classes.
   */
  hasRoom(): boolean {
    return this.node.outbox.room() >= ROOM_BYTES;
  }

  flush(): void {
    this.perform(this.node.flush(monotonicNow()));
  }

  answer(id: string, ok: boolean, value: unknown): void {
    this.perform(this.node.answer(id, ok, value, monotonicNow()));
  }

  /** A child has connected to our ingress. */
  child(socket: WebSocket): void {
    const link = ++this.childLinks as LinkId;
    this.links.attach(link, socket);
    this.perform(this.node.opened(link, monotonicNow()));
  }

  /** Closes every link. What was not acknowledged is gone with this process. */
  stop(): void {
    this.isStopped = true;
    this.alarm.stop();
    this.dialing?.socket.terminate();
    this.links.closeAll(1000, "this node is stopping");
  }

  private received(link: LinkId, text: string): void {
    const backlog = this.node.backlog();
    this.perform(this.node.received(link, text, monotonicNow()));
    const acknowledged = backlog - this.node.backlog();
    if (acknowledged > 0) this.listener.acknowledged(acknowledged);
  }

  private perform(effects: readonly NodeEffect[]): void {
    if (this.isStopped) return;
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
        case "pause":
        case "resume":
          this.links.perform(effect);
          break;
        case "close":
          if (this.dialing?.link === effect.link) this.hangUp();
          else this.links.perform(effect);
          break;
        case "dial":
          this.dial(effect.link);
          break;
        case "act":
          this.listener.act(effect.id, effect.eid, effect.value);
          break;
        case "set":
          this.listener.set(effect.eid, effect.value, effect.rev);
          break;
        case "deliver":
          this.listener.deliver(effect.event);
          break;
        case "status":
          this.listener.status(effect.isJoined, effect.reason);
          break;
        case "keep":
        case "recall":
        case "free":
          // A node on a PC is no KeepingNode.
          break;
        default:
          unreachable(effect);
      }
    }
    this.alarm.touch();
  }

  private dial(link: LinkId): void {
    const socket = new WebSocket(this.url, {
      headers: this.token === "" ? {} : { authorization: `Bearer ${this.token}` },
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
      handshakeTimeout: DIAL_TIMEOUT,
      // A mask protects against browsers' scripts and old proxies, neither of which is here; a zero one costs nothing.
      generateMask: (mask) => mask.fill(0),
    });
    this.dialing = { link, socket };
    // Each dial is reported once: by whichever comes first.
    const isCurrent = (): boolean => this.dialing?.socket === socket;
    socket.on("open", () => {
      if (!isCurrent()) return;
      this.dialing = undefined;
      this.links.attach(link, socket);
      this.perform(this.node.opened(link, monotonicNow()));
    });
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      if (!isCurrent()) return;
      this.dialing = undefined;
      this.perform(this.node.refused(link, response.statusCode ?? 0, monotonicNow()));
    });
    socket.on("error", () => {
      if (!isCurrent()) return;
      this.dialing = undefined;
      this.perform(this.node.closed(link, monotonicNow()));
    });
  }

  private hangUp(): void {
    const dialing = this.dialing;
    this.dialing = undefined;
    dialing?.socket.terminate();
  }
}

/** `http` becomes `ws`, and the path `/node` is added where there is none. Throws `Trouble`. */
export function parentUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.replace(/^http/, "ws"));
  } catch {
    throw new Trouble(`"${text}" is no address of a parent: use one such as ws://127.0.0.1:4000/node`);
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:")
    throw new Trouble(`"${text}" is no address of a parent: it must start with ws:// or wss://`);
  if (url.pathname === "/") url.pathname = "/node";
  return url.href;
}
