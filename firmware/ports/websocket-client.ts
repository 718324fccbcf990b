/**
 * Dials a WebSocket server: connects, shakes hands, and hands over an open link, or says why not.
 *
 * Exactly one of `opened`, `refused`, `failed` is called, and never from inside `dial`. Espruino's connect blocks the whole chip until the
 * connection stands or the network gives up (10 to 20 s for a dead host on lwIP): nothing in JavaScript can change that.
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
  failed(reason: string): void;
}

/** A dial under way. */
export interface Dial {
  /** Gives up; no outcome is reported. */
  cancel(): void;
}

function newKey(random: Random): string {
  let key = "";
  for (let i = 0; i < 16; i++) key += String.fromCharCode(Math.floor(random() * 256));
  return btoa(key);
}

class ClientHandshake {
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
      socket.onData = (chunk) => this.take(chunk);
      socket.onClosed = () => this.fail("connection closed");
      this.socket = socket;
    } catch (error) {
      const reason = error instanceof Error ? error.message : "no connection";
      setTimeout(() => this.fail(reason), 0);
    }
  }

  cancel(): void {
    this.outcome = undefined;
    if (this.socket !== undefined) this.socket.cut();
  }

  private ask(address: Address, token: string): void {
    if (this.socket === undefined) return;
    const lines = [
      "GET " + address.path + " HTTP/1.1",
      "Host: " + address.host + ":" + address.port,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: " + this.key,
    ];
    if (token.length > 0) lines.push("Authorization: Bearer " + token);
    this.socket.write(lines.join("\r\n") + "\r\n\r\n");
  }

  private take(chunk: string): void {
    const outcome = this.outcome;
    const socket = this.socket;
    const head = this.head.push(chunk);
    if (outcome === undefined || socket === undefined || head === undefined) return;
    const status = head === "long" ? 0 : parseInt(head.start[1] as string, 10);
    if (head === "long" || !(status >= 100 && status <= 599)) {
      socket.cut();
      this.fail("not an HTTP answer");
    } else if (status !== 101) {
      this.outcome = undefined;
      socket.cut();
      outcome.refused(status);
    } else if (header(head, "sec-websocket-accept") !== acceptKey(this.key)) {
      socket.cut();
      this.fail("wrong answer to the WebSocket key");
    } else {
      this.outcome = undefined;
      outcome.opened(new WebSocketLink(socket, false), head.rest);
    }
  }

  private fail(reason: string): void {
    const outcome = this.outcome;
    this.outcome = undefined;
    if (outcome !== undefined) outcome.failed(reason);
  }
}

export function dial(address: Address, token: string, random: Random, outcome: DialOutcome): Dial {
  return new ClientHandshake(address, token, random, outcome);
}
