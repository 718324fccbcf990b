/**
 * The root without its disk: shared/root.ts over real WebSockets, "stored" in memory a moment later. For tests that are about the chip's side.
 */
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { ActOutcome, RootEffect } from "#shared/effect.ts";
import { Root } from "#shared/root.ts";
import type { Instant, LinkId, Millis, NodeId, UnixMillis } from "#shared/units.ts";
import { unreachable } from "#shared/units.ts";

export interface StoredEvent {
  node: string;
  event: { [key: string]: unknown };
}

export class MemoryRoot {
  /** Every event that was stored, in order. */
  readonly events: StoredEvent[] = [];
  readonly root: Root;
  private readonly tokens: { [id: string]: string };
  private readonly server: WebSocketServer;
  private readonly sockets = new Map<number, WebSocket>();
  private readonly outcomes = new Map<number, (outcome: ActOutcome) => void>();
  private nextLink = 1;
  private nextCall = 1;
  private alarm: NodeJS.Timeout | undefined;
  private isDeaf = false;

  private constructor(tokens: { [id: string]: string }, server: WebSocketServer) {
    this.tokens = tokens;
    this.server = server;
    this.root = new Root(
      { id: "root" as NodeId },
      { epochs: [], values: [], desired: [], nodes: [] },
      { byteLength: (text) => Buffer.byteLength(text), stringify: (value) => JSON.stringify(value) },
      (id, token) => tokens[id] === token,
    );
    server.on("connection", (socket, request) => this.connected(socket, request.headers.authorization ?? ""));
    this.perform(this.root.start(this.now(), this.unix()));
  }

  static async open(tokens: { [id: string]: string }): Promise<MemoryRoot> {
    const known = Object.values(tokens).map((token) => `Bearer ${token}`);
    const server = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      perMessageDeflate: false,
      maxPayload: 262144,
      verifyClient: (info, answer) => {
        const isKnown = known.includes(info.req.headers.authorization ?? "");
        answer(isKnown, 401);
      },
    });
    await new Promise((resolve) => server.once("listening", resolve));
    return new MemoryRoot(tokens, server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Readings of one node, as the lines they were made from. */
  readings(node: string): string[] {
    return this.events
      .filter((stored) => stored.node === node && stored.event["type"] === "!update")
      .map(({ event }) => `${String(event["eid"])},${String(event["value"])},${String(event["ts"])}`);
  }

  async act(node: string, eid: string, value: unknown): Promise<ActOutcome> {
    const call = this.nextCall++;
    const outcome = new Promise<ActOutcome>((resolve) => this.outcomes.set(call, resolve));
    this.perform(this.root.act(call, node, eid, value, 5000 as Millis, this.now(), this.unix()));
    return outcome;
  }

  set(node: string, eid: string, value: unknown): void {
    this.perform(this.root.set(node, eid, value, this.now(), this.unix()).effects);
  }

  /** Cuts every connection, and refuses new ones until `hear`. */
  deafen(): void {
    this.isDeaf = true;
    for (const socket of this.server.clients) socket.terminate();
  }

  hear(): void {
    this.isDeaf = false;
  }

  async close(): Promise<void> {
    clearTimeout(this.alarm);
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private connected(socket: WebSocket, authorization: string): void {
    const id = Object.keys(this.tokens).find((name) => authorization === `Bearer ${this.tokens[name]}`);
    socket.on("error", () => {});
    if (this.isDeaf || id === undefined) {
      socket.terminate();
      return;
    }
    const link = this.nextLink++ as LinkId;
    this.sockets.set(link, socket);
    socket.on("message", (data) => this.perform(this.root.received(link, String(data), this.now(), this.unix())));
    socket.on("close", () => {
      if (this.sockets.delete(link)) this.perform(this.root.closed(link, this.now(), this.unix()));
    });
    this.perform(this.root.opened(link, id as NodeId, this.now(), this.unix()));
  }

  private now(): Instant {
    return Math.floor(performance.now()) as Instant;
  }

  private unix(): UnixMillis {
    return Date.now() as UnixMillis;
  }

  private perform(effects: readonly RootEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          this.sockets.get(effect.link)?.send(effect.text, () => {
            if (this.sockets.has(effect.link)) this.perform(this.root.drained(effect.link, this.now(), this.unix()));
          });
          break;
        case "close": {
          const socket = this.sockets.get(effect.link);
          this.sockets.delete(effect.link);
          socket?.close(effect.code, effect.reason);
          break;
        }
        case "pause":
          this.sockets.get(effect.link)?.pause();
          break;
        case "resume":
          this.sockets.get(effect.link)?.resume();
          break;
        case "store":
          for (const group of effect.transaction.groups) {
            for (const line of group.lines.split("\n")) this.events.push({ node: group.node, event: JSON.parse(line) });
          }
          setImmediate(() => this.perform(this.root.stored(this.now(), this.unix())));
          break;
        case "outcome":
          this.outcomes.get(effect.call)?.(effect.outcome);
          this.outcomes.delete(effect.call);
          break;
        default:
          unreachable(effect);
      }
    }
    clearTimeout(this.alarm);
    const at = this.root.wakeAt();
    if (at === undefined) return;
    this.alarm = setTimeout(() => this.perform(this.root.tick(this.now(), this.unix())), Math.max(0, at - this.now()));
  }
}
