/**
 * Espruino's `dgram` over Node's. Faithful: strings are bytes; one datagram each way per socket and turn; one that is longer than the engine's chunk is cut; an
 * empty one closes the socket; a taken port throws at once, where the system tells who listens. Not faithful: no multicast, and a larger
 * `recvBufferSize` widens the chunk of these sockets alone, not that of TCP's. Listens on 127.0.0.1 alone. Where time is virtual, there are no datagrams: `bind` and `send` throw.
 */
import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";
import { EngineEmitter, type EngineTurns } from "./engine-events.ts";
import type { MakeError } from "./engine-net.ts";
import type { Outside } from "./outside.ts";

const LOOPBACK = "127.0.0.1";
/** The engine's chunk, in bytes, unless a program widens it. Source: network_linux.c. */
const CHUNK_BYTES = 536;
/** What the engine keeps of each datagram's sender, out of its chunk, in bytes. Source: socketserver.h. */
const HEAD_BYTES = 8;

/** Whether somebody has this port; false where the system does not tell. */
function isTaken(port: number): boolean {
  try {
    const lines = readFileSync("/proc/net/udp", "latin1").split("\n").slice(1);
    return lines.some((line) => parseInt(/^\s*\d+: \w+:(\w{4}) /.exec(line)?.[1] ?? "", 16) === port);
  } catch {
    return false;
  }
}

interface Arrived {
  bytes: Buffer;
  from: { address: string; port: number; size: number };
}

class EngineDatagramSocket extends EngineEmitter {
  /** Made when it is needed: many a socket is closed before. */
  private raw: Socket | undefined;
  private readonly outside: Outside;
  private readonly makeError: MakeError;
  private readonly chunkBytes: () => number;
  private received: Arrived[] = [];
  private unsent: { bytes: Buffer; port: number; address: string }[] = [];
  private isBound = false;
  private isReady = false;
  private isClosed = false;
  private isPassDue = false;

  constructor(turns: EngineTurns, outside: Outside, makeError: MakeError, chunkBytes: () => number) {
    super(turns);
    this.outside = outside;
    this.makeError = makeError;
    this.chunkBytes = chunkBytes;
  }

  bind(port: number, bound?: (socket: EngineDatagramSocket) => void): this {
    if (isTaken(port)) throw this.makeError("Unable to create socket");
    this.open(port);
    if (bound !== undefined) this.turns.later(() => bound(this));
    return this;
  }

  send(bytes: string, ...more: (number | string)[]): void {
    if (this.isClosed) throw this.makeError("This socket is closed");
    const [port, address] = more.slice(-2) as [number, string];
    const text = more.length === 4 ? bytes.substr(Number(more[0]), Number(more[1])) : bytes;
    this.open(0);
    this.unsent.push({ bytes: Buffer.from(text, "latin1"), port, address });
    this.schedule();
  }

  close(): void {
    if (this.isClosed) return;
    this.destroy();
    this.emitLater("close", false);
  }

  /** The end of the emulation: the socket goes, and nobody is told. */
  destroy(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.isReady) this.raw?.close();
  }

  private open(port: number): void {
    if (this.isBound) return;
    if (this.outside.virtual !== undefined) throw this.makeError("Unable to create socket");
    this.isBound = true;
    const raw = createSocket("udp4");
    this.raw = raw;
    raw.on("message", (bytes, { address, port }) => {
      this.received.push({ bytes, from: { address, port, size: bytes.length } });
      this.schedule();
    });
    raw.on("error", () => this.close());
    raw.bind(port, LOOPBACK, () => {
      this.isReady = true;
      if (this.isClosed) raw.close();
      else this.schedule();
    });
  }

  private schedule(): void {
    if (this.isPassDue || this.isClosed) return;
    this.isPassDue = true;
    this.outside.soon(() => {
      this.isPassDue = false;
      this.turns.run(() => this.pass());
    });
  }

  /** One pass of the engine's idle loop over this socket. */
  private pass(): void {
    if (this.isClosed || !this.isReady) return;
    const arrived = this.received.shift();
    if (arrived?.bytes.length === 0) {
      this.close();
      return;
    }
    if (arrived !== undefined) {
      const bytes = arrived.bytes.subarray(0, this.chunkBytes() - HEAD_BYTES);
      this.emitLater("message", bytes.toString("latin1"), { ...arrived.from, size: bytes.length });
    }
    const { bytes, port, address } = this.unsent.shift() ?? {};
    if (bytes !== undefined) this.raw?.send(bytes, port, address, () => {});
    if (this.received.length > 0 || this.unsent.length > 0) this.schedule();
  }
}

export class EngineDatagrams {
  private readonly turns: EngineTurns;
  private readonly outside: Outside;
  private readonly makeError: MakeError;
  private readonly sockets: EngineDatagramSocket[] = [];
  private chunkBytes = CHUNK_BYTES;

  constructor(turns: EngineTurns, outside: Outside, makeError: MakeError) {
    this.turns = turns;
    this.outside = outside;
    this.makeError = makeError;
  }

  /** What the program gets from require("dgram"). */
  library(): object {
    return {
      createSocket: (options: string | { recvBufferSize?: number }) => {
        const wanted = typeof options === "object" ? options.recvBufferSize : undefined;
        this.chunkBytes = Math.max(this.chunkBytes, wanted ?? 0);
        const socket = new EngineDatagramSocket(this.turns, this.outside, this.makeError, () => this.chunkBytes);
        this.sockets.push(socket);
        return socket;
      },
    };
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
