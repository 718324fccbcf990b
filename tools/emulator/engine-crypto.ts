/**
 * Espruino's `crypto` over Node's, as far as the firmware uses it: hashes, and AES with the engine's own ways: CBC from zeroes unless told otherwise, CTR that ignores
 * its vector, CCM without a header whose vector must be an array.
 */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { MakeError } from "./engine-net.ts";

interface AesOptions {
  iv?: ArrayLike<number>;
  mode?: string;
}

const BLOCK_BYTES = 16;

/** The program's text, or bytes of any kind. */
function bytesOf(value: unknown): Buffer {
  if (typeof value === "string") return Buffer.from(value, "latin1");
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(value as ArrayBuffer);
}

/** A buffer of its own: Node's are parts of a larger one. */
function alone(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function vectorOf(value: unknown, makeError: MakeError): Buffer {
  if (typeof value === "string" || value === undefined) throw makeError("Bad input data");
  return bytesOf(Array.isArray(value) ? Uint8Array.from(value as number[]) : value);
}

/** What the program gets from require("crypto"). */
export function engineCrypto(makeError: MakeError): object {
  const hash = (name: string) => (bytes: unknown) => alone(createHash(name).update(bytesOf(bytes)).digest());
  const crypt =
    (create: typeof createCipheriv | typeof createDecipheriv) =>
    (message: unknown, key: unknown, options: AesOptions = {}): ArrayBuffer => {
      const mode = options.mode ?? "CBC";
      const text = bytesOf(message);
      if (mode !== "CTR" && text.length % BLOCK_BYTES !== 0) throw makeError("Invalid length");
      const vector =
        mode === "CBC" && options.iv !== undefined ? Buffer.from(Array.from(options.iv)) : Buffer.alloc(BLOCK_BYTES);
      const cipher = create(`aes-128-${mode.toLowerCase()}`, bytesOf(key), mode === "ECB" ? null : vector);
      cipher.setAutoPadding(false);
      return alone(Buffer.concat([cipher.update(text), cipher.final()]));
    };
  return {
    SHA1: hash("sha1"),
    SHA256: hash("sha256"),
    AES: {
      encrypt: crypt(createCipheriv),
      decrypt: crypt(createDecipheriv),
      ccmEncrypt(
        message: unknown,
        key: unknown,
        vector: unknown,
        tagBytes: number,
      ): { data: ArrayBuffer; tag: ArrayBuffer } {
        const cipher = createCipheriv("aes-128-ccm", bytesOf(key), vectorOf(vector, makeError), {
          authTagLength: tagBytes,
        });
        const data = cipher.update(bytesOf(message));
        cipher.final();
        return { data: alone(data), tag: alone(cipher.getAuthTag()) };
      },
      ccmDecrypt(message: unknown, key: unknown, vector: unknown, tag: unknown): ArrayBuffer | null {
        const wanted = bytesOf(tag);
        const options = { authTagLength: wanted.length };
        const decipher = createDecipheriv("aes-128-ccm", bytesOf(key), vectorOf(vector, makeError), options);
        decipher.setAuthTag(wanted);
        const data = decipher.update(bytesOf(message));
        try {
          decipher.final();
          return alone(data);
        } catch {
          return null;
        }
      },
    },
  };
}
