import { expect, test } from "vitest";
import { CHIP_LIMITS, type Limits, LINE_BYTES_MAX } from "#shared/limits.ts";
import { Outbox } from "#shared/link/outbox.ts";
import type { Instant, UnixMillis } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { seeded, seedsToPlay, TEXT } from "../world.ts";

const NOW = 1000 as Instant;
const TIME_BYTES = ',"ts":1732345678123'.length;
const unix = (at: Instant): UnixMillis => (1_732_345_678_123 + at - NOW) as UnixMillis;

function box(outboxBytes: number): Outbox {
  const limits: Limits = { ...CHIP_LIMITS, outboxBytes };
  return new Outbox(limits, TEXT);
}

/** An event whose entry counts for exactly `bytes`. */
function sized(type: string, bytes: number, more: object = {}): Message {
  const bare = JSON.stringify({ type, ...more, pad: "" }).length + 1 + TIME_BYTES;
  return { type, ...more, pad: "x".repeat(bytes - bare) };
}

function lines(outbox: Outbox): Message[] {
  return outbox.entries.map((entry) => JSON.parse(outbox.seal(entry, unix)) as Message);
}

function shapes(outbox: Outbox): string[] {
  return lines(outbox).map((line) =>
    `${line.type} ${String(line["eid"] ?? line["n"] ?? "")} ${String(line["value"] ?? line["class"] ?? "")}`.trim(),
  );
}

test("takes an event of exactly the room there is, and refuses one of a byte more", () => {
  for (const [bytes, reason] of [
    [749, ""],
    [750, ""],
    [751, "full"],
  ] as const) {
    const outbox = box(1000);
    expect(outbox.add(sized("reading", bytes), 0, NOW)).toBe(reason);
    expect(outbox.bytes).toBe(reason === "" ? bytes : 0);
  }
});

test("a value may fill the whole outbox to the byte, an event three quarters of it", () => {
  for (const [bytes, reason] of [
    [999, ""],
    [1000, ""],
    [1001, "full"],
  ] as const) {
    expect(box(1000).add(sized("!update", bytes, { eid: "a" }), 0, NOW)).toBe(reason);
  }
  const outbox = box(1000);
  expect(outbox.room()).toBe(750);
  expect(outbox.add(sized("reading", 750), 0, NOW)).toBe("");
  expect(outbox.room()).toBe(0);
  expect(outbox.add({ type: "x" }, 0, NOW)).toBe("full");
  expect(outbox.add(sized("!update", 250, { eid: "a" }), 0, NOW)).toBe("");
  expect(outbox.room()).toBe(0);
});

test("refuses a line of 4097 bytes as long, and takes one of 4096, the time included", () => {
  for (const [bytes, reason] of [
    [LINE_BYTES_MAX, ""],
    [LINE_BYTES_MAX + 1, ""],
    [LINE_BYTES_MAX + 2, "long"],
  ] as const) {
    const outbox = box(100_000);
    expect(outbox.add(sized("reading", bytes), 0, NOW)).toBe(reason);
    for (const entry of outbox.entries) expect(outbox.seal(entry, unix).length).toBe(bytes - 1);
  }
});

test("counts bytes, not characters", () => {
  const outbox = box(1000);
  expect(outbox.add({ type: "x", a: "é€😀", ts: 5 }, 0, NOW)).toBe("");
  expect(outbox.bytes).toBe(Buffer.byteLength('{"type":"x","a":"é€😀","ts":5}\n'));
});

test("refuses what has no type, and the types that links speak among themselves", () => {
  const outbox = box(1000);
  for (const type of ["", "?hello", "!hello", "?ack", "!ack", "?ping", "!ping", "!root", "!gone", "!bye"]) {
    expect(outbox.add({ type }, 0, NOW), type).toBe("type");
  }
  for (const event of [{}, { type: 5 }, { type: null }]) expect(outbox.add(event as Message, 0, NOW)).toBe("type");
  for (const type of ["!update", "!log", "!act", "?ackk", "ack", "hello"])
    expect(outbox.add({ type }, 0, NOW), type).toBe("");
});

test("refuses an event when full instead of dropping an older one", () => {
  const outbox = box(400);
  let taken = 0;
  while (outbox.add({ type: "reading", value: taken }, 0, NOW) === "") taken++;
  const before = lines(outbox);
  expect(outbox.add({ type: "reading", value: taken }, 0, NOW)).toBe("full");
  expect(lines(outbox)).toEqual(before);
  expect(before.map((line) => line["value"])).toEqual(Array.from({ length: taken }, (_, i) => i));
});

