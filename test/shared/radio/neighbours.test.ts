import { expect, test } from "vitest";
import type { Beacon } from "#shared/radio/beacon.ts";
import { NO_PATH } from "#shared/radio/header.ts";
import { type Neighbour, Neighbours, reported, shun, tried } from "#shared/radio/neighbours.ts";
import { Parents, patience, pathCost } from "#shared/radio/parents.ts";
import {
  COST_OF_HOP,
  DEPTH_MAX,
  DEAF_DOUBT,
  FAILS_DOUBT,
  LINK_COST_MAX,
  NEIGHBOUR_FRESH,
  NEIGHBOURS_MAX,
  PARENT_BETTER_FOR,
  PARENT_GAIN,
  REBORN_AFTER,
  SHUN_AFTER,
  SHUN_AFTER_MAX,
} from "#shared/radio/tree-limits.ts";
import type { Instant } from "#shared/units.ts";
import { seeded } from "../world.ts";

const OWN = "02:00:00:00:00:01";
const OWN_TAIL = "\x00\x00\x01";
const START = 10_000;
const mac = (n: number) => "02:00:00:00:01:" + (n + 256).toString(16).substring(1);
const beacon = (over: Partial<Beacon> = {}): Beacon => ({
  treeVersion: 1,
  life: "aaaa",
  channel: 6,
  slots: 4,
  path: "",
  qualities: "",
  ...over,
});

class Table {
  neighbours = new Neighbours(OWN);
  now = START;
  hear(
    n: number,
    counter: number,
    cost = 0,
    over: Partial<Beacon> = {},
    rssi = -60,
    kept?: Neighbour,
  ): Neighbour | undefined {
    return this.neighbours.heardBeacon(mac(n), beacon(over), counter, cost, rssi, kept, this.now as Instant);
  }
  known(n: number, cost = 0, over: Partial<Beacon> = {}, rssi = -60): Neighbour {
    const one = this.hear(n, 1, cost, over, rssi);
    if (one === undefined) throw new Error("not taken");
    return one;
  }
}

test("takes each beacon once: not again, and not an older one", () => {
  const table = new Table();
  expect(table.hear(1, 5, 8)).toBeDefined();
  expect(table.hear(1, 5, 0)).toBeUndefined();
  expect(table.hear(1, 4, 0)).toBeUndefined();
  expect(table.neighbours.get(mac(1))?.cost).toBe(8);
  expect(table.hear(1, 6, 0)?.cost).toBe(0);
});

test("believes in another life of a neighbour only after it has been silent, so an old recording changes nothing", () => {
  const table = new Table();
  table.hear(1, 5, 8);
  table.now += REBORN_AFTER - 1;
  expect(table.hear(1, 900, NO_PATH, { life: "bbbb" })).toBeUndefined();
  expect(table.neighbours.get(mac(1))?.cost).toBe(8);
  table.now += 1;
  expect(table.hear(1, 1, 16, { life: "bbbb" })?.cost).toBe(16);
});

test("has room for a bounded number, forgets the one not heard for longest, and never the parent", () => {
  const table = new Table();
  for (let n = 0; n < NEIGHBOURS_MAX + 5; n++) {
    table.now += 10;
    table.hear(n, 1, 0, {}, -60, table.neighbours.get(mac(0)));
  }
  expect(table.neighbours.known.length).toBe(NEIGHBOURS_MAX);
  expect(table.neighbours.get(mac(0))).toBeDefined();
  expect(table.neighbours.get(mac(1))).toBeUndefined();
  expect(table.neighbours.get(mac(NEIGHBOURS_MAX + 4))).toBeDefined();
});

test("has no room for poor ways where all are better, however often they speak, and makes room for a better one", () => {
  const table = new Table();
  for (let n = 0; n < NEIGHBOURS_MAX; n++) table.known(n, 30);
  table.now += 60_000;
  for (let counter = 1; counter < 5; counter++) {
    table.hear(100, counter, 30, {}, -100);
    table.hear(101, counter, NO_PATH);
  }
  expect(table.neighbours.get(mac(100))).toBeUndefined();
  expect(table.neighbours.get(mac(101))).toBeUndefined();
  table.hear(102, 1, 0);
  expect(table.neighbours.get(mac(102))).toBeDefined();
  table.now += NEIGHBOUR_FRESH;
  table.hear(101, 9, NO_PATH);
  expect(table.neighbours.get(mac(101))).toBeDefined();
});

