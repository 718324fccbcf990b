/**
 * What guards a radio datagram, on the chip: AES-128-CCM with a header and a tag of 8 bytes, and HMAC-SHA256. All arguments and results are byte strings.
 *
 * Best by our own library in C, in one call. Else by Espruino's own CCM, which has no room for a header: its cipher is taken, and the tag is
 * made by CBC (three native calls; not a loop over bytes). Else there is no seal, unless the configuration says to go without.
 */

import { TAG_BYTES } from "#shared/radio/limits.ts";
import type { Seal } from "#shared/radio/seal.ts";

/** A seal, or why there is none; `warning` is to be said at start. */
export type SealOutcome = { ok: true; seal: Seal; warning: string } | { ok: false; error: string };

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

/** By our library. */
function nativeSeal(library: EspruinoEspNow, sha256: (bytes: string) => ArrayBuffer): Seal {
  const seal = library["seal"] as (key: string, nonce: string, header: string, plain: string) => string;
  const open = library["open"] as (key: string, nonce: string, header: string, sealed: string) => string | undefined;
  return {
    seal: (key, nonce, header, plain) => seal(key, nonce, header, plain),
    open: (key, nonce, header, sealed) => open(key, nonce, header, sealed),
    mac: (key, text) => hmac(sha256, key, text),
  };
}

/** By Espruino's AES. RFC 3610, with two bytes of length. */
function engineSeal(aes: NonNullable<EspruinoCrypto["AES"]>, sha256: (bytes: string) => ArrayBuffer): Seal {
  const tagOf = (key: string, nonce: string, header: string, plain: string): string => {
    const first = (header.length > 0 ? "Y" : "\x19") + nonce + lengthOf(plain);
    const vouched = header.length > 0 ? padded(lengthOf(header) + header) : "";
    const chain = new Uint8Array(aes.encrypt(first + vouched + padded(plain), key));
    const mask = new Uint8Array(aes.encrypt("\x01" + nonce + "\0\0", key));
    const last = chain.length - BLOCK_BYTES;
    let tag = "";
    for (let i = 0; i < TAG_BYTES; i++) tag += String.fromCharCode((chain[last + i] as number) ^ (mask[i] as number));
    return tag;
  };
  /** Enciphers, and deciphers what was enciphered: CCM's cipher does not depend on the header. */
  const cipher = (key: string, nonce: string, text: string): string => {
    if (text.length === 0 || aes.ccmEncrypt === undefined) return "";
    return textOf(aes.ccmEncrypt(text, key, E.toUint8Array(nonce), TAG_BYTES)["data"]);
  };
  return {
    seal: (key, nonce, header, plain) => cipher(key, nonce, plain) + tagOf(key, nonce, header, plain),
    open: (key, nonce, header, sealed) => {
      // Of one that is too short for a tag, nothing is left, and its tag is not the right one.
      const end = sealed.length - TAG_BYTES;
      const plain = cipher(key, nonce, sealed.substring(0, end));
      return tagOf(key, nonce, header, plain) === sealed.substring(end) ? plain : undefined;
    },
    mac: (key, text) => hmac(sha256, key, text),
  };
}

/** Four bytes that tell a damaged text, and an honest stranger's key; nobody is kept out by them. */
function checksum(text: string): string {
  const sum = E.CRC32(text);
  return String.fromCharCode((sum >> 24) & 255, (sum >> 16) & 255, (sum >> 8) & 255, sum & 255);
}

/** Hides nothing and vouches for nothing. The same on every build, so that those that go without understand each other. */
function openSeal(): Seal {
  const tagOf = (key: string, nonce: string, header: string, plain: string): string =>
    "open" + checksum(key + nonce + header + plain);
  return {
    seal: (key, nonce, header, plain) => plain + tagOf(key, nonce, header, plain),
    open: (key, nonce, header, sealed) => {
      const plain = sealed.substring(0, sealed.length - TAG_BYTES);
      return tagOf(key, nonce, header, plain) === sealed.substr(plain.length) ? plain : undefined;
    },
    mac: (key, text) => {
      let mac = "";
      for (let i = 0; i < 8; i++) mac += checksum(i + key + text);
      return mac;
    },
  };
}

function library(name: "ESPNOW"): EspruinoEspNow | undefined;
function library(name: "crypto"): EspruinoCrypto | undefined;
function library(name: string): unknown {
  try {
    return require(name as "crypto");
  } catch {
    return undefined;
  }
}

/** The best seal of this build. `isOpen`: the configuration says to do without, on every node of this tree. */
export function sealOf(isOpen: boolean): SealOutcome {
  if (isOpen) return { ok: true, seal: openSeal(), warning: "radio: datagrams are NOT encrypted, as configured" };
  const crypto = library("crypto");
  const native = library("ESPNOW");
  const sha256 = crypto === undefined ? undefined : crypto.SHA256;
  const aes = crypto === undefined ? undefined : crypto.AES;
  if (sha256 !== undefined) {
    if (native !== undefined && native["seal"] !== undefined)
      return { ok: true, seal: nativeSeal(native, sha256), warning: "" };
    if (aes !== undefined && aes.ccmEncrypt !== undefined)
      return { ok: true, seal: engineSeal(aes, sha256), warning: "" };
  }
  return {
    ok: false,
    error:
      "radio: this Espruino has no AES-CCM and SHA-256; build one that has (docs/espnow-build.md), or set radio.open to true on every node to go unencrypted",
  };
}
