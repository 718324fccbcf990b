/** What a node keeps in short lines, and how a root understands it, whatever becomes of groups, acks and epochs. */
import { expect, test } from "vitest";
import { ALIAS_NAMES_CHARS_MAX, CHIP_LIMITS, type Limits } from "#shared/limits.ts";
import { Aliases } from "#shared/link/aliases.ts";
import { Flight } from "#shared/link/flight.ts";
import { Outbox } from "#shared/link/outbox.ts";
import type { Instant, NodeId, UnixMillis } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { withoutFirst } from "#shared/wire/short-line.ts";
import { type Line, longForm } from "../../long-form.ts";
import { seeded, seedsToPlay, TEXT } from "../world.ts";

const UNIX = 1_700_000_000_000;

/** A root that takes groups as continuations, and believes no more than it was told. */
class PlayedRoot {
  epoch = 0;
  last = 0;
  readonly stored: Line[] = [];
  private eids: string[] = [];

  /** A new epoch; what it has of the one before it knows. */
  begin(): void {
    this.epoch += 1;
    this.last = 0;
    this.eids = [];
  }

  take(text: string): void {
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    const { ep, n } = lines.at(-1) as { ep: number; n: number };
    const first = n - (lines.length - 1) + 1;
    if (ep !== this.epoch || first > this.last + 1 || n <= this.last) return;
    this.stored.push(
      ...longForm(lines, this.eids)
        .slice(0, -1)
        .slice(this.last + 1 - first),
    );
    this.last = n;
  }
}

function update(eid: string, value: unknown): Message {
  return { type: "!update", eid, value };
}

class Bench {
  readonly limits: Limits;
  readonly outbox: Outbox;
  readonly flight: Flight;
  now = 0;
  unix = UNIX;

  constructor(more: Partial<Limits> = {}) {
    this.limits = { ...CHIP_LIMITS, ...more };
    this.outbox = new Outbox(this.limits, TEXT);
    this.flight = new Flight("a" as NodeId, this.outbox, this.limits, {});
  }

  add(event: Message): string {
    const reason = this.outbox.add(event, this.flight.sent, this.now as Instant, this.unix as UnixMillis);
    if (reason === "") this.flight.added(false, this.now as Instant);
    return reason;
  }

  groups(): string[] {
    const groups: string[] = [];
    this.flight.hurry();
    while (this.flight.isDue(this.now as Instant)) {
      groups.push(this.flight.take(this.now as Instant, () => this.unix as UnixMillis));
    }
    return groups;
  }
}

test("an entity has one alias for good; no id and one name too many have none", () => {
  const aliases = new Aliases(TEXT);
  expect(["t", "door", "t", "__proto__"].map((eid) => aliases.aliasOf(eid))).toEqual([1, 2, 1, 3]);
  for (const eid of ["", 7, undefined, null, "x".repeat(65)]) expect(aliases.aliasOf(eid)).toBe(0);
  expect(aliases.told(1, 3)).toBe(',"k":2,"eids":["door","__proto__"]');
  expect(aliases.told(3, 3)).toBe("");
  let chars = '"t""door""__proto__"'.length;
  for (let i = 0; chars + 12 <= ALIAS_NAMES_CHARS_MAX; i++, chars += 12)
    expect(aliases.aliasOf(`entity${1000 + i}`)).toBe(4 + i);
  const left = ALIAS_NAMES_CHARS_MAX - chars;
  expect(aliases.aliasOf("y".repeat(left - 1))).toBe(0);
  expect(aliases.aliasOf("y".repeat(left - 2))).toBeGreaterThan(3);
  expect(aliases.aliasOf("z")).toBe(0);
  expect(aliases.aliasOf("t")).toBe(1);
});

test("an event that says more than entity and value, or has a time of its own, is kept in a long line", () => {
  const bench = new Bench();
  const events: Message[] = [
    { type: "!update", eid: "t", value: 1, rev: 2 },
    { type: "!update", value: 1, eid: "t" },
    { type: "!update", eid: "t", value: 1, ts: 5 },
    { type: "!update", eid: "t" },
    { type: "!update", eid: 5, value: 1 },
    { type: "!update", eid: "x".repeat(65), value: 1 },
    { type: "!log", eid: "t", value: 1 },
  ];
  for (const event of events) bench.add(event);
  bench.flight.resume(1, 0);
  const lines = bench.groups().flatMap((text) => text.trimEnd().split("\n"));
  const acks = lines.filter((line) => line.includes("?ack"));
  const said = lines.filter((line) => !acks.includes(line)).map((line) => JSON.parse(line) as Line);
  expect(said).toEqual(events.map((event) => ({ ts: UNIX, ...event })));
  expect(acks.join("")).not.toContain("eids");
});

