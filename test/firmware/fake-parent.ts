/** A parent for a board in a test: it answers the handshake and reads what comes, as a root would. */
import { type FakeSocket, network } from "./engine-globals.ts";
import { acceptKey } from "#firmware/ports/http-head.ts";
import { encodeFrame, OPCODE_TEXT, WebSocketDecoder, type WebSocketEvent } from "#firmware/ports/websocket-codec.ts";

/** Lets everything written leave at once. */
export function drain(socket: FakeSocket): void {
  for (let i = 0; i < 500; i++) socket.happen("drain");
}

/** What a socket was given since the last look. */
export function taken(socket: FakeSocket): string {
  drain(socket);
  return socket.written.splice(0).join("");
}

/** A parent that has answered the handshake. */
export class Parent {
  readonly socket: FakeSocket;
  private readonly decoder = new WebSocketDecoder(true, 16384);

  constructor() {
    const dial = network.dials.at(-1);
    if (dial === undefined) throw new Error("nobody has dialled");
    this.socket = dial.socket;
    dial.connected();
    const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(taken(this.socket))?.[1] ?? "";
    this.socket.happen("data", `HTTP/1.1 101 Hi\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`);
  }

  events(): readonly WebSocketEvent[] {
    return this.decoder.feed(taken(this.socket));
  }

  /** Lines that came, parsed. */
  lines(): { [key: string]: unknown }[] {
    const texts = this.events().flatMap((event) => (event.kind === "text" ? event.text.trim().split("\n") : []));
    return texts.map((line) => JSON.parse(line) as { [key: string]: unknown });
  }

  say(line: object): void {
    this.socket.happen("data", encodeFrame(OPCODE_TEXT, `${JSON.stringify(line)}\n`, false));
  }

  welcome(): void {
    const hello = this.lines().find((line) => line["type"] === "?hello");
    this.say({ type: "!hello", dst: "leaf", nonce: hello?.["nonce"], ep: 1, n: 0, now: 1_732_345_678_000 });
  }
}
