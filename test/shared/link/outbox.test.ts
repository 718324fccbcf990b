import { expect, test } from "vitest";
import { CHIP_LIMITS, type Limits, LINE_BYTES_MAX } from "#shared/limits.ts";
import { Outbox } from "#shared/link/outbox.ts";
import type { Instant, UnixMillis } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { seeded, seedsToPlay, TEXT } from "../world.ts";

const NOW = 1000 as Instant;
const TIME_BYTES = ',"ts":1732345678123'.length;
const unix = (at: Instant): UnixMillis => (1_732_345_678_123 + at - NOW) as UnixMillis;

/** One in which each event is a group of its own, if nothing else is said: then events can be sent one by one. */
function box(outboxBytes: number, groupBytes = 1): Outbox {
  const limits: Limits = { ...CHIP_LIMITS, outboxBytes, flushBytes: groupBytes, groupBytes };
  return new Outbox(limits, TEXT);
}

/** Adds, the clock being known. */
function add(outbox: Outbox, event: Message, sent: number, now: Instant): string {
  for (let place = 0; place < sent; place++) outbox.take(place, 1, unix);
  return outbox.add(event, sent, now, unix(now));
}

interface Inside {
  open: { lines: string };
  tail: { line: string; madeAt: Instant | undefined; bytes: number }[];
  unpack(sent: number): void;
  giveUp(index: number): void;
}

function inside(outbox: Outbox): Inside {
  return outbox as unknown as Inside;
}

/** What the lines count for, one by one. */
function sizes(outbox: Outbox): number[] {
  const { open, tail } = inside(outbox);
  const texts = [...outbox.chunks.map((chunk) => chunk.lines), open.lines].join("").split("\n").slice(0, -1);
  return [...texts.map((line) => TEXT.byteLength(line) + 1), ...tail.map((entry) => entry.bytes)];
}

function total(outbox: Outbox): number {
  return sizes(outbox).reduce((sum, one) => sum + one, 0);
}

/** An event whose entry counts for exactly `bytes`. */
function sized(type: string, bytes: number, more: object = {}): Message {
  const bare = JSON.stringify({ type, ...more, pad: "" }).length + 1 + TIME_BYTES;
  return { type, ...more, pad: "x".repeat(bytes - bare) };
}

function lines(outbox: Outbox): Message[] {
  const { open, tail } = inside(outbox);
  const texts = [...outbox.chunks.map((chunk) => chunk.lines), open.lines].join("").split("\n").slice(0, -1);
  const lines = [...texts, ...tail.map((entry) => entry.line)].map((line) => JSON.parse(line) as Message);
  expect(outbox.events()).toBe(lines.length);
  return lines;
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
    expect(add(outbox, sized("reading", bytes), 0, NOW)).toBe(reason);
    expect(outbox.bytes()).toBe(reason === "" ? bytes : 0);
  }
});

test("a value may fill the whole outbox to the byte, an event three quarters of it", () => {
  for (const [bytes, reason] of [
    [999, ""],
    [1000, ""],
    [1001, "full"],
  ] as const) {
    expect(add(box(1000), sized("!update", bytes, { eid: "a" }), 0, NOW)).toBe(reason);
  }
  const outbox = box(1000);
  expect(outbox.room()).toBe(750);
  expect(add(outbox, sized("reading", 750), 0, NOW)).toBe("");
  expect(outbox.room()).toBe(0);
  expect(add(outbox, { type: "x" }, 0, NOW)).toBe("full");
  expect(add(outbox, sized("!update", 250, { eid: "a" }), 0, NOW)).toBe("");
  expect(outbox.room()).toBe(0);
});

test("refuses a line of 4097 bytes as long, and takes one of 4096, the time included", () => {
  for (const [bytes, reason] of [
    [LINE_BYTES_MAX, ""],
    [LINE_BYTES_MAX + 1, ""],
    [LINE_BYTES_MAX + 2, "long"],
  ] as const) {
    const outbox = box(100_000);
    expect(add(outbox, sized("reading", bytes), 0, NOW)).toBe(reason);
    for (const size of sizes(outbox)) expect(size).toBe(bytes);
  }
});

