import { expect, test } from "vitest";
import {
  PC_LIMITS,
  CHIP_LIMITS,
  FRAME_BYTES_MAX,
  LINE_BYTES_MAX,
  type Limits,
  RESEND_AFTER_MAX,
  RESEND_AFTER_MIN,
} from "#shared/limits.ts";
import { Flight } from "#shared/link/flight.ts";
import { Outbox } from "#shared/link/outbox.ts";
import type { Counters } from "#shared/table.ts";
import type { Instant, NodeId, UnixMillis } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { TEXT } from "../world.ts";

interface Group {
  values: unknown[];
  ep: number;
  n: number;
  text: string;
}

/** A flight with its outbox, its clock, and the groups that it sent. */
class Bench {
  now = 0;
  counters: Counters = {};
  outbox: Outbox;
  flight: Flight;
  unixAtZero = 1_700_000_000_000;
  isClockKnown = true;
  private made = 0;

  constructor(more: Partial<Limits> = {}) {
    const limits = { ...CHIP_LIMITS, outboxBytes: 1_000_000, flushBytes: 500, groupBytes: 500, ...more };
    this.outbox = new Outbox(limits, TEXT);
    this.flight = new Flight("a" as NodeId, this.outbox, limits, this.counters);
  }

  /** Events of `bytes` each, their value counting on. */
  add(howMany = 1, bytes = 100, isUrgent = false): void {
    for (let i = 0; i < howMany; i++) {
      const event = { type: "x", value: ++this.made, pad: "" };
      const bare = JSON.stringify(event).length + 20;
      const reason = this.outbox.add(
        { ...event, pad: "p".repeat(bytes - bare) },
        this.flight.sent,
        this.now as Instant,
        this.isClockKnown ? ((this.unixAtZero + this.now) as UnixMillis) : undefined,
      );
      if (reason !== "") throw new Error(reason);
      this.flight.added(isUrgent, this.now as Instant);
    }
  }

  /** What goes out now. */
  pump(): Group[] {
    const groups: Group[] = [];
    while (this.flight.isDue(this.now as Instant)) {
      const text = this.flight.take(this.now as Instant, (at) => (this.unixAtZero + at) as UnixMillis);
      const lines = text.split("\n");
      expect(lines.pop()).toBe("");
      const ack = JSON.parse(lines.pop() ?? "") as Message;
      expect(ack).toMatchObject({ type: "?ack", src: "a" });
      groups.push({
        values: lines.map((line) => (JSON.parse(line) as Message)["value"]),
        ep: ack["ep"] as number,
        n: ack["n"] as number,
        text,
      });
      if (groups.length > 10_000) throw new Error("never stops sending");
    }
    return groups;
  }

  ack(n: number, ep = this.flight.epoch): void {
    this.flight.acknowledge(ep, n, this.now as Instant);
  }

  tick(): boolean {
    return this.flight.tick(this.now as Instant);
  }

  /** Goes on to the next wake-up; how long that was. */
  wake(): number {
    const at = this.flight.wakeAt();
    if (at === undefined) throw new Error("never wakes");
    const waited = at - this.now;
    this.now = at;
    return waited;
  }
}

function numbersOf(groups: Group[]): number[] {
  return groups.flatMap((group) => group.values.map((_, i) => group.n - group.values.length + 1 + i));
}

test("says nothing before the root has given an epoch", () => {
  const bench = new Bench();
  bench.add(50, 100, true);
  bench.now = 1e6;
  expect(bench.pump()).toEqual([]);
  expect(bench.flight.wakeAt()).toBeUndefined();
});

test("numbers are 1, 2, 3 … without holes, whatever the size of the groups", () => {
  const bench = new Bench({ windowBytes: 1e6 });
  bench.flight.resume(7, 0);
  const groups: Group[] = [];
  for (const howMany of [1, 3, 17, 40]) {
    bench.add(howMany, 90, true);
    groups.push(...bench.pump());
  }
  expect(numbersOf(groups)).toEqual(Array.from({ length: 61 }, (_, i) => i + 1));
  expect(groups.flatMap((group) => group.values)).toEqual(numbersOf(groups));
  expect(new Set(groups.map((group) => group.ep))).toEqual(new Set([7]));
});

