import { expect, test } from "vitest";
import { ArqReceiver, ArqSender, type Slot } from "#shared/radio/arq.ts";
import { FIRST } from "#shared/radio/header.ts";
import { ACK_AFTER, ACK_DOUBLINGS_MAX, ACK_WAIT_FIRST, ACK_WAIT_MAX, ACK_WAITS_ALIKE } from "#shared/radio/limits.ts";
import { Joiner } from "#shared/radio/parcel.ts";
import type { Counters } from "#shared/table.ts";
import type { Instant } from "#shared/units.ts";
import { seeded, seedsToPlay } from "../world.ts";

const at = (now: number): Instant => now as Instant;

/** A sender that has transmitted so many, with the counters 1, 2, 3 … */
function underWay(howMany: number): { sender: ArqSender; slots: Slot[] } {
  const sender = new ArqSender(8, () => 0);
  const slots = Array.from({ length: howMany }, (_, i) => sender.open("payload " + i, FIRST, at(0)));
  slots.forEach((slot, i) => goes(sender, slot, i + 1));
  return { sender, slots };
}

function goes(sender: ArqSender, slot: Slot, counter: number): void {
  sender.goes(slot, counter);
  slot.sentAt = at(counter);
  sender.waitFrom(at(counter));
}

function missing(slots: Slot[]): number[] {
  return slots.filter((slot) => slot.isMissing).map(({ seq }) => seq);
}

test("what was sent before one that arrived, and is not acknowledged, goes again at once, oldest first", () => {
  const { sender, slots } = underWay(5);
  sender.acknowledge(0, 0b0100, 0, at(20));
  expect(missing(slots)).toEqual([0, 1, 2]);
  expect(sender.again(at(20))).toBe(slots[0]);
  goes(sender, slots[0] as Slot, 6);
  expect(sender.again(at(20))).toBe(slots[1]);
  expect(sender.missing).toBe(2);
});

test("what was sent after the newest that arrived is left to its ack", () => {
  const { sender, slots } = underWay(5);
  sender.acknowledge(2, 0, 0, at(20));
  expect(missing(slots)).toEqual([]);
  expect(sender.slots.map(({ seq }) => seq)).toEqual([2, 3, 4]);
});

test("one that was sent twice does not say which of both came, so those between are not taken for lost", () => {
  const { sender, slots } = underWay(3);
  goes(sender, slots[0] as Slot, 4);
  sender.acknowledge(1, 0, 0, at(20));
  expect(missing(slots)).toEqual([]);
  // An ack that names the counter knows.
  const told = underWay(3);
  goes(told.sender, told.slots[0] as Slot, 4);
  told.sender.acknowledge(1, 0, 4, at(20));
  expect(missing(told.slots)).toEqual([1, 2]);
});

test("an ack of what was never sent is nonsense and changes nothing", () => {
  const { sender } = underWay(3);
  const before = JSON.stringify(sender);
  for (const ack of [4, 5, 100, 200, 255]) expect(sender.acknowledge(ack, 255, 0, at(20))).toBe(false);
  expect(JSON.stringify(sender)).toBe(before);
  expect(sender.acknowledge(3, 0, 0, at(20))).toBe(true);
});

test("the wait for an ack is the first one, then six like it, then each twice the one before, up to the longest", () => {
  const { sender } = underWay(1);
  let now = 0;
  const waits = Array.from({ length: 14 }, () => {
    sender.waitFrom(at(now));
    const wait = (sender.giveUpAt as number) - now;
    expect(sender.isOverdue(at(now + wait - 1))).toBe(false);
    now += wait;
    expect(sender.isOverdue(at(now))).toBe(true);
    return wait;
  });
  const alike = Array.from({ length: ACK_WAITS_ALIKE + 1 }, () => ACK_WAIT_FIRST);
  const doubled = [1, 2, 3, 4].map((n) => Math.min(ACK_WAIT_MAX, ACK_WAIT_FIRST * 2 ** n));
  expect(ACK_DOUBLINGS_MAX).toBe(doubled.length);
  expect(waits.slice(0, -3)).toEqual([...alike, ...doubled]);
});

test("the wait follows the round trip: up within a few acks, and never below the time that an ack may be held back", () => {
  const sender = new ArqSender(8, () => 0);
  let counter = 0;
  const trip = (length: number): number => {
    const slot = sender.open("x", FIRST, at(counter));
    counter += 1;
    sender.goes(slot, counter);
    slot.sentAt = at(1000);
    sender.acknowledge(counter & 255, 0, counter, at(1000 + length));
    sender.waitFrom(at(0));
    return sender.giveUpAt as number;
  };
  for (let i = 0; i < 50; i++) trip(1);
  expect(trip(1)).toBeGreaterThan(ACK_AFTER);
  expect(trip(1)).toBeLessThan(ACK_AFTER + 2);
  for (let i = 0; i < 4; i++) trip(300);
  expect(trip(300)).toBeGreaterThan(280);
});

test("puts whatever order in order, through every wrap of the sequence, and takes each once", () => {
  for (const seed of seedsToPlay(3)) {
    const random = seeded(seed);
    const joiner = new Joiner();
    const receiver = new ArqReceiver(joiner);
    const counters: Counters = {};
    const got: string[] = [];
    const waiting: number[] = [];
    let repeats = 0;
    for (let next = 0; got.length < 600; ) {
      while (waiting.length < 8 && next < got.length + 8) waiting.push(next++);
      const place = Math.floor(random() * waiting.length);
      const n = random() < 0.2 ? Math.floor(random() * next) : (waiting.splice(place, 1)[0] as number);
      if (n < next - 100) continue;
      const text = "payload " + n;
      const isKnown =
        n < got.length || (receiver as unknown as { early: { [seq: number]: object } }).early[n & 255] !== undefined;
      expect(receiver.take(n & 255, String.fromCharCode(text.length) + text, FIRST, counters)).toBe(!isKnown);
      if (isKnown) repeats += 1;
      else if (waiting.includes(n)) waiting.splice(waiting.indexOf(n), 1);
      got.push(...joiner.take());
    }
    expect(
      got.every((text, i) => text === "payload " + i),
      `SEED=${seed}`,
    ).toBe(true);
    expect(counters["radio duplicate"] ?? 0).toBe(repeats);
  }
});

test("takes none that is more than eight ahead", () => {
  const receiver = new ArqReceiver(new Joiner());
  const counters: Counters = {};
  expect(receiver.take(8, "\x01x", FIRST, counters)).toBe(true);
  expect(receiver.sack).toBe(128);
  expect(receiver.take(9, "\x01x", FIRST, counters)).toBe(false);
  expect(counters).toEqual({ "radio beyond window": 1 });
});
