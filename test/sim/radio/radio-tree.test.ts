import { expect, test } from "vitest";
import { BEACON, JOIN, JOIN_ACK, SOLICIT } from "#shared/radio/header.ts";
import { PROBE } from "#shared/radio/tree-limits.ts";
import { seedsToPlay } from "../../shared/world.ts";
import { Field, macOf, type Station } from "../../shared/radio/field.ts";
import { chatter, expectCarries, GRID, LINE, others, plant, quantile, STAR } from "../../shared/radio/shapes.ts";

/** What was measured, for those who ask: FIGURES=1. */
function tell(figure: string): void {
  if (process.env["FIGURES"]) console.log(figure);
}

for (const shape of [LINE, STAR, GRID]) {
  for (const share of [1, 0.7]) {
    test(`${shape.name}, ${share * 100} % of each datagram's tries arriving: all join, and carry frames both ways`, () => {
      const times: number[] = [];
      for (const seed of seedsToPlay(2)) {
        const field = plant(seed, shape, share);
        times.push(field.until(() => field.everyoneIsUp(), 60_000));
        // They find better ones yet; and a hop where nothing at all is said for a minute is given up, so each says something, as TreeNode does.
        chatter(field, 120_000, 20_000);
        expectCarries(field, field.at(0), 20);
        for (const station of others(field)) expect(field.isRooted(station), `SEED=${seed}`).toBe(true);
      }
      tell(`${shape.name}, ${share}: all joined after ${times.join(", ")} ms`);
    });
  }
}

test("when a parent dies, its children have a new one within 2 s in the median and 10 s at the worst, with traffic", () => {
  const times: number[] = [];
  for (const seed of seedsToPlay(25)) {
    const field = plant(seed, GRID, seed % 2 === 0 ? 1 : 0.8);
    field.until(() => field.everyoneIsUp(), 60_000);
    chatter(field, 20_000, 500);
    const parents = others(field).filter((one) => others(field).some((child) => child.parent === one.mac));
    const victim = parents[Math.floor(field.random() * parents.length)] as Station;
    const orphans = others(field).filter((one) => one.parent === victim.mac);
    field.kill(victim);
    const died = field.now;
    const found = new Map<Station, number>();
    chatter(field, 10_000, 50, () => {
      for (const one of orphans) {
        if (one.parent === victim.mac || !field.isRooted(one)) found.delete(one);
        else if (!found.has(one)) found.set(one, field.now - died);
      }
    });
    for (const one of orphans) expect(found.get(one), `SEED=${seed} ${one.mac}`).toBeDefined();
    times.push(...found.values());
  }
  tell(`parent died: ${times.length} children, median ${quantile(times, 0.5)} ms, worst ${quantile(times, 1)} ms`);
  expect(quantile(times, 0.5)).toBeLessThan(2000);
  expect(quantile(times, 1)).toBeLessThan(10_000);
});

test("the same with hardly any traffic: one frame of each station in 30 s", () => {
  const times: number[] = [];
  for (const seed of seedsToPlay(25)) {
    const field = plant(seed, GRID, 0.8);
    field.until(() => field.everyoneIsUp(), 60_000);
    for (const one of others(field)) {
      const say = () => {
        field.sendUp(one, " reading");
        field.later(30_000, say);
      };
      field.later(field.random() * 30_000, say);
    }
    field.run(60_000);
    const parents = others(field).filter((one) => others(field).some((child) => child.parent === one.mac));
    const victim = parents[Math.floor(field.random() * parents.length)] as Station;
    const orphans = others(field).filter((one) => one.parent === victim.mac);
    field.kill(victim);
    const died = field.now;
    for (const one of orphans) {
      field.until(() => one.parent !== victim.mac && field.isRooted(one), 10_000);
      times.push(field.now - died);
    }
  }
  tell(
    `parent died, idle: ${times.length} children, median ${quantile(times, 0.5)} ms, worst ${quantile(times, 1)} ms`,
  );
  expect(quantile(times, 0.5)).toBeLessThan(2500);
  expect(quantile(times, 1)).toBeLessThan(10_000);
});

