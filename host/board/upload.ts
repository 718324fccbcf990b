/**
 * Brings a file into a board's Storage: in pieces with a checksum each, every one read back from the flash and acknowledged before the next one goes,
 * and the whole file compared at the end.
 *
 * Guarantee: when it resolves, the file is there byte by byte. When it was cut, however it was cut, calling it again goes on where it stopped:
 * nothing but the file itself says how far it had come. A file that is not whole ends in 0xFF; those who start it have to know that (install.ts).
 */
import { Trouble } from "../trouble.ts";
import type { BoardConsole } from "./board-console.ts";

/** Bytes of a file in one command. Chosen: the line, 600 characters, fits into Espruino's input buffer (1 kB) before it would say stop (768). */
export const PIECE_BYTES = 384;
/** So often a piece is sent again that arrived damaged, and a file that was whole and wrong. Chosen. */
const DAMAGED_MAX = 5;

export interface UploadProgress {
  file: string;
  /** Bytes that are there. */
  done: number;
  total: number;
  /** Of these, what was there already. */
  kept: number;
}

/**
 * On the board, for as long as it is not reset. `$f`: how far a file has come, as [its length, whole pieces that are not blank, their checksum].
 * `$w`: takes a piece; "" if it is in the flash. A piece that is there already, from a command whose answer was lost, is good.
 */
const HELPERS = [
  `$f=function(n,l,p,c,d){var S=require("Storage"),f=S.read(n),e,b;if(f===undefined)return[-1,0,0];if(f.length!=l)return[f.length,0,0];
e=Math.ceil(l/p);while(e){b=S.read(n,(e-1)*p,p);if(E.CRC32(b)!=(b.length==p?c:d))break;e--}
return[l,e,e?E.CRC32(S.read(n,0,Math.min(e*p,l))):0]}`,
  `$w=function(n,o,l,c,t){var S=require("Storage"),b=atob(t),d=E.CRC32(b),r;if(E.CRC32(n+o+","+l+t)!=c)return"damaged";
r=S.read(n,o,b.length);if(r===undefined||E.CRC32(r)!=d)S.write(n,b,o,l);
return E.CRC32(S.read(n,o,b.length))==d?"":"flash"}`,
].map((helper) => `(${helper.replaceAll("\n", "")},1)`);

/** What a board says that was restarted since it was told them, by its watchdog or a loose contact. */
const HELPERS_GONE = /\$[fw]\W+is not defined/;

/** Resolves with the bytes that had to be sent. `tell` is called for each piece. Rejects with `Trouble`. */
export async function upload(
  board: BoardConsole,
  file: string,
  bytes: Uint8Array,
  tell: (progress: UploadProgress) => void = () => {},
): Promise<number> {
  if (bytes.length === 0) throw new Trouble(`${file} is empty: there is nothing to write`);
  for (let times = 1; ; times++) {
    for (const helper of HELPERS) await board.ask(helper);
    const outcome = await goOnAt(board, file, bytes)
      .then((kept) => sendFrom(board, file, bytes, kept, tell))
      .catch((error: Error) => {
        if (HELPERS_GONE.test(error.message)) return "restarted";
        throw error;
      });
    if (typeof outcome === "number" && (await isWhole(board, file, bytes))) return outcome;
    // After a restart in between it goes on, with the helpers told anew; otherwise it begins anew.
    if (outcome !== "restarted")
      await board.ask(`require("Storage").erase(${JSON.stringify(file)})||1`, board.patience.tidy);
    if (times === DAMAGED_MAX)
      throw new Trouble(
        `${file} does not stay in the board's flash as it was written: the flash is worn out or damaged`,
      );
  }
}

/** Whether Storage holds exactly this. */
export async function isWhole(board: BoardConsole, file: string, bytes: Uint8Array): Promise<boolean> {
  const found = await board.ask(
    `(function(f){return f===undefined?[-1,0]:[f.length,E.CRC32(f)]})(require("Storage").read(${JSON.stringify(file)}))`,
  );
  const [length, sum] = found as [number, number];
  return length === bytes.length && sum === crc32(bytes);
}

/** Bytes of this very file that are in Storage; what is there of another one is erased. */
async function goOnAt(board: BoardConsole, file: string, bytes: Uint8Array): Promise<number> {
  const name = JSON.stringify(file);
  const blank = new Uint8Array(PIECE_BYTES).fill(255);
  const blankEnd = crc32(blank.subarray(0, bytes.length % PIECE_BYTES));
  const answer = await board.ask(`$f(${name},${bytes.length},${PIECE_BYTES},${crc32(blank)},${blankEnd})`);
  const [length, pieces, sum] = answer as [number, number, number];
  const kept = Math.min(pieces * PIECE_BYTES, bytes.length);
  if (length === bytes.length && (pieces === 0 || sum === crc32(bytes.subarray(0, kept)))) return kept;
  if (length >= 0) await board.ask(`require("Storage").erase(${name})||1`, board.patience.tidy);
  return 0;
}

/** "occupied" if there is something in the way of a piece: the file has to be begun anew. */
async function sendFrom(
  board: BoardConsole,
  file: string,
  bytes: Uint8Array,
  kept: number,
  tell: (progress: UploadProgress) => void,
): Promise<number | "occupied"> {
  const total = bytes.length;
  tell({ file, done: kept, total, kept });
  let damaged = 0;
  for (let at = kept; at < total; ) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    const packed = base64(piece);
    // Also over its place: a piece that is whole and in the wrong place is damage too.
    const sum = crc32(new TextEncoder().encode(`${file}${at},${total}${packed}`));
    const command = `$w(${JSON.stringify(file)},${at},${total},${sum},"${packed}")`;
    // The first one may have to wait until Storage is tidied up.
    const answer = await board
      .ask(command, at === 0 ? board.patience.tidy : board.patience.answer)
      .catch((error: Error) => {
        if (/already written/.test(error.message)) return "flash";
        if (/find or create/.test(error.message))
          throw new Trouble(
            `${file} does not fit into the board's Storage: erase what is not needed there (docs/flash.md)`,
          );
        throw error;
      });
    if (answer === "flash") return "occupied";
    if (answer !== "" && ++damaged < DAMAGED_MAX) continue;
    if (answer !== "")
      throw new Trouble("what is sent arrives damaged again and again: try another cable or a slower --baud");
    damaged = 0;
    at += piece.length;
    tell({ file, done: at, total, kept });
  }
  return total - kept;
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** As Espruino's `E.CRC32`: the usual one, not negative. */
export function crc32(bytes: Uint8Array): number {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}
