import fc from "fast-check";
import { expect, test } from "vitest";
import { ROOT_FRAME_BYTES_MAX } from "#shared/limits.ts";
import { parseGroupEnd, parseReading } from "#shared/tree/reading.ts";
import { parseMessage } from "#shared/wire/message.ts";
import { seedsToPlay } from "../world.ts";

/** What the root reads of an `!update`. */
const MEMBERS = ["type", "eid", "value", "ts", "rev"];

/** The reading in a line, with others before and after it in the frame. */
function read(line: string): object | undefined {
  const frame = `{"type":"!update"}\n${line}\n{"type":"!update","eid":"t","value":1}\n`;
  return parseReading(frame, 19, 19 + line.length);
}

/** The members that the root reads, each that is there, by their exact value. */
function essence(message: object): [string, unknown][] {
  return MEMBERS.filter((name) => Object.hasOwn(message, name)).map((name) => [
    name,
    (message as { [name: string]: unknown })[name],
  ]);
}

const NUMBERS = [
  "0",
  "-0",
  "21.5",
  "-3",
  "1e5",
  "2E-7",
  "1.50e+3",
  "1e999",
  "5e-324",
  "0.1",
  "9007199254740993",
  "123456789012345678901234567890.5",
];
const NO_NUMBERS = ["01", "+1", ".5", "1.", "1e", "-", "- 1", "NaN", "Infinity", "0x1", "1_0", "", "1n"];
const OTHERS = [
  '"x"',
  '""',
  '"ü\u2028😀"',
  '"\ud800"',
  "true",
  "false",
  "null",
  '"a\\"b"',
  '"\\u0041"',
  "[1]",
  "{}",
  '{"ts":1}',
  '"\u0001"',
  '"',
  "tru",
  "undefined",
];
const NAMES = [
  "type",
  "eid",
  "value",
  "ts",
  "rev",
  "rssi",
  "__proto__",
  "constructor",
  "toString",
  "",
  "Ts",
  "ts ",
  "t\\u0073",
  "\\u0065id",
  "tsx",
  "ü",
];

const value = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 2, arbitrary: fc.double().map((number) => String(JSON.stringify(number))) },
  { weight: 1, arbitrary: fc.constantFrom(...NO_NUMBERS) },
  { weight: 2, arbitrary: fc.constantFrom(...OTHERS) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 1 }) },
);
const member = fc.tuple(fc.constantFrom(...NAMES), value).map(([name, text]) => `"${name}":${text}`);
const eid = fc.oneof(
  fc.constantFrom("t", "", "a.b-c_d", "ü😀", 'a\\"b', "\\u0041", "a\\\\", "\t", "__proto__"),
  fc.string({ unit: "binary", maxLength: 5 }).map((text) => text.replace(/["\n]/g, "")),
);
const line = fc
  .tuple(eid, value, fc.option(value), fc.array(member, { maxLength: 4 }))
  .map(
    ([id, number, ts, members]) =>
      `{${[`"type":"!update"`, `"eid":"${id}"`, `"value":${number}`, ...(ts === null ? [] : [`"ts":${ts}`]), ...members].join(",")}}`,
  );

/** Now and then a character too many, too few, or another one. */
const mutated = fc
  .tuple(
    line,
    fc.option(
      fc.tuple(fc.nat(), fc.constantFrom(0, 1), fc.constantFrom("", '"', ",", "}", "{", " ", "\\", "0", "-", ":", "e")),
    ),
  )
  .map(([text, change]) => {
    if (change === null) return text;
    const at = change[0] % text.length;
    return text.slice(0, at) + change[2] + text.slice(at + change[1]);
  });

for (const seed of seedsToPlay(1)) {
  test(`every line that it accepts says the same to JSON.parse, in all that the root reads (SEED=${seed})`, () => {
    let accepted = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        const reading = read(text);
        if (reading === undefined) return;
        accepted += 1;
        const message = parseMessage(text);
        expect(message).toBeDefined();
        // Compared one by one: `toEqual` takes a member that is undefined for none.
        const [ours, theirs] = [essence(reading), essence(message as object)];
        expect(ours).toEqual(theirs);
        ours.forEach(([, own], i) => expect(Object.is(own, theirs[i]?.[1])).toBe(true));
      }),
      { numRuns: 3000, seed },
    );
    // A test of nothing is none.
    expect(accepted).toBeGreaterThan(100);
  });
}

