/**
 * The ceiling: the least that a durable root in Node could do. A bare `ws` server that parses each line, appends the frame to
 * a file, and acknowledges by count after fdatasync, all that arrived meanwhile in one go.
 *
 * It knows no tokens, epochs, duplicates, holes, last values or topology, and its file cannot be queried. Run as a process of
 * its own: `ceiling.mjs FILE`; prints its port.
 */
import { open } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("ceiling.mjs FILE");
const file = await open(path, "a");

interface Sender {
  socket: WebSocket;
  id: string;
  n: number;
}

let chunks: Buffer[] = [];
let senders = new Set<Sender>();
let isWriting = false;

async function commit(): Promise<void> {
  isWriting = true;
  while (chunks.length > 0) {
    const taken = chunks;
    const acks = [...senders].map(({ socket, id, n }) => ({
      socket,
      text: `{"type":"!ack","dst":"${id}","ep":1,"n":${n}}\n`,
    }));
    chunks = [];
    senders = new Set();
    await file.writev(taken);
    await file.datasync();
    for (const { socket, text } of acks) socket.send(text);
  }
  isWriting = false;
}

function take(sender: Sender, data: Buffer): void {
  const lines = data.toString().split("\n");
  lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line) as { type: string; id: string; n: number };
    if (message.type === "?hello") {
      sender.id = message.id;
      return sender.socket.send(`{"type":"!hello","dst":"${sender.id}","ep":1,"n":0}\n`);
    }
    if (message.type === "?ack") sender.n = message.n;
  }
  chunks.push(data);
  senders.add(sender);
  if (!isWriting) void commit();
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, maxPayload: 262_144 });
server.on("connection", (socket) => {
  const sender: Sender = { socket, id: "", n: 0 };
  socket.on("error", () => {});
  socket.on("message", (data) => take(sender, data as Buffer));
});
server.on("listening", () => process.stdout.write(`ceiling ${(server.address() as AddressInfo).port}\n`));
process.on("SIGTERM", () => process.exit(0));
