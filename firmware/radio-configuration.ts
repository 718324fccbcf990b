/**
 * What `radio` in `sapline.json` says. A mistake in it is answered with a sentence that names what is wrong, and never shows the
 * radio's key.
 */
import { CHANNELS } from "#shared/radio/tree-limits.ts";
import { TAKES_CHILDREN } from "#shared/role.ts";
import { given, isObject, isText, mistake } from "./configuration.ts";

export interface RadioSettings {
  /** 16 bytes. */
  installKey: string;
  /** Where the search begins, or 0. A node whose way up is WebSocket, without Wi-Fi, stays there. */
  channel: number;
  /** Whether datagrams go unencrypted. */
  isOpen: boolean;
  isSleepy: boolean;
  /** Whether it takes children. */
  mayParent: boolean;
}

const KEY_BYTES = 16;

/** 16 bytes from 32 hex digits. */
function keyFrom(digits: string): string {
  let key = "";
  for (let i = 0; i < digits.length; i += 2) {
    const pair = digits.substr(i, 2);
    const byte = parseInt(pair, 16);
    if ((256 + byte).toString(16).substr(1) === pair.toLowerCase()) key += String.fromCharCode(byte);
  }
  if (key.length !== KEY_BYTES || digits.length !== 2 * KEY_BYTES) throw mistake("radio.key");
  return key;
}

/** 0: none is said. */
function isChannel(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= CHANNELS && Math.floor(value) === value;
}

/** The settings in a file that has some; throws a sentence. */
export function radioSettings(file: { [key: string]: unknown }): RadioSettings {
  const radio = given(file, "radio", isObject);
  return {
    installKey: keyFrom(given(radio, "key", isText, "")),
    channel: given(radio, "channel", isChannel, 0),
    isOpen: radio["open"] === true,
    isSleepy: radio["sleepy"] === true,
    mayParent: TAKES_CHILDREN && radio["children"] !== false,
  };
}
