import { expect, test } from "vitest";
import { FIRST, MORE } from "#shared/radio/header.ts";
import {
  DATAGRAM_COST_BYTES,
  FRAME_COST_BYTES,
  PARCEL_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  PIECES_MAX,
  RECEIVE_BYTES_MAX,
  SEND_BYTES_MAX,
} from "#shared/radio/limits.ts";
import { Cutter, Joiner } from "#shared/radio/parcel.ts";
import { seeded, seedsToPlay } from "../../shared/world.ts";
import { frameOf } from "../../shared/radio/pair.ts";

/** All that is to be sent, cut. */
function payloadsOf(frames: string[]): { payload: string; frag: number }[] {
  const cutter = new Cutter();
  const payloads = [];
  const left = frames.slice();
  for (;;) {
    while (left.length > 0 && cutter.add(left[0] as string)) left.shift();
    if (cutter.held === 0) return payloads;
    payloads.push({ payload: cutter.cut(), frag: cutter.frag });
  }
}

function joined(payloads: { payload: string; frag: number }[]): string[] {
  const joiner = new Joiner();
  return payloads.flatMap(({ payload, frag }) => {
    joiner.add(payload, frag);
    expect(joiner.isBroken).toBe(false);
    return joiner.take();
  });
}

test("a frame of every length comes back whole, and no payload is longer than a datagram takes", () => {
  const random = seeded(4);
  const frames = Array.from({ length: PARCEL_BYTES_MAX }, (_, i) => frameOf(i + 1, i, random));
  const payloads = payloadsOf(frames);
  expect(Math.max(...payloads.map(({ payload }) => payload.length))).toBe(PAYLOAD_BYTES_MAX);
  const got = joined(payloads);
  expect(got.length).toBe(frames.length);
  expect(got.every((frame, i) => frame === frames[i])).toBe(true);
});

test("frames of mixed lengths share datagrams: no payload but the last is short, unless it holds eight frames", () => {
  for (const seed of seedsToPlay(20)) {
    const random = seeded(seed);
    const frames = Array.from({ length: 100 }, (_, i) => frameOf(1 + Math.floor(random() ** 4 * 1000), i, random));
    const payloads = payloadsOf(frames);
    expect(joined(payloads), `SEED=${seed}`).toEqual(frames);
    const short = payloads.slice(0, -1).filter(({ payload }) => {
      let pieces = 0;
      for (let at = 0; at < payload.length; at += 1 + payload.charCodeAt(at)) pieces += 1;
      return payload.length < PAYLOAD_BYTES_MAX - 1 && pieces < PIECES_MAX;
    });
    expect(short).toEqual([]);
  }
});

test("eight small frames go in one datagram, and the ninth in the next", () => {
  const payloads = payloadsOf(Array.from({ length: 9 }, (_, i) => "frame" + i));
  expect(payloads.map(({ frag }) => frag)).toEqual([FIRST, FIRST]);
  expect(payloads.map(({ payload }) => payload.length)).toEqual([8 * 7, 7]);
});

test("refuses an empty frame, one over the limit, and what would not fit in the room there is", () => {
  const cutter = new Cutter();
  expect(cutter.add("")).toBe(false);
  expect(cutter.add("x".repeat(PARCEL_BYTES_MAX + 1))).toBe(false);
  expect(cutter.add("x".repeat(PARCEL_BYTES_MAX))).toBe(true);
  const room = SEND_BYTES_MAX - PARCEL_BYTES_MAX - 2 * FRAME_COST_BYTES;
  expect(cutter.add("x".repeat(room + 1))).toBe(false);
  expect(cutter.add("x".repeat(room))).toBe(true);
  expect(cutter.add("x")).toBe(false);
  expect(cutter.held).toBe(SEND_BYTES_MAX);
});

test("frames of one byte are bounded too, by what each costs", () => {
  const cutter = new Cutter();
  let taken = 0;
  while (cutter.add("x")) taken += 1;
  expect(taken).toBe(Math.floor(SEND_BYTES_MAX / (1 + FRAME_COST_BYTES)));
});

test("credits never promise more than there is room for, and never take back a promise", () => {
  for (const seed of seedsToPlay(20)) {
    const random = seeded(seed);
    const frames = Array.from({ length: 400 }, (_, i) => frameOf(1 + Math.floor(random() ** 8 * 4095), i, random));
    const joiner = new Joiner();
    let promised = 0;
    let came = 0;
    const payloads = payloadsOf(frames);
    while (came < payloads.length) {
      expect(came + joiner.credits(), `SEED=${seed}`).toBeGreaterThanOrEqual(promised);
      promised = came + joiner.credits();
      if (came === promised) joiner.take();
      const next = payloads[came] as { payload: string; frag: number };
      joiner.add(next.payload, next.frag);
      came += 1;
      const held = joiner.inbox.reduce((sum, frame) => sum + frame.length + FRAME_COST_BYTES, 0);
      expect(held).toBeLessThanOrEqual(RECEIVE_BYTES_MAX);
    }
  }
});

test("the longest frame always finds room to be finished, once the others are taken", () => {
  const joiner = new Joiner();
  const [first, ...rest] = payloadsOf(["x".repeat(PARCEL_BYTES_MAX)]);
  joiner.add(first?.payload ?? "", first?.frag ?? 0);
  for (const { payload, frag } of rest) {
    expect(joiner.credits()).toBeGreaterThan(0);
    joiner.add(payload, frag);
  }
  expect(joiner.take()).toEqual(["x".repeat(PARCEL_BYTES_MAX)]);
  expect(joiner.credits()).toBe(Math.floor(RECEIVE_BYTES_MAX / DATAGRAM_COST_BYTES));
});

test("a payload against the rules breaks the joiner, which keeps what was whole before", () => {
  const good = { payload: "\x04good", frag: FIRST };
  const wrong: { [name: string]: { payload: string; frag: number }[] } = {
    "a frame that goes on and never began": [{ payload: "\x04tail", frag: 0 }],
    "a frame that never ended": [{ payload: "\x04head", frag: FIRST | MORE }, good],
    "a piece of no length": [{ payload: "\x00", frag: FIRST }],
    "a piece beyond the end": [{ payload: "\x09x", frag: FIRST }],
    "a piece beyond the end that goes on": [{ payload: "\x09x", frag: FIRST | MORE }],
    "too many pieces": [{ payload: "\x01x".repeat(9), frag: FIRST }],
    "a frame over the limit": Array.from({ length: Math.ceil((PARCEL_BYTES_MAX + 1) / 229) }, (_, i) => ({
      payload: "\xe5" + "x".repeat(229),
      frag: i === 0 ? FIRST | MORE : MORE,
    })),
  };
  for (const [name, payloads] of Object.entries(wrong)) {
    const joiner = new Joiner();
    joiner.add(good.payload, good.frag);
    for (const { payload, frag } of payloads) {
      expect(joiner.isBroken, name).toBe(false);
      joiner.add(payload, frag);
    }
    expect(joiner.isBroken, name).toBe(true);
    expect(joiner.take().slice(0, 1), name).toEqual(["good"]);
  }
});

test("a payload of no bytes is no harm", () => {
  const joiner = new Joiner();
  joiner.add("", FIRST | MORE);
  joiner.add("\x04good", FIRST);
  expect([joiner.isBroken, joiner.take()]).toEqual([false, ["good"]]);
});