test("waits two seconds for company, or until a frame is full, or not at all if urgent or hurried", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.add();
  expect(bench.flight.wakeAt()).toBe(PC_LIMITS.flushAfter);
  bench.now = PC_LIMITS.flushAfter - 1;
  expect(bench.pump()).toEqual([]);
  bench.now = PC_LIMITS.flushAfter;
  expect(bench.pump().length).toBe(1);
  bench.add(5);
  expect(bench.pump()).toEqual([]);
  bench.add(1, 90);
  expect(bench.pump().map((group) => group.values.length)).toEqual([5]);
  bench.flight.hurry();
  expect(bench.pump().map((group) => group.values.length)).toEqual([1]);
  bench.add(1, 100, true);
  expect(bench.pump().length).toBe(1);
});

test("a group holds flushBytes and not a byte more, unless it is one line", () => {
  for (const [bytes, sizes] of [
    [100, [5, 5, 2]],
    [101, [4, 4, 4]],
    [500, Array(12).fill(1)],
    [501, Array(12).fill(1)],
  ] as const) {
    const bench = new Bench({ windowBytes: 1e6 });
    bench.flight.resume(1, 0);
    bench.add(12, bytes, true);
    expect(bench.pump().map((group) => group.values.length)).toEqual(sizes);
  }
});

test("a group never exceeds a frame, even of the longest line", () => {
  const bench = new Bench();
  bench.flight.resume(2147483647, 0);
  bench.add(3, LINE_BYTES_MAX + 1, true);
  for (const group of bench.pump()) expect(group.text.length).toBeLessThan(FRAME_BYTES_MAX);
});

test("has one window in flight to the byte, and at least one event however small the window", () => {
  for (const [windowBytes, inFlight] of [
    [999, 9],
    [1000, 10],
    [1001, 10],
    [1099, 10],
    [1100, 11],
    [1, 1],
  ] as const) {
    // Each event a group of its own: a window is filled with whole groups.
    const bench = new Bench({ windowBytes, flushBytes: 100, groupBytes: 100 });
    bench.flight.resume(1, 0);
    bench.add(30, 100, true);
    expect(numbersOf(bench.pump()).length, String(windowBytes)).toBe(inFlight);
    bench.ack(1);
    expect(numbersOf(bench.pump()), String(windowBytes)).toEqual([inFlight + 1]);
  }
});

test("an `!ack` is cumulative: all up to it leave, the rest stay", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.add(10, 100, true);
  bench.pump();
  bench.ack(4);
  expect(bench.outbox.events()).toBe(6);
  expect(bench.flight.acked).toBe(4);
  bench.ack(10);
  expect(bench.outbox.events()).toBe(0);
  expect(bench.outbox.bytes()).toBe(0);
  expect(bench.flight.wakeAt()).toBeUndefined();
});

test("an `!ack` from the future, from the past or of another epoch is counted and changes nothing", () => {
  const bench = new Bench();
  bench.flight.resume(5, 0);
  bench.add(10, 100, true);
  bench.pump();
  bench.ack(3);
  const state = () => [
    bench.flight.acked,
    bench.flight.sent,
    bench.flight.next,
    bench.outbox.events(),
    bench.flight.wakeAt(),
  ];
  const before = state();
  bench.ack(11);
  bench.ack(2);
  bench.ack(0);
  bench.ack(8, 4);
  bench.ack(8, 6);
  expect(state()).toEqual(before);
  expect(bench.counters).toEqual({ "ack from the future": 1, "ack from the past": 2, "ack of another epoch": 2 });
  bench.ack(10);
  expect(bench.outbox.events()).toBe(0);
});

test("an event that was not sent cannot be acknowledged", () => {
  const bench = new Bench({ windowBytes: 300 });
  bench.flight.resume(1, 0);
  bench.add(10, 100, true);
  expect(numbersOf(bench.pump())).toEqual([1, 2, 3]);
  bench.ack(4);
  expect(bench.counters).toEqual({ "ack from the future": 1 });
  expect(bench.outbox.events()).toBe(10);
});

test("a repeated `!ack` sends again at once, and a hundred of them send once: no storm", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.add(20, 100, true);
  bench.pump();
  bench.ack(5);
  bench.ack(5);
  expect(numbersOf(bench.pump())).toEqual(Array.from({ length: 15 }, (_, i) => i + 6));
  for (let i = 0; i < 100; i++) {
    bench.ack(5);
    expect(bench.pump()).toEqual([]);
    bench.now += 10;
  }
  expect(bench.counters).toEqual({ resent: 1 });
});

test("what was sent again is known to the root, and its repeated `!ack`s do not make the next window be sent twice", () => {
  const bench = new Bench({ windowBytes: 1000 });
  bench.flight.resume(1, 0);
  bench.add(60, 100, true);
  bench.pump();
  bench.ack(5);
  bench.ack(5);
  bench.pump();
  bench.ack(10);
  expect(numbersOf(bench.pump())[0]).toBeGreaterThan(10);
  for (let i = 0; i < 5; i++) {
    bench.ack(10);
    expect(bench.pump()).toEqual([]);
  }
});

