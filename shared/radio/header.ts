/**
 * The 12 bytes before each datagram of ours. They are sent in the clear and sealed with the payload: nobody can change them unseen.
 *
 *   0  version 2 bits, form 4, pull 1, congested 1     6  ack: the sequence number expected next
 *   1  network: a hash of the install key              7  selective ack: the 8 after that one, lowest bit first
 *   2  counter 24 bits, highest first; never twice     8  path cost of the sender, ETX * 8; 0 root, 255 none
 *   5  sequence number; of an ack, the lowest          9  hops lived 4 bits, first 1, more 1, priority 2
 *      8 bits of the newest counter that was heard    10  session (epoch)
 *                                                     11  credits: how many from the expected one on may come
 *
 * The parser says what the bytes claim. Whether that is true, the seal knows.
 */
import { DATAGRAM_BYTES_MAX, HEADER_BYTES, TAG_BYTES } from "./limits.ts";

/** Version of the hop. */
const VERSION = 1;

/** Forms. The ones from BEACON on belong to no session. */
export const DATA = 0;
export const ACK = 1;
export const BEACON = 2;
export const SOLICIT = 3;
export const JOIN = 4;
export const JOIN_ACK = 5;

/** `marks`: the sender waits for an ack of this. */
export const PULL = 2;
/** `marks`: the sender's own way up is full. */
export const CONGESTED = 1;
/** `frag`: the payload starts with the start of a frame. */
export const FIRST = 8;
/** `frag`: its last frame goes on in the next one. */
export const MORE = 4;

/** The path cost of one that has no way to the root. */
export const NO_PATH = 255;

/** `form` is what the wire calls its type: an object that has a `type` here is a line of the tree, whose names cannot be shortened. */
export interface Header {
  form: number;
  /** PULL, CONGESTED. */
  marks: number;
  net: number;
  counter: number;
  seq: number;
  ack: number;
  sack: number;
  cost: number;
  /** FIRST, MORE, and what else byte 9 holds. */
  frag: number;
  epoch: number;
  credits: number;
}

/** A header with nothing in it, to be filled in. */
export function emptyHeader(form: number, net: number, epoch: number): Header {
  return { form, marks: 0, net, counter: 0, seq: 0, ack: 0, sack: 0, cost: NO_PATH, frag: 0, epoch, credits: 0 };
}

export function headerBytes(header: Header): string {
  return String.fromCharCode(
    (VERSION << 6) | (header.form << 2) | header.marks,
    header.net,
    header.counter >> 16,
    (header.counter >> 8) & 255,
    header.counter & 255,
    header.seq,
    header.ack,
    header.sack,
    header.cost,
    header.frag,
    header.epoch,
    header.credits,
  );
}

/** What the first bytes of a datagram claim, or undefined if it is none of ours: too short, too long, another version. */
export function parseHeader(bytes: string): Header | undefined {
  const length = bytes.length;
  // On the chip a short text is quicker to look into.
  const head = bytes.substr(0, HEADER_BYTES);
  const first = head.charCodeAt(0);
  if (length < HEADER_BYTES + TAG_BYTES || length > DATAGRAM_BYTES_MAX || first >> 6 !== VERSION) return undefined;
  return {
    form: (first >> 2) & 15,
    marks: first & 3,
    net: head.charCodeAt(1),
    counter: (head.charCodeAt(2) << 16) | (head.charCodeAt(3) << 8) | head.charCodeAt(4),
    seq: head.charCodeAt(5),
    ack: head.charCodeAt(6),
    sack: head.charCodeAt(7),
    cost: head.charCodeAt(8),
    frag: head.charCodeAt(9),
    epoch: head.charCodeAt(10),
    credits: head.charCodeAt(11),
  };
}
