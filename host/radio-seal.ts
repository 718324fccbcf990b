/**
 * The radio hop's cryptography on a PC, by Node's own: AES-128-CCM with a nonce of 13 bytes and a tag of 8, and HMAC-SHA256.
 *
 * Byte strings in, byte strings out. It keeps no key. A key that has not 16 bytes is a bug of ours and throws; what strangers send does not.
 */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { TAG_BYTES } from "#shared/radio/limits.ts";
import type { Seal } from "#shared/radio/seal.ts";

const CCM = "aes-128-ccm";
const OPTIONS = { authTagLength: TAG_BYTES };

export const NODE_SEAL: Seal = {
  seal: (key, nonce, header, plain) => {
    const bytes = bytesOf(plain);
    const cipher = createCipheriv(CCM, bytesOf(key), bytesOf(nonce), OPTIONS);
    cipher.setAAD(bytesOf(header), { plaintextLength: bytes.length });
    const sealed = cipher.update(bytes);
    cipher.final();
    return textOf(sealed) + textOf(cipher.getAuthTag());
  },

  open: (key, nonce, header, sealed) => {
    const plainLength = sealed.length - TAG_BYTES;
    if (plainLength < 0) return undefined;
    const decipher = createDecipheriv(CCM, bytesOf(key), bytesOf(nonce), OPTIONS);
    decipher.setAuthTag(bytesOf(sealed.slice(plainLength)));
    decipher.setAAD(bytesOf(header), { plaintextLength: plainLength });
    try {
      const plain = decipher.update(bytesOf(sealed.slice(0, plainLength)));
      decipher.final();
      return textOf(plain);
    } catch {
      return undefined;
    }
  },

  mac: (key, text) => textOf(createHmac("sha256", bytesOf(key)).update(bytesOf(text)).digest()),
};

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

function textOf(bytes: Buffer): string {
  return bytes.toString("latin1");
}
