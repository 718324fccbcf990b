/**
 * A TCP socket of Espruino with the manners the tree needs: paced writes, one notice when all is written, reading that can be
 * paused, and an end that comes even if the peer never reads. Callbacks are never called from inside one of its methods.
 *
 * Pausing: Espruino reads whether or not somebody listens (without a listener it keeps 512 bytes and loses the rest), so the
 * engine's own handle is held back while paused: it then neither reads nor writes nor notices a close, and TCP slows the peer.
 * What has to be written meanwhile lets the handle back until it is out, and with it at most 536 bytes in per pass.
 */

/**
 * Bytes per write. Chosen: a whole frame of events in one; one write of everything is quadratic in the engine. Five of the engine's
 * chunks: with a part of one more, a paused peer would get more in than out meanwhile, for each pass also reads a chunk.
 */
export const WRITE_BYTES_MAX = 2680;
/** Bytes waiting to be written, past which the peer is cut. Chosen: one echo of the longest frame, and room for control lines. */
export const QUEUE_BYTES_MAX = 20480;
/** After `end`, the peer has this long to read what is left. Chosen. */
export const LINGER_AFTER = 2000;

/** The callback of those who do not listen. */
export function nothing(): void {}

/**
 * Has the engine move WRITE_BYTES_MAX at a time, for all its sockets, instead of 536: asking that of one socket is its only way to say so.
 * A frame that leaves in two pieces waits 40 ms in between, for TCP holds the second back until the first is acknowledged.
 * The engine has its chunk on the stack while it calls us: that is two plain calls less (test/engine/stack.test.ts).
 */
export function widenChunks(): void {
  try {
    require("dgram").createSocket({ type: "udp4", recvBufferSize: WRITE_BYTES_MAX }).close();
  } catch {
    // This engine has no such socket: frames leave in pieces.
  }
}

export class SocketPort {
  onData: (chunk: string) => void;
  /** Everything written so far has left. */
  onDrained: () => void;
  /** The socket is gone. Comes once, also after `end` and `cut`. */
  onClosed: () => void;
  private socket: EspruinoSocket;
  private queue: string[];
  private queuedBytes: number;
  /** Bytes the engine has and has not reported as gone. */
  private writingBytes: number;
  private isWriting: boolean;
  private isPaused: boolean;
  private isEnding: boolean;
  private isOpen: boolean;
  /** The handle held back; 0 while the engine has it. */
  private handle: number;
  private linger: number;

  constructor(socket: EspruinoSocket) {
    this.onData = nothing;
    this.onDrained = nothing;
    this.onClosed = nothing;
    this.socket = socket;
    this.queue = [];
    this.queuedBytes = 0;
    this.writingBytes = 0;
    this.isWriting = false;
    this.isPaused = false;
    this.isEnding = false;
    this.isOpen = true;
    this.handle = 0;
    this.linger = 0;
    socket.on("data", (chunk) => this.onData(chunk));
    socket.on("drain", () => this.drained());
    socket.on("close", () => this.closed());
    // `close` follows and says all we need.
    socket.on("error", nothing);
  }

  write(bytes: string): void {
    if (this.isEnding || !this.isOpen) return;
    this.queuedBytes += bytes.length;
    if (this.queuedBytes > QUEUE_BYTES_MAX) {
      this.cut();
      return;
    }
    if (bytes.length <= WRITE_BYTES_MAX) this.queue.push(bytes);
    else for (let at = 0; at < bytes.length; at += WRITE_BYTES_MAX) this.queue.push(bytes.substr(at, WRITE_BYTES_MAX));
    if (!this.isWriting) this.writeNext();
  }

  pause(): void {
    this.isPaused = true;
    if (!this.isWriting) this.holdHandle();
  }

  resume(): void {
    this.isPaused = false;
    this.giveHandle();
  }

  /** Closes once everything is written, or after LINGER_AFTER. Nothing that still comes in is reported. */
  end(): void {
    if (this.isEnding || !this.isOpen) return;
    this.isEnding = true;
    this.onData = nothing;
    if (this.isWriting) this.linger = setTimeout(() => this.cut(), LINGER_AFTER);
    else this.endNow();
  }

  /** Closes in the engine's next pass. */
  cut(): void {
    this.isEnding = true;
    this.onData = nothing;
    this.queue = [];
    this.endNow();
    this.socket.clsNow = true;
  }

  private endNow(): void {
    this.giveHandle();
    try {
      this.socket.end();
    } catch {
      // It is closed already; `close` is on its way.
    }
  }

  private writeNext(): void {
    const bytes = this.queue.shift();
    this.queuedBytes -= this.writingBytes;
    this.writingBytes = bytes === undefined ? 0 : bytes.length;
    if (bytes === undefined) {
      this.isWriting = false;
      if (this.isPaused) this.holdHandle();
      return;
    }
    this.isWriting = true;
    this.giveHandle();
    try {
      this.socket.write(bytes);
    } catch {
      // The engine has closed it, and `close` is on its way.
      this.queue = [];
    }
  }

  private drained(): void {
    if (!this.isWriting || !this.isOpen) return;
    this.writeNext();
    if (this.isWriting) return;
    if (this.isEnding) this.endNow();
    else this.onDrained();
  }

  private closed(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.queue = [];
    if (this.linger !== 0) clearTimeout(this.linger);
    this.linger = 0;
    this.onClosed();
  }

  private holdHandle(): void {
    const handle = this.socket.sckt;
    if (!this.isOpen || this.isEnding || handle === undefined || handle === 0) return;
    this.handle = handle;
    this.socket.sckt = 0;
  }

  private giveHandle(): void {
    if (this.handle === 0) return;
    this.socket.sckt = this.handle;
    this.handle = 0;
  }
}
