import { expect, test } from "vitest";
import {
  DIAL_AFTER,
  DIAL_AFTER_MAX,
  DIAL_TIMEOUT,
  HELLO_AFTER,
  HELLO_AFTER_MAX,
  HELLO_WITHIN,
  REFUSED_WAIT,
  REPLACED_WAIT,
  ROOTLESS_WAIT,
} from "#shared/limits.ts";
import { Join } from "#shared/tree/join.ts";
import type { Instant } from "#shared/units.ts";
import { seeded } from "../world.ts";

const at = (millis: number) => millis as Instant;
const LEAST = () => 0;
const MOST = () => 0.999999;

function waitAfter(join: Join, why: "lost" | "replaced" | "refused", now: number): number {
  join.lost(why, at(now));
  return (join.wakeAt() ?? Number.NaN) - now;
}

test("waits from half to whole of a doubling time, 500 ms to 30 s", () => {
  const least = new Join(LEAST, false);
  const most = new Join(MOST, false);
  for (let i = 0; i < 12; i++) {
    const whole = Math.min(DIAL_AFTER_MAX, DIAL_AFTER * 2 ** i);
    least.dial(at(0));
    most.dial(at(0));
    expect(waitAfter(least, "lost", 0)).toBe(Math.floor(whole / 2));
    const longest = waitAfter(most, "lost", 0);
    expect(longest).toBeLessThanOrEqual(whole);
    expect(longest).toBeGreaterThan(whole * 0.99 - 1);
  }
});

test("two nodes that lose the same parent do not dial in step", () => {
  const random = seeded(3);
  const waits = Array.from({ length: 20 }, () => waitAfter(new Join(random, false), "lost", 0));
  expect(new Set(waits).size).toBeGreaterThan(15);
});

test("having been joined ends the growth; an open link alone does not", () => {
  for (const isJoined of [true, false]) {
    const join = new Join(LEAST, false);
    for (let i = 0; i < 5; i++) join.lost("lost", at(0));
    const link = join.dial(at(0));
    join.greet(link, at(0));
    if (isJoined) join.joined(link);
    const wait = waitAfter(join, "lost", 0);
    if (isJoined) expect(wait).toBeLessThanOrEqual(DIAL_AFTER);
    else expect(wait).toBeGreaterThan(4 * DIAL_AFTER);
  }
});

test("a client that was replaced waits five seconds at least, one that was refused a minute", () => {
  for (const random of [LEAST, MOST]) {
    expect(waitAfter(new Join(random, false), "replaced", 0)).toBeGreaterThanOrEqual(REPLACED_WAIT);
    expect(waitAfter(new Join(random, false), "refused", 0)).toBeGreaterThanOrEqual(REFUSED_WAIT);
    expect(waitAfter(new Join(random, false), "refused", 0)).toBeLessThanOrEqual(1.5 * REFUSED_WAIT);
  }
});

test("a dial is given up after its time, and each dial is another link", () => {
  const join = new Join(LEAST, false);
  const first = join.dial(at(100));
  expect(join.wakeAt()).toBe(100 + DIAL_TIMEOUT);
  expect(join.anyLink()).toBe(first);
  expect(join.openLink()).toBe(0);
  const second = join.dial(at(200));
  expect(second).not.toBe(first);
  expect(first).toBeLessThan(0);
  expect(second).toBeLessThan(0);
});

test("a dial by radio has no end, for the radio searches on, and the wait before the next one does not grow", () => {
  const join = new Join(LEAST, true);
  join.dial(at(100));
  expect(join.wakeAt()).toBe(undefined);
  for (let i = 0; i < 12; i++) expect(waitAfter(join, "lost", 100)).toBe(DIAL_AFTER / 2);
  // The radio had another parent before it left the old one.
  expect(waitAfter(join, "lost", 5000)).toBe(0);
  expect(waitAfter(join, "refused", 0)).toBeGreaterThanOrEqual(REFUSED_WAIT);
});

test("`?hello` is said again after 5 s, 10 s, 20 s, 20 s: a slow root's answer has its chance", () => {
  const join = new Join(seeded(1), false);
  const link = join.dial(at(0));
  const waits: number[] = [];
  let now = 0;
  for (let i = 0; i < 4; i++) {
    join.greet(link, at(now));
    waits.push((join.wakeAt() ?? 0) - now);
    now = join.wakeAt() ?? 0;
  }
  expect(waits).toEqual([HELLO_AFTER, 2 * HELLO_AFTER, HELLO_AFTER_MAX, HELLO_AFTER_MAX]);
  join.joined(link);
  join.greet(link, at(now));
  expect((join.wakeAt() ?? 0) - now).toBe(HELLO_AFTER);
});

test("those who hear that their parent has the root again greet one after the other, within five seconds", () => {
  const random = seeded(4);
  const waits = Array.from({ length: 20 }, () => {
    const join = new Join(random, true);
    join.rootless(join.dial(at(0)), true, at(1000));
    return (join.wakeAt() ?? Number.NaN) - 1000;
  });
  for (const wait of waits) expect(wait).toBeLessThanOrEqual(HELLO_WITHIN);
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(HELLO_WITHIN / 2);
});

test("each `?hello` has another nonce", () => {
  const join = new Join(seeded(1), false);
  const link = join.dial(at(0));
  const nonces = Array.from({ length: 50 }, () => join.greet(link, at(0)));
  expect(new Set(nonces).size).toBe(50);
  for (const nonce of nonces) expect(Number.isInteger(nonce) && nonce >= 0).toBe(true);
});

test("a node whose parent has no root asks again now and then, and a joined one needs no waking", () => {
  const join = new Join(LEAST, false);
  const link = join.dial(at(0));
  join.rootless(link, false, at(1000));
  expect(join.wakeAt()).toBe(1000 + ROOTLESS_WAIT);
  expect(join.openLink()).toBe(link);
  expect(join.joinedLink).toBe(0);
  join.joined(link);
  expect(join.wakeAt()).toBeUndefined();
  expect(join.joinedLink).toBe(link);
});
