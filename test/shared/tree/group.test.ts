import { expect, test } from "vitest";
import { LINE_BYTES_MAX } from "#shared/limits.ts";
import { Group, groupOf, isEvent, parseLine } from "#shared/tree/group.ts";
import { parseMessage } from "#shared/wire/message.ts";
import { seeded } from "../world.ts";

/** What each line says where it stands in a frame. */
function parseLines(lines: string[]) {
  const frame = `${lines.join("\n")}\n`;
  let start = 0;
  return lines.map((line) => {
    const message = parseLine(frame, start, start + line.length);
    start += line.length + 1;
    return message;
  });
}

/** The obvious version. */
function oneByOne(lines: string[]) {
  return lines.map((line) => (line.length > LINE_BYTES_MAX ? undefined : parseMessage(line)));
}

const LONG = JSON.stringify({ type: "x", pad: "y".repeat(LINE_BYTES_MAX) });

test("one bad line costs only itself", () => {
  const good = '{"type":"x","value":1}';
  for (const bad of [
    "",
    "{",
    "5",
    "null",
    "[]",
    "{}",
    '{"type":5}',
    "},{",
    '{"type":"x"},{"type":"x"}',
    LONG,
    ",",
    "]",
    "[",
  ]) {
    const parsed = parseLines([good, bad, good]);
    expect(parsed[0], bad.slice(0, 30)).toEqual({ type: "x", value: 1 });
    expect(parsed[1], bad.slice(0, 30)).toBeUndefined();
    expect(parsed[2], bad.slice(0, 30)).toEqual({ type: "x", value: 1 });
  }
});

test("two broken lines that make up two good values together are two broken lines", () => {
  const cases = [
    ['{"type":"a","x":[1', '{"type":"b"}]},{"type":"b"}'],
    ['{"type":"a","x":[1', '{"type":"b"}]},{ "type":"b"}'],
    ['{"type":"a","x":[1', '{"type":"b"}]},{"x":1,"type":"b"}'],
    ['{"type":"a","x":[1', '{"type":"b"}]},{"\\u0074ype":"b"}'],
    ['{"type":"a","x":[1', '{"type":1}]},{"\\u0074ype":"b"}'],
    ['{"type":"a","x":"', '"},{"type":"b"}'],
    ['{"type":"a"},{"type":"b","x":[1', '{"type":"c"}]}'],
    ['{"type":"a","x":[1', '2]},{"type":"b"}'],
  ];
  for (const lines of cases) expect(parseLines(lines), lines.join(" | ")).toEqual(oneByOne(lines));
});

test("a line of 4096 characters is read, one of 4097 is not", () => {
  const line = (length: number) => `{"type":"x","pad":"${"y".repeat(length - 21)}"}`;
  expect(line(LINE_BYTES_MAX).length).toBe(LINE_BYTES_MAX);
  expect(parseLines([line(LINE_BYTES_MAX)])[0]).toBeDefined();
  expect(parseLines([line(LINE_BYTES_MAX + 1)])[0]).toBeUndefined();
});

test("a line that is no event leaves a gap in its place, which says why", () => {
  const group = new Group("");
  const lines = ["{", "x".repeat(LINE_BYTES_MAX + 1), '{"type":"x"}', '{"type":"!hello"}'];
  const frame = `${lines.join("\n")}\n`;
  const gathered = gather(frame);
  expect(group.text()).toBe("");
  expect(gathered.text()).toBe(lines.join("\n"));
  const gap = (reason: string) => `{"type":"!gap","n":1,"reason":"${reason}"}`;
  expect(gathered.mended(0).split("\n")).toEqual([gap("malformed"), gap("long"), '{"type":"x"}', gap("malformed")]);
  expect(gathered.mended(2).split("\n")).toEqual(['{"type":"x"}', gap("malformed")]);
  expect(gathered.good().text()).toBe('{"type":"x"}');
  expect(gathered.good().events).toEqual([{ type: "x" }]);
});

/** All lines of a frame that are neither empty nor a `?ping`. */
function gather(frame: string): Group {
  const group = new Group(frame);
  let start = 0;
  for (const line of frame.split("\n").slice(0, -1)) {
    const message = parseLine(frame, start, start + line.length);
    if (line !== "" && message?.type !== "?ping") group.add(start, start + line.length, message);
    start += line.length + 1;
  }
  return group;
}

test("a group's text is its lines and no other, whatever stands between them", () => {
  const a = '{"type":"a"}';
  const b = '{"type":"b"}';
  const ping = '{"type":"?ping"}';
  for (const between of [[], [""], ["", ""], [ping], [ping, "", ping]]) {
    const frame = `${[...between, a, ...between, b, a, ...between].join("\n")}\n`;
    expect(gather(frame).text(), frame).toBe([a, b, a].join("\n"));
    expect(gather(frame).events).toEqual([{ type: "a" }, { type: "b" }, { type: "a" }]);
  }
  expect(groupOf([a, b], [{ type: "a" }, { type: "b" }]).text()).toBe(`${a}\n${b}`);
});

test("control lines are no events", () => {
  expect(isEvent(undefined)).toBe(false);
  expect(isEvent({ type: "!hello" })).toBe(false);
  expect(isEvent({ type: "!update" })).toBe(true);
});

for (let seed = 1; seed <= 20; seed++) {
  test(`a line in a frame says what it says alone, whatever its neighbours are (seed ${seed})`, () => {
    const random = seeded(seed);
    const pieces = [
      '{"type":"a"',
      '"type":',
      ',"x":[',
      "1",
      "]",
      "}",
      "{",
      '"',
      ",",
      '{"type":"b"}',
      '{"type":"c","v":"\\u0041"}',
      "\\",
      " ",
      '{ "type":"d"}',
      "[[",
      '"type"',
    ];
    for (let round = 0; round < 500; round++) {
      const lines = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
        random() < 0.4
          ? '{"type":"e","v":1}'
          : Array.from({ length: Math.floor(random() * 7) }, () => pieces[Math.floor(random() * pieces.length)]).join(
              "",
            ),
      );
      expect(parseLines(lines), JSON.stringify(lines)).toEqual(oneByOne(lines));
    }
  });
}
