import { expect, test } from "vitest";
import { DIAL_AFTER_MAX } from "#shared/limits.ts";
import { DATAGRAM_BYTES_MAX, HEADER_BYTES, POSTS_MAX, TAG_BYTES } from "#shared/radio/limits.ts";
import * as limits from "#shared/radio/tree-limits.ts";

test("a beacon and an answer to a join, the longest ones, fit a datagram", () => {
  const body = 8 + 3 * limits.DEPTH_MAX + 4 * limits.BEACON_QUALITIES_MAX;
  expect(HEADER_BYTES + 9 + body + TAG_BYTES).toBeLessThanOrEqual(DATAGRAM_BYTES_MAX);
});

test("an answer comes while the asker still listens, and is thought about before it goes on", () => {
  expect(limits.BEACON_ANSWER_WITHIN + 10).toBeLessThan(limits.SEARCH_DWELL);
  expect(limits.DECIDE_AFTER).toBeLessThanOrEqual(limits.SEARCH_DWELL);
});

test("an offer outlives the child's longest wait before it dials", () => {
  expect(limits.JOIN_PENDING).toBeGreaterThan(DIAL_AFTER_MAX);
});

test("there are as many offers as answers that can wait for the air", () => {
  expect(limits.JOIN_OFFERS_MAX).toBeGreaterThanOrEqual(POSTS_MAX);
});

test("a neighbour is fresh for longer than two of the longest intervals between beacons", () => {
  expect(limits.NEIGHBOUR_FRESH).toBeGreaterThan(2 * limits.BEACON_EVERY_MAX);
});

test("doubt comes before the end", () => {
  expect(limits.FAILS_DOUBT).toBeLessThan(limits.FAILS_LOST);
  expect(limits.FAILS_LOST).toBeLessThan(limits.FAILS_MUTE);
  expect(limits.SHUN_AFTER).toBeLessThan(limits.SHUN_AFTER_MAX);
});

test("a path's cost fits its byte at the greatest depth of good links", () => {
  expect(limits.DEPTH_MAX * limits.COST_OF_HOP * 2).toBeLessThan(255);
});
