/**
 * What `radio` in `sapline.json` says. A mistake in it is answered with a sentence that says what to do, and never shows the key.
 */
import { CHANNELS } from "#shared/radio/tree-limits.ts";
import { CONFIGURATION_FILE } from "./configuration.ts";

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

/** Digits of a key. */
const KEY_DIGITS = 32;

/** 16 bytes from 32 hex digits; "" if they are not that. */
function keyFrom(digits: unknown): string {
  let key = "";
  if (typeof digits !== "string" || digits.length !== KEY_DIGITS) return "";
  for (let i = 0; i < KEY_DIGITS; i += 2) {
    const pair = digits.substr(i, 2);
    const byte = parseInt(pair, 16);
    if ((256 + byte).toString(16).substr(1) !== pair.toLowerCase()) return "";
    key += String.fromCharCode(byte);
  }
  return key;
}

/** The settings, or what is wrong with them. */
export function radioSettings(raw: unknown): RadioSettings | string {
  const given = (typeof raw === "object" && raw !== null ? raw : {}) as { [key: string]: unknown };
  const installKey = keyFrom(given["key"]);
  if (installKey === "") {
    return CONFIGURATION_FILE + ": radio.key must be " + KEY_DIGITS + " hex digits";
  }
  const channel = given["channel"] === undefined ? 0 : given["channel"];
  if (typeof channel !== "number" || !(channel >= 0 && channel <= CHANNELS && Math.floor(channel) === channel)) {
    return CONFIGURATION_FILE + ": radio.channel must be a number from 1 to " + CHANNELS;
  }
  return {
    installKey: installKey,
    channel: channel,
    isOpen: given["open"] === true,
    isSleepy: given["sleepy"] === true,
    mayParent: given["children"] !== false,
  };
}