test("when full, an older value of the same entity gives way to the newer, and a gap takes its place", () => {
  const outbox = box(3 * 100);
  for (let i = 1; i <= 3; i++)
    expect(outbox.add(sized("!update", 100, { eid: i === 2 ? "b" : "a", value: i }), 0, NOW)).toBe("");
  expect(outbox.add(sized("!update", 100, { eid: "a", value: 4 }), 0, NOW)).toBe("full");
  expect(shapes(outbox)).toEqual(["!update a 1", "!update b 2", "!update a 3"]);
  const roomier = box(4 * 100 - 36);
  for (let i = 1; i <= 3; i++) roomier.add(sized("!update", 100, { eid: i === 2 ? "b" : "a", value: i }), 0, NOW);
  expect(roomier.add(sized("!update", 100, { eid: "a", value: 4 }), 0, NOW)).toBe("");
  expect(shapes(roomier)).toEqual(["!gap 1 state", "!update b 2", "!update a 3", "!update a 4"]);
});

test("gives up nothing at all if that would not make room enough", () => {
  const outbox = box(1000);
  for (let i = 0; i < 4; i++) outbox.add(sized("!log", 100, { value: i }), 0, NOW);
  outbox.add(sized("reading", 350), 0, NOW);
  const before = lines(outbox);
  const bytes = outbox.bytes;
  expect(outbox.add(sized("reading", 700), 0, NOW)).toBe("full");
  expect(lines(outbox)).toEqual(before);
  expect(outbox.bytes).toBe(bytes);
});

test("the oldest logs go first, for a log, an event and a value alike", () => {
  for (const type of ["!log", "reading", "!update"]) {
    const outbox = box(type === "!update" ? 600 : 800);
    for (let i = 1; i <= 6; i++) expect(outbox.add(sized("!log", 75, { value: i }), 0, NOW)).toBe("");
    expect(outbox.add(sized("reading", 150, { value: "e" }), 0, NOW)).toBe("");
    const last = sized(type, 130, { eid: "a", value: "new" });
    expect(outbox.add(last, 0, NOW)).toBe("");
    const left = shapes(outbox);
    expect(left[0]).toMatch(/^!gap \d log$/);
    expect(left.at(-1)).toBe(`${type} a new`);
    expect(left.at(-2)).toBe("reading  e");
    const lost = lines(outbox)[0]?.["n"] as number;
    expect(left.length - 1 + lost).toBe(8);
    expect(left[1]).toBe(`!log  ${lost + 1}`);
  }
});

test("gaps of a class beside one another become one that counts all, also when the victim lies between two", () => {
  const outbox = box(10_000);
  const entry = (value: number) => sized("!update", 100, { eid: "a", value });
  for (let i = 1; i <= 5; i++) outbox.add(entry(i), 0, NOW);
  const limited = outbox as unknown as { limits: Limits; giveUp: (index: number, sent: number) => void };
  limited.giveUp(0, 0);
  limited.giveUp(2, 0);
  expect(shapes(outbox)).toEqual(["!gap 1 state", "!update a 2", "!gap 1 state", "!update a 4", "!update a 5"]);
  limited.giveUp(1, 0);
  expect(shapes(outbox)).toEqual(["!gap 3 state", "!update a 4", "!update a 5"]);
  expect(outbox.bytes).toBe(outbox.entries.reduce((sum, one) => sum + one.bytes, 0));
});

test("a gap of another class beside it stays another gap", () => {
  const outbox = box(10_000);
  outbox.add(sized("!log", 100), 0, NOW);
  outbox.add(sized("!update", 100, { eid: "a", value: 1 }), 0, NOW);
  const open = outbox as unknown as { giveUp: (index: number, sent: number) => void };
  open.giveUp(0, 0);
  open.giveUp(1, 0);
  expect(shapes(outbox)).toEqual(["!gap 1 log", "!gap 1 state"]);
});

test("a newest value finds room even among the smallest values, each between two events", () => {
  const outbox = box(2000);
  for (let i = 0; outbox.bytes < 1400; i++) {
    expect(outbox.add({ type: "!update", eid: "a", value: i % 10 }, 0, NOW)).toBe("");
    expect(outbox.add({ type: "x" }, 0, NOW)).toBe("");
  }
  while (outbox.bytes <= 1950) outbox.add({ type: "!update", eid: "b", value: 1 }, 0, NOW);
  for (let i = 0; i < 10; i++) expect(outbox.add({ type: "!update", eid: "c", value: i }, 0, NOW)).toBe("");
});

test("a gap that was written already counts what is added to it later", () => {
  const outbox = box(460);
  for (let i = 1; i <= 4; i++) outbox.add(sized("!update", 100, { eid: "a", value: i }), 0, NOW);
  outbox.add(sized("!update", 90, { eid: "a", value: 5 }), 0, NOW);
  expect(shapes(outbox)[0]).toBe("!gap 1 state");
  expect(outbox.add(sized("!update", 100, { eid: "a", value: 6 }), 0, NOW)).toBe("");
  expect(shapes(outbox)).toEqual(["!gap 2 state", "!update a 3", "!update a 4", "!update a 5", "!update a 6"]);
});

