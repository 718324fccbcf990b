import { expect, test } from "vitest";
import { LINK_TIMEOUT } from "#shared/limits.ts";
import * as limits from "#shared/radio/limits.ts";
import { attemptTime } from "./pair.ts";

test("sizes of the radio fit each other", () => {
  expect(limits.PAYLOAD_BYTES_MAX).toBe(limits.DATAGRAM_BYTES_MAX - limits.HEADER_BYTES - limits.TAG_BYTES);
  expect(limits.DATAGRAM_COST_BYTES).toBe(limits.PAYLOAD_BYTES_MAX + limits.PIECES_MAX * limits.FRAME_COST_BYTES);
  expect(limits.SEND_BYTES_MAX).toBeGreaterThan(limits.PARCEL_BYTES_MAX + limits.FRAME_COST_BYTES);
  const unfinished = limits.PARCEL_BYTES_MAX + limits.WINDOW * limits.DATAGRAM_COST_BYTES;
  expect(limits.RECEIVE_BYTES_MAX).toBeGreaterThan(unfinished);
  expect(Math.floor(limits.RECEIVE_BYTES_MAX / limits.DATAGRAM_COST_BYTES)).toBeLessThan(256);
  expect(limits.COUNTER_MAX).toBe(2 ** 24 - 1);
});

test("a window is no more than the selective ack can tell, and sequence numbers come round long after it", () => {
  expect(limits.WINDOW).toBeLessThanOrEqual(limits.EARLY_MAX);
  expect(limits.EARLY_MAX).toBe(8);
  expect(2 * (limits.WINDOW + limits.EARLY_MAX)).toBeLessThan(256);
  expect(limits.WINDOW).toBeLessThan(limits.REPLAY_SPAN);
  expect(limits.PULL_EVERY).toBeLessThan(limits.WINDOW);
});

test("waits of the radio are in order", () => {
  expect(Math.abs(attemptTime(250, 0) - limits.PACKET_TIME)).toBeLessThan(0.05);
  expect(limits.ACK_AFTER).toBeGreaterThanOrEqual(5);
  expect(limits.ACK_AFTER).toBeLessThanOrEqual(10);
  expect(limits.ACK_WAIT_FIRST).toBeGreaterThan(limits.ACK_AFTER + 2 * limits.PACKET_TIME);
  // A link that is given up waited at least twice as long as for any ack, and sooner than those above give it up.
  expect(limits.SESSION_TIMEOUT).toBeGreaterThan(2 * limits.ACK_WAIT_MAX);
  expect(limits.SESSION_TIMEOUT).toBeLessThan(LINK_TIMEOUT);
  expect(limits.SESSION_SILENCE).toBeGreaterThan(LINK_TIMEOUT);
  // Six attempts of the longest datagram take 38 ms.
  const longest = [0, 1, 2, 3, 4, 5].reduce((sum, attempt) => sum + attemptTime(250, attempt), 0);
  expect(limits.CALLBACK_TIMEOUT).toBeGreaterThan(2 * longest);
  expect(limits.RESTART_TIMEOUT).toBeGreaterThan(limits.CALLBACK_TIMEOUT);
});