test("loops never persist, whoever dies and comes back, and in the end everybody has a way", () => {
  let worst = 0;
  let loops = 0;
  for (const seed of seedsToPlay(2)) {
    const field = new Field(seed);
    const links = new Map<string, number>();
    field.link = (a, b) => {
      const key = a < b ? a + b : b + a;
      if (!links.has(key)) links.set(key, field.random() < 0.35 ? 0.5 + field.random() / 2 : 0);
      return links.get(key) as number;
    };
    field.add(0, { isSource: true, channel: 6 });
    for (let n = 1; n < 12; n++) field.add(n);
    for (let n = 1; n < 12; n++) links.set(macOf(n - 1) + macOf(n), 0.9);
    field.until(() => field.everyoneIsUp(), 60_000);
    const since = new Map<Station, number>();
    const watch = () => {
      for (const one of field.stations.values()) {
        if (!field.isInLoop(one)) since.delete(one);
        else if (!since.has(one)) {
          since.set(one, field.now);
          loops += 1;
        }
        const from = since.get(one);
        if (from !== undefined) worst = Math.max(worst, field.now - from);
      }
    };
    for (let round = 0; round < 6; round++) {
      const victim = field.at(1 + Math.floor(11 * field.random()));
      field.kill(victim);
      chatter(field, 3000, 200, watch);
      field.boot(victim);
      chatter(field, 3000, 200, watch);
    }
    field.until(() => field.everyoneIsUp(), 60_000);
    for (const one of others(field)) expect(field.isRooted(one), `SEED=${seed}`).toBe(true);
  }
  tell(`loops seen ${loops}, the longest ${worst} ms`);
  expect(worst).toBeLessThan(2000);
});

test("cut off with all its descendants, a node does not hang itself upon one of them", () => {
  for (const seed of seedsToPlay(3)) {
    const field = plant(seed, GRID, 0.9);
    field.until(() => field.everyoneIsUp(), 20_000);
    chatter(field, 5000, 500);
    const whole = field.link;
    const source = field.at(0).mac;
    field.link = (a, b) => (a === source || b === source ? 0 : whole(a, b));
    let loopMillis = 0;
    chatter(field, 20_000, 50, () => {
      if (others(field).some((one) => field.isInLoop(one))) loopMillis += 50;
    });
    expect(loopMillis, `SEED=${seed}`).toBeLessThan(500);
    expect(others(field).some((one) => one.isUp)).toBe(false);
    field.link = whole;
    field.until(() => field.everyoneIsUp(), 20_000);
  }
});

test("a source whose router changes its channel is found again within ten seconds", () => {
  const times: number[] = [];
  for (const seed of seedsToPlay(4)) {
    const field = plant(seed, STAR, 0.8);
    field.until(() => field.everyoneIsUp(), 60_000);
    chatter(field, 10_000, 500);
    field.move(field.at(0), 3);
    const moved = field.now;
    const found = new Map<Station, number>();
    chatter(field, 10_000, 100, () => {
      for (const one of others(field)) {
        if (one.channel === 3 && one.isUp && !found.has(one)) found.set(one, field.now - moved);
      }
    });
    expect(found.size, `SEED=${seed}`).toBe(6);
    times.push(...found.values());
  }
  tell(`channel changed: median ${quantile(times, 0.5)} ms, worst ${quantile(times, 1)} ms`);
});

test("a line whose source changes its channel is whole again within ten seconds", () => {
  const times: number[] = [];
  for (const seed of seedsToPlay(4)) {
    const field = plant(seed, LINE);
    field.until(() => field.everyoneIsUp(), 60_000);
    chatter(field, 10_000, 500);
    field.move(field.at(0), 11);
    const moved = field.now;
    const isBack = () => others(field).every((one) => one.channel === 11 && field.isRooted(one));
    while (!isBack() && field.now < moved + 20_000) chatter(field, 100, 100);
    times.push(field.now - moved);
  }
  tell(`channel changed, line of 5: median ${quantile(times, 0.5)} ms, worst ${quantile(times, 1)} ms`);
  expect(quantile(times, 1)).toBeLessThan(10_000);
});