test("short lines get three quarters of the outbox; beyond, values are kept long and give way to newer ones", () => {
  const bench = new Bench({ outboxBytes: 4000 });
  for (let i = 0; i < 2000; i++) {
    expect(bench.add(update(["a", "b"][i % 2] as string, i))).toBe("");
    expect(bench.outbox.bytes()).toBeLessThanOrEqual(4000);
    bench.unix += 10;
  }
  const root = new PlayedRoot();
  root.begin();
  bench.flight.resume(1, 0);
  const groups = bench.groups();
  for (const text of groups) root.take(text);
  const short = groups
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("["));
  expect(short.join("\n").length).toBeGreaterThan(2500);
  expect(short.join("\n").length).toBeLessThanOrEqual(3000);
  const lost = root.stored.reduce((sum, event) => sum + (event["type"] === "!gap" ? (event["n"] as number) : 0), 0);
  expect(root.stored.filter((event) => event["type"] === "!update").length + lost).toBe(2000);
  expect(root.stored.slice(-2).map((event) => event["value"])).toEqual([1998, 1999]);
  for (const event of root.stored)
    if (event["type"] === "!update") expect(event["ts"]).toBe(UNIX + 10 * (event["value"] as number));
});

test("what is left of a group says its time by itself", () => {
  const lines = ["[1,1,1000]", '{"type":"!log","text":"[","ts":7}', '[2,"x"]', "[1,2,5]", "[1,3,-2]", ""];
  const left = (gone: number): string[] => withoutFirst([...lines], gone, TEXT).split("\n");
  expect(left(1)).toEqual([lines[1], '[2,"x",1000]', "[1,2,5]", "[1,3,-2]", ""]);
  expect(left(3)).toEqual(["[1,2,1005]", "[1,3,-2]", ""]);
  expect(left(4)).toEqual(["[1,3,1003]", ""]);
  expect(withoutFirst(['{"type":"x"}', '{"type":"y"}', ""], 1, TEXT)).toBe('{"type":"y"}\n');
});

for (const seed of seedsToPlay(10)) {
  test(`each event is understood as it was said, once and in order, whatever is lost, acknowledged in part, or numbered anew (SEED=${seed})`, () => {
    const random = seeded(seed);
    const pick = (n: number): number => Math.floor(random() * n);
    const bench = new Bench({
      outboxBytes: 1_000_000,
      flushBytes: 100 + pick(300),
      groupBytes: 100 + pick(600),
      windowBytes: 1500,
    });
    const root = new PlayedRoot();
    root.begin();
    bench.flight.resume(root.epoch, 0);
    const made: Line[] = [];
    for (let turn = 0; turn < 400; turn++) {
      for (let i = pick(12); i > 0; i--) {
        if (pick(3) === 0) bench.unix += pick(20) === 0 ? -pick(5000) : pick(40);
        const event = update(`e${pick(3 + turn / 20)}`, [turn, `text, ${turn}]`, null][pick(3)]);
        if (pick(10) === 0) event["rev"] = turn;
        expect(bench.add(event)).toBe("");
        made.push({ ...event, ts: bench.unix });
      }
      bench.now += pick(3000);
      for (const text of bench.groups()) if (pick(5) > 0) root.take(text);
      const what = pick(10);
      // Acknowledged: all that it has, or, by a root of other make, a part of it.
      if (what < 5) bench.flight.acknowledge(root.epoch, root.last, bench.now as Instant);
      else if (what === 5)
        bench.flight.acknowledge(root.epoch, Math.min(root.last, bench.flight.acked + pick(9)), bench.now as Instant);
      else if (what === 6) bench.flight.tick(bench.now as Instant);
      else if (what === 7) bench.flight.resume(root.epoch, root.last);
      else if (what === 8 && pick(4) === 0) {
        const { last } = root;
        root.begin();
        bench.flight.resume(root.epoch, last);
      }
    }
    for (let i = 0; i < 400 && bench.outbox.events() > 0; i++) {
      bench.now += 100_000;
      bench.flight.tick(bench.now as Instant);
      for (const text of bench.groups()) root.take(text);
      bench.flight.acknowledge(root.epoch, root.last, bench.now as Instant);
    }
    expect(root.stored).toEqual(made);
    expect(root.epoch).toBeGreaterThan(2);
    expect(bench.outbox.bytes()).toBe(0);
  });
}
