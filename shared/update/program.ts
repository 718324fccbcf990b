/**
 * What is said of a program that goes over the tree, and what of it is signed: the wire's section 18 is its description. Texts are bytes.
 */
import { UPDATE_BYTES_MAX } from "../limits.ts";
import { isNumber, type Message } from "../wire/message.ts";
import type { Sha256 } from "./signature.ts";

/** The entity whose value says how far a node is with its program. */
export const PROGRAM_EID = "sapline.program";

/** A digest is over the hashes of pieces of so many bytes, so that a chip need never hold more of a program than that. Spec. */
export const DIGEST_PIECE_BYTES = 1024;

/** Longest name or version of a program, in characters. Spec. */
export const PROGRAM_NAME_CHARS_MAX = 40;

/** A program, as a root offers it. */
export interface Offer {
  /** Rises with each signature: a node never goes back to a smaller one. */
  serial: number;
  /** Of the program that it takes the place of: what the node's `fw` says before its "/". */
  name: string;
  version: string;
  /** In bytes. */
  size: number;
  /** Base64 of the hash over the hashes of its pieces. */
  digest: string;
}

/** What a node has done with a program. */
export type ProgramStep =
  /** It has taken the first `at` bytes of signature and program. */
  | "take"
  /** It has all of it, and starts it on trial. */
  | "try"
  /** It runs it, and has joined. */
  | "good"
  /** It has gone back to the program before: `why`. */
  | "back"
  /** It will have none of it: `why`. */
  | "no";

/** The text that is signed. */
export function signedText(offer: Offer): string {
  return ["sapline program", offer.serial, offer.name, offer.version, offer.size, offer.digest].join("\n");
}

function isName(value: unknown): value is string {
  return (
    typeof value === "string" && value.length > 0 && value.length <= PROGRAM_NAME_CHARS_MAX && value.indexOf("\n") < 0
  );
}

/** The offer in a `?program`, or undefined. */
export function offerOf(message: Message): Offer | undefined {
  const serial = message["u"];
  const name = message["name"];
  const version = message["version"];
  const size = message["size"];
  const digest = message["digest"];
  if (!isNumber(serial) || serial === 0 || !isName(name) || !isName(version)) return undefined;
  if (!isNumber(size) || size === 0 || size > UPDATE_BYTES_MAX || typeof digest !== "string") return undefined;
  return { serial: serial, name: name, version: version, size: size, digest: digest };
}

/** Takes a program piece by piece: `next` until it answers a digest. */
export class Digest {
  private readonly read: (at: number, bytes: number) => string;
  private readonly size: number;
  private readonly sha256: Sha256;
  private at: number;
  private hashes: string[];

  /** `read`: that many bytes of the program from there on, or what there is. */
  constructor(size: number, read: (at: number, bytes: number) => string, sha256: Sha256) {
    this.read = read;
    this.size = size;
    this.sha256 = sha256;
    this.at = 0;
    this.hashes = [];
  }

  /** One piece; undefined while there are more, then the hash over all of them. */
  next(): string | undefined {
    if (this.at >= this.size) return this.sha256(this.hashes.join(""));
    const left = this.size - this.at;
    this.hashes.push(this.sha256(this.read(this.at, left < DIGEST_PIECE_BYTES ? left : DIGEST_PIECE_BYTES)));
    this.at += DIGEST_PIECE_BYTES;
    return undefined;
  }
}
