/**
 * Dials a WebSocket server: connects, shakes hands, and hands over an open link, or says why not.
 *
 * Exactly one of `opened`, `refused`, `failed` is called, never from inside the constructor, and none after `cancel`. Espruino's connect
 * blocks the whole chip until the connection stands or the network gives up (10 to 20 s for a dead host on lwIP): nothing in JavaScript
 * can change that.
 */
import type { Random } from "#shared/units.ts";
import { acceptKey, header, HeadReader } from "./http-head.ts";
import { SocketPort } from "./socket.ts";
import { WebSocketLink } from "./websocket-link.ts";

export interface Address {
  host: string;
  port: number;
  path: string;
}

export interface DialOutcome {
  /** The upgrade was granted. `rest` are bytes that came behind it: give them to `link.take` once the callbacks are set. */
  opened(link: WebSocketLink, rest: string): void;
  /** An HTTP status other than 101. */
  refused(status: number): void;
  /** No connection, no sense in the answer, or cut in the middle. */
  failed(): void;
}

function newKey(random: Random): string {
  let key = "";
  for (let i = 0; i < 16; i++) key += String.fromCharCode(Math.floor(random() * 256));
  return btoa(key);
}

/** A dial under way; it starts with its construction. */
export class Dial {
  /** undefined once it is settled. */
  private outcome: DialOutcome | undefined;
  private socket: SocketPort | undefined;
  private head: HeadReader;
  private key: string;

  constructor(address: Address, token: string, random: Random, outcome: DialOutcome) {
    this.outcome = outcome;
    this.socket = undefined;
    this.head = new HeadReader();
    this.key = newKey(random);
    try {
      const raw = require("net").connect({ host: address.host, port: address.port }, () => this.ask(address, token));
      const socket = new SocketPort(raw);
      socket.onData = (chunk) => this.take(socket, chunk);
      socket.onClosed = () => this.fail();
      this.socket = socket;
    } catch {
      // Refused: the engine has printed why.
      setTimeout(() => this.fail(), 0);
    }
  }

  /** Gives up; no outcome is reported. */
  cancel(): void {
    this.outcome = undefined;
    if (this.socket) this.socket.cut();
  }

  private ask(address: Address, token: string): void {
    if (!this.socket) return;
    this.socket.write(
      [
        "GET " + address.path + " HTTP/1.1",
        "Host: " + address.host + ":" + address.port,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + this.key,
        (token.length > 0 ? "Authorization: Bearer " + token + "\r\n" : "") + "\r\n",
      ].join("\r\n"),
    );
  }

  private take(socket: SocketPort, chunk: string): void {
    const outcome = this.outcome;
    const head = this.head.feed(chunk);
    if (!outcome || head === undefined) return;
    const status = head === "long" ? 0 : parseInt(head.start[1] as string, 10);
    this.outcome = undefined;
    if (head !== "long" && status === 101 && header(head, "sec-websocket-accept") === acceptKey(this.key)) {
      return outcome.opened(new WebSocketLink(socket, false), head.rest);
    }
    socket.cut();
    if (status > 101 && status < 600) outcome.refused(status);
    else outcome.failed();
  }

  private fail(): void {
    const outcome = this.outcome;
    this.outcome = undefined;
    if (outcome) outcome.failed();
  }
}
