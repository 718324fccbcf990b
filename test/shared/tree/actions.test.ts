import { expect, test } from "vitest";
import { ACT_TTL, ACTS_REMEMBERED } from "#shared/limits.ts";
import { Actions } from "#shared/tree/actions.ts";

const ROOT_NOW = 1_700_000_000_000;
const act = (id: string, more: object = {}) => ({ type: "?act", id, eid: "lamp", ttl: 5000, ts: ROOT_NOW, ...more });

test("an action runs once, however often it comes", () => {
  const actions = new Actions();
  expect(actions.judge(act("a"), ROOT_NOW)).toBe("run");
  expect(actions.judge(act("a"), ROOT_NOW)).toBe("drop");
  expect(actions.answer("a", true, 7)).toEqual({ type: "!act", id: "a", ok: true, value: 7 });
  expect(actions.judge(act("a"), ROOT_NOW)).toBe("answer");
  expect(actions.again("a")).toEqual({ type: "!act", id: "a", ok: true, value: 7 });
});

test("an action is dropped at exactly its deadline, and runs a millisecond before", () => {
  const actions = new Actions();
  expect(actions.judge(act("a"), ROOT_NOW + 4999)).toBe("run");
  expect(actions.judge(act("b"), ROOT_NOW + 5000)).toBe("drop");
  expect(actions.judge(act("c", { ttl: undefined }), ROOT_NOW + ACT_TTL - 1)).toBe("run");
  expect(actions.judge(act("d", { ttl: undefined }), ROOT_NOW + ACT_TTL)).toBe("drop");
});

test("an overdue action that was answered in time is answered again, not run", () => {
  const actions = new Actions();
  actions.judge(act("a"), ROOT_NOW);
  actions.answer("a", false, "jammed");
  expect(actions.judge(act("a"), ROOT_NOW + 60_000)).toBe("answer");
  expect(actions.again("a")).toEqual({ type: "!act", id: "a", ok: false, error: "jammed" });
});

test("while the clock is unknown nothing runs: it could be late", () => {
  expect(new Actions().judge(act("a"), 0)).toBe("drop");
});

test("what is no action is dropped", () => {
  const actions = new Actions();
  const broken = [{ id: 5 }, { id: undefined }, { eid: "" }, { eid: 7 }, { eid: "x".repeat(65) }];
  for (const more of broken) expect(actions.judge(act("a", more), ROOT_NOW)).toBe("drop");
});

test("an action is answered once, and only one that runs", () => {
  const actions = new Actions();
  expect(actions.answer("a", true, 1)).toBeUndefined();
  actions.judge(act("a"), ROOT_NOW);
  expect(actions.answer("a", true, 1)).toBeDefined();
  expect(actions.answer("a", true, 2)).toBeUndefined();
});

test("remembers the last answers, and no more than its limit", () => {
  const actions = new Actions();
  for (let i = 0; i <= ACTS_REMEMBERED; i++) {
    actions.judge(act("a" + i), ROOT_NOW);
    actions.answer("a" + i, true, i);
  }
  expect(actions.again("a0")).toBeUndefined();
  expect(actions.again("a1")).toBeDefined();
  expect(actions.again("a" + ACTS_REMEMBERED)).toBeDefined();
});

test("an error's words are cut to sixty characters", () => {
  const actions = new Actions();
  actions.judge(act("a"), ROOT_NOW);
  expect(actions.answer("a", false, "e".repeat(500))?.["error"]).toBe("e".repeat(60));
});
