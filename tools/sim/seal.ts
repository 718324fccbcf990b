/**
 * The cryptography of simulated radios: tags that a changed bit changes, at a hundredth of the cost, and nothing is secret. Whoever tests
 * what keys are for takes the real one.
 */
import type { Seal } from "#shared/radio/seal.ts";

export const OPEN_SEAL: Seal = {
  seal: (key, nonce, header, plain) => plain + tagOf(key, nonce, header, plain),
  open: (key, nonce, header, sealed) => {
    const end = sealed.length - 8;
    if (end < 0) return undefined;
    const plain = sealed.slice(0, end);
    return tagOf(key, nonce, header, plain) === sealed.slice(end) ? plain : undefined;
  },
  mac: (key, text) => {
    // What is shouted is checked by all who hear it, one after another.
    if (key !== last.key || text !== last.text) {
      const tag = tagOf(key, text);
      last = { key, text, mac: tag + tagOf(tag, "1") + tagOf(tag, "2") + tagOf(tag, "3") };
    }
    return last.mac;
  },
};

let last = { key: "", text: "", mac: "" };

/** Eight bytes. */
function tagOf(...parts: string[]): string {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (const part of parts) {
    b ^= part.length;
    for (let i = 0; i < part.length; i++) {
      const code = part.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ (code + i), 0x85ebca6b);
      b ^= a >>> 15;
    }
  }
  a = Math.imul(a ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (a >>> 16), 0x27d4eb2f);
  return bytesOf(a) + bytesOf(b);
}

function bytesOf(word: number): string {
  return String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);
}
