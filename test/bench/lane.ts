/** A Lane is one connection of the load generator to the server under test, whatever it speaks. */

export interface Lane {
  /** Events that one frame (or message) carries. */
  readonly eventsPerFrame: number;
  /** Bytes of one frame, about: what a window in bytes is divided by. */
  readonly frameBytes: number;
  /** Called with the number of frames that were just acknowledged. */
  onAcked: (frames: number) => void;
  /** Called when the connection ends, or the server says what it may not. */
  onTrouble: (reason: string) => void;
  /** Sends that many frames at once. */
  send(frames: number): void;
  close(): void;
}

/** Opens one lane. `index` tells lanes apart, from 0. */
export type OpenLane = (index: number, eventsPerFrame: number) => Promise<Lane>;