test("signal strength is the first guess: better signal, lower estimate; unknown is between", () => {
  const table = new Table();
  const good = table.known(1, 0, {}, -60).etx;
  const fair = table.known(2, 0, {}, -87).etx;
  const poor = table.known(3, 0, {}, -95).etx;
  const unknown = table.known(4, 0, {}, 0).etx;
  expect(good).toBe(COST_OF_HOP);
  expect(good).toBeLessThan(fair);
  expect(fair).toBeLessThan(poor);
  expect(unknown).toBeGreaterThan(fair);
  expect(unknown).toBeLessThan(poor);
});

test("beacons that are missed raise the estimate towards what the link needs, both ways counted", () => {
  const random = seeded(7);
  const table = new Table();
  const one = table.known(1);
  for (let counter = 2; counter < 600; counter++) {
    if (random() < 0.5) table.hear(1, counter, 0, { qualities: OWN_TAIL + String.fromCharCode(128) });
  }
  // A half of each way: two transmissions, and the MAC's ack is lost less than a whole datagram.
  expect(one.etx).toBeGreaterThan(2 * COST_OF_HOP);
  expect(one.etx).toBeLessThan(4 * COST_OF_HOP);
  expect(one.inbound).toBeGreaterThan(90);
  expect(one.inbound).toBeLessThan(170);
  expect(table.neighbours.qualities()).toBe(one.tail + String.fromCharCode(one.inbound));
});

test("qualities take turns, so that each neighbour learns its own in the end", () => {
  const table = new Table();
  for (let n = 0; n < 10; n++) for (let counter = 1; counter < 5; counter++) table.hear(n, counter);
  const told = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const bytes = table.neighbours.qualities();
    expect(bytes.length).toBeLessThanOrEqual(16);
    for (let at = 0; at < bytes.length; at += 4) told.add(bytes.substring(at, at + 3));
  }
  expect(told.size).toBe(10);
});

test("what the MAC answers, of six attempts each, tells about the attempts that it takes", () => {
  // Of a link where a share of the attempts arrives: how many that takes, and what is made of the outcomes.
  for (const [arrives, within] of [
    [0.9, 0.2],
    [0.4, 0.35],
    [0.25, 0.1],
    [0.15, 0.15],
  ] as const) {
    const one = new Table().known(1, 0, {}, -80);
    const random = seeded(7);
    const fails = (1 - arrives) ** 6;
    let sum = 0;
    for (let i = 0; i < 20_000; i++) {
      tried(one, random() >= fails);
      if (i >= 10_000) sum += one.etx / 10_000;
    }
    const truth = COST_OF_HOP / arrives;
    expect(Math.abs(sum - truth) / truth, `${arrives}: ${sum}`).toBeLessThan(within);
  }
  const one = new Table().known(1);
  for (let i = 0; i < 1000; i++) tried(one, false);
  expect(one.etx).toBeLessThanOrEqual(LINK_COST_MAX);
});

test("of ten thousand times that so many MAC failures come in a row as make doubt, at most two are chance, over good links and poor ones", () => {
  for (const arrives of [0.5, 0.4, 0.3, 0.25, 0.2, 0.15]) {
    const one = new Table().known(1);
    one.etx = COST_OF_HOP / arrives;
    const fails = (1 - arrives) ** 6;
    expect(fails ** Math.ceil(patience(one)), `${arrives}`).toBeLessThan(0.0002);
  }
});

test("so many datagrams in a row without an answer double the cost while it lasts, and say so, and not one fewer", () => {
  const table = new Table();
  const one = table.known(1);
  for (let i = 1; i < FAILS_DOUBT; i++) expect(reported(one, false)).toBe(false);
  expect(pathCost(one)).toBe(one.cost + COST_OF_HOP);
  expect(reported(one, false)).toBe(true);
  expect(pathCost(one)).toBe(one.cost + 2 * COST_OF_HOP);
  reported(one, true);
  expect(one.fails).toBe(0);
  expect(pathCost(one)).toBeLessThan(one.cost + 2 * COST_OF_HOP);
});

function choice(table: Table, current?: Neighbour, parents = new Parents(OWN)) {
  return parents.choose(table.neighbours.known, current, 6, table.now as Instant);
}

test("chooses the least cost of the whole way, not the nearest, and nobody if there is none", () => {
  const table = new Table();
  expect(choice(table)).toBeUndefined();
  const near = table.known(1, 24, {}, -50);
  expect(choice(table)).toBe(near);
  const far = table.known(2, 8, {}, -78);
  near.outbound = 255;
  far.outbound = 255;
  expect(pathCost(far)).toBeLessThan(pathCost(near));
  expect(choice(table)).toBe(far);
});

test("keeps its parent until another is better by a transmission and a half", () => {
  const table = new Table();
  const current = table.known(1, 20);
  const other = table.known(2, 20 - PARENT_GAIN + 1);
  expect(choice(table, current)).toBe(current);
  other.cost -= 1;
  expect(choice(table, current)).toBe(other);
});

