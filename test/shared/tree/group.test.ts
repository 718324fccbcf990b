import { expect, test } from "vitest";
import { LINE_BYTES_MAX } from "#shared/limits.ts";
import { Group, groupOf, isEvent, parseLine } from "#shared/tree/group.ts";
import { Intake } from "#shared/tree/intake.ts";
import { Ledger } from "#shared/tree/ledger.ts";
import { Projection } from "#shared/tree/projection.ts";
import { Roll } from "#shared/tree/roll.ts";
import type { NodeId, UnixMillis } from "#shared/units.ts";
import { parseMessage } from "#shared/wire/message.ts";
import { EMPTY, seeded, TEXT } from "../world.ts";

/** Reads a frame whose lines all belong to one group, but for those that `isLeftOut` says are not. */
function read(lines: string[], isLeftOut: (line: string) => boolean = () => false): Group {
  const frame = lines.map((line) => line + "\n").join("");
  const group = new Group(frame);
  let start = 0;
  for (const line of lines) {
    const end = start + line.length;
    if (!isLeftOut(line)) group.add(start, end, parseLine(frame, start, end, TEXT));
    start = end + 1;
  }
  return group;
}

/** What of it is on the disk, if its first `skip` events are there already. */
function stored(group: Group, skip: number): string {
  const projection = new Projection("root" as NodeId, EMPTY);
  const ledger = new Ledger(projection, 0);
  const member = new Roll(projection).member("node" as NodeId);
  member.last = skip;
  new Intake(projection, ledger, TEXT, {}).append(member, group, skip, false, 1_700_000_000_000 as UnixMillis);
  return ledger.next()?.groups[0]?.lines ?? "";
}

const line = (length: number) => `{"type":"x","pad":"${"y".repeat(length - 21)}"}`;

test("one bad line costs only itself", () => {
  const good = '{"type":"x","value":1}';
  for (const bad of [
    "{",
    "5",
    "null",
    "[]",
    "{}",
    '{"type":5}',
    "},{",
    '{"type":"x"},{"type":"x"}',
    line(5000),
    ",",
    "]",
    "[",
  ]) {
    const group = read([good, bad, good]);
    expect(group.events, bad.slice(0, 30)).toEqual([{ type: "x", value: 1 }, undefined, { type: "x", value: 1 }]);
    expect(group.good().text()).toBe(good + "\n" + good);
    expect(group.good().events.length).toBe(2);
  }
});

test("two broken lines that make up two good values together are two broken lines", () => {
  for (const lines of [
    ['{"type":"a","x":[1', '{"type":"b"}]},{"type":"b"}'],
    ['{"type":"a","x":"', '"},{"type":"b"}'],
    ['{"type":"a"},{"type":"b","x":[1', '{"type":"c"}]}'],
  ]) {
    expect(read(lines).events).toEqual([undefined, undefined]);
  }
});

test("a line of 4096 bytes is an event, one of 4097 is stored as a gap that says long", () => {
  const group = read([line(LINE_BYTES_MAX - 1), line(LINE_BYTES_MAX), line(LINE_BYTES_MAX + 1), "{"]);
  expect(group.events.map((event) => event !== undefined)).toEqual([true, true, false, false]);
  expect(stored(group, 2)).toBe('{"type":"!gap","n":1,"reason":"long"}\n{"type":"!gap","n":1,"reason":"malformed"}');
});

test("a line is measured in bytes of UTF-8, not in characters", () => {
  const wide = (bytes: number) => `{"type":"x","p":"${"é".repeat((bytes - 19) / 2)}"}`;
  expect(TEXT.byteLength(wide(LINE_BYTES_MAX - 1))).toBe(LINE_BYTES_MAX - 1);
  const group = read([wide(LINE_BYTES_MAX - 1), wide(LINE_BYTES_MAX + 1)]);
  expect(group.events.map((event) => event !== undefined)).toEqual([true, false]);
  expect(stored(group, 1)).toContain("long");
});

test("control lines are no events, and keep their number as gaps", () => {
  const group = read(['{"type":"!hello"}', '{"type":"!update"}', '{"type":"!ack","n":1}']);
  expect(group.events.map(isEvent)).toEqual([false, true, false]);
  expect(stored(group, 1)).toBe('{"type":"!update"}\n{"type":"!gap","n":1,"reason":"malformed"}');
  expect(isEvent(undefined)).toBe(false);
});

test("a group of lines that are no frame holds just those", () => {
  const lines = ['{"type":"a"}', '{"type":"b"}'];
  const group = groupOf(lines, [{ type: "a" }, { type: "b" }]);
  expect(group.text()).toBe(lines.join("\n"));
  expect(group.events).toEqual([{ type: "a" }, { type: "b" }]);
});

for (let seed = 1; seed <= 10; seed++) {
  test(`a group says and holds the same as its lines one by one, whatever lies between them (seed ${seed})`, () => {
    const random = seeded(seed);
    const pieces = ['{"type":"a"', ',"x":[', "1", "]", "}", "{", '"', ",", '{"type":"b"}', "\\", " ", "?ack"];
    for (let round = 0; round < 200; round++) {
      const lines = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
        if (random() < 0.5) return '{"type":"e","v":1}';
        if (random() < 0.4) return '{"type":"?ping"}';
        return (
          "x" +
          Array.from({ length: Math.floor(random() * 7) }, () => pieces[Math.floor(random() * pieces.length)]).join("")
        );
      });
      const isLeftOut = (one: string) => one === '{"type":"?ping"}';
      const kept = lines.filter((one) => !isLeftOut(one));
      const group = read(lines, isLeftOut);
      expect(group.events, JSON.stringify(lines)).toEqual(kept.map((one) => parseMessage(one)));
      expect(group.text(), JSON.stringify(lines)).toBe(kept.join("\n"));
      if (kept.length === 0) continue;
      const skip = Math.floor(random() * kept.length);
      const mended = kept.map((one) =>
        parseMessage(one) === undefined ? '{"type":"!gap","n":1,"reason":"malformed"}' : one,
      );
      expect(stored(group, skip)).toBe(mended.slice(skip).join("\n"));
    }
  });
}