test("children that boot long before their parent are with it within ten seconds of its start", () => {
  const times: number[] = [];
  for (const seed of seedsToPlay(4)) {
    const field = new Field(seed);
    field.link = () => 0.8;
    for (let n = 1; n < 4; n++) field.add(n);
    field.run(60_000 + 600_000 * (seed % 2));
    field.add(0, { isSource: true, channel: 1 + (seed % 13) });
    times.push(field.until(() => others(field).every((one) => field.isRooted(one)), 10_000));
  }
  tell(`booted before the parent: median ${quantile(times, 0.5)} ms, worst ${quantile(times, 1)} ms`);
});

test("two parents of alternating quality do not make it change all the time", () => {
  const field = new Field(4);
  let phase = 0;
  field.link = (a, b) => {
    const pair = [a, b].toSorted().join();
    if (pair === [macOf(1), macOf(3)].join()) return phase === 0 ? 0.95 : 0.75;
    if (pair === [macOf(2), macOf(3)].join()) return phase === 0 ? 0.75 : 0.95;
    return pair.includes(macOf(0)) && !pair.includes(macOf(3)) ? 1 : 0;
  };
  field.add(0, { isSource: true, channel: 6 });
  for (let n = 1; n < 4; n++) field.add(n);
  field.until(() => field.everyoneIsUp(), 60_000);
  const child = field.at(3);
  child.changes = [];
  for (let minute = 0; minute < 20; minute++) {
    phase = minute % 2;
    chatter(field, 60_000, 1000);
  }
  tell(`alternating parents: ${child.changes.length / 2} changes in 20 minutes`);
  expect(child.changes.length / 2).toBeLessThanOrEqual(2);
});

test("it leaves a parent that has become much worse than another", () => {
  const field = plant(5, { name: "diamond", size: 4, isLinked: (a, b) => a + b !== 3 && a !== b }, 1);
  field.until(() => field.everyoneIsUp(), 60_000);
  chatter(field, 5000, 500);
  const child = field.at(3);
  const first = child.parent;
  const good = field.link;
  field.link = (a, b) => ([a, b].includes(first) && [a, b].includes(child.mac) ? 0.15 : good(a, b));
  chatter(field, 60_000, 500);
  expect(child.isUp).toBe(true);
  expect(child.parent).not.toBe(first);
});

test("a source without a way up says so, and its children leave for another source", () => {
  for (const seed of seedsToPlay(5)) {
    const field = new Field(seed);
    field.link = () => 0.8;
    field.add(0, { isSource: true, channel: 6 });
    for (let n = 2; n < 6; n++) field.add(n, { mayParent: false });
    field.until(() => field.everyoneIsUp(), 60_000);
    field.add(1, { isSource: true, channel: 6 });
    field.run(5000);
    field.rootward(field.at(0), false);
    const took = field.until(() => others(field).every((one) => one.parent === macOf(1)), 10_000);
    expect(took, `SEED=${seed}`).toBeLessThan(5000);
    field.rootward(field.at(0), true);
    field.rootward(field.at(1), false);
    field.until(() => others(field).every((one) => one.parent === macOf(0)), 10_000);
  }
});

test("poison runs through a line at once: nobody stays with a parent that has no way", () => {
  const field = plant(3, LINE);
  field.until(() => field.everyoneIsUp(), 60_000);
  field.run(5000);
  field.rootward(field.at(0), false);
  const took = field.until(() => others(field).every((one) => !one.isUp), 3000);
  tell(`poison through 4 hops: ${took} ms`);
  field.rootward(field.at(0), true);
  field.until(() => field.everyoneIsUp(), 60_000);
});

