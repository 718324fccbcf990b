import { expect, test } from "vitest";
import { COUNTER_MAX, REPLAY_SPAN } from "#shared/radio/limits.ts";
import { Replay } from "#shared/radio/replay.ts";
import { seeded } from "../../shared/world.ts";

test("takes each counter once, and agrees with a memory of all of them as far back as it reaches", () => {
  const random = seeded(3);
  for (let round = 0; round < 50; round++) {
    const replay = new Replay();
    const all = new Set<number>();
    let newest = 0;
    for (let i = 0; i < 500; i++) {
      const spread = random() < 0.1 ? 200 : 40;
      const counter = Math.max(0, newest + Math.floor((random() - 0.7) * spread));
      const isFresh = counter > 0 && !all.has(counter) && counter > newest - REPLAY_SPAN;
      expect(replay.isFresh(counter)).toBe(isFresh);
      if (!isFresh || random() < 0.1) continue;
      replay.note(counter);
      all.add(counter);
      newest = Math.max(newest, counter);
      expect(replay.newest).toBe(newest);
    }
  }
});

test("reaches back 31 counters and not one more", () => {
  const replay = new Replay();
  replay.note(100);
  expect(replay.isFresh(69)).toBe(true);
  expect(replay.isFresh(68)).toBe(false);
  replay.note(69);
  expect(replay.isFresh(69)).toBe(false);
});

test("forgets what is far behind after a leap, and takes the last counter of all once", () => {
  for (const leap of [31, 32, 33, 64, COUNTER_MAX - 1]) {
    const replay = new Replay();
    replay.note(1);
    replay.note(1 + leap);
    expect(replay.isFresh(1)).toBe(false);
    expect(replay.isFresh(1 + leap)).toBe(false);
    expect(replay.isFresh(leap)).toBe(true);
  }
});

test("never takes a counter of nought", () => {
  expect(new Replay().isFresh(0)).toBe(false);
});