test("changes for a smaller gain once it has lasted ten minutes without a break", () => {
  const table = new Table();
  const parents = new Parents(OWN);
  const current = table.known(1, 20);
  const other = table.known(2, 16);
  const step = () => {
    table.now += 60_000;
    current.heardAt = table.now as Instant;
    other.heardAt = table.now as Instant;
    return choice(table, current, parents);
  };
  choice(table, current, parents);
  for (let minute = 1; minute < 10; minute++) expect(step()).toBe(current);
  other.cost = 22;
  expect(step()).toBe(current);
  other.cost = 16;
  expect(step()).toBe(current);
  for (let at = 120_000; at < PARENT_BETTER_FOR; at += 60_000) expect(step()).toBe(current);
  expect(step()).toBe(other);
});

test("without a parent asks those first who are known to hear it, and of two who are not the one that is heard better", () => {
  const table = new Table();
  const heard = table.known(1, 24, {}, -85);
  const unheard = table.known(2, 8, {}, -82);
  expect(choice(table)).toBe(unheard);
  heard.outbound = 100;
  expect(choice(table)).toBe(heard);
  heard.outbound = 0;
  heard.hasTaken = true;
  expect(choice(table)).toBe(heard);
  // Who has a parent that answers is in no hurry to try.
  expect(choice(table, table.known(3, 100))).toBe(unheard);
});

test("without a parent asks even those who were quiet for long, and with one does not", () => {
  const table = new Table();
  const quiet = table.known(1, 0);
  quiet.heardAt = (table.now - NEIGHBOUR_FRESH) as Instant;
  expect(choice(table)).toBe(quiet);
  const current = table.known(2, 100);
  expect(choice(table, current)).toBe(current);
  quiet.heardAt = (table.now - NEIGHBOUR_FRESH + 1) as Instant;
  expect(choice(table, current)).toBe(quiet);
});

test("in doubt of its parent, to which not even the MAC has an answer, any other way will do; with none it stays", () => {
  const table = new Table();
  const current = table.known(1, 8);
  current.deaf = DEAF_DOUBT;
  expect(choice(table, current)).toBe(current);
  const worse = table.known(2, 40);
  expect(choice(table, current)).toBe(worse);
  current.deaf = DEAF_DOUBT - 1;
  expect(choice(table, current)).toBe(current);
  // It is there, but busy: it may only cost more than before.
  current.fails = FAILS_DOUBT;
  expect(choice(table, current)).toBe(current);
});

test("never chooses a descendant, nor one that is too deep, without a way, full, elsewhere or shunned", () => {
  const table = new Table();
  const ok = table.known(1, 100);
  const bad: [string, (one: Neighbour) => void][] = [
    ["a child", (one) => (one.beacon.path = OWN_TAIL + "xyz")],
    ["a grandchild", (one) => (one.beacon.path = "abc" + OWN_TAIL + "xyz")],
    ["too deep", (one) => (one.beacon.path = "abc".repeat(DEPTH_MAX))],
    ["no way", (one) => (one.cost = NO_PATH)],
    ["full", (one) => (one.beacon.slots = 0)],
    ["elsewhere", (one) => (one.beacon.channel = 7)],
    ["shunned", (one) => shun(one, SHUN_AFTER_MAX, table.now as Instant)],
  ];
  for (let i = 0; i < bad.length; i++) {
    const one = table.known(10 + i, 0);
    expect(choice(table)).toBe(one);
    (bad[i] as (typeof bad)[0])[1](one);
    expect(choice(table), (bad[i] as (typeof bad)[0])[0]).toBe(ok);
  }
});

test("a parent whose path has come to lead over it, or that has lost its way, is no way any more", () => {
  const table = new Table();
  const parents = new Parents(OWN);
  const current = table.known(1, 8);
  current.beacon.path = "abc" + OWN_TAIL;
  expect(parents.isWay(current)).toBe(false);
  current.beacon.path = "abc";
  expect(parents.isWay(current)).toBe(true);
  current.cost = NO_PATH;
  expect(parents.isWay(current)).toBe(false);
});

test("who refuses is left alone for longer each time, up to a bound, and no longer after an answer", () => {
  const table = new Table();
  const one = table.known(1);
  let last = 0;
  for (let i = 0; i < 8; i++) {
    shun(one, SHUN_AFTER_MAX, table.now as Instant);
    const length = one.shunUntil - table.now;
    expect(length).toBe(Math.min(Math.max(last * 2, SHUN_AFTER), SHUN_AFTER_MAX));
    last = length;
  }
  reported(one, true);
  shun(one, SHUN_AFTER_MAX, table.now as Instant);
  expect(one.shunUntil - table.now).toBe(SHUN_AFTER);
});
