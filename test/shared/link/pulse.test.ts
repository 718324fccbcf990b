import { expect, test } from "vitest";
import { LINK_ASK_AFTER, LINK_TIMEOUT, RADIO_SLOWNESS, SWEEP_EVERY } from "#shared/limits.ts";
import { Pulse } from "#shared/link/pulse.ts";
import type { Instant } from "#shared/units.ts";

const at = (millis: number) => millis as Instant;

test("asks after a third of the timeout in silence and not a millisecond sooner", () => {
  const pulse = new Pulse(at(100), false);
  expect(LINK_ASK_AFTER).toBe(LINK_TIMEOUT / 3);
  expect(pulse.check(at(100 + LINK_ASK_AFTER - 1), true)).toBe("fine");
  expect(pulse.check(at(100 + LINK_ASK_AFTER), true)).toBe("ask");
});

test("a link that is never silent is asked once in a timeout all the same", () => {
  const pulse = new Pulse(at(0), false);
  const asked: number[] = [];
  for (let millis = 0; millis <= 3 * LINK_TIMEOUT; millis += SWEEP_EVERY) {
    pulse.heard(at(millis));
    if (pulse.check(at(millis), true) === "ask") asked.push(millis);
  }
  expect(asked).toEqual([LINK_TIMEOUT, 2 * LINK_TIMEOUT, 3 * LINK_TIMEOUT]);
});

test("calls a link dead at the timeout and not a millisecond sooner; any frame counts as life", () => {
  const pulse = new Pulse(at(0), false);
  expect(pulse.check(at(LINK_TIMEOUT - 1), true)).toBe("ask");
  pulse.heard(at(LINK_TIMEOUT - 1));
  expect(pulse.check(at(LINK_TIMEOUT), true)).toBe("fine");
  expect(pulse.check(at(2 * LINK_TIMEOUT - 2), true)).toBe("ask");
  expect(pulse.check(at(2 * LINK_TIMEOUT - 1), true)).toBe("dead");
});

test("a round trip is never measured too short: it counts from the first question without an answer", () => {
  const pulse = new Pulse(at(0), false);
  pulse.check(at(5000), true);
  pulse.check(at(7500), true);
  expect(pulse.answered(at(9000))).toBe(4000);
});

test("an answer that was not asked for measures nothing", () => {
  const pulse = new Pulse(at(0), false);
  expect(pulse.answered(at(10))).toBe(-1);
  pulse.check(at(5000), true);
  expect(pulse.answered(at(5040))).toBe(40);
  expect(pulse.answered(at(5041))).toBe(-1);
});

test("a dead link is found within one sweep of the timeout", () => {
  expect(SWEEP_EVERY).toBeLessThanOrEqual(LINK_TIMEOUT / 6);
});

test("by radio a link is asked so many times more seldom, and ends so many times later", () => {
  const pulse = new Pulse(at(0), true);
  expect(pulse.check(at(RADIO_SLOWNESS * LINK_ASK_AFTER - 1), true)).toBe("fine");
  expect(pulse.check(at(RADIO_SLOWNESS * LINK_ASK_AFTER), true)).toBe("ask");
  expect(pulse.check(at(RADIO_SLOWNESS * LINK_TIMEOUT), true)).toBe("dead");
});

test("a child that is not silent is not asked: it asks itself, for the time", () => {
  const pulse = new Pulse(at(0), false);
  for (let millis = 0; millis <= 3 * LINK_TIMEOUT; millis += SWEEP_EVERY) {
    pulse.heard(at(millis));
    expect(pulse.check(at(millis), false)).toBe("fine");
  }
  expect(pulse.check(at(3 * LINK_TIMEOUT + LINK_ASK_AFTER), false)).toBe("ask");
});
