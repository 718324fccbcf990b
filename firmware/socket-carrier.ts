/**
 * WebSocket as the board's carrier: the dial to the parent, and children by way of the HTTP ingress. It carries, and decides nothing.
 */
import type { LinkId } from "#shared/units.ts";
import type { Board, Carrier, CarrierEffect } from "./board.ts";
import { mistake } from "./configuration.ts";
import { HttpIngress } from "./ports/http-ingress.ts";
import { nothing, widenChunks } from "./ports/socket.ts";
import { type Address, Dial } from "./ports/websocket-client.ts";
import type { WebSocketLink } from "./ports/websocket-link.ts";

export class SocketCarrier implements Carrier {
  private board: Board;
  /** Open links, by number. */
  private links: { [id: number]: WebSocketLink };
  /** The last dial, and its number; undefined once that is settled. */
  private dial: Dial | undefined;
  private dialLink: LinkId;
  /** The last look for the parent. */
  private glance: Dial | undefined;
  private nextChild: number;

  constructor(board: Board) {
    this.board = board;
    this.links = {};
    this.dial = undefined;
    this.dialLink = 0 as LinkId;
    this.glance = undefined;
    this.nextChild = 0;
  }

  /** Throws if the port for children is taken. */
  start(): void {
    if (this.nextChild > 0) return;
    this.nextChild = 1;
    widenChunks();
    const configuration = this.board.configuration;
    if (configuration.listen === undefined) return;
    new HttpIngress(configuration.token, (link, rest) => this.add(this.nextChild++ as LinkId, link, rest)).listen(
      configuration.listen,
    );
  }

  perform(effect: CarrierEffect): void {
    const link = this.links[effect.link];
    if (effect.kind === "dial") this.startDial(effect.link);
    else if (effect.kind === "close") this.close(effect.link, effect.code, effect.reason);
    else if (link === undefined) return;
    else if (effect.kind === "send") link.send(effect.text);
    else if (effect.kind === "pause") link.pause();
    else link.resume();
  }

  /** Calls `found` if the parent answers. The connection is given up at once. */
  look(found: () => void): void {
    const configuration = this.board.configuration;
    if (this.glance) this.glance.cancel();
    this.glance = new Dial(configuration.parent as Address, configuration.token, this.board.chance, {
      opened: (link) => {
        link.close(1000, "");
        found();
      },
      refused: nothing,
      failed: nothing,
    });
  }

  private add(id: LinkId, link: WebSocketLink, rest: string): void {
    const board = this.board;
    this.links[id] = link;
    link.onText = (text) => board.perform(board.node.received(id, text, board.now()));
    link.onDrained = () => board.perform(board.node.drained(id, board.now()));
    link.onClosed = () => this.closed(id);
    board.perform(board.node.opened(id, board.now()));
    link.take(rest);
  }

  /** Also for links that are gone already: the core ignores those it does not know. */
  private closed(id: LinkId): void {
    delete this.links[id];
    this.board.perform(this.board.node.closed(id, this.board.now()));
  }

  private startDial(id: LinkId): void {
    const board = this.board;
    const configuration = board.configuration;
    this.dialLink = id;
    this.dial = new Dial(configuration.parent as Address, configuration.token, board.chance, {
      opened: (link, rest) => {
        this.dial = undefined;
        this.add(id, link, rest);
      },
      refused: (status) => {
        this.dial = undefined;
        board.perform(board.node.refused(id, status, board.now()));
      },
      failed: () => {
        this.dial = undefined;
        this.closed(id);
      },
    });
  }

  private close(id: LinkId, code: number, reason: string): void {
    const link = this.links[id];
    if (link !== undefined) {
      delete this.links[id];
      // The core has forgotten the link: nothing that still comes from it may reach it.
      link.onText = nothing;
      link.onDrained = nothing;
      link.onClosed = nothing;
      link.close(code, reason);
    } else if (this.dial && this.dialLink === id) {
      this.dial.cancel();
      this.dial = undefined;
    }
  }
}

/** Gives a board its WebSockets. Throws a sentence if it then has no way up. */
export function withSockets(board: Board): void {
  board.sockets = new SocketCarrier(board);
  // The file names a radio that this program does not have.
  if (board.configuration.parent === undefined && !board.radio) throw mistake("parent");
}
