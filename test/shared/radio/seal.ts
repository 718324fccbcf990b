/** The cryptography of tests: Node's own, over byte strings. */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import type { Seal } from "#shared/radio/seal.ts";

const TAG = 8;
const bytes = (text: string) => Buffer.from(text, "latin1");

export const NODE_SEAL: Seal = {
  seal(key, nonce, header, plain) {
    const cipher = createCipheriv("aes-128-ccm", bytes(key), bytes(nonce), { authTagLength: TAG });
    cipher.setAAD(bytes(header), { plaintextLength: plain.length });
    return Buffer.concat([cipher.update(bytes(plain)), cipher.final(), cipher.getAuthTag()]).toString("latin1");
  },
  open(key, nonce, header, sealed) {
    if (sealed.length < TAG) return undefined;
    const length = sealed.length - TAG;
    const cipher = createDecipheriv("aes-128-ccm", bytes(key), bytes(nonce), { authTagLength: TAG });
    cipher.setAuthTag(bytes(sealed.substring(length)));
    cipher.setAAD(bytes(header), { plaintextLength: length });
    try {
      const plain = cipher.update(bytes(sealed.substring(0, length)));
      cipher.final();
      return plain.toString("latin1");
    } catch {
      return undefined;
    }
  },
  mac: (key, text) => createHmac("sha256", bytes(key)).update(bytes(text)).digest().toString("latin1"),
};
