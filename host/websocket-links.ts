/**
 * WebSocketLinks performs the protocol's effects on links over `ws` sockets, and tells the core what came of them.
 * The root's server, the ingress of a PC node and its way up all use it. It decides nothing about the protocol.
 *
 * Guarantee: each link that is attached ends in exactly one `closed`, unless the core closed it itself. A peer that does not read
 * is cut at `UNSENT_BYTES_MAX`, whatever the core does.
 */
import type { WebSocket, RawData } from "ws";
import type { LinkEffect } from "#shared/effect.ts";
import { unreachable, type LinkId } from "#shared/units.ts";

/** Largest message a PC takes, in bytes. Spec: docs/wire.md. `ws` closes with 1009 beyond it. */
export const MESSAGE_BYTES_MAX = 262_144;
/** Bytes written to a link and not taken by its peer, past which it is cut. Chosen: the core stops at a sixteenth of it. */
export const UNSENT_BYTES_MAX = 1_048_576;
/** A peer gets this long to answer a close before its socket is destroyed. Chosen. */
const CLOSE_TIMEOUT_MILLIS = 2000;
/** A close frame's reason. Spec: RFC 6455. */
const REASON_BYTES_MAX = 123;

export interface LinkListener {
  received(link: LinkId, text: string): void;
  closed(link: LinkId): void;
  drained(link: LinkId): void;
}

interface Attached {
  socket: WebSocket;
  onSent: () => void;
  isSending: boolean;
}

export class WebSocketLinks {
  private readonly links = new Map<LinkId, Attached>();
  private readonly listener: LinkListener;

  constructor(listener: LinkListener) {
    this.listener = listener;
  }

  get size(): number {
    return this.links.size;
  }

  attach(link: LinkId, socket: WebSocket): void {
    const attached: Attached = { socket, isSending: false, onSent: () => this.onSent(link, attached) };
    this.links.set(link, attached);
    socket.on("message", (data: RawData, isBinary: boolean) => {
      if (this.links.get(link) !== attached) return;
      if (isBinary) this.cut(link, 1003, "send text messages: a frame is lines of JSON");
      else this.listener.received(link, (data as Buffer).toString());
    });
    // `close` follows each error; without a listener the error would end the process.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.links.get(link) === attached) this.gone(link);
    });
  }

  perform(effect: LinkEffect): void {
    const attached = this.links.get(effect.link);
    if (attached === undefined) return;
    switch (effect.kind) {
      case "send":
        attached.isSending = true;
        attached.socket.send(effect.text, attached.onSent);
        if (attached.socket.bufferedAmount > UNSENT_BYTES_MAX) this.cut(effect.link, 1008, "read what you are sent");
        break;
      case "close":
        this.links.delete(effect.link);
        closeSocket(attached.socket, effect.code, effect.reason);
        break;
      case "pause":
        attached.socket.pause();
        break;
      case "resume":
        attached.socket.resume();
        break;
      default:
        unreachable(effect);
    }
  }

  /** Closes every link; the core hears nothing of it. */
  closeAll(code: number, reason: string): void {
    const open = [...this.links.values()];
    this.links.clear();
    for (const { socket } of open) closeSocket(socket, code, reason);
  }

  private cut(link: LinkId, code: number, reason: string): void {
    const attached = this.links.get(link);
    if (attached === undefined) return;
    closeSocket(attached.socket, code, reason);
    // Not from within the core's own call: the core is told once it has returned.
    this.links.delete(link);
    setImmediate(() => this.listener.closed(link));
  }

  private gone(link: LinkId): void {
    this.links.delete(link);
    this.listener.closed(link);
  }

  private onSent(link: LinkId, attached: Attached): void {
    if (!attached.isSending || attached.socket.bufferedAmount > 0) return;
    attached.isSending = false;
    if (this.links.get(link) === attached) this.listener.drained(link);
  }
}

/** Closes politely, and destroys the socket if the peer does not answer. A paused socket must read to see the answer. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  let text = reason;
  while (Buffer.byteLength(text) > REASON_BYTES_MAX) text = text.slice(0, -1);
  socket.resume();
  socket.close(code, text);
  const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MILLIS);
  socket.once("close", () => clearTimeout(timer));
}
