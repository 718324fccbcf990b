/**
 * Espruino's `net` over a network (network.ts). Faithful: strings are bytes; 536 bytes each way per socket and turn; `drain` when everything written has
 * left; `write` to a closed socket throws; `end` waits for what is unsent; without a `data` listener 512 bytes are kept and the rest is lost; the
 * handle `sckt` set to 0 stops a socket both ways, `clsNow` closes it at once; a connection that is refused at once, and a taken port, throw.
 * Not faithful: connecting does not block.
 */
import { EngineEmitter, type EngineTurns } from "./engine-events.ts";
import type { Stream, StreamListener } from "./network.ts";
import type { Outside } from "./outside.ts";

/** The engine's chunk, in bytes. Source: network_esp32.c. */
const CHUNK_BYTES = 536;
/** Kept for a reader that is not there yet, in bytes. Source: jswrap_stream.h. */
const UNREAD_BYTES_MAX = 512;
const LOOPBACK = "127.0.0.1";

/** Makes an Error of the program's own world: `instanceof Error` has to hold there. */
export type MakeError = (message: string) => unknown;

class EngineSocket extends EngineEmitter {
  private readonly outside: Outside;
  private readonly makeError: MakeError;
  private readonly gone: () => void;
  private raw: Stream | undefined;
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

  /** `connected` is of one that connects; `gone` is called when its stream is no more. */
  constructor(turns: EngineTurns, outside: Outside, makeError: MakeError, gone: () => void, connected?: () => void) {
    super(turns);
    this.outside = outside;
    this.makeError = makeError;
    this.gone = gone;
    this.connected = connected;
    this.isConnected = connected === undefined;
  }

  attach(raw: Stream): void {
    this.raw = raw;
  }

  /** What its stream is told. */
  listener(): StreamListener {
    return {
      connected: () => {
        this.isConnected = true;
        if (this.connected !== undefined) this.turns.later(this.connected);
        this.emitLater("drain");
        this.schedule();
      },
      data: (bytes) => {
        this.received.push(bytes);
        this.raw?.pause();
        this.schedule();
      },
      drained: () => {
        this.isWritable = true;
        this.schedule();
      },
      ended: () => {
        this.hasEnded = true;
        this.schedule();
      },
      failed: (message) => {
        this.emitLater("error", { code: -1, message });
        this.hasEnded = true;
        this.schedule();
      },
      closed: () => {
        this.gone();
        this.hasEnded = true;
        this.schedule();
      },
    };
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
    this.raw?.destroy();
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
    this.isWritable = this.raw?.write(piece) === true;
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
    if (this.received.length === 0) this.raw?.resume();
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isEnding = true;
    if (this.hasEnded) this.raw?.destroy();
    else this.raw?.finish();
    this.emitLater("end");
    this.emitLater("close", false);
  }
}

export class EngineNet {
  private readonly turns: EngineTurns;
  private readonly outside: Outside;
  private readonly makeError: MakeError;
  private readonly print: (line: string) => void;
  private sockets: EngineSocket[] = [];
  private readonly endings: (() => void)[] = [];

  constructor(turns: EngineTurns, outside: Outside, makeError: MakeError, print: (line: string) => void) {
    this.turns = turns;
    this.outside = outside;
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
    for (const end of this.endings) end();
    for (const socket of this.sockets) socket.destroy();
  }

  private connect(options: { host?: string; port: number }, connected: () => void): EngineSocket {
    const socket = this.socket(connected);
    const stream = this.outside.network.connect(options.host ?? LOOPBACK, options.port, socket.listener());
    if (stream === undefined) throw this.makeError("Unable to create socket");
    this.add(socket, stream);
    return socket;
  }

  private socket(connected?: () => void): EngineSocket {
    const gone = (): void => {
      this.sockets = this.sockets.filter((one) => one !== socket);
    };
    const socket = new EngineSocket(this.turns, this.outside, this.makeError, gone, connected);
    return socket;
  }

  private add(socket: EngineSocket, stream: Stream): void {
    socket.attach(stream);
    this.sockets.push(socket);
  }

  private createServer(accept: (socket: EngineSocket) => void): object {
    let end = (): void => {};
    const accepted = (stream: Stream): StreamListener => {
      const socket = this.socket();
      this.add(socket, stream);
      this.turns.run(() => accept(socket));
      return socket.listener();
    };
    return {
      listen: (port: number) => {
        const ending = this.outside.network.listen(port, accepted, (message) => this.print(`ERROR: ${message}`));
        if (ending === undefined) throw this.makeError("Unable to create socket");
        end = ending;
        this.endings.push(ending);
      },
      close: () => end(),
    };
  }
}
