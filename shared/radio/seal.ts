/**
 * Seal is the cryptography, which each platform has of its own, and what must be the same on all of them: names, nonces, associated data.
 *
 * Everything is a byte string. A nonce is the sender's six bytes, the session, the counter, the first byte of the header, and two zeros:
 * it never comes twice under one key, because a session has a key of its own and no counter of it is used twice, not even to send
 * the same data again. Keys that outlive a restart (the group's) have no such promise from here: whoever uses one has to see to it.
 */

/** The name of a radio: "aa:bb:cc:dd:ee:ff", in lower case. */
export type Mac = string;

export const BROADCAST: Mac = "ff:ff:ff:ff:ff:ff";

export interface Seal {
  /** AES-128-CCM: nonce 13 bytes, a tag of 8 bytes appended to what is sealed. */
  seal(key: string, nonce: string, header: string, plain: string): string;
  /** The plain bytes, or undefined if the tag is wrong. Never throws. */
  open(key: string, nonce: string, header: string, sealed: string): string | undefined;
  /** HMAC-SHA256, 32 bytes. */
  mac(key: string, text: string): string;
}

/** The six bytes of a name. */
export function macBytes(mac: Mac): string {
  let bytes = "";
  for (let i = 0; i < 18; i += 3) bytes += String.fromCharCode(parseInt(mac.substr(i, 2), 16));
  return bytes;
}

/** `sender` is six bytes, `header` the twelve of the datagram. */
export function nonceOf(sender: string, header: string): string {
  // (On an engine with Unicode strings `charAt` makes two bytes of one above 127.)
  return sender + header.substr(10, 1) + header.substr(2, 3) + header.substr(0, 1) + "\0\0";
}

/** The byte by which a network's datagrams are told from a stranger's before anything is computed. It is a hint, no proof. */
export function netOf(seal: Seal, installKey: string): number {
  return seal.mac(installKey, "sapline net").charCodeAt(0);
}
