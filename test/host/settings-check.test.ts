/** What is said on a PC of a board's `sapline.json`, and that the board refuses the same. */
import { expect, test } from "vitest";
import { checkConfiguration } from "#firmware/configuration.ts";
import { radioSettings } from "#firmware/radio-configuration.ts";
import { settingsMistake } from "#host/board/settings-check.ts";

const KEY = "00112233445566778899aabbccddeeff";
const good = { id: "kitchen", parent: { host: "10.0.0.1", port: 8080 } };
const byRadio = { id: "kitchen", radio: { key: KEY } };

/** As far as the configuration alone goes. */
function takenByBoard(file: unknown): boolean {
  try {
    const { raw } = checkConfiguration(file);
    if (raw["radio"] !== undefined) radioSettings(raw);
    return true;
  } catch (error) {
    expect((error as Error).message).toMatch(/^sapline\.json: [\w. ]+: see docs\/board\.md$/);
    return false;
  }
}

test.each<[unknown, RegExp]>([
  [undefined, /must be an object/],
  ["text", /must be an object/],
  [[], /must be an object/],
  [{ ...good, id: "" }, /id must be a text of 1 to 28 characters/],
  [{ ...good, id: "x".repeat(29) }, /id must be a text/],
  [{ ...good, id: 5 }, /id must be a text/],
  [{ ...good, token: 5 }, /token must be a text/],
  [{ id: "kitchen" }, /needs a parent to connect to, or a radio/],
  [{ ...good, parent: "10.0.0.1" }, /parent must be an object/],
  [{ ...good, parent: { port: 1 } }, /parent\.host must be a name or an address/],
  [{ ...good, parent: { host: "a", port: 0 } }, /parent\.port must be a whole number from 1 to 65535/],
  [{ ...good, parent: { host: "a", port: 65_536 } }, /parent\.port/],
  [{ ...good, parent: { host: "a", port: 1.5 } }, /parent\.port/],
  [{ ...good, parent: { host: "a", port: 1, path: "node" } }, /parent\.path must be a text that starts with \//],
  [{ ...good, listen: "80" }, /listen must be a whole number/],
  [{ ...good, wifi: "x" }, /wifi must be an object/],
  [{ ...good, wifi: { password: "x" } }, /wifi\.ssid must be a text/],
  [{ ...good, wifi: { ssid: "x", password: 1 } }, /wifi\.password must be a text/],
  [{ ...good, wifi: { ssid: "x", powersave: "much" } }, /wifi\.powersave must be "none", "min" or "max"/],
  [{ ...good, limits: 5 }, /limits must be an object/],
  [{ ...good, radio: true }, /radio must be an object/],
  [{ ...byRadio, radio: {} }, /radio\.key must be 32 hex digits/],
  [{ ...byRadio, radio: { key: KEY.slice(1) } }, /radio\.key must be 32 hex digits/],
  [{ ...byRadio, radio: { key: `${KEY}00` } }, /radio\.key must be 32 hex digits/],
  [{ ...byRadio, radio: { key: `${KEY.slice(2)}zz` } }, /radio\.key must be 32 hex digits/],
  [{ ...byRadio, radio: { key: `${KEY.slice(2)} 1` } }, /radio\.key must be 32 hex digits/],
  [{ ...byRadio, radio: { key: KEY, channel: 14 } }, /radio\.channel must be a whole number from 1 to 13/],
  [{ ...byRadio, radio: { key: KEY, channel: 1.5 } }, /radio\.channel/],
])("says what is wrong with %j, which the board refuses, too", (file, sentence) => {
  expect(settingsMistake(file)).toMatch(sentence);
  expect(settingsMistake(file)).not.toContain("00112233");
  expect(takenByBoard(file)).toBe(false);
});

test.each<[object]>([
  [good],
  [
    {
      ...good,
      token: "t",
      listen: 65_535,
      wifi: { ssid: "house", powersave: "max" },
      limits: { outboxBytes: 1 },
      replay: { every: 1 },
    },
  ],
  [{ ...good, parent: { host: "h", port: 1, path: "/x" }, outgress: "auto", radio: { key: KEY.toUpperCase() } }],
  [{ ...byRadio, id: "x".repeat(28), radio: { key: KEY, channel: 13, children: false, sleepy: true, open: true } }],
])("has nothing against %j, and nor has the board", (file) => {
  expect(settingsMistake(file)).toBe("");
  expect(takenByBoard(file)).toBe(true);
});

test("auto needs a way by WebSocket", () => {
  expect(settingsMistake({ ...byRadio, outgress: "auto" })).toMatch(/outgress "auto" needs a parent/);
});
