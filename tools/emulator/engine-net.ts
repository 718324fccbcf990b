/**
 * Espruino's `net` over Node's. Faithful: strings are bytes; 536 bytes each way per socket and turn; `drain` when everything written has
 * left; `write` to a closed socket throws; `end` waits for what is unsent; without a `data` listener 512 bytes are kept and the rest is lost; the
 * handle `sckt` set to 0 stops a socket both ways, `clsNow` closes it at once.
 *
 * A refused connection and a taken port throw at once, as on the chip, where the system tells who listens (Linux, this machine); elsewhere
 * the refusal comes later, as `error` and `close`. Not faithful: connecting does not block. Listens on 127.0.0.1 alone.
 */
import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket, connect } from "node:net";
import { EngineEmitter, type EngineTurns } from "./engine-events.ts";

/** The engine's chunk, in bytes. Source: network_esp32.c. */
const CHUNK_BYTES = 536;
/** Kept for a reader that is not there yet, in bytes. Source: jswrap_stream.h. */
const UNREAD_BYTES_MAX = 512;
const LOOPBACK = "127.0.0.1";

/** Makes an Error of the program's own world: `instanceof Error` has to hold there. */
export type MakeError = (message: string) => unknown;

/** Ports with a listener on this machine; undefined where the system does not tell. */
function listeningPorts(): Set<number> | undefined {
  const ports = new Set<number>();
  try {
    for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
      for (const line of readFileSync(file, "latin1").split("\n").slice(1)) {
        const fields = line.trim().split(/\s+/);
        if (fields[3] === "0A") ports.add(parseInt(fields[1]?.split(":").pop() ?? "", 16));
      }
    }
  } catch {
    return ports.size > 0 ? ports : undefined;
  }
  return ports;
}

class EngineSocket extends EngineEmitter {
  private readonly raw: Socket;
  private readonly makeError: MakeError;
  private received: Buffer[] = [];
  private unread = "";
  private unsent = Buffer.alloc(0);
  private handle = 1;
  private isConnected: boolean;
  private isWritable = true;
  private isEnding = false;
  private isClosed = false;
  private hasEnded = false;
  private isPassDue = false;
  private readonly connected: (() => void) | undefined;

  constructor(turns: EngineTurns, raw: Socket, makeError: MakeError, connected?: () => void) {
    super(turns);
    this.raw = raw;
    this.makeError = makeError;
    this.connected = connected;
    this.isConnected = connected === undefined;
    raw.on("connect", () => {
      this.isConnected = true;
      if (this.connected !== undefined) this.turns.later(this.connected);
      this.emitLater("drain");
      this.schedule();
    });
    raw.on("data", (data) => {
      this.received.push(data);
      raw.pause();
      this.schedule();
    });
    raw.on("drain", () => {
      this.isWritable = true;
      this.schedule();
    });
    raw.on("end", () => {
      this.hasEnded = true;
      this.schedule();
    });
    raw.on("error", (error) => {
      this.emitLater("error", { code: -1, message: error.message });
      this.hasEnded = true;
      this.schedule();
    });
    raw.on("close", () => {
      this.hasEnded = true;
      this.schedule();
    });
  }

  get sckt(): number {
    return this.handle;
  }

  set sckt(handle: number) {
    this.handle = handle;
    this.schedule();
  }

  set clsNow(isWanted: boolean) {
    if (isWanted) this.turns.later(() => this.close());
  }

  write(bytes: string): void {
    if (this.isEnding || this.isClosed) throw this.makeError("This socket is closed");
    this.unsent = Buffer.concat([this.unsent, Buffer.from(bytes, "latin1")]);
    this.schedule();
  }

  end(bytes?: string): void {
    if (bytes !== undefined) this.write(bytes);
    this.isEnding = true;
    this.schedule();
  }

  read(): string {
    const bytes = this.unread;
    this.unread = "";
    return bytes;
  }

