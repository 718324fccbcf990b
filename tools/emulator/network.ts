/** TCP as an emulated chip needs it of the world around it: bytes in order, a reader that may pause, a writer that is told when it may go on. */

/** One end of a connection. */
export interface Stream {
  /** False if that is enough for now: `drained` comes. */
  write(bytes: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** Ends it once everything is written. */
  finish(): void;
  /** Ends it at once. */
  destroy(): void;
}

/** What is told of it: never from inside one of its methods. */
export interface StreamListener {
  connected(): void;
  data(bytes: Buffer): void;
  drained(): void;
  /** The other end has nothing more to say. */
  ended(): void;
  failed(message: string): void;
  /** It is no more. The last word. */
  closed(): void;
}

export interface Network {
  /** Undefined if it is refused at once. */
  connect(host: string, port: number, listener: StreamListener): Stream | undefined;
  /** What ends it; undefined if the port is taken. `accept` is told of each connection. */
  listen(
    port: number,
    accept: (stream: Stream) => StreamListener,
    failed: (message: string) => void,
  ): (() => void) | undefined;
}