test("a repeated `!ack` with nothing in flight sends nothing", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.ack(0);
  bench.add(1);
  bench.ack(0);
  expect(bench.pump()).toEqual([]);
  expect(bench.counters).toEqual({});
});

test("without an `!ack` it sends all again after 2 s, 4 s, 8 s … 60 s, 60 s, and not a millisecond sooner", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.add(7, 100, true);
  const first = bench.pump().map((group) => group.text);
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    waits.push(bench.wake());
    bench.now -= 1;
    expect(bench.tick()).toBe(false);
    expect(bench.pump()).toEqual([]);
    bench.now += 1;
    bench.tick();
    expect(bench.pump().map((group) => group.text)).toEqual(first);
  }
  expect(waits).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("asks for a `?hello` once the wait has reached its longest, and not before", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.add(1, 100, true);
  const asks: boolean[] = [];
  for (let i = 0; i < 6; i++) {
    bench.pump();
    bench.wake();
    asks.push(bench.tick());
  }
  expect(asks).toEqual([false, false, false, false, true, true]);
});

test("progress brings the wait back to its shortest", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.add(10, 100, true);
  bench.pump();
  for (let i = 0; i < 4; i++) {
    bench.wake();
    bench.tick();
    bench.pump();
  }
  bench.ack(1);
  expect(bench.wake()).toBe(RESEND_AFTER_MIN);
});

test("the wait is four smoothed round trips where those are longer than 2 s, and 60 s at the most", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.add(1, 100, true);
  bench.pump();
  bench.now += 1000;
  bench.ack(1);
  bench.add(2, 300, true);
  bench.pump();
  bench.ack(2);
  const smoothed = 1000 + (0 - 1000) / 8;
  expect(bench.wake()).toBe(4 * smoothed);
  const slow = new Bench();
  slow.flight.resume(1, 0);
  slow.add(2, 300, true);
  slow.pump();
  slow.now += 50_000;
  slow.ack(1);
  expect(slow.wake()).toBe(RESEND_AFTER_MAX);
});

test("an event that was sent twice measures no round trip (Karn)", () => {
  const bench = new Bench();
  bench.flight.resume(1, 0);
  bench.add(2, 300, true);
  bench.pump();
  bench.wake();
  bench.tick();
  bench.pump();
  bench.now += 1900;
  bench.ack(1);
  expect(bench.wake()).toBe(RESEND_AFTER_MIN);
});

test("resumed in the same epoch it drops what the root holds and goes on numbering", () => {
  const bench = new Bench();
  bench.flight.resume(3, 0);
  bench.add(10, 100, true);
  bench.pump();
  bench.ack(2);
  bench.flight.resume(3, 6);
  expect(bench.flight.acked).toBe(6);
  const groups = bench.pump();
  expect(numbersOf(groups)).toEqual([7, 8, 9, 10]);
  expect(groups.flatMap((group) => group.values)).toEqual([7, 8, 9, 10]);
  bench.add(1, 100, true);
  expect(numbersOf(bench.pump())).toEqual([11]);
});

test("resumed in another epoch it drops what the root holds of the old one and numbers the rest from 1", () => {
  const bench = new Bench();
  bench.flight.resume(3, 0);
  bench.add(10, 100, true);
  bench.pump();
  bench.ack(2);
  bench.flight.resume(4, 6);
  const groups = bench.pump();
  expect(numbersOf(groups)).toEqual([1, 2, 3, 4]);
  expect(groups.flatMap((group) => group.values)).toEqual([7, 8, 9, 10]);
  expect(groups.every((group) => group.ep === 4)).toBe(true);
  bench.ack(4);
  expect(bench.outbox.events()).toBe(0);
});

test("in another epoch nothing is sent yet: what is not sent anew can be neither acknowledged nor called sent", () => {
  const bench = new Bench({ windowBytes: 300 });
  bench.flight.resume(3, 0);
  bench.add(10, 100, true);
  bench.pump();
  bench.flight.resume(4, 0);
  expect(bench.flight.sent).toBe(0);
  bench.ack(2);
  expect(bench.counters).toEqual({ "ack from the future": 1 });
  expect(bench.outbox.events()).toBe(10);
});

