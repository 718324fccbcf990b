import { expect, test } from "vitest";
import { aliasesOf, ShortLines } from "#shared/tree/short-lines.ts";
import { parseMessage } from "#shared/wire/message.ts";
import { longForm } from "../../long-form.ts";
import { seeded, seedsToPlay } from "../world.ts";

const EIDS = ["t", 'a "door"', "é"];

function read(...lines: string[]): { events: unknown[]; long: string[] } {
  const short = new ShortLines(aliasesOf(EIDS));
  const events = lines.map((line) => short.read(`x${line}y`, 1, line.length + 1));
  const again = new ShortLines(aliasesOf(EIDS));
  const long = lines.map((line) => (again.read(line, 0, line.length) === undefined ? "" : again.long));
  return { events, long };
}

test("the long form keeps the text of the value, and parses to what was read", () => {
  const { events, long } = read(
    "[1,21.50,1700000000000]",
    '[2,"x, ]\\u00e9",-5]',
    "[ 3 , [1, 2] , 7 ]",
    "[1,-0]",
    "[1,1e5]",
    "[2,null]",
  );
  expect(long).toEqual([
    '{"type":"!update","eid":"t","value":21.50,"ts":1700000000000}',
    '{"type":"!update","eid":"a \\"door\\"","value":"x, ]\\u00e9","ts":1699999999995}',
    '{"type":"!update","eid":"é","value": [1, 2] ,"ts":1700000000002}',
    '{"type":"!update","eid":"t","value":-0,"ts":1700000000002}',
    '{"type":"!update","eid":"t","value":1e5,"ts":1700000000002}',
    '{"type":"!update","eid":"a \\"door\\"","value":null,"ts":1700000000002}',
  ]);
  expect(long.map((line) => parseMessage(line))).toEqual(events);
});

test("what is none says nothing, and counts for nothing", () => {
  const bad = [
    "[]",
    "[1]",
    "[1,2,3,4]",
    "[4,1,5]",
    "[0,1,5]",
    "[-1,1,5]",
    "[1.5,1,5]",
    '["1",1,5]',
    "[1,1,0.5]",
    '[1,1,"5"]',
    "[1,1,null]",
    "[01,1,5]",
    "[1,01,5]",
    "[1,.5,5]",
    "[1,1.,5]",
    "[1,+1,5]",
    "[1,NaN,5]",
    "[1,1,05]",
    "[1,1,-]",
    "[1,1,]",
    "[1,,1]",
    "[1,1,5",
    "1,1,5]",
    "[1,1,5]]",
    "[1,1,5] x",
    "",
    "7",
    "null",
    "[1,1,99999999999999999999]",
    '{"0":1,"1":2}',
    "[1,1,1e400]",
    "[1e0,1,5]x",
  ];
  for (const line of bad) {
    const { events } = read("[1,0,1000]", line, "[1,0,1]");
    expect(events[1], line).toBeUndefined();
    expect(events[2], line).toEqual({ type: "!update", eid: "t", value: 0, ts: 1001 });
  }
});

test("a time is written as JSON writes it, whatever it is", () => {
  for (const at of [
    0, 1, -1, 999_999, 1_000_000, 1_000_001, 9_999_999_999_999, 10_000_000_000_000, 1_700_000_000_007,
    1_732_345_000_000,
  ])
    expect(read(`[1,0,${at}]`).long).toEqual([`{"type":"!update","eid":"t","value":0,"ts":${at}}`]);
  expect(
    read("[1,0,999999999999999]", "[1,0,-999999999999998]", "[1,0,-3]").long.map(
      (line) => /"ts":(.*)}/.exec(line)?.[1],
    ),
  ).toEqual(["999999999999999", "1", "-2"]);
});

test("until a line says a time there is none", () => {
  expect(read("[1,1]", "[1,2]", "[1,3,1000]", "[1,4]").events).toEqual([
    { type: "!update", eid: "t", value: 1 },
    { type: "!update", eid: "t", value: 2 },
    { type: "!update", eid: "t", value: 3, ts: 1000 },
    { type: "!update", eid: "t", value: 4, ts: 1000 },
  ]);
});

for (const seed of seedsToPlay(5)) {
  test(`reads what the slow and obvious reader reads (SEED=${seed})`, () => {
    const random = seeded(seed);
    const pick = (n: number): number => Math.floor(random() * n);
    const values = [0, -1.5, 1e300, 21.37, "a,b]", "", null, true, [1, [2]], { a: "," }];
    for (let round = 0; round < 100; round++) {
      const lines = Array.from({ length: 1 + pick(8) }, () => {
        const line: unknown[] = [1 + pick(3), values[pick(values.length)]];
        if (pick(3) > 0) line.push(pick(2) === 0 ? pick(5000) - 100 : 1_700_000_000_000);
        return line;
      });
      const wanted = longForm([...lines, { type: "?ack" }], [...EIDS]).slice(0, -1);
      const texts = lines.map((line) =>
        pick(4) === 0 ? JSON.stringify(line, null, 1).replace(/\n/g, "") : JSON.stringify(line),
      );
      const { events, long } = read(...texts);
      expect(events).toEqual(wanted);
      expect(long.map((line) => JSON.parse(line) as unknown)).toEqual(wanted);
    }
  });
}
