import { expect, test } from "vitest";
import { CHIP_LIMITS, DIAL_AFTER_MAX, DOWN_FRAME_BYTES, LINE_BYTES_MAX, PC_LIMITS } from "#shared/limits.ts";
import { Flight } from "#shared/link/flight.ts";
import { Outbox } from "#shared/link/outbox.ts";
import { DATAGRAM_BYTES_MAX, HEADER_BYTES, PARCEL_BYTES_MAX, POSTS_MAX, TAG_BYTES } from "#shared/radio/limits.ts";
import * as limits from "#shared/radio/tree-limits.ts";
import type { Instant, NodeId, UnixMillis } from "#shared/units.ts";
import { TEXT } from "../world.ts";

const now = 0 as Instant;

test("a beacon and an answer to a join, the longest ones, fit a datagram", () => {
  const body = 8 + 3 * limits.DEPTH_MAX + 4 * limits.BEACON_QUALITIES_MAX;
  expect(HEADER_BYTES + 9 + body + TAG_BYTES).toBeLessThanOrEqual(DATAGRAM_BYTES_MAX);
});

test("the longest frame of a node fits the hop, and so does the longest of a root's dongle", () => {
  for (const limits of [CHIP_LIMITS, PC_LIMITS]) {
    let longest = 0;
    // So many short events in front of a longest line.
    for (let shorts = 0; shorts < 100; shorts++) {
      const outbox = new Outbox(limits, TEXT);
      const flight = new Flight("i".repeat(28) as NodeId, outbox, limits, {});
      flight.resume(2147483647, 0);
      for (let i = 0; i < shorts; i++) outbox.add({ type: "reading", value: i }, 0, now, undefined);
      const pad = "x".repeat(LINE_BYTES_MAX - 50);
      expect(outbox.add({ type: "reading", pad }, 0, now, undefined)).toBe("");
      flight.added(true, now);
      while (flight.isDue(now)) longest = Math.max(longest, flight.take(now, () => 1.7e12 as UnixMillis).length);
    }
    expect(longest).toBeGreaterThan(LINE_BYTES_MAX);
    expect(longest).toBeLessThanOrEqual(PARCEL_BYTES_MAX);
  }
  expect(DOWN_FRAME_BYTES + LINE_BYTES_MAX + 1).toBeLessThanOrEqual(PARCEL_BYTES_MAX);
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
  expect(limits.FAILS_DOUBT).toBeLessThan(limits.FAILS_MUTE);
  expect(limits.DEAF_LOST).toBeGreaterThan(1);
  expect(limits.SHUN_AFTER).toBeLessThan(limits.SHUN_AFTER_MAX);
});

test("a path's cost fits its byte at the greatest depth of good links", () => {
  expect(limits.DEPTH_MAX * limits.COST_OF_HOP * 2).toBeLessThan(255);
});