test("an answer cannot take away what was never sent", () => {
  const bench = new Bench({ windowBytes: 300 });
  bench.flight.resume(3, 0);
  bench.add(10, 100, true);
  bench.pump();
  bench.flight.resume(4, 2_000_000);
  expect(bench.outbox.events()).toBe(7);
  expect(numbersOf(bench.pump())).toEqual([1, 2, 3]);
});

test("before its first epoch, an answer's number takes nothing away", () => {
  const bench = new Bench();
  bench.add(3, 100, true);
  bench.flight.resume(9, 3);
  expect(numbersOf(bench.pump())).toEqual([1, 2, 3]);
});

test("a root that forgot what it acknowledged is asked for another epoch, and nothing unacknowledged is dropped", () => {
  const bench = new Bench();
  bench.flight.resume(3, 0);
  bench.add(10, 100, true);
  bench.pump();
  bench.ack(8);
  expect(bench.flight.resume(3, 5)).toBe(false);
  expect(bench.flight.epoch).toBe(0);
  expect(bench.pump()).toEqual([]);
  expect(bench.flight.resume(4, 9)).toBe(true);
  expect(bench.pump().flatMap((group) => group.values)).toEqual([9, 10]);
});

test("a line is the same at every sending: its time is fixed at the first", () => {
  const bench = new Bench();
  bench.flight.resume(3, 0);
  bench.add(3, 100, true);
  const first = bench.pump();
  bench.unixAtZero += 5000;
  bench.flight.resume(4, 0);
  const second = bench.pump();
  expect(second.map((group) => group.text.replaceAll('"ep":4', '"ep":3'))).toEqual(first.map((group) => group.text));
});

test("a window never holds a byte too many, however large the groups", () => {
  for (const groupBytes of [100, 250, 500, 1000, 5000]) {
    const bench = new Bench({ windowBytes: 1000, flushBytes: 250, groupBytes });
    bench.flight.resume(1, 0);
    for (let i = 0, acked = 0; i < 60; i++) {
      bench.add(3, 100, true);
      const sent = numbersOf(bench.pump()).at(-1) ?? bench.flight.acked;
      expect(sent - acked, String(groupBytes)).toBeLessThanOrEqual(10);
      if (sent > acked) bench.ack((acked += 1 + (i % (sent - acked))));
      acked = bench.flight.acked;
    }
    expect(bench.flight.acked).toBeGreaterThan(60);
  }
});

test("an `!ack` in the middle of a group: what is sent again is the rest of it, numbered as before", () => {
  const bench = new Bench({ groupBytes: 1000 });
  bench.flight.resume(1, 0);
  bench.add(12, 100, true);
  expect(bench.pump().map((group) => group.n)).toEqual([5, 12]);
  bench.ack(7);
  bench.wake();
  bench.tick();
  const again = bench.pump();
  expect(numbersOf(again)).toEqual([8, 9, 10, 11, 12]);
  expect(again.flatMap((group) => group.values)).toEqual([8, 9, 10, 11, 12]);
  bench.ack(12);
  expect(bench.outbox.events()).toBe(0);
});

test("events made before the clock is known are sent with the time they were made at", () => {
  const bench = new Bench();
  bench.isClockKnown = false;
  bench.add(1);
  bench.now = 700;
  bench.add(1);
  bench.flight.resume(1, 0);
  const lines = bench.pump().flatMap((group) => group.text.split("\n").slice(0, 2));
  expect(lines.map((line) => (JSON.parse(line) as Message)["ts"])).toEqual([1_700_000_000_000, 1_700_000_000_700]);
});

test("an `!ack` that comes just before all is sent again opens the window by nothing", () => {
  const bench = new Bench({ windowBytes: 1000, flushBytes: 100, groupBytes: 100 });
  bench.flight.resume(1, 0);
  bench.add(40, 100, true);
  bench.pump();
  bench.wake();
  bench.tick();
  bench.ack(8);
  expect(numbersOf(bench.pump())).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
});

test("after sending again, the window is counted anew and does not leak", () => {
  const bench = new Bench({ windowBytes: 1000 });
  bench.flight.resume(1, 0);
  bench.add(200, 100, true);
  let acked = 0;
  for (let i = 0; acked < 200; i++) {
    const sent = numbersOf(bench.pump());
    expect(sent.length).toBeLessThanOrEqual(10);
    if (i % 3 === 0) {
      bench.wake();
      bench.tick();
    } else if (i % 3 === 1) bench.ack((acked = Math.min(200, acked + 4)));
    else bench.ack((acked = Math.min(200, acked + 6)));
    if (i > 1000) throw new Error("gets nowhere");
  }
  expect(bench.outbox.events()).toBe(0);
});
