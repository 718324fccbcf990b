/**
 * What Espruino does not have, by name. The bundle gate refuses its use; the emulator takes it away. Found by running 721 snippets on the
 * engine (2v29): what is listed was seen to be missing there.
 */

export const MISSING_GLOBALS: readonly string[] = [
  "Map",
  "Set",
  "WeakMap",
  "WeakSet",
  "WeakRef",
  "FinalizationRegistry",
  "Symbol",
  "Proxy",
  "Reflect",
  "BigInt",
  "BigInt64Array",
  "BigUint64Array",
  "Intl",
  "SharedArrayBuffer",
  "Atomics",
  "TextEncoder",
  "TextDecoder",
  "URL",
  "URLSearchParams",
  "AbortController",
  "Buffer",
  "queueMicrotask",
  "setImmediate",
  "structuredClone",
  "fetch",
];

/** Functions that belong to a constructor or namespace. */
export const MISSING_STATICS: { readonly [owner: string]: readonly string[] } = {
  Math: ["imul", "clz32", "trunc", "sign", "hypot", "log2", "log10", "log1p", "expm1", "cbrt", "fround"],
  Number: [
    "isInteger",
    "isSafeInteger",
    "isNaN",
    "isFinite",
    "parseInt",
    "parseFloat",
    "EPSILON",
    "MAX_SAFE_INTEGER",
    "MIN_SAFE_INTEGER",
  ],
  Array: ["from", "of", "fromAsync"],
  Object: [
    "freeze",
    "isFrozen",
    "seal",
    "isSealed",
    "preventExtensions",
    "isExtensible",
    "is",
    "hasOwn",
    "groupBy",
    "getOwnPropertySymbols",
    "getOwnPropertyDescriptors",
  ],
  String: ["raw", "fromCodePoint"],
  Promise: ["race", "allSettled", "any", "withResolvers", "try"],
  Date: ["UTC"],
  ArrayBuffer: ["isView"],
  Uint8Array: ["from", "of"],
  Uint16Array: ["from", "of"],
  Uint32Array: ["from", "of"],
  Int8Array: ["from", "of"],
  Int16Array: ["from", "of"],
  Int32Array: ["from", "of"],
  Float32Array: ["from", "of"],
  Float64Array: ["from", "of"],
};

/** Methods, whatever they are called on. The owners are where the emulator removes them. */
export const MISSING_METHODS: readonly { readonly owner: string; readonly names: readonly string[] }[] = [
  {
    owner: "Array",
    names: [
      "flat",
      "flatMap",
      "at",
      "findLast",
      "findLastIndex",
      "lastIndexOf",
      "reduceRight",
      "copyWithin",
      "toSorted",
      "toReversed",
      "toSpliced",
      "with",
      "keys",
      "entries",
      "values",
    ],
  },
  {
    owner: "String",
    names: [
      "codePointAt",
      "at",
      "localeCompare",
      "normalize",
      "matchAll",
      "search",
      "trimStart",
      "trimEnd",
      "isWellFormed",
      "toWellFormed",
    ],
  },
  { owner: "Promise", names: ["finally"] },
  { owner: "Number", names: ["toPrecision", "toExponential"] },
  { owner: "ArrayBuffer", names: ["slice", "resize", "transfer"] },
];

/** Names every object of Espruino already answers to: no data of ours may be called so. */
export const EMITTER_NAMES: readonly string[] = [
  "on",
  "emit",
  "once",
  "removeListener",
  "removeAllListeners",
  "addListener",
  "prependListener",
];
