/**
 * Whether a board will take its `sapline.json`, said in whole sentences before the file gets there: on the chip there is room for the name of the key alone
 * (firmware/configuration.ts, docs/board.md). What a program of somebody's own keeps in the file is not looked at.
 */
import { NODE_ID_CHARS_MAX } from "#shared/limits.ts";
import { CHANNELS } from "#shared/radio/tree-limits.ts";

/** What Espruino calls them: how much the radio sleeps between the router's beacons. */
export const POWERSAVES = ["none", "min", "max"] as const;

type Check = readonly [key: string, isRight: (value: unknown) => boolean, what: string];
type Keys = { readonly [key: string]: unknown };

const KEY_DIGITS = 32;

function isObject(value: unknown): value is Keys {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isText = (value: unknown): value is string => typeof value === "string";
const isMissing = (value: unknown): boolean => value === undefined;

function isWhole(least: number, most: number): (value: unknown) => boolean {
  return (value) => typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function orNone(isRight: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isMissing(value) || isRight(value);
}

const PORT = "a whole number from 1 to 65535";
const isPort = isWhole(1, 65_535);

const TOP: readonly Check[] = [
  [
    "id",
    (value) => isText(value) && value.length > 0 && value.length <= NODE_ID_CHARS_MAX,
    `a text of 1 to ${NODE_ID_CHARS_MAX} characters`,
  ],
  ["token", orNone(isText), "a text"],
  ["parent", orNone(isObject), 'an object, {"host", "port"}'],
  ["parent.host", (value) => isText(value) && value.length > 0, "a name or an address"],
  ["parent.port", isPort, PORT],
  ["parent.path", orNone((value) => isText(value) && value.startsWith("/")), "a text that starts with /"],
  ["listen", orNone(isPort), PORT],
  ["wifi", orNone(isObject), 'an object, {"ssid", "password"}'],
  ["wifi.ssid", isText, "a text: the network's name"],
  ["wifi.password", orNone(isText), "a text"],
  [
    "wifi.powersave",
    orNone((value) => isText(value) && POWERSAVES.some((word) => word === value)),
    '"none", "min" or "max"',
  ],
  ["limits", orNone(isObject), "an object"],
  ["radio", orNone(isObject), 'an object, {"key"}'],
  [
    "radio.key",
    (value) => isText(value) && value.length === KEY_DIGITS && /^[0-9a-f]*$/i.test(value),
    `${KEY_DIGITS} hex digits, the same on every node of the tree`,
  ],
  ["radio.channel", orNone(isWhole(0, CHANNELS)), `a whole number from 1 to ${CHANNELS}`],
];

/** What is wrong with it, in a sentence that never shows the radio's key; "" if nothing is. */
export function settingsMistake(file: unknown): string {
  if (!isObject(file)) return "sapline.json must be an object: see docs/board.md";
  for (const [path, isRight, what] of TOP) {
    const [first = "", second] = path.split(".");
    const whole = file[first];
    if (second !== undefined && !isObject(whole)) continue;
    if (!isRight(second === undefined ? whole : (whole as Keys)[second]))
      return `sapline.json: ${path} must be ${what}`;
  }
  if (file["parent"] === undefined && file["radio"] === undefined)
    return "sapline.json: it needs a parent to connect to, or a radio: see docs/board.md";
  if (file["outgress"] === "auto" && file["parent"] === undefined)
    return 'sapline.json: outgress "auto" needs a parent beside the radio';
  return "";
}
