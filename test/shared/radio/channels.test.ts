import { expect, test } from "vitest";
import { Channels } from "#shared/radio/channels.ts";
import {
  CHANNELS,
  SEARCH_AFTER_MAX,
  SEARCH_ASK_AGAIN,
  SEARCH_DWELL,
  SEARCH_HOME_VISITS,
} from "#shared/radio/tree-limits.ts";
import type { Instant } from "#shared/units.ts";
import { seeded } from "../world.ts";

interface Step {
  at: number;
  channel: number;
  what: string;
}

function play(channels: Channels, from: number, until: number): Step[] {
  const steps: Step[] = [];
  for (let at = channels.wakeAt(); at !== undefined && at <= until; at = channels.wakeAt()) {
    const isToAsk = channels.isToAsk(Math.max(at, from) as Instant);
    steps.push({ at, channel: channels.channel, what: isToAsk ? "ask" : "rest" });
  }
  return steps;
}

test("asks on the last good channel, then on 1, 6, 11, then on all others, twice each, and listens for 40 ms at least", () => {
  const channels = new Channels(0, 4, seeded(1));
  channels.search(0 as Instant);
  const round = play(channels, 0, 1500).filter((step) => step.what === "ask");
  const home = Array<number>(SEARCH_HOME_VISITS).fill(4);
  const order = [...home, 1, 6, 11, 2, 3, 5, 7, 8, 9, 10, 12, 13].flatMap((channel) => [channel, channel]);
  expect(round.slice(0, order.length).map((step) => step.channel)).toEqual(order);
  for (let i = 1; i < order.length; i++) {
    const [last, next] = [round[i - 1] as Step, round[i] as Step];
    const dwell = next.at - last.at;
    expect(dwell).toBeLessThan(60);
    if (last.channel !== next.channel) expect(dwell).toBeGreaterThan(40);
  }
});

test("never ends, backs off, and leaves no channel unasked for five seconds", () => {
  const channels = new Channels(0, 1, seeded(2));
  channels.search(0 as Instant);
  const steps = play(channels, 0, 1_200_000);
  const asks = steps.filter((step) => step.what === "ask");
  expect((steps.at(-1) as Step).at).toBeGreaterThan(1_190_000);
  for (let channel = 1; channel <= CHANNELS; channel++) {
    let last = 0;
    for (const ask of asks.filter((step) => step.channel === channel)) {
      expect(ask.at - last).toBeLessThan(5000);
      last = ask.at;
    }
    expect(last).toBeGreaterThan(1_190_000);
  }
  const early = asks.filter((step) => step.at < 10_000).length;
  const late = asks.filter((step) => step.at >= 60_000 && step.at < 70_000).length;
  expect(late).toBeLessThan(early);
});

test("rests on the last good channel between rounds", () => {
  const channels = new Channels(0, 1, seeded(3));
  channels.channel = 9;
  channels.found();
  channels.search(0 as Instant);
  const rests = play(channels, 0, 60_000).filter((step) => step.what === "rest");
  expect(rests.length).toBeGreaterThan(5);
  expect(rests.every((step) => step.channel === 9)).toBe(true);
});

test("stays on a channel that Wi-Fi dictates, and follows when that changes", () => {
  const channels = new Channels(6, 1, seeded(4));
  channels.search(0 as Instant);
  expect(play(channels, 0, 30_000).every((step) => step.channel === 6)).toBe(true);
  channels.fix(11);
  const after = play(channels, 30_000, 90_000);
  expect(after.length).toBeGreaterThan(10);
  expect(after.every((step) => step.channel === 11)).toBe(true);
});

test("stops when a way up is found, and starts anew at once, at the quick pace, when it is lost", () => {
  const channels = new Channels(0, 1, seeded(5));
  channels.search(0 as Instant);
  play(channels, 0, 600_000);
  channels.found();
  expect(channels.wakeAt()).toBeUndefined();
  expect(channels.isToAsk(700_000 as Instant)).toBe(false);
  channels.search(700_000 as Instant);
  const steps = play(channels, 700_000, 703_000);
  expect((steps[0] as Step).at).toBe(700_000);
  expect(steps.filter((step) => step.what === "rest").length).toBeGreaterThanOrEqual(2);
  expect(SEARCH_AFTER_MAX * 1.25 + 1.1 * (CHANNELS + 3) * (SEARCH_ASK_AGAIN + SEARCH_DWELL)).toBeLessThan(5000);
});
