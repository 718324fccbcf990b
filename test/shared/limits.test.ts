import { expect, test } from "vitest";
import * as limits from "#shared/limits.ts";
import { CHIP_LIMITS, PC_LIMITS, SWEEP_EVERY } from "#shared/limits.ts";
import { ackLine, groupEnd } from "#shared/wire/line.ts";
import { NUMBER_MAX } from "#shared/wire/message.ts";

const PLATFORMS = [
  ["chip", CHIP_LIMITS],
  ["pc", PC_LIMITS],
] as const;
const LONGEST_ID = "x".repeat(limits.NODE_ID_CHARS_MAX);

for (const [name, platform] of PLATFORMS) {
  test(`${name}: a window fits the outbox, a flush fits the window, a longest event fits an event's share of the outbox`, () => {
    expect(platform.windowBytes).toBeLessThanOrEqual(platform.outboxBytes);
    expect(platform.flushBytes).toBeLessThan(platform.windowBytes);
    expect(platform.outboxBytes * 0.75).toBeGreaterThan(limits.LINE_BYTES_MAX + 1);
  });

  test(`${name}: what it sends in one frame, its closing line included, is a frame that a chip takes`, () => {
    const end = groupEnd(LONGEST_ID, NUMBER_MAX, NUMBER_MAX, "").length + 1;
    expect(platform.flushBytes + limits.LINE_BYTES_MAX + 1 + end).toBeLessThan(limits.FRAME_BYTES_MAX);
    expect(limits.DOWN_FRAME_BYTES + limits.LINE_BYTES_MAX + 1).toBeLessThan(limits.FRAME_BYTES_MAX);
  });

  test(`${name}: a child's longest own frame fits the relay`, () => {
    expect(2 * platform.relayBytes).toBeGreaterThan(platform.flushBytes + limits.LINE_BYTES_MAX);
  });

  test(`${name}: it can route each of its children`, () => {
    expect(platform.routesMax).toBeGreaterThanOrEqual(platform.childrenMax);
  });
}

test("a chip flushes within one chunk of 536 bytes, the closing line of a usual id included", () => {
  expect(CHIP_LIMITS.flushBytes).toBeLessThanOrEqual(536);
  expect(CHIP_LIMITS.pipeBytes).toBeGreaterThanOrEqual(2 * 536);
});

test("a link outlives a question, its answer and a sweep or two", () => {
  expect(limits.LINK_TIMEOUT).toBeGreaterThan(limits.LINK_ASK_AFTER + 2 * SWEEP_EVERY);
  expect(limits.LINK_TIMEOUT).toBeGreaterThan(limits.HELLO_AFTER);
  expect(limits.LINK_TIMEOUT).toBeGreaterThan(limits.DIAL_TIMEOUT);
});

test("waits grow: each shortest is below its longest", () => {
  expect(limits.DIAL_AFTER).toBeLessThan(limits.DIAL_AFTER_MAX);
  expect(limits.HELLO_AFTER).toBeLessThan(limits.HELLO_AFTER_MAX);
  expect(limits.RESEND_AFTER_MIN).toBeLessThan(limits.RESEND_AFTER_MAX);
  expect(limits.REPLACED_WAIT).toBeLessThan(limits.REFUSED_WAIT);
});

test("a frame waits for company no longer than an `!ack` is waited for", () => {
  expect(PC_LIMITS.flushAfter).toBeLessThanOrEqual(limits.RESEND_AFTER_MIN);
  expect(CHIP_LIMITS.flushAfter).toBeLessThanOrEqual(limits.RESEND_AFTER_MIN);
});

test("a replaced client's wait is short enough for three takeovers to be seen as a conflict", () => {
  expect(limits.CONFLICT_TAKEOVERS * (limits.REPLACED_WAIT + limits.DIAL_AFTER)).toBeLessThan(limits.CONFLICT_WITHIN);
});

test("a chip's frame is one that the root takes; a full group row is no more than the root's own frame", () => {
  expect(limits.FRAME_BYTES_MAX).toBeLessThan(limits.ROOT_FRAME_BYTES_MAX);
  expect(limits.LINE_BYTES_MAX).toBeLessThan(limits.FRAME_BYTES_MAX);
  expect(limits.ROW_BYTES_MAX).toBeGreaterThanOrEqual(limits.FRAME_BYTES_MAX);
});

test("a paused root holds the window of many nodes", () => {
  expect(limits.ROOT_PENDING_BYTES_MAX).toBeGreaterThan(100 * PC_LIMITS.windowBytes);
});

test("what a node is told after its `?hello` does not end its link for slowness", () => {
  expect(limits.DESIRED_MAX * (limits.LINE_BYTES_MAX + 1) + 1000).toBeLessThan(limits.ROOT_LINK_BYTES_MAX);
  const ack = ackLine(LONGEST_ID, NUMBER_MAX, NUMBER_MAX).length + 1;
  expect(limits.HELLOS_MAX * 3 * ack).toBeLessThan(limits.ROOT_LINK_BYTES_MAX);
});

test("numbers never reach their end: a new epoch is asked for, and an offered one believed, at half of it at the latest", () => {
  expect(2 * limits.EPOCH_EVENTS_MAX).toBeLessThan(NUMBER_MAX);
  expect(2 * limits.EPOCH_OFFERED_MAX).toBeLessThan(NUMBER_MAX);
});

test("an answer given in the last moment of its ttl comes in time", () => {
  expect(limits.ACT_GRACE).toBeGreaterThan(0);
  expect(limits.ACT_TTL).toBeGreaterThan(limits.ACT_GRACE);
});
