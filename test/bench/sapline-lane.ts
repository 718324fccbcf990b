/**
 * SaplineLane is one node as `docs/wire.md` describes it, made for speed: it says `?hello`, sends groups of ready-made events closed
 * by `?ack`, and counts `!ack`.
 *
 * It writes WebSocket frames itself, with a mask of zeros, because a general library costs the load generator more than the
 * server under test has to do, and both share this machine. Each frame is a write of its own. It never sends a group twice: `!ack` of less than was sent is waited for.
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { eventTexts, shortTexts } from "./events.ts";
import type { Lane } from "./lane.ts";

export interface SaplineTarget {
  port: number;
  id: string;
  token: string;
}

/** A text frame, final, with a mask and a 16-bit length. Spec: RFC 6455. */
const HEAD_BYTES = 8;
/** Room for the digits of the largest number and the end of the line. */
const TAIL_BYTES = 16;
const OPEN_TIMEOUT_MILLIS = 10_000;

export class SaplineLane implements Lane {
  readonly eventsPerFrame: number;
  readonly frameBytes: number;
  onAcked: (frames: number) => void = () => {};
  onTrouble: (reason: string) => void = () => {};
  private readonly socket: Socket;
  /** Frames up to the number in their `?ack`, WebSocket header included. */
  private readonly heads: Buffer[];
  private readonly turnFirst: number;
  /** What the next `?ack` tells of aliases. */
  private names: string;
  private n = 0;
  private acked = 0;
  private unread: Buffer = Buffer.alloc(0);
  private turn: number;

  /** Connects, upgrades, says `?hello`, and resolves once `!hello` has come. */
  static async open(
    target: SaplineTarget,
    index: number,
    eventsPerFrame: number,
    isShort: boolean,
  ): Promise<SaplineLane> {
    const socket = connect(target.port, "127.0.0.1");
    socket.setNoDelay(true);
    const timer = setTimeout(() => socket.destroy(new Error("no answer")), OPEN_TIMEOUT_MILLIS);
    try {
      return await new Promise<SaplineLane>((resolve, reject) => {
        socket.on("error", reject);
        socket.on("close", () => reject(new Error(`${target.id}: connection closed before !hello`)));
        join(
          socket,
          target,
          (epoch) => resolve(new SaplineLane(socket, target.id, epoch, index, eventsPerFrame, isShort)),
          reject,
        );
      });
    } finally {
      clearTimeout(timer);
    }
  }

  private constructor(
    socket: Socket,
    id: string,
    epoch: number,
    index: number,
    eventsPerFrame: number,
    isShort: boolean,
  ) {
    this.socket = socket;
    this.eventsPerFrame = eventsPerFrame;
    const ack = `{"type":"?ack","src":"${id}","ep":${epoch},"n":`;
    const short = isShort ? shortTexts(eventsPerFrame) : undefined;
    this.names = short?.names ?? "";
    this.heads = (short?.texts ?? eventTexts(eventsPerFrame)).map((text) => {
      const head = Buffer.alloc(HEAD_BYTES + text.length + ack.length);
      head[0] = 0x81;
      head[1] = 0x80 | 126;
      head.write(text + ack, HEAD_BYTES, "latin1");
      return head;
    });
    // As many events in flight with short lines as with long ones: the root holds them in their long form.
    this.frameBytes = HEAD_BYTES + (eventTexts(eventsPerFrame)[0] as string).length + ack.length + TAIL_BYTES / 2;
    this.turnFirst = index % this.heads.length;
    this.turn = this.turnFirst;
    socket.removeAllListeners("data").removeAllListeners("close").removeAllListeners("error");
    socket.on("data", (data) => this.read(data));
    socket.on("error", (error) => this.onTrouble(error.message));
    socket.on("close", () => this.onTrouble("connection closed"));
  }