for (const seed of seedsToPlay(1)) {
  test(`every end of a group that it accepts is the same to JSON.parse (SEED=${seed})`, () => {
    const src = fc.constantFrom("kitchen", "a.b-c_d", "", "ü", 'a\\"b', "\\u0041", "\t", "__proto__");
    const number = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...NUMBERS, "7", "1", "2147483647") },
      { weight: 1, arbitrary: fc.constantFrom(...NO_NUMBERS, "null", '"1"') },
    );
    const end = fc
      .tuple(src, number, number, fc.option(member, { freq: 8 }))
      .map(
        ([id, ep, n, more]) => `{"type":"?ack","src":"${id}","ep":${ep},"n":${n}${more === null ? "" : `,${more}`}}`,
      );
    let accepted = 0;
    fc.assert(
      fc.property(end, (text) => {
        const found = parseGroupEnd(`x\n${text}\n`, 2, 2 + text.length);
        if (found === undefined) return;
        accepted += 1;
        expect(found).toEqual(parseMessage(text));
      }),
      { numRuns: 3000, seed },
    );
    expect(accepted).toBeGreaterThan(100);
  });
}

test("a number of up to 17 digits, with or without a fraction, is the one that JSON.parse reads", () => {
  const digits = fc.integer({ min: 1, max: 17 }).chain((many) => fc.bigInt({ min: 0n, max: 10n ** BigInt(many) - 1n }));
  fc.assert(
    fc.property(digits, fc.nat(17), fc.boolean(), (number, fraction, isMinus) => {
      const text = String(number).padStart(fraction + 1, "0");
      const whole = text.slice(0, text.length - fraction);
      const said = (isMinus ? "-" : "") + whole + (fraction === 0 ? "" : `.${text.slice(whole.length)}`);
      const reading = read(`{"type":"!update","eid":"t","value":${said},"ts":${said}}`);
      expect(Object.is(reading?.["value" as never], JSON.parse(said)), said).toBe(true);
      expect(Object.is(reading?.["ts" as never], JSON.parse(said)), said).toBe(true);
    }),
    { numRuns: 3000, seed: 1 },
  );
});

test("accepts the end of a group, and none with another member", () => {
  const text = '{"type":"?ack","src":"kitchen","ep":3,"n":1250}';
  expect(parseGroupEnd(text, 0, text.length)).toEqual({ type: "?ack", src: "kitchen", ep: 3, n: 1250 });
  for (const other of [
    text.replace("}", ',"k":1}'),
    text.replace(":3", ":03"),
    text.replace("ack", "hello"),
    `${text} `,
    text.slice(0, -1),
    text.replace("kitchen", "kit\\u0063hen"),
  ])
    expect(parseGroupEnd(other, 0, other.length), other).toBeUndefined();
});

test("accepts what nodes usually say", () => {
  expect(read('{"type":"!update","eid":"t","value":21.5}')).toEqual({ type: "!update", eid: "t", value: 21.5 });
  expect(
    read('{"type":"!update","eid":"kitchen.ü","value":-3,"ts":1732345678123,"rssi":-61,"unit":"°C","ok":true}'),
  ).toEqual({
    type: "!update",
    eid: "kitchen.ü",
    value: -3,
    ts: 1732345678123,
  });
});

test("leaves alone a member said twice, a name or text with escapes, a rev, spaces, and other lines", () => {
  const head = '{"type":"!update","eid":"t","value":1';
  for (const rest of [
    ',"ts":1,"ts":2}',
    ',"a":1,"value":2}',
    ',"eid":"u"}',
    ',"type":"!log"}',
    ',"t\\u0073":2}',
    ',"rev":3}',
    ',"ts":"1"}',
    ',"a":"\\n"}',
    ', "a":1}',
    ',"a":[1]}',
    "} ",
    "}}",
    "",
  ])
    expect(read(head + rest), rest).toBeUndefined();
  for (const other of ['{"type":"!log","value":1}', '{"eid":"t","type":"!update","value":1}', "", "{"])
    expect(read(other), other).toBeUndefined();
});

test("never looks beyond the line that it was given", () => {
  const frame = '{"type":"!update","eid":"t","value":1\n,"a":1}\n';
  expect(parseReading(frame, 0, 37)).toBeUndefined();
  expect(parseReading('{"type":"!update","eid":"t","value":1}}\n', 0, 39)).toBeUndefined();
});

test("the longest frame that is almost a reading takes no more time than it is long", () => {
  for (const piece of [',"":0', ',"a":"b"', "0", ',"a":1e1']) {
    const head = '{"type":"!update","eid":"t","value":1';
    const frame = head + piece.repeat((ROOT_FRAME_BYTES_MAX - head.length) / piece.length) + ",\n";
    const startedAt = performance.now();
    expect(parseReading(frame, 0, frame.length - 1)).toBeUndefined();
    // Linear, it takes some milliseconds; quadratic, a minute.
    expect(performance.now() - startedAt).toBeLessThan(2000);
  }
});
