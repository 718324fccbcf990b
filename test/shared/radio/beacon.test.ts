import { expect, test } from "vitest";
import { type Beacon, beaconBody, isOnPath, qualityFor, readBeacon, tailOf } from "#shared/radio/beacon.ts";
import { BEACON_QUALITIES_MAX, DEPTH_MAX } from "#shared/radio/tree-limits.ts";
import { seeded } from "../world.ts";

const BEACON: Beacon = {
  treeVersion: 200,
  life: "\x01\x80\xff\x00",
  channel: 11,
  slots: 5,
  path: "\x0a\x0b\x0c\x1a\x1b\x1c",
  qualities: "\x0a\x0b\x0c\xf0\xff\xfe\xfd\x01",
};

test("a body says what it was made of", () => {
  expect(readBeacon(beaconBody(BEACON))).toEqual(BEACON);
  const bare = { ...BEACON, path: "", qualities: "" };
  expect(readBeacon(beaconBody(bare))).toEqual(bare);
});

test("the longest body, with header and tag, fits a datagram with room to spare", () => {
  const longest = { ...BEACON, path: "abc".repeat(DEPTH_MAX), qualities: "abcd".repeat(BEACON_QUALITIES_MAX) };
  expect(readBeacon(beaconBody(longest))).toEqual(longest);
  expect(12 + beaconBody(longest).length + 8).toBeLessThan(100);
});

test("a body that is cut, prolonged, too deep or too talkative is none", () => {
  const body = beaconBody(BEACON);
  for (let length = 0; length < body.length; length++) expect(readBeacon(body.substring(0, length))).toBeUndefined();
  expect(readBeacon(body + "x")).toBeUndefined();
  expect(readBeacon(beaconBody({ ...BEACON, path: "abc".repeat(DEPTH_MAX + 1) }))).toBeUndefined();
  expect(readBeacon(beaconBody({ ...BEACON, qualities: "abcd".repeat(5) }))).toBeUndefined();
});

test("bytes of any kind are a body or none, and never throw", () => {
  const random = seeded(9);
  for (let i = 0; i < 20_000; i++) {
    let bytes = "";
    for (let n = random() * 60; n > 0; n--) bytes += String.fromCharCode(random() * 256);
    const beacon = readBeacon(bytes);
    if (beacon !== undefined) expect(beaconBody(beacon)).toBe(bytes);
  }
});

test("tails are found on a path at their own places only", () => {
  expect(tailOf("aa:bb:cc:1d:0e:ff")).toBe("\x1d\x0e\xff");
  expect(isOnPath("abcdef", "abc")).toBe(true);
  expect(isOnPath("abcdef", "def")).toBe(true);
  expect(isOnPath("abcdef", "bcd")).toBe(false);
  expect(isOnPath("", "abc")).toBe(false);
});

test("a quality is found by its tail, and 0 says there is none", () => {
  expect(qualityFor(BEACON, "\x0a\x0b\x0c")).toBe(0xf0);
  expect(qualityFor(BEACON, "\xff\xfe\xfd")).toBe(1);
  expect(qualityFor(BEACON, "\x0b\x0c\xf0")).toBe(0);
});
