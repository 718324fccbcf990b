import { expect, test } from "vitest";
import { ACT_GRACE } from "#shared/limits.ts";
import { Calls } from "#shared/tree/calls.ts";
import type { Instant, Millis, NodeId } from "#shared/units.ts";

const at = (millis: number) => millis as Instant;
const anyone = () => true;

function calls(): Calls {
  const one = new Calls();
  one.begin("a1", 7, "kitchen" as NodeId, 5000 as Millis, at(1000));
  return one;
}

test("a call ends in its answer, once, and then never in a timeout", () => {
  const one = calls();
  expect(one.answered({ type: "!act", id: "a1", ok: true, value: 3 }, anyone)).toEqual({
    call: 7,
    outcome: { ok: true, value: 3 },
  });
  expect(one.answered({ type: "!act", id: "a1", ok: true, value: 4 }, anyone)).toBeUndefined();
  expect(one.overdue(at(1e9))).toEqual([]);
  expect(one.size).toBe(0);
  expect(one.wakeAt()).toBeUndefined();
});

test("a call times out when ttl and grace are over, not a millisecond sooner, and a late answer changes nothing", () => {
  const one = calls();
  const until = 1000 + 5000 + ACT_GRACE;
  expect(one.wakeAt()).toBe(until);
  expect(one.overdue(at(until - 1))).toEqual([]);
  expect(one.overdue(at(until))).toEqual([{ call: 7, outcome: { ok: false, error: "timeout" } }]);
  expect(one.overdue(at(until))).toEqual([]);
  expect(one.answered({ type: "!act", id: "a1", ok: true }, anyone)).toBeUndefined();
});

test("an answer by a node that may not give it ends nothing", () => {
  const one = calls();
  expect(one.answered({ type: "!act", id: "a1", ok: true }, (dst) => dst !== "kitchen")).toBeUndefined();
  expect(one.size).toBe(1);
});

test("an answer that is not plainly ok is a failure, with words even where none came", () => {
  for (const [answer, error] of [
    [{ ok: false, error: "jammed" }, "jammed"],
    [{ ok: "true" }, "failed"],
    [{}, "failed"],
    [{ ok: 1, error: { a: 1 } }, "failed"],
  ] as const) {
    expect(calls().answered({ type: "!act", id: "a1", ...answer }, anyone)?.outcome).toEqual({ ok: false, error });
  }
});

test("answers to unknown or unreadable ids are ignored", () => {
  const one = calls();
  for (const id of ["a2", "__proto__", 5, null, undefined])
    expect(one.answered({ type: "!act", id, ok: true }, anyone)).toBeUndefined();
});

test("a call that was answered wakes nobody when it was the last, and else at most once for nothing", () => {
  const one = calls();
  one.begin("a2", 8, "porch" as NodeId, 100 as Millis, at(1000));
  one.answered({ type: "!act", id: "a2", ok: true }, anyone);
  expect(one.overdue(at(1100 + ACT_GRACE))).toEqual([]);
  expect(one.wakeAt()).toBe(6000 + ACT_GRACE);
  one.answered({ type: "!act", id: "a1", ok: true }, anyone);
  expect(one.wakeAt()).toBeUndefined();
});

test("ends all that are overdue at once, and none before its time", () => {
  const one = calls();
  for (const [i, ttl] of [300, 100, 200, 100].entries())
    one.begin(`b${i}`, 10 + i, "porch" as NodeId, ttl as Millis, at(1000));
  expect(one.overdue(at(1099 + ACT_GRACE))).toEqual([]);
  expect(one.overdue(at(1200 + ACT_GRACE)).map((ended) => ended.call)).toEqual([11, 12, 13]);
  expect(one.overdue(at(1300 + ACT_GRACE)).map((ended) => ended.call)).toEqual([10]);
  expect(one.wakeAt()).toBe(6000 + ACT_GRACE);
});

test("wakes for the soonest of several calls", () => {
  const one = calls();
  one.begin("a2", 8, "porch" as NodeId, 100 as Millis, at(1000));
  expect(one.wakeAt()).toBe(1100 + ACT_GRACE);
  expect(one.overdue(at(1100 + ACT_GRACE)).map((ended) => ended.call)).toEqual([8]);
  expect(one.wakeAt()).toBe(6000 + ACT_GRACE);
});