test("only unsent entries are squashed, and a gap before them that is sent is left alone", () => {
  const outbox = box(400);
  for (let i = 1; i <= 4; i++) outbox.add(sized("!update", 100, { eid: "a", value: i }), 0, NOW);
  expect(outbox.add(sized("!update", 100, { eid: "a", value: 5 }), 4, NOW)).toBe("full");
  expect(outbox.add(sized("!update", 100, { eid: "a", value: 5 }), 3, NOW)).toBe("full");
  expect(outbox.add(sized("!update", 100, { eid: "a", value: 5 }), 2, NOW)).toBe("");
  expect(shapes(outbox)).toEqual(["!update a 1", "!update a 2", "!gap 2 state", "!update a 5"]);
  expect(outbox.add(sized("!update", 100, { eid: "a", value: 6 }), 3, NOW)).toBe("full");
  outbox.removeFirst(2);
  expect(outbox.add(sized("!update", 100, { eid: "a", value: 6 }), 1, NOW)).toBe("");
  expect(outbox.add(sized("!update", 146, { eid: "a", value: 7 }), 1, NOW)).toBe("");
  expect(outbox.add(sized("!update", 100, { eid: "a", value: 8 }), 1, NOW)).toBe("");
  expect(shapes(outbox)).toEqual(["!gap 2 state", "!gap 2 state", "!update a 7", "!update a 8"]);
});

test("a log that was sent is not given up any more", () => {
  const outbox = box(400);
  for (let i = 1; i <= 3; i++) outbox.add(sized("!log", 100, { value: i }), 0, NOW);
  expect(outbox.add(sized("!log", 100, { value: 4 }), 3, NOW)).toBe("full");
  expect(outbox.add(sized("!log", 100, { value: 4 }), 1, NOW)).toBe("");
  expect(shapes(outbox)).toEqual(["!log  1", "!gap 2 log", "!log  4"]);
});

test("an `!update` without a text as its entity is an event: it has no newest value to keep", () => {
  const outbox = box(1000);
  expect(outbox.add(sized("!update", 751, { eid: 7 }), 0, NOW)).toBe("full");
  expect(outbox.add(sized("!update", 751, { eid: "7" }), 0, NOW)).toBe("");
});

test("an event is stamped once, with the time at which it was made; its own number as `ts` is kept", () => {
  const outbox = box(1000);
  outbox.add({ type: "x" }, 0, NOW);
  outbox.add({ type: "x", ts: 7 }, 0, NOW);
  const entry = outbox.entries[0];
  if (entry === undefined) throw new Error("nothing there");
  expect(outbox.seal(entry, () => 1_700_000_000_001 as UnixMillis)).toBe('{"type":"x","ts":1700000000001}');
  expect(outbox.seal(entry, () => 1_800_000_000_002 as UnixMillis)).toBe('{"type":"x","ts":1700000000001}');
  expect(lines(outbox)[1]).toEqual({ type: "x", ts: 7 });
});

for (const seed of seedsToPlay(4)) {
  test(`bytes never drift, the bound holds, each event is there or counted, newest values survive (SEED=${seed})`, () => {
    const random = seeded(seed);
    const pick = (n: number) => Math.floor(random() * n);
    const outboxBytes = 300 + pick(1500);
    const outbox = box(outboxBytes);
    let made = 0;
    let removed = 0;
    let sent = 0;
    const newest = new Map<string, number>();
    const removedValues = new Set<number>();
    const countOf = (line: Message) => (line.type === "!gap" ? (line["n"] as number) : 1);
    for (let step = 0; step < 250; step++) {
      const action = pick(10);
      if (action < 7) {
        const eid = ["a", "b", "__proto__", "on"][pick(4)] as string;
        const type = ["!update", "!update", "!log", "reading"][pick(4)] as string;
        const value = made + 1;
        if (outbox.add({ type, eid, value, pad: "y".repeat(pick(60)) }, sent, (NOW + step) as Instant) === "") {
          made += 1;
          if (type === "!update") newest.set(eid, value);
        }
      } else if (action < 9) sent = Math.min(outbox.entries.length, sent + pick(4));
      else {
        const n = pick(sent + 1);
        for (const line of lines(outbox).slice(0, n)) {
          removed += countOf(line);
          if (line.type !== "!gap") removedValues.add(line["value"] as number);
        }
        outbox.removeFirst(n);
        sent -= n;
      }
      const left = lines(outbox);
      expect(outbox.bytes).toBe(outbox.entries.reduce((sum, one) => sum + one.bytes, 0));
      expect(outbox.bytes).toBeLessThanOrEqual(outboxBytes);
      for (const [i, line] of left.entries())
        expect(JSON.stringify(line).length + 1).toBeLessThanOrEqual(outbox.entries[i]?.bytes ?? 0);
      expect(removed + left.reduce((sum, line) => sum + countOf(line), 0)).toBe(made);
      let last = 0;
      for (const line of left) {
        if (line.type === "!gap") continue;
        expect(line["value"] as number).toBeGreaterThan(last);
        last = line["value"] as number;
      }
      for (const value of newest.values())
        expect(removedValues.has(value) || left.some((line) => line["value"] === value)).toBe(true);
    }
  });
}
