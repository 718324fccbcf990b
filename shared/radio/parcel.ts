/**
 * Parcels are frames cut to the size of datagrams, and put together again. Cutter is the one end, Joiner the other.
 *
 * A payload is one to eight pieces, each one byte of length and that many bytes. A piece is a frame, but for the first one, which may go
 * on with a frame of the payload before (FIRST is not set), and the last one, which may go on in the next (MORE). So small frames
 * share a datagram, and a large one leaves no gap behind it. Both ends are bounded: Cutter refuses, Joiner gives credits.
 * They rely on payloads that come once and in order; Arq sees to that.
 */
import { FIRST, MORE } from "./header.ts";
import {
  DATAGRAM_COST_BYTES,
  FRAME_COST_BYTES,
  PARCEL_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  PIECES_MAX,
  RECEIVE_BYTES_MAX,
  SEND_BYTES_MAX,
} from "./limits.ts";

export class Cutter {
  /** What waits counts for this much, in bytes; 0 if nothing waits. */
  held: number;
  /** FIRST and MORE of the payload that was cut last. */
  frag: number;
  private frames: string[];
  /** How much of the first frame has gone. */
  private gone: number;

  constructor() {
    this.held = 0;
    this.frag = 0;
    this.frames = [];
    this.gone = 0;
  }

  /** False if there is no room, or the frame is empty or too long for the hop. */
  add(frame: string): boolean {
    const cost = frame.length + FRAME_COST_BYTES;
    if (frame.length === 0 || frame.length > PARCEL_BYTES_MAX || this.held + cost > SEND_BYTES_MAX) return false;
    this.frames.push(frame);
    this.held += cost;
    return true;
  }

  /** The next payload. Call when something waits. */
  cut(): string {
    let payload = "";
    this.frag = this.gone === 0 ? FIRST : 0;
    for (let pieces = 0; this.held > 0 && pieces < PIECES_MAX; pieces++) {
      const frame = this.frames[0] as string;
      const left = frame.length - this.gone;
      const room = PAYLOAD_BYTES_MAX - 1 - payload.length;
      if (room <= 0) break;
      if (left > room) {
        payload += String.fromCharCode(room) + frame.substr(this.gone, room);
        this.gone += room;
        this.frag |= MORE;
        break;
      }
      payload += String.fromCharCode(left) + frame.substr(this.gone);
      this.frames.shift();
      this.held -= frame.length + FRAME_COST_BYTES;
      this.gone = 0;
    }
    return payload;
  }
}

export class Joiner {
  /** Frames that came, whole and in order, for `take`. */
  inbox: string[];
  /** The sender broke the rules: nothing more can be made of what it says. */
  isBroken: boolean;
  private free: number;
  /** The start of a frame that goes on. */
  private partial: string;

  constructor() {
    this.inbox = [];
    this.isBroken = false;
    this.free = RECEIVE_BYTES_MAX;
    this.partial = "";
  }

  /** The next payload in order. */
  add(payload: string, frag: number): void {
    let at = 0;
    let isOk = ((frag & FIRST) !== 0) === (this.partial === "");
    for (let pieces = 0; isOk && at < payload.length; pieces++) {
      const from = at + 1;
      at = from + payload.charCodeAt(at);
      const partial = this.partial + payload.substring(from, at);
      isOk = at > from && at <= payload.length && pieces < PIECES_MAX && partial.length <= PARCEL_BYTES_MAX;
      this.partial = partial;
      if (isOk && (at < payload.length || (frag & MORE) === 0)) {
        this.inbox.push(partial);
        this.free -= partial.length + FRAME_COST_BYTES;
        this.partial = "";
      }
    }
    if (!isOk) this.isBroken = true;
  }

  /** How many datagrams may come: there is room for whatever they hold. */
  credits(): number {
    const free = this.free - this.partial.length;
    return free > 0 ? Math.floor(free / DATAGRAM_COST_BYTES) : 0;
  }

  /** Hands over what came. */
  take(): string[] {
    const frames = this.inbox;
    if (frames.length > 0) {
      this.inbox = [];
      this.free = RECEIVE_BYTES_MAX;
    }
    return frames;
  }
}