test("after the root's reboot all are back within ten seconds", () => {
  const times: number[] = [];
  for (const seed of seedsToPlay(3)) {
    const field = plant(seed, GRID, 0.9);
    field.until(() => field.everyoneIsUp(), 60_000);
    chatter(field, 10_000, 500);
    const root = field.at(0);
    field.kill(root);
    chatter(field, 4000, 100);
    field.boot(root);
    const booted = field.now;
    chatter(field, 10_000, 100, () => {
      if (times.length < seed && root.children.length > 0 && field.everyoneIsUp()) times.push(field.now - booted);
    });
    expect(field.everyoneIsUp(), `SEED=${seed}`).toBe(true);
    expectCarries(field, root, 5);
  }
  tell(`root rebooted: median ${quantile(times, 0.5)} ms, worst ${quantile(times, 1)} ms`);
});

test("a parent that reboots so fast that nobody missed it has its children back", () => {
  for (const seed of seedsToPlay(5)) {
    const field = plant(seed, LINE);
    field.until(() => field.everyoneIsUp(), 60_000);
    chatter(field, 5000, 500);
    for (const victim of [field.at(0), field.at(2)]) {
      field.kill(victim);
      field.run(20);
      field.boot(victim);
      chatter(field, 10_000, 200);
      expect(field.everyoneIsUp(), `SEED=${seed}`).toBe(true);
      expectCarries(field, field.at(0), 5);
    }
  }
});

test("a source that reboots is noticed by children that have nothing to say: its beacons are of another life", () => {
  for (const seed of seedsToPlay(4)) {
    const field = plant(seed, STAR);
    field.until(() => field.everyoneIsUp(), 20_000);
    field.run(10_000);
    field.kill(field.at(0));
    field.run(1100);
    field.boot(field.at(0));
    field.until(() => field.at(0).children.length === 6, 5000);
    expect(field.everyoneIsUp(), `SEED=${seed}`).toBe(true);
  }
});

test("a parent takes no more children than it may; the others find another way", () => {
  const field = new Field(6);
  field.link = () => 1;
  field.add(0, { isSource: true, channel: 6, childrenMax: 2 });
  for (let n = 1; n < 7; n++) field.add(n, { childrenMax: 2 });
  field.until(() => field.everyoneIsUp(), 30_000);
  field.run(30_000);
  for (const station of field.stations.values()) expect(station.children.length).toBeLessThanOrEqual(2);
  expect(field.everyoneIsUp()).toBe(true);
});

test("beacons that come through from the next channel lure nobody", () => {
  const field = new Field(8);
  field.ghosts = 0.8;
  field.link = () => 1;
  field.add(0, { isSource: true, channel: 7 });
  for (let n = 1; n < 5; n++) field.add(n);
  field.until(() => field.everyoneIsUp(), 60_000);
  chatter(field, 5000, 100);
  expect(others(field).every((one) => one.channel === 7 && one.isUp)).toBe(true);
  expect(others(field).some((one) => (one.radio.counters["radio other channel"] ?? 0) > 0)).toBe(true);
});

for (const [name, childrenMax] of [
  ["with few parents", 19],
  ["with many parents", 2],
] as const) {
  test(`in steady state all but data and acks take less than 2 % of the air, even of 25 in one room ${name}`, () => {
    const field = new Field(9);
    field.link = () => 0.9;
    field.add(0, { isSource: true, channel: 6, childrenMax });
    for (let n = 1; n < 25; n++) field.add(n, { childrenMax });
    field.until(() => field.everyoneIsUp(), 60_000);
    chatter(field, 120_000, 5000);
    const before = { ...field.air };
    chatter(field, 1_200_000, 30_000);
    const share = [BEACON, SOLICIT, JOIN, JOIN_ACK, PROBE].map(
      (type) => ((field.air[type] ?? 0) - (before[type] ?? 0)) / 1_200_000,
    );
    const all = share.reduce((a, b) => a + b, 0);
    tell(
      `control, 25 in one room ${name}: ${(100 * all).toFixed(3)} % of air (beacons ${(100 * (share[0] as number)).toFixed(3)} %, probes ${(100 * (share[4] as number)).toFixed(3)} %)`,
    );
    expect(all).toBeLessThan(0.02);
  });
}
