/** What esbuild is told of the engine: the modules it has, and the language. */

/** Modules that a build of Espruino may have in itself. Whatever else is required has to be in the bundle. */
export const ENGINE_MODULES: readonly string[] = [
  "net",
  "http",
  "tls",
  "dgram",
  "crypto",
  "Storage",
  "Wifi",
  "TelnetServer",
  "ESPNOW",
  "neopixel",
  "fs",
  "heatshrink",
  "Flash",
];

/**
 * What the second pass may leave as it is (true) and must lower or refuse (false). Where esbuild cannot lower a feature, false makes
 * the build fail, which is a gate for nothing.
 */
export const SUPPORTED: Record<string, boolean> = {
  // Refused by the engine; esbuild lowers these.
  "optional-chain": false,
  "exponent-operator": false,
  "logical-assignment": false,
  "object-rest-spread": false,
  "class-private-field": false,
  "class-static-blocks": false,
  // Refused by the engine, and esbuild cannot lower them: an error here.
  "array-spread": false,
  "async-await": false,
  "async-generator": false,
  bigint: false,
  "default-argument": false,
  destructuring: false,
  "dynamic-import": false,
  "for-await": false,
  generator: false,
  "import-meta": false,
  "nested-rest-binding": false,
  "regexp-dot-all-flag": false,
  "regexp-lookbehind-assertions": false,
  "regexp-named-capture-groups": false,
  "regexp-sticky-and-unicode-flags": false,
  "regexp-unicode-property-escapes": false,
  "rest-argument": false,
  "top-level-await": false,
  "unicode-escapes": false,
  // The engine has these.
  arrow: true,
  class: true,
  // Left as they are for our own gate to refuse: lowered, they would hide in a helper.
  "class-field": true,
  "class-static-field": true,
  "const-and-let": true,
  "for-of": true,
  "nullish-coalescing": true,
  "object-accessors": true,
  "object-extensions": true,
  "optional-catch-binding": true,
  "template-literal": true,
};
