/** What the air was used for, and what became of frames: sums for reports and tests. */

/** Fates of frames and attempts, each counted. */
export type Fate =
  /** Frames that a station was given to send, and what it was told of them. */
  | "frames"
  | "ok"
  | "fail"
  | "no memory"
  | "callbacks lost"
  /** Times something of it went over the air, and how many of those while something else did, wherever. */
  | "attempts"
  | "overlaps"
  | "mac acks"
  | "mac acks lost"
  /** At the receiver: handed on to its program; or not, and why. */
  | "heard"
  | "ghosts"
  | "duplicates"
  | "buffers full"
  | "ring full";

export interface AirStats {
  /** Microseconds since the beginning. */
  micros: number;
  /** Microseconds on the air, by kind; "mac ack" for those of the MAC. Repeated attempts count again. */
  airMicros: { readonly [kind: string]: number };
  /** The same as shares of the time that passed; stations that do not hear each other may use more than all of it together. */
  shares: { readonly [kind: string]: number };
  counts: { readonly [fate in Fate]: number };
}

type ByKind = { [kind: string]: number };

export class Books {
  private readonly airMicros: ByKind = {};
  /** The same for each sender, by index; acknowledgements of the MAC are with those that send them. */
  private readonly bySender: ByKind[] = [];
  private readonly counts: { [fate in Fate]: number } = {
    frames: 0,
    ok: 0,
    fail: 0,
    "no memory": 0,
    "callbacks lost": 0,
    attempts: 0,
    overlaps: 0,
    "mac acks": 0,
    "mac acks lost": 0,
    heard: 0,
    ghosts: 0,
    duplicates: 0,
    "buffers full": 0,
    "ring full": 0,
  };

  count(fate: Fate): void {
    this.counts[fate] += 1;
  }

  use(sender: number, kind: string, micros: number): void {
    this.airMicros[kind] = (this.airMicros[kind] ?? 0) + micros;
    const own = (this.bySender[sender] ??= {});
    own[kind] = (own[kind] ?? 0) + micros;
  }

  /** Microseconds on the air that a station has sent, of these kinds. */
  sentMicros(sender: number, kinds: readonly string[]): number {
    return kinds.reduce((sum, kind) => sum + (this.bySender[sender]?.[kind] ?? 0), 0);
  }

  stats(micros: number): AirStats {
    const shares: { [kind: string]: number } = {};
    for (const [kind, used] of Object.entries(this.airMicros)) shares[kind] = micros === 0 ? 0 : used / micros;
    return { micros, airMicros: { ...this.airMicros }, shares, counts: { ...this.counts } };
  }
}
