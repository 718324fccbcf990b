/**
 * What runs inside the program's own world before the program: takes away what Espruino lacks, and puts in what it has more. It is text,
 * because it must be of that world: an Error or an ArrayBuffer made outside is another class there.
 */
import { EMITTER_NAMES, MISSING_GLOBALS, MISSING_METHODS, MISSING_STATICS } from "../bundle/missing.ts";

/** An expression: a function that takes the lists and returns what the outside needs of the inside. */
const PRELUDE = String.raw`
(function (globals, statics, methods, emitterNames) {
  const nativeParse = JSON.parse, nativeStringify = JSON.stringify, nativeArray = Array, nativeDefine = Object.defineProperty;
  // A text is bytes: what is above 255 loses its upper half, and only ASCII comes out of stringify.
  const toByte = (text) => text.replace(/[^\x00-\xff]/g, (c) => String.fromCharCode(c.charCodeAt(0) & 255));
  const narrow = (key, value) => (typeof value === "string" ? toByte(value) : value);
  JSON.parse = (text) => (text.indexOf("\\u") < 0 ? nativeParse(text) : nativeParse(text, narrow));
  JSON.stringify = (value) => {
    const text = nativeStringify(value);
    if (text === undefined) return undefined;
    return text.replace(/[\x7f-\uffff]/g, (c) => "\\u00" + ("0" + (c.charCodeAt(0) & 255).toString(16)).slice(-2).toUpperCase());
  };
  const nativeSplit = String.prototype.split;
  // The engine ignores a limit, and splits a text that is shorter than the separator into nothing.
  String.prototype.split = function (separator) {
    if (typeof separator === "string" && this.length < separator.length - 1) return [];
    return nativeSplit.call(this, separator);
  };
  const nativeIndexOf = String.prototype.indexOf, nativeReplace = String.prototype.replace, nativeSubstring = String.prototype.substring;
  // The engine also finds a text whose beginning is the end of what it looks in: "ab|".indexOf("|c") is 2.
  const find = (text, wanted, from) => {
    const at = nativeIndexOf.call(text, wanted, from);
    if (at >= 0) return at;
    for (let start = Math.max(from, text.length - wanted.length + 1); start < text.length; start++) {
      if (wanted.length <= text.length && nativeIndexOf.call(wanted, nativeSubstring.call(text, start)) === 0) return start;
    }
    return -1;
  };
  String.prototype.indexOf = function (wanted, from) {
    return find(String(this), String(wanted), from === undefined || from < 0 ? 0 : from);
  };
  String.prototype.includes = function (wanted, from) {
    return this.indexOf(wanted, from) >= 0;
  };
  String.prototype.replace = function (wanted, by) {
    if (typeof wanted !== "string") return nativeReplace.call(this, wanted, by);
    const at = this.indexOf(wanted);
    const put = typeof by === "function" ? by(wanted, at, String(this)) : by;
    return at < 0 ? String(this) : nativeSubstring.call(this, 0, at) + put + nativeSubstring.call(this, at + wanted.length);
  };
  const E = {
    toString: (bytes) => {
      const u8 = new Uint8Array(bytes.buffer === undefined ? bytes : bytes.buffer);
      const parts = [];
      for (let i = 0; i < u8.length; i++) parts.push(String.fromCharCode(u8[i]));
      return parts.join("");
    },
    toUint8Array: (text) => {
      const u8 = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) u8[i] = text.charCodeAt(i);
      return u8;
    },
    toArrayBuffer: (text) => E.toUint8Array(text).buffer,
    CRC32: (text) => {
      let sum = -1;
      for (let i = 0; i < text.length; i++) {
        sum ^= text.charCodeAt(i);
        for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
      }
      return ~sum >>> 0;
    },
    hwRand: () => Math.floor(Math.random() * 4294967296) | 0,
    srand: () => {},
    on: () => {},
    getErrorFlags: () => [],
    getSizeOf: () => 1,
  };
  for (const name of globals) delete globalThis[name];
  delete globalThis.WebAssembly;
  for (const owner of Object.keys(statics)) {
    if (globalThis[owner] === undefined) continue;
    for (const name of statics[owner]) {
      delete globalThis[owner][name];
      // A typed array inherits these from a parent that has no name. (Number.EPSILON and the like cannot be taken away: only the gate sees them.)
      if (typeof globalThis[owner][name] === "function") nativeDefine(globalThis[owner], name, { value: undefined });
    }
  }
  for (const entry of methods) for (const name of entry.names) delete globalThis[entry.owner].prototype[name];
  // Every object of the engine answers to these.
  for (const name of emitterNames) {
    nativeDefine(Object.prototype, name, { value: function () {}, writable: true, configurable: true, enumerable: false });
  }
  globalThis.E = E;
  return { E, parse: JSON.parse, makeError: (message) => new Error(message), describe: (e) => (e instanceof Error ? e.message : String(e)) };
})
`;

/** An expression: a function that makes chance and the date of the program's world somebody else's. To be called before the prelude. */
export const VIRTUAL_TEXT = String.raw`
(function (random, unix) {
  const NativeDate = Date;
  Math.random = random;
  globalThis.Date = class Date extends NativeDate {
    constructor(...given) {
      if (given.length === 0) super(unix());
      else super(...given);
    }
    static now() {
      return unix();
    }
  };
})
`;

/** The text to run first; calling its value's function is part of it. */
export function preludeText(): string {
  const lists = [MISSING_GLOBALS, MISSING_STATICS, MISSING_METHODS, EMITTER_NAMES];
  return `${PRELUDE.trim()}(${lists.map((list) => JSON.stringify(list)).join(", ")})`;
}
