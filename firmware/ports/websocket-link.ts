/**
 * A WebSocket on an open socket, for either role, once the handshake is done: texts in and out, pings answered, closes answered.
 * Callbacks are never called from inside one of its methods. The file that decides what a text means is shared/node.ts.
 */
import { FRAME_BYTES_MAX } from "#shared/limits.ts";
import { nothing, type SocketPort } from "./socket.ts";
import {
  encodeClose,
  encodeFrame,
  OPCODE_CLOSE,
  OPCODE_PONG,
  OPCODE_TEXT,
  WebSocketDecoder,
} from "./websocket-codec.ts";

export class WebSocketLink {
  onText: (text: string) => void;
  onDrained: () => void;
  onClosed: () => void;
  private socket: SocketPort;
  private isServer: boolean;
  private decoder: WebSocketDecoder;
  private isClosing: boolean;

  constructor(socket: SocketPort, isServer: boolean) {
    this.onText = nothing;
    this.onDrained = nothing;
    this.onClosed = nothing;
    this.socket = socket;
    this.isServer = isServer;
    this.decoder = new WebSocketDecoder(isServer, FRAME_BYTES_MAX);
    this.isClosing = false;
    socket.onData = (chunk) => this.take(chunk);
    socket.onDrained = () => this.onDrained();
    socket.onClosed = () => this.onClosed();
  }

  send(text: string): void {
    if (!this.isClosing) this.write(OPCODE_TEXT, text);
  }

  /** Says why, and ends the socket. */
  close(code: number, reason: string): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.write(OPCODE_CLOSE, encodeClose(code, reason));
    this.socket.end();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Bytes from the socket, or what came behind the handshake. */
  take(chunk: string): void {
    for (const event of this.decoder.feed(chunk)) {
      if (this.isClosing) return;
      switch (event.kind) {
        case "text":
          this.onText(event.text);
          break;
        case "ping":
          this.write(OPCODE_PONG, event.payload);
          break;
        default:
          this.close(event.code, event.kind === "fault" ? event.reason : "");
      }
    }
  }

  private write(opcode: number, payload: string): void {
    this.socket.write(encodeFrame(opcode, payload, !this.isServer));
  }
}