test("counts bytes, not characters", () => {
  const outbox = box(1000);
  expect(add(outbox, { type: "x", a: "é€😀", ts: 5 }, 0, NOW)).toBe("");
  expect(outbox.bytes()).toBe(Buffer.byteLength('{"type":"x","a":"é€😀","ts":5}\n'));
});

test("refuses what has no type, and the types that links speak among themselves", () => {
  const outbox = box(1000);
  for (const type of ["", "?hello", "!hello", "?ack", "!ack", "?ping", "!ping", "!root", "!gone", "!bye"]) {
    expect(add(outbox, { type }, 0, NOW), type).toBe("type");
  }
  for (const event of [{}, { type: 5 }, { type: null }]) expect(add(outbox, event as Message, 0, NOW)).toBe("type");
  for (const type of ["!update", "!log", "!act", "?ackk", "ack", "hello"])
    expect(add(outbox, { type }, 0, NOW), type).toBe("");
});

test("refuses an event when full instead of dropping an older one", () => {
  const outbox = box(400);
  let taken = 0;
  while (add(outbox, { type: "reading", value: taken }, 0, NOW) === "") taken++;
  const before = lines(outbox);
  expect(add(outbox, { type: "reading", value: taken }, 0, NOW)).toBe("full");
  expect(lines(outbox)).toEqual(before);
  expect(before.map((line) => line["value"])).toEqual(Array.from({ length: taken }, (_, i) => i));
});

test("when full, an older value of the same entity gives way to the newer, and a gap takes its place", () => {
  const outbox = box(3 * 100);
  for (let i = 1; i <= 3; i++)
    expect(add(outbox, sized("!update", 100, { eid: i === 2 ? "b" : "a", value: i }), 0, NOW)).toBe("");
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 4 }), 0, NOW)).toBe("full");
  expect(shapes(outbox)).toEqual(["!update a 1", "!update b 2", "!update a 3"]);
  const roomier = box(4 * 100 - 36);
  for (let i = 1; i <= 3; i++) add(roomier, sized("!update", 100, { eid: i === 2 ? "b" : "a", value: i }), 0, NOW);
  expect(add(roomier, sized("!update", 100, { eid: "a", value: 4 }), 0, NOW)).toBe("");
  expect(shapes(roomier)).toEqual(["!gap 1 state", "!update b 2", "!update a 3", "!update a 4"]);
});

test("gives up nothing at all if that would not make room enough", () => {
  const outbox = box(1000);
  for (let i = 0; i < 4; i++) add(outbox, sized("!log", 100, { value: i }), 0, NOW);
  add(outbox, sized("reading", 350), 0, NOW);
  const before = lines(outbox);
  const bytes = outbox.bytes();
  expect(add(outbox, sized("reading", 700), 0, NOW)).toBe("full");
  expect(lines(outbox)).toEqual(before);
  expect(outbox.bytes()).toBe(bytes);
});

test("the oldest logs go first, for a log, an event and a value alike", () => {
  for (const type of ["!log", "reading", "!update"]) {
    const outbox = box(type === "!update" ? 600 : 800);
    for (let i = 1; i <= 6; i++) expect(add(outbox, sized("!log", 75, { value: i }), 0, NOW)).toBe("");
    expect(add(outbox, sized("reading", 150, { value: "e" }), 0, NOW)).toBe("");
    const last = sized(type, 130, { eid: "a", value: "new" });
    expect(add(outbox, last, 0, NOW)).toBe("");
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
  for (let i = 1; i <= 5; i++) add(outbox, entry(i), 0, NOW);
  const limited = inside(outbox);
  limited.unpack(0);
  limited.giveUp(0);
  limited.giveUp(2);
  expect(shapes(outbox)).toEqual(["!gap 1 state", "!update a 2", "!gap 1 state", "!update a 4", "!update a 5"]);
  limited.giveUp(1);
  expect(shapes(outbox)).toEqual(["!gap 3 state", "!update a 4", "!update a 5"]);
  expect(outbox.bytes()).toBe(total(outbox));
});

test("a gap of another class beside it stays another gap", () => {
  const outbox = box(10_000);
  add(outbox, sized("!log", 100), 0, NOW);
  add(outbox, sized("!update", 100, { eid: "a", value: 1 }), 0, NOW);
  const open = inside(outbox);
  open.unpack(0);
  open.giveUp(0);
  open.giveUp(1);
  expect(shapes(outbox)).toEqual(["!gap 1 log", "!gap 1 state"]);
});

test("a newest value finds room even among the smallest values, each between two events", () => {
  const outbox = box(2000);
  const state = (eid: string, value: number): Message => ({ type: "!update", eid, value, rev: 1 });
  for (let i = 0; outbox.bytes() < 1400; i++) {
    expect(add(outbox, state("a", i % 10), 0, NOW)).toBe("");
    expect(add(outbox, { type: "x" }, 0, NOW)).toBe("");
  }
  while (outbox.bytes() <= 1950) add(outbox, state("b", 1), 0, NOW);
  for (let i = 0; i < 10; i++) expect(add(outbox, state("c", i), 0, NOW)).toBe("");
});

test("a gap that was written already counts what is added to it later", () => {
  const outbox = box(460);
  for (let i = 1; i <= 4; i++) add(outbox, sized("!update", 100, { eid: "a", value: i }), 0, NOW);
  add(outbox, sized("!update", 90, { eid: "a", value: 5 }), 0, NOW);
  expect(shapes(outbox)[0]).toBe("!gap 1 state");
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 6 }), 0, NOW)).toBe("");
  expect(shapes(outbox)).toEqual(["!gap 2 state", "!update a 3", "!update a 4", "!update a 5", "!update a 6"]);
});

