/**
 * JSON and byte counts where a string is bytes. Espruino's JSON.stringify writes every byte above 127 as \u00XX, which any
 * peer would read as Latin-1; here they become the bytes they were, so UTF-8 goes through untouched.
 */
import type { TextCodec } from "#shared/text.ts";

const ESCAPE = "\\u00";

export const bytesText: TextCodec = {
  byteLength(text: string): number {
    return text.length;
  },

  stringify(value: unknown): string {
    const json = JSON.stringify(value);
    let at = json.indexOf(ESCAPE);
    if (at < 0) return json;
    const parts: string[] = [];
    let from = 0;
    while (at >= 0) {
      const byte = parseInt(json.substr(at + 4, 2), 16);
      // (The engine's indexOf would also find a backslash at the very end, but JSON does not end in one.)
      // An escaped backslash before "u00E9" is text that looks like an escape: count the backslashes in front.
      let before = at;
      while (before > from && json[before - 1] === "\\") before--;
      if (byte > 127 && (at - before) % 2 === 0) {
        parts.push(json.substring(from, at), String.fromCharCode(byte));
        from = at + 6;
        at = json.indexOf(ESCAPE, from);
      } else at = json.indexOf(ESCAPE, at + 4);
    }
    parts.push(json.substring(from));
    return parts.join("");
  },
};
