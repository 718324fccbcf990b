/**
 * The other end of Espruino's own modules: an MQTT broker that knows QoS 1 and nothing else, and a WebSocket server that answers each message. Both answer at once,
 * which is as good as it gets for those modules.
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { WebSocketServer } from "ws";

/** Types of MQTT's packets, without their flags. Spec: MQTT 3.1.1, section 2.2.1. */
const CONNECT = 1;
const PUBLISH = 3;

export class MqttPeer {
  /** Messages that were acknowledged, each of which is an event. */
  events = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  static async open(): Promise<MqttPeer> {
    const peer = new MqttPeer();
    await new Promise<void>((resolve) => peer.server.listen(0, "127.0.0.1", resolve));
    return peer;
  }

  private constructor() {
    this.server = createServer((socket) => this.connected(socket));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private connected(socket: Socket): void {
    this.sockets.add(socket);
    let unread: Buffer = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("data", (data: Buffer) => {
      unread = Buffer.concat([unread, data]);
      for (;;) {
        const packet = firstPacket(unread);
        if (packet === undefined) return;
        unread = unread.subarray(packet.bytes);
        socket.write(this.answer(packet.type, packet.body));
      }
    });
  }

  private answer(type: number, body: Buffer): Buffer {
    if (type === CONNECT) return Buffer.from([0x20, 2, 0, 0]);
    if (type !== PUBLISH) return Buffer.from([0xd0, 0]);
    this.events += 1;
    const idAt = 2 + body.readUInt16BE(0);
    return Buffer.from([0x40, 2, body[idAt] as number, body[idAt + 1] as number]);
  }
}

function firstPacket(bytes: Buffer): { type: number; body: Buffer; bytes: number } | undefined {
  let length = 0;
  for (let at = 1; at < bytes.length && at < 5; at++) {
    const digit = bytes[at] as number;
    length += (digit & 127) << (7 * (at - 1));
    if (digit >= 128) continue;
    const end = at + 1 + length;
    return bytes.length < end
      ? undefined
      : { type: (bytes[0] as number) >> 4, body: bytes.subarray(at + 1, end), bytes: end };
  }
  return undefined;
}

export class WsPeer {
  /** Events that were acknowledged: lines of messages, but for those of the wire itself. */
  events = 0;
  private readonly server: WebSocketServer;

  static async open(): Promise<WsPeer> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
    await new Promise((resolve) => server.once("listening", resolve));
    return new WsPeer(server);
  }

  private constructor(server: WebSocketServer) {
    this.server = server;
    server.on("connection", (socket) => {
      let count = 0;
      socket.on("error", () => {});
      socket.on("message", (data) => {
        const lines = String(data).trimEnd().split("\n");
        const last = lines.at(-1) as string;
        if (last.startsWith('{"type":"?hello"')) {
          socket.send(`{"type":"!hello","dst":"${(JSON.parse(last) as { id: string }).id}","ep":1}\n`);
        } else if (last.startsWith('{"type":"?ack"')) {
          this.events += lines.length - 1;
          const { src, n } = JSON.parse(last) as { src: string; n: number };
          socket.send(`{"type":"!ack","dst":"${src}","n":${n}}\n`);
        } else {
          count += lines.length;
          this.events += lines.length;
          socket.send(`{"type":"!ack","n":${count}}`);
        }
      });
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