test("only unsent entries are squashed, and a gap before them that is sent is left alone", () => {
  const outbox = box(400);
  for (let i = 1; i <= 4; i++) add(outbox, sized("!update", 100, { eid: "a", value: i }), 0, NOW);
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 5 }), 4, NOW)).toBe("full");
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 5 }), 3, NOW)).toBe("full");
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 5 }), 2, NOW)).toBe("");
  expect(shapes(outbox)).toEqual(["!update a 1", "!update a 2", "!gap 2 state", "!update a 5"]);
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 6 }), 3, NOW)).toBe("full");
  outbox.removeFirst(2);
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 6 }), 1, NOW)).toBe("");
  expect(add(outbox, sized("!update", 146, { eid: "a", value: 7 }), 1, NOW)).toBe("");
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 8 }), 1, NOW)).toBe("");
  expect(shapes(outbox)).toEqual(["!gap 2 state", "!gap 2 state", "!update a 7", "!update a 8"]);
});

test("a log that was sent is not given up any more", () => {
  const outbox = box(400);
  for (let i = 1; i <= 3; i++) add(outbox, sized("!log", 100, { value: i }), 0, NOW);
  expect(add(outbox, sized("!log", 100, { value: 4 }), 3, NOW)).toBe("full");
  expect(add(outbox, sized("!log", 100, { value: 4 }), 1, NOW)).toBe("");
  expect(shapes(outbox)).toEqual(["!log  1", "!gap 2 log", "!log  4"]);
});

test("an `!update` without a text as its entity is an event: it has no newest value to keep", () => {
  const outbox = box(1000);
  expect(add(outbox, sized("!update", 751, { eid: 7 }), 0, NOW)).toBe("full");
  expect(add(outbox, sized("!update", 751, { eid: "7" }), 0, NOW)).toBe("");
});

test("an event made before the clock is known is stamped once, when it is first sent; its own number as `ts` is kept", () => {
  const outbox = box(1000);
  outbox.add({ type: "x" }, 0, NOW, undefined);
  outbox.add({ type: "x", ts: 7 }, 0, NOW, undefined);
  const text = (at: number) => outbox.take(0, 1, () => at as UnixMillis).lines;
  expect(text(1_700_000_000_001)).toBe('{"type":"x","ts":1700000000001}\n');
  expect(text(1_800_000_000_002)).toBe('{"type":"x","ts":1700000000001}\n');
  expect(lines(outbox)[1]).toEqual({ type: "x", ts: 7 });
});

test("an event made when the clock is known has that time, however late it is sent", () => {
  const outbox = box(1000);
  outbox.add({ type: "x" }, 0, NOW, 1_700_000_000_001 as UnixMillis);
  expect(outbox.take(0, 1, () => 1_800_000_000_002 as UnixMillis).lines).toBe('{"type":"x","ts":1700000000001}\n');
});

