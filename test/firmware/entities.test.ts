/** What an entity reports, in whichever way, is what leaves the board: in order, whole, with its time. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { network } from "./engine-globals.ts";
import { Parent } from "./fake-parent.ts";
import { type Line, longForm } from "../long-form.ts";
import { seeded, seedsToPlay } from "../shared/world.ts";
import { Board } from "#firmware/board.ts";
import { checkConfiguration } from "#firmware/configuration.ts";
import { withSockets } from "#firmware/socket-carrier.ts";
import { Entities, type Entity } from "#firmware/entities.ts";
import { CHIP_LIMITS, LINE_BYTES_MAX } from "#shared/limits.ts";

/** The root's clock when the node joins. */
const JOINED_AT = 1_732_345_678_000;

describe("entity", () => {
  let entities: Entities;
  let epochAt: number;
  let eids: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("getTime", () => Date.now() / 1000);
    network.dials.splice(0);
    entities = new Entities();
    epochAt = Date.now();
    eids = [];
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const start = (): Board => {
    const configuration = checkConfiguration({ id: "leaf", token: "t", parent: { host: "h", port: 1 } });
    const board = new Board(configuration, "test/1", entities);
    withSockets(board);
    entities.start(board);
    board.start();
    vi.advanceTimersByTime(0);
    return board;
  };

  const joined = (): { board: Board; parent: Parent } => {
    const board = start();
    const parent = new Parent();
    parent.welcome();
    vi.advanceTimersByTime(0);
    epochAt = Date.now();
    return { board, parent };
  };

  /** Plays a root that stores what comes, each number once: all its events so far. */
  const stored = (parent: Parent, events: Line[] = []): Line[] => {
    let group: Line[] = [];
    for (const line of longForm(parent.lines(), eids)) {
      if (line["type"] === "!update") group.push(line);
      if (line["type"] !== "?ack") continue;
      const n = line["n"] as number;
      const known = events.length - (n - group.length);
      expect(known).toBeGreaterThanOrEqual(0);
      events.push(...group.slice(known));
      group = [];
      parent.say({ type: "!ack", dst: "leaf", ep: 1, n });
    }
    vi.advanceTimersByTime(1);
    return events;
  };

  const rootNow = (): number => JOINED_AT + Date.now() - epochAt;

  test("reports nothing before it has started, and says so", () => {
    const entity = entities.entity("x", {});
    expect(entity.update(1)).toBe(false);
    expect(entity.update("one")).toBe(false);
    expect(entities.update("x", 1)).toBe(false);
  });

  test("keeps what was reported before anybody told the time, and gives it the time it was made at", () => {
    const entity = entities.entity("x", {});
    start();
    const startedAt = Date.now();
    expect(entity.update(1)).toBe(true);
    vi.advanceTimersByTime(250);
    expect(entity.update(2)).toBe(true);
    const parent = new Parent();
    parent.welcome();
    epochAt = Date.now();
    vi.advanceTimersByTime(CHIP_LIMITS.flushAfter);
    expect(stored(parent)).toEqual([
      { type: "!update", eid: "x", value: 1, ts: JOINED_AT + startedAt - epochAt },
      { type: "!update", eid: "x", value: 2, ts: JOINED_AT + startedAt - epochAt + 250 },
    ]);
  });

  test("writes numbers that JSON has as they are, and of others and of all else what emit would", () => {
    const { board, parent } = joined();
    const entity = entities.entity('a "b" \\ c', {});
    const values = [0, -1.5, 1e21, 5e-324, NaN, Infinity, -Infinity, "7", "", null, true, [1], { a: 2 }];
    for (const value of values) {
      expect(entity.update(value)).toBe(true);
      expect(board.emit({ type: "!update", eid: entity.eid, value: value }).accepted).toBe(true);
    }
    board.flush();
    const events: Line[] = [];
    for (let i = 0; i < 10; i++) stored(parent, events);
    const twice = values.flatMap((value) => [value, value]);
    expect(events.map((event) => event["value"])).toEqual(JSON.parse(JSON.stringify(twice)));
    expect(new Set(events.map((event) => event["eid"]))).toEqual(new Set(['a "b" \\ c']));
  });

  test("gives an event the time it was made at, also late in a long turn", () => {
    const { board, parent } = joined();
    const entity = entities.entity("x", {});
    const times: number[] = [];
    for (let i = 0; i < 4; i++) {
      times.push(rootNow());
      entity.update(i);
      // Time passes within the turn: no timer runs.
      vi.setSystemTime(Date.now() + 5);
    }
    board.flush();
    vi.advanceTimersByTime(1);
    expect(stored(parent).map((event) => event["ts"])).toEqual(times);
  });

  test("refuses an event that is too long for a line, and one past a full outbox of states of other entities", () => {
    joined();
    expect(entities.entity("e".repeat(LINE_BYTES_MAX), {}).update(1)).toBe(false);
    const many: boolean[] = [];
    for (let i = 0; i < 400; i++) many.push(entities.update(`entity.${i}`, i));
    expect(many[0]).toBe(true);
    expect(many.at(-1)).toBe(false);
  });

  test("sends a lone number two seconds later, as any event", () => {
    const { parent } = joined();
    entities.entity("x", {}).update(1);
    vi.advanceTimersByTime(CHIP_LIMITS.flushAfter - 1);
    expect(parent.lines()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(parent.lines()).toHaveLength(2);
  });

  for (const seed of seedsToPlay(2)) {
    test(`loses nothing and changes no order, however events are reported and whenever acks come (SEED=${seed})`, () => {
      const random = seeded(seed);
      const { board, parent } = joined();
      const meters: Entity[] = ["a", "bb", "ccc"].map((eid) => entities.entity(eid, {}));
      const made: Line[] = [];
      const events: Line[] = [];
      for (let turn = 0; turn < 300; turn++) {
        for (let i = Math.floor(random() * 12); i > 0 && board.node.outbox.room() > 300; i--) {
          const meter = meters[Math.floor(random() * 3)] as Entity;
          const value = random() < 0.9 ? Math.floor(random() * 1000) / 8 : "x".repeat(Math.floor(random() * 100));
          made.push({ type: "!update", eid: meter.eid, value, ts: rootNow() });
          expect(random() < 0.8 ? meter.update(value) : entities.update(meter.eid, value)).toBe(true);
          expect(board.node.outbox.open.free).toBeGreaterThanOrEqual(0);
          if (random() < 0.2) vi.setSystemTime(Date.now() + Math.floor(random() * 3));
        }
        vi.advanceTimersByTime(Math.floor(random() * 3));
        if (random() < 0.4) stored(parent, events);
      }
      for (let i = 0; i < 5; i++) {
        vi.advanceTimersByTime(CHIP_LIMITS.flushAfter);
        stored(parent, events);
      }
      expect(made.length).toBeGreaterThan(500);
      expect(events).toEqual(made);
      expect(board.node.backlog()).toBe(0);
    });
  }
});
