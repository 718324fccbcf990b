/** Letters are what parts of a world say to each other: each has a moment at which it arrives, some numbers, and maybe a text. */
import type { Happening } from "../queue.ts";

/** What a letter is about, and its three numbers. */
export const LETTER = {
  /** A child dials: its place in the plan, its link, its parent's place. */
  dial: 1,
  /** The parent has opened the wire: its link. */
  opened: 2,
  /** It has not: the status, 0 if the link just ended, -1 if nobody is there to say so. */
  refused: 3,
  /** A frame, sent at that moment. */
  frame: 4,
  /** The other end has closed the wire. */
  close: 5,
  /** It was cut at that moment; so much later is this end to hear of it, -1: never. */
  cut: 6,
  /** So many bytes wait at the other end, which does not read. */
  unread: 7,
  /** A row of the log has become durable: its last event in `wire`, then its node's place, its epoch and its first event. */
  row: 8,
  /** An action was asked for: its number in `wire`, the node's place, when it was sent, its time to live. */
  call: 9,
} as const;

export interface Reader {
  read(letter: Letter): void;
}

/** It is put into the queue of the part that it is for. */
export class Letter implements Happening {
  readonly from: number;
  readonly kind: number;
  /** The number of the wire that it is about. */
  readonly wire: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly text: string;
  private readonly reader: Reader;

  constructor(reader: Reader, from: number, kind: number, wire: number, a: number, b: number, c: number, text: string) {
    this.reader = reader;
    this.from = from;
    this.kind = kind;
    this.wire = wire;
    this.a = a;
    this.b = b;
    this.c = c;
    this.text = text;
  }

  happen(): void {
    this.reader.read(this);
  }
}