test("a group grows to flushBytes while nothing is under way, and to groupBytes behind others; a longer line is one by itself", () => {
  const outbox = new Outbox({ ...CHIP_LIMITS, outboxBytes: 100_000, flushBytes: 300, groupBytes: 700 }, TEXT);
  for (let i = 0; i < 20; i++) add(outbox, sized("x", 100), 0, NOW);
  expect(outbox.chunks.map((chunk) => [chunk.events, chunk.bytes])).toEqual([
    [3, 300],
    [7, 700],
    [7, 700],
  ]);
  add(outbox, sized("x", 1000), 0, NOW);
  add(outbox, sized("x", 100), 0, NOW);
  expect(outbox.chunks.slice(3).map((chunk) => [chunk.events, chunk.bytes])).toEqual([
    [3, 300],
    [1, 1000],
  ]);
  expect(outbox.events()).toBe(22);
});

test("what is removed from the middle of a group leaves the rest of its lines as they were", () => {
  const outbox = box(10_000, 1000);
  for (let i = 1; i <= 12; i++) add(outbox, sized("x", 100, { value: i, a: i === 7 ? "\u00e9" : "e" }), 0, NOW);
  const before = lines(outbox);
  outbox.take(0, 1000, unix);
  outbox.removeFirst(4);
  expect(lines(outbox)).toEqual(before.slice(4));
  expect(outbox.bytes()).toBe(total(outbox));
  outbox.removeFirst(4);
  expect(lines(outbox)).toEqual(before.slice(8));
  expect(outbox.bytes()).toBe(total(outbox));
});

test("after it was full, what comes goes the quick way again as soon as something is sent", () => {
  const outbox = box(1000, 500);
  for (let i = 1; i <= 12; i++) expect(add(outbox, sized("!update", 100, { eid: "a", value: i }), 0, NOW)).toBe("");
  expect(inside(outbox).tail.length).toBeGreaterThan(0);
  outbox.take(0, 500, unix);
  expect(inside(outbox).tail).toEqual([]);
  outbox.removeFirst((outbox.chunks[0] as { events: number }).events);
  expect(add(outbox, sized("!update", 100, { eid: "a", value: 13 }), 0, NOW)).toBe("");
  expect(inside(outbox).tail).toEqual([]);
  expect(lines(outbox).at(-1)?.["value"]).toBe(13);
});

for (const seed of seedsToPlay(2)) {
  test(`bytes never drift, the bound holds, each event is there or counted, newest values survive (SEED=${seed})`, () => {
    const random = seeded(seed);
    const pick = (n: number) => Math.floor(random() * n);
    const outboxBytes = 300 + pick(1500);
    const groupBytes = [1, 120, 300][pick(3)] as number;
    const outbox = box(outboxBytes, groupBytes);
    const isClockKnown = pick(2) === 0;
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
        if (
          outbox.add(
            { type, eid, value, pad: "y".repeat(pick(60)) },
            sent,
            (NOW + step) as Instant,
            isClockKnown || sent > 0 ? unix((NOW + step) as Instant) : undefined,
          ) === ""
        ) {
          made += 1;
          if (type === "!update") newest.set(eid, value);
        }
      } else if (action < 9) {
        for (let more = pick(4); more > 0 && outbox.waiting(sent) > 0; more--) outbox.take(sent++, groupBytes, unix);
      } else {
        const chunksBefore = outbox.chunks.length;
        const n = pick(outbox.chunks.slice(0, sent).reduce((sum, chunk) => sum + chunk.events, 0) + 1);
        for (const line of lines(outbox).slice(0, n)) {
          removed += countOf(line);
          if (line.type !== "!gap") removedValues.add(line["value"] as number);
        }
        outbox.removeFirst(n);
        sent -= chunksBefore - outbox.chunks.length;
      }
      const left = lines(outbox);
      expect(outbox.bytes()).toBe(total(outbox));
      expect(outbox.bytes()).toBeLessThanOrEqual(outboxBytes);
      for (const [i, line] of left.entries())
        expect(JSON.stringify(line).length + 1).toBeLessThanOrEqual(sizes(outbox)[i] ?? 0);
      for (const chunk of outbox.chunks) expect(chunk.events === 1 || chunk.bytes <= groupBytes).toBe(true);
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
