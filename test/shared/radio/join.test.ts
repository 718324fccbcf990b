import { expect, test } from "vitest";
import { KeyRing } from "#shared/radio/join.ts";
import { TAG_BYTES } from "#shared/radio/limits.ts";
import { NODE_SEAL } from "#host/radio-seal.ts";

const INSTALL = "0123456789abcdef";
const keys = new KeyRing(INSTALL, NODE_SEAL);
const others = new KeyRing("0123456789abcdeg", NODE_SEAL);

test("a beacon is heard by whoever has the key, and by nobody else", () => {
  const shouted = keys.shout("sender", "hello");
  expect(shouted.length).toBe(5 + TAG_BYTES);
  expect(new KeyRing(INSTALL, NODE_SEAL).heard("sender", shouted)).toBe("hello");
  expect(others.heard("sender", shouted)).toBeUndefined();
  expect(keys.heard("sendes", shouted)).toBeUndefined();
});

test("no bit of a beacon can be turned, no byte be cut or added", () => {
  const shouted = keys.shout("sender", "hello");
  for (let i = 0; i < shouted.length; i++) {
    expect(keys.heard("sender", shouted.substring(0, i))).toBeUndefined();
    for (let bit = 0; bit < 8; bit++) {
      const turned =
        shouted.substring(0, i) + String.fromCharCode(shouted.charCodeAt(i) ^ (1 << bit)) + shouted.substring(i + 1);
      expect(keys.heard("sender", turned)).toBeUndefined();
    }
  }
  expect(keys.heard("sender", shouted + "\0")).toBeUndefined();
});

test("a tag for joining is none for beacons, and fits one context alone", () => {
  const signed = keys.sign("context", "hello");
  expect(keys.signed("context", signed)).toBe("hello");
  expect(keys.signed("Context", signed)).toBeUndefined();
  expect(keys.heard("context", signed)).toBeUndefined();
  expect(others.signed("context", signed)).toBeUndefined();
});

test("a session's key depends on both nonces, both ends and the install key", () => {
  const all = [
    keys.session("child0", "parent", "nonce--c", "nonce--p"),
    keys.session("child1", "parent", "nonce--c", "nonce--p"),
    keys.session("child0", "parenu", "nonce--c", "nonce--p"),
    keys.session("child0", "parent", "nonce--d", "nonce--p"),
    keys.session("child0", "parent", "nonce--c", "nonce--q"),
    others.session("child0", "parent", "nonce--c", "nonce--p"),
  ];
  expect(new Set(all).size).toBe(all.length);
  expect(all.every((key) => key.length === 16)).toBe(true);
  expect(new KeyRing(INSTALL, NODE_SEAL).session("child0", "parent", "nonce--c", "nonce--p")).toBe(all[0]);
});

test("keys written down as JSON say nothing", () => {
  expect(JSON.stringify({ keys })).toBe('{"keys":"keys"}');
});