  available(): number {
    return this.unread.length;
  }

  /** The end of the emulation: the socket goes, and nobody is told. */
  destroy(): void {
    this.isClosed = true;
    this.raw.destroy();
  }

  private schedule(): void {
    if (this.isPassDue || this.isClosed) return;
    this.isPassDue = true;
    setImmediate(() => {
      this.isPassDue = false;
      this.turns.run(() => this.pass());
    });
  }

  /** One pass of the engine's idle loop over this socket. */
  private pass(): void {
    if (this.isClosed || this.handle === 0) return;
    if (this.isConnected) {
      this.send();
      if (this.received.length > 0) this.receive();
    }
    if (this.hasEnded && this.received.length === 0) this.close();
    else if (this.isEnding && this.unsent.length === 0) this.close();
    else if (this.received.length > 0 || (this.unsent.length > 0 && this.isWritable && this.isConnected))
      this.schedule();
  }

  private send(): void {
    if (this.unsent.length === 0 || !this.isWritable || this.hasEnded) return;
    const piece = this.unsent.subarray(0, CHUNK_BYTES);
    this.unsent = this.unsent.subarray(piece.length);
    this.isWritable = this.raw.write(piece);
    if (this.unsent.length === 0 && !this.isEnding) this.emitLater("drain");
  }

  private receive(): void {
    const first = this.received[0] as Buffer;
    const piece = first.subarray(0, CHUNK_BYTES).toString("latin1");
    if (first.length > CHUNK_BYTES) this.received[0] = first.subarray(CHUNK_BYTES);
    else this.received.shift();
    if (this.hasListener("data")) this.emitNow("data", piece);
    else if (this.unread.length < UNREAD_BYTES_MAX)
      this.unread += piece.slice(0, UNREAD_BYTES_MAX - this.unread.length);
    if (this.received.length === 0) this.raw.resume();
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isEnding = true;
    if (this.hasEnded) this.raw.destroy();
    else this.raw.destroySoon();
    this.emitLater("end");
    this.emitLater("close", false);
  }
}

export class EngineNet {
  private readonly turns: EngineTurns;
  private readonly makeError: MakeError;
  private readonly print: (line: string) => void;
  private sockets: EngineSocket[] = [];
  private servers: Server[] = [];

  constructor(turns: EngineTurns, makeError: MakeError, print: (line: string) => void) {
    this.turns = turns;
    this.makeError = makeError;
    this.print = print;
  }

  /** What the program gets from require("net"). */
  library(): object {
    return {
      connect: (options: { host?: string; port: number }, connected: () => void) => this.connect(options, connected),
      createServer: (accept: (socket: EngineSocket) => void) => this.createServer(accept),
    };
  }

  stop(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private connect(options: { host?: string; port: number }, connected: () => void): EngineSocket {
    const host = options.host ?? LOOPBACK;
    if ((host === LOOPBACK || host === "localhost") && listeningPorts()?.has(options.port) === false) {
      throw this.makeError("Unable to create socket");
    }
    return this.add(connect({ host, port: options.port, noDelay: false }), connected);
  }

  private add(raw: Socket, connected?: () => void): EngineSocket {
    const socket = new EngineSocket(this.turns, raw, this.makeError, connected);
    this.sockets.push(socket);
    raw.on("close", () => {
      this.sockets = this.sockets.filter((one) => one !== socket);
    });
    return socket;
  }

  private createServer(accept: (socket: EngineSocket) => void): object {
    const server = createServer({ noDelay: false }, (raw) => {
      const socket = this.add(raw);
      this.turns.run(() => accept(socket));
    });
    this.servers.push(server);
    server.on("error", (error) => this.print(`ERROR: ${error.message}`));
    return {
      listen: (port: number) => {
        if (listeningPorts()?.has(port) === true) throw this.makeError("Unable to create socket");
        server.listen(port, LOOPBACK);
      },
      close: () => server.close(),
    };
  }
}
