import { expect, test } from "vitest";
import { ENTITY_ID_BYTES_MAX, NODE_ID_CHARS_MAX, VIA_NODES_MAX } from "#shared/limits.ts";
import {
  asReason,
  asVia,
  isControlType,
  isEntityId,
  isNodeId,
  isNumber,
  mayBeControl,
  NUMBER_MAX,
  parseMessage,
  timeOf,
} from "#shared/wire/message.ts";

test("an id starts with a letter or digit and has at most 28 of them, `_`, `-` and `.`", () => {
  for (const id of ["a", "7", "kitchen-2.b_C", "x".repeat(NODE_ID_CHARS_MAX - 1), "x".repeat(NODE_ID_CHARS_MAX)])
    expect(isNodeId(id), id).toBe(true);
  for (const id of [
    "",
    "-a",
    ".a",
    "_a",
    "a b",
    'a"',
    "a\n",
    "é",
    "__proto__",
    "x".repeat(NODE_ID_CHARS_MAX + 1),
    7,
    null,
    undefined,
    ["a"],
  ]) {
    expect(isNodeId(id), String(id)).toBe(false);
  }
});

test("an entity is any text of 1 to 64 characters", () => {
  expect(isEntityId("x".repeat(ENTITY_ID_BYTES_MAX))).toBe(true);
  for (const eid of ["", "x".repeat(ENTITY_ID_BYTES_MAX + 1), 5, null, undefined, {}])
    expect(isEntityId(eid)).toBe(false);
});

test("a number is whole and from 0 to 2147483647", () => {
  for (const n of [0, 1, NUMBER_MAX - 1, NUMBER_MAX]) expect(isNumber(n)).toBe(true);
  for (const n of [-1, 0.5, NUMBER_MAX + 1, 2 ** 32, Infinity, Number.NaN, "1", null, undefined])
    expect(isNumber(n)).toBe(false);
});

test("a way holds at most sixteen ids, and none if it is absent", () => {
  expect(asVia(undefined)).toEqual([]);
  expect(asVia(Array(VIA_NODES_MAX).fill("a"))?.length).toBe(VIA_NODES_MAX);
  for (const via of [Array(VIA_NODES_MAX + 1).fill("a"), [""], [5], "a", null, {}, [["a"]]])
    expect(asVia(via)).toBeUndefined();
});

test("a message is an object with a text as its type; all else is none, and nothing throws", () => {
  expect(parseMessage('{"type":"x","__proto__":{"a":1}}')?.type).toBe("x");
  for (const line of [
    "",
    "{",
    "5",
    "null",
    '"x"',
    "[]",
    '["type"]',
    "{}",
    '{"type":5}',
    '{"type":null}',
    "\u0000",
    "[".repeat(4000),
  ]) {
    expect(parseMessage(line), line.slice(0, 20)).toBeUndefined();
  }
});

test("the lines that branches and links read are all reserved, and no others", () => {
  for (const type of ["?hello", "!hello", "?ack", "!ack", "?ping", "!ping", "!root", "!gone", "!bye"])
    expect(isControlType(type), type).toBe(true);
  for (const type of ["", " ", "|", "ack", "?ac", "!update", "!act", "?act", "?set", "!log", "?"])
    expect(isControlType(type), type).toBe(false);
});

test("every line that a parent must read is seen by its first bytes, also in the middle of a frame", () => {
  for (const type of ["?ack", "?hello", "?ping", "!ping", "!gone"]) {
    const line = JSON.stringify({ type, src: "a" });
    expect(mayBeControl(line, 0), type).toBe(true);
    expect(mayBeControl("{}\n" + line, 3), type).toBe(true);
    expect(mayBeControl(JSON.stringify({ type }).replace(":", ": "), 0), type).toBe(true);
  }
  for (const type of ["!update", "!log", "!act", "reading"])
    expect(mayBeControl(JSON.stringify({ type, a: "?ack" }), 0), type).toBe(false);
});

test("a time that cannot be one is not one", () => {
  expect(timeOf({ type: "x", ts: 5 }, 9)).toBe(5);
  expect(timeOf({ type: "x", ts: 8.64e15 }, 9)).toBe(8.64e15);
  for (const ts of [-1, 8.65e15, Infinity, Number.NaN, "5", null, undefined])
    expect(timeOf({ type: "x", ts }, 9)).toBe(9);
});

test("a reason of a peer is a text of at most sixty characters", () => {
  expect(asReason("x".repeat(61))).toBe("x".repeat(60));
  for (const reason of [5, null, undefined, {}]) expect(asReason(reason)).toBe("");
});
