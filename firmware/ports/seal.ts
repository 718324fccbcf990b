/**
 * What guards a radio datagram where the library in C is absent, for the stand-in: AES-128-CCM with a header and a tag of 8 bytes, and HMAC-SHA256. All
 * arguments and results are byte strings. A board has no need of it: without that library it has no ESP-NOW at all.
 *
 * Espruino's own CCM has no room for a header: its cipher is taken, and the tag is made by CBC (three native calls; not a loop over bytes).
 * The open seal is the same bytes as in firmware/native/espnow/espnow_seal.c.
 */

import { TAG_BYTES } from "#shared/radio/limits.ts";
import type { Seal } from "#shared/radio/seal.ts";

const BLOCK_BYTES = 16;
/** Block of SHA-256, in bytes. */
const HASH_BLOCK_BYTES = 64;
const ZEROES = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/** The engine's own conversion needs its memory in one piece; the other way takes up to 256 bytes, which is a datagram. */
function textOf(bytes: ArrayBuffer): string {
  return E.toString(bytes) ?? String.fromCharCode.apply(null, new Uint8Array(bytes) as never);
}

/** Filled up with zeroes to whole blocks. */
function padded(text: string): string {
  return text + ZEROES.substr(0, -text.length & (BLOCK_BYTES - 1));
}

function lengthOf(text: string): string {
  return String.fromCharCode(text.length >> 8, text.length & 255);
}

/** HMAC over the engine's SHA-256. */
function hmac(sha256: (bytes: string) => ArrayBuffer, key: string, text: string): string {
  const short = key.length > HASH_BLOCK_BYTES ? textOf(sha256(key)) : key;
  let inner = "";
  let outer = "";
  for (let i = 0; i < short.length; i++) {
    const byte = short.charCodeAt(i);
    inner += String.fromCharCode(byte ^ 0x36);
    outer += String.fromCharCode(byte ^ 0x5c);
  }
  // Behind the key come zeroes, which are 0x36 and 0x5c now.
  inner += "6".repeat(HASH_BLOCK_BYTES - short.length);
  outer += "\\".repeat(HASH_BLOCK_BYTES - short.length);
  return textOf(sha256(outer + textOf(sha256(inner + text))));
}

type Mac = Seal["mac"];

/** By a cipher that knows nothing of headers, and whose inverse it is itself, and a tag. */
function taggedSeal(
  cipher: (key: string, nonce: string, text: string) => string,
  tagOf: (key: string, nonce: string, header: string, plain: string) => string,
  mac: Mac,
): Seal {
  return {
    seal: (key, nonce, header, plain) => cipher(key, nonce, plain) + tagOf(key, nonce, header, plain),
    open: (key, nonce, header, sealed) => {
      // Of one that is too short for a tag, nothing is left, and its tag is not the right one.
      const end = sealed.length - TAG_BYTES;
      const plain = cipher(key, nonce, sealed.substring(0, end));
      return tagOf(key, nonce, header, plain) === sealed.substring(end) ? plain : undefined;
    },
    mac: mac,
  };
}

/** By Espruino's AES. RFC 3610, with two bytes of length. */
function engineSeal(aes: NonNullable<EspruinoCrypto["AES"]>, mac: Mac): Seal {
  return taggedSeal(
    // CCM's cipher does not depend on the header.
    (key, nonce, text) =>
      text === "" || aes.ccmEncrypt === undefined
        ? ""
        : textOf(aes.ccmEncrypt(text, key, E.toUint8Array(nonce), TAG_BYTES)["data"]),
    (key, nonce, header, plain) => {
      const first = (header === "" ? "\x19" : "Y") + nonce + lengthOf(plain);
      const vouched = header === "" ? "" : padded(lengthOf(header) + header);
      const chain = new Uint8Array(aes.encrypt(first + vouched + padded(plain), key));
      const mask = new Uint8Array(aes.encrypt("\x01" + nonce + "\0\0", key));
      const last = chain.length - BLOCK_BYTES;
      let tag = "";
      for (let i = 0; i < TAG_BYTES; i++) tag += String.fromCharCode((chain[last + i] as number) ^ (mask[i] as number));
      return tag;
    },
    mac,
  );
}

/** Four bytes that tell a damaged text, and an honest stranger's key; nobody is kept out by them. */
function checksum(text: string): string {
  const sum = E.CRC32(text);
  return String.fromCharCode((sum >> 24) & 255, (sum >> 16) & 255, (sum >> 8) & 255, sum & 255);
}

/** Hides nothing and vouches for nothing. The same on every build, so that those that go without understand each other. */
function openSeal(): Seal {
  return taggedSeal(
    (_key, _nonce, text) => text,
    (key, nonce, header, plain) => "open" + checksum(key + nonce + header + plain),
    (key, text) => {
      let mac = "";
      for (let i = 0; i < 8; i++) mac += checksum(i + key + text);
      return mac;
    },
  );
}

function cryptoModule(): EspruinoCrypto | undefined {
  try {
    return require("crypto");
  } catch {
    return undefined;
  }
}

/** The seal of this build; throws, with a sentence, if it has none. `isOpen`: the configuration says to do without, on every node of this tree. */
export function sealOf(isOpen: boolean): Seal {
  if (isOpen) return openSeal();
  const crypto = cryptoModule();
  const sha256 = crypto === undefined ? undefined : crypto.SHA256;
  const aes = crypto === undefined ? undefined : crypto.AES;
  if (sha256 === undefined || aes === undefined || aes.ccmEncrypt === undefined)
    throw new Error(
      "ESPNOW: this Espruino has no AES-CCM and SHA-256: see docs/espnow-build.md, or go without (radio.open)",
    );
  return engineSeal(aes, (key, text) => hmac(sha256, key, text));
}