  send(frames: number): void {
    for (let i = 0; i < frames; i++) {
      const head = this.heads[this.turn] as Buffer;
      this.turn = (this.turn + 1) % this.heads.length;
      this.n += this.eventsPerFrame;
      const { names } = this;
      this.names = "";
      const out = Buffer.allocUnsafe(head.length + names.length + TAIL_BYTES);
      head.copy(out);
      const bytes = head.length + out.write(`${this.n}${names}}\n`, head.length, "latin1");
      out.writeUInt16BE(bytes - HEAD_BYTES, 2);
      this.socket.write(out.subarray(0, bytes));
    }
  }

  close(): void {
    this.onAcked = this.onTrouble = () => {};
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    this.unread = readTexts(this.unread.length === 0 ? data : Buffer.concat([this.unread, data]), (text) => {
      for (const line of text.split("\n")) if (line !== "") this.readLine(line);
    });
  }

  private readLine(line: string): void {
    const message = JSON.parse(line) as { type: string; n: number; reason?: string };
    switch (message.type) {
      case "!ack": {
        const frames = Math.floor(message.n / this.eventsPerFrame) - Math.floor(this.acked / this.eventsPerFrame);
        if (message.n > this.n) return this.onTrouble(`!ack ${message.n}, but ${this.n} was the last that was sent`);
        if (message.n > this.acked) this.acked = message.n;
        if (frames > 0) this.onAcked(frames);
        break;
      }
      case "?ping":
        this.socket.write(textFrame('{"type":"!ping"}\n'));
        break;
      case "!bye":
        this.onTrouble(`!bye ${message.reason ?? ""}`);
        break;
      default:
    }
  }
}

/** Upgrades and says `?hello`; `joined` gets the epoch of the answer. */
function join(
  socket: Socket,
  target: SaplineTarget,
  joined: (epoch: number) => void,
  failed: (error: Error) => void,
): void {
  let unread: Buffer = Buffer.alloc(0);
  let isUpgraded = false;
  socket.write(
    `GET /node HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n` +
      `Authorization: Bearer ${target.token}\r\n\r\n`,
  );
  socket.on("data", (data: Buffer) => {
    unread = Buffer.concat([unread, data]);
    if (!isUpgraded) {
      const end = unread.indexOf("\r\n\r\n");
      if (end < 0) return;
      const status = unread.toString("latin1", 0, unread.indexOf("\r\n"));
      if (!status.includes(" 101 ")) return failed(new Error(`${target.id}: ${status}`));
      isUpgraded = true;
      unread = unread.subarray(end + 4);
      const hello = { type: "?hello", v: 1, id: target.id, token: target.token, fw: "bench", nonce: 1 };
      socket.write(textFrame(`${JSON.stringify(hello)}\n`));
    }
    unread = readTexts(unread, (text) => {
      for (const line of text.split("\n")) {
        if (!line.startsWith('{"type":"!hello"')) continue;
        const answer = JSON.parse(line) as { ep?: number; error?: string };
        if (answer.ep === undefined) failed(new Error(`${target.id}: !hello ${answer.error}`));
        else joined(answer.ep);
      }
    });
  });
}

/** A short text as a client's frame. */
function textFrame(text: string): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES + text.length);
  frame[0] = 0x81;
  frame[1] = 0x80 | 126;
  frame.writeUInt16BE(text.length, 2);
  frame.write(text, HEAD_BYTES, "latin1");
  return frame;
}

/** Hands on the text of each whole frame of a server (no mask, no fragments, below 64 KiB), and returns what is left. */
function readTexts(data: Buffer, take: (text: string) => void): Buffer {
  let at = 0;
  while (data.length - at >= 4) {
    let bytes = (data[at + 1] as number) & 0x7f;
    let start = at + 2;
    if (bytes === 126) {
      bytes = data.readUInt16BE(start);
      start += 2;
    }
    if (data.length < start + bytes) break;
    if (data[at] === 0x81) take(data.toString("latin1", start, start + bytes));
    at = start + bytes;
  }
  return data.subarray(at);
}
