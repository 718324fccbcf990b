/** What the lab has shown, each thing by itself: see the end of docs/radio.md. */
import { expect, test } from "vitest";
import { BEACON, parseHeader, SOLICIT } from "#shared/radio/header.ts";
import { BROADCAST } from "#shared/radio/seal.ts";
import { ASK_BETTER_AFTER_MAX, PROBE_DATAGRAM, RADIO_LINKS_FROM } from "#shared/radio/tree-limits.ts";
import type { Instant } from "#shared/units.ts";
import { strike } from "#tools/sim/faults.ts";
import { Field, macOf, type Station } from "../../shared/radio/field.ts";
import { hasJoined } from "../scenes.ts";
import { radioScene, row } from "./radio-scenes.ts";

test("a child that leaves for a better parent says so: its place is free at once, and nothing more is sent to it", () => {
  const field = new Field(3);
  let isNear = false;
  // At first only over 1; then the source hears it too, and well.
  field.link = (a, b) => {
    const pair = [a, b].sort().join();
    if (pair === [macOf(0), macOf(2)].join()) return isNear ? 1 : 0;
    return pair === [macOf(1), macOf(2)].join() && isNear ? 0.5 : 1;
  };
  field.add(0, { isSource: true, channel: 6 });
  field.add(1);
  field.add(2);
  field.until(() => field.everyoneIsUp(), 20_000);
  expect(field.at(2).parent).toBe(macOf(1));
  isNear = true;
  field.until(() => field.at(2).parent === macOf(0), 2 * ASK_BETTER_AFTER_MAX);
  field.run(200);
  expect(field.at(1).children).toEqual([]);
  expect(field.at(0).children.every((link) => link >= RADIO_LINKS_FROM)).toBe(true);
});

test("a place is offered once: of ten that ask at once no more are taken than there are places, and the others hear it at once", () => {
  const field = new Field(4);
  field.link = (a, b) => (a === macOf(0) || b === macOf(0) ? 1 : 0);
  field.add(0, { isSource: true, channel: 6, childrenMax: 3 });
  for (let n = 1; n <= 10; n++) field.add(n);
  const { transmitter } = field.at(0).radio as unknown as { transmitter: { sessions: unknown[] } };
  for (let at = 0; at < 20_000; at += 10) {
    field.run(10);
    expect(transmitter.sessions.length).toBeLessThanOrEqual(3);
  }
  expect(field.at(0).children.length).toBe(3);
  expect([...field.stations.values()].filter((one) => one.isUp).length).toBe(3);
});

test("a node takes no children before it has joined, and does at once when it has", () => {
  const field = new Field(5);
  field.link = () => 1;
  const source = field.add(0, { isSource: true, channel: 6 });
  field.perform(source, source.radio.setJoined(false, field.now as Instant));
  field.add(1);
  field.run(20_000);
  expect(field.at(1).isUp).toBe(false);
  field.perform(source, source.radio.setJoined(true, field.now as Instant));
  field.until(() => field.at(1).isUp, 5000);
});

test("beacons are numbered without gaps, whatever else is sent between them", () => {
  const field = new Field(6);
  field.link = () => 1;
  field.add(0, { isSource: true, channel: 6 });
  for (let n = 1; n < 6; n++) field.add(n);
  field.run(300_000);
  for (const station of field.stations.values()) {
    const shouts = station.transmits.filter(({ mac }) => mac === BROADCAST).map(({ bytes }) => parseHeader(bytes));
    expect(shouts.length).toBeGreaterThan(8);
    shouts.forEach((header, i) => {
      expect([BEACON, SOLICIT]).toContain(header?.form);
      expect(header?.counter).toBe(i + 1);
    });
  }
});

test("a second in which nothing gets through is no death of a parent, and five are", () => {
  const { world } = radioScene(row(3, 1), { traffic: { readingsEvery: 100 } });
  world.until("joined", hasJoined(world, "n2"), 20_000);
  world.run(20_000);
  const lost = (): number => world.radio("n2").radio.counters["radio parent lost"] ?? 0;
  strike(world, { kind: "jam", share: 1, lasts: 1000 });
  world.run(10_000);
  expect(lost()).toBe(0);
  strike(world, { kind: "jam", share: 1, lasts: 5000 });
  world.run(20_000);
  expect(lost()).toBeGreaterThan(0);
});

test("when one of many leaves a parent that lives, the others ask that within half a second, not all at once, and stay", () => {
  const field = new Field(8);
  let leaver = "";
  field.link = (a, b) => ([a, b].includes(leaver) && [a, b].includes(macOf(0)) ? 0 : 1);
  field.add(0, { isSource: true, channel: 6, childrenMax: 15 });
  for (let n = 1; n <= 15; n++) field.add(n);
  // Long enough for everybody to have heard everybody.
  field.run(200_000);
  const family = [...field.stations.values()].filter(({ parent }) => parent === macOf(0));
  const [first, ...others] = family as [Station, ...Station[]];
  expect(others.length).toBeGreaterThan(6);
  leaver = first.mac;
  field.until(() => ![undefined, macOf(0)].includes(first.radio.parent?.mac), 60_000);
  const leftAt = field.now;
  field.run(500);
  const asked = others.map(
    ({ transmits }) => transmits.find(({ at, bytes }) => bytes === PROBE_DATAGRAM && at >= leftAt)?.at,
  );
  for (const at of asked) {
    expect(at).toBeDefined();
    expect(asked.filter((one) => Math.abs((one as number) - (at as number)) < 5).length).toBeLessThan(5);
  }
  expect(others.every(({ parent }) => parent === macOf(0))).toBe(true);
});
