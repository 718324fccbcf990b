/** Nonsense from every side, from seeds: nothing throws, nothing grows past its bound, and what is good beside it still counts. */
import { expect, test } from "vitest";
import { ACTS_REMEMBERED, CHIP_LIMITS, FRAME_BYTES_MAX } from "#shared/limits.ts";
import type { LinkId } from "#shared/units.ts";
import { group, NodeBench, RootBench, text, UNIX_AT_START } from "./bench.ts";
import { seeded, seedsToPlay } from "./world.ts";

const VALUES = [
  "null",
  "true",
  "0",
  "-1",
  "0.5",
  "1e999",
  "-1e999",
  "2147483647",
  "2147483648",
  "9007199254740993",
  "1e308",
  '""',
  '"a"',
  '"__proto__"',
  '"constructor"',
  '"\\u0000\\ud800"',
  '"' + "x".repeat(300) + '"',
  "[]",
  "{}",
  '{"__proto__":{"type":"x"}}',
  '["a","b"]',
  "[[[[[[[[]]]]]]]]",
  "[".repeat(1500) + "]".repeat(1500),
];

class Nonsense {
  readonly random: () => number;
  /** Real frames, to be spoilt. */
  private samples: string[];

  constructor(seed: number, samples: string[]) {
    this.random = seeded(seed);
    this.samples = samples;
  }

  pick(n: number): number {
    return Math.floor(this.random() * n);
  }

  one<T>(of: readonly T[]): T {
    return of[this.pick(of.length)] as T;
  }

  frame(): string {
    switch (this.pick(6)) {
      case 0:
        return Array.from({ length: this.pick(200) }, () =>
          String.fromCharCode(this.pick(this.one([128, 65536]))),
        ).join("");
      case 1:
        return this.cut(this.one(this.samples));
      case 2:
        return this.flipped(this.one(this.samples));
      case 3:
        return this.pick(20) === 0
          ? "[".repeat(100_000)
          : this.one(this.samples) + this.flipped(this.one(this.samples));
      default:
        return Array.from({ length: 1 + this.pick(3) }, () => this.swapped(this.one(this.samples))).join("");
    }
  }

  private cut(sample: string): string {
    return sample.slice(this.pick(3) === 0 ? this.pick(sample.length) : 0, this.pick(sample.length + 1));
  }

  private flipped(sample: string): string {
    const letters = [...sample];
    for (let i = 1 + this.pick(5); i > 0; i--)
      letters[this.pick(letters.length)] = this.one([
        '"',
        "{",
        "}",
        "\n",
        ",",
        ":",
        "\\",
        "0",
        "é",
        "\u2028",
        " ",
        "?",
        "!",
      ]);
    return letters.join("");
  }

  /** Gives one field of each line a value of another kind. */
  private swapped(sample: string): string {
    return sample
      .split("\n")
      .map((line) => {
        const fields = [...line.matchAll(/"(\w+)":("[^"]*"|[\d.]+|\[[^\]]*\]|true|false)/g)];
        const field = fields[this.pick(Math.max(1, fields.length))];
        if (field === undefined) return line;
        const key = this.pick(12) === 0 ? "__proto__" : (field[1] as string);
        return line.replace(field[0], `"${key}":${this.one(VALUES)}`);
      })
      .join("\n");
  }
}

const HELLO = { type: "?hello", v: 1, id: "c", token: "t-c", ep: 3, fw: "x", nonce: 7 };

const UPWARDS = (src: string, ep: number) => [
  group(
    src,
    ep,
    2,
    { type: "!update", eid: "t", value: 1, ts: UNIX_AT_START },
    { type: "!act", id: "a1.1", ok: true, value: 5 },
  ),
  group(src, ep, 1, { type: "!update", eid: "__proto__", value: 1, rev: 1 }),
  text({ ...HELLO, via: [src] }),
  text({ ...HELLO, id: src, token: "t-" + src }),
  text({ type: "!gone", id: "c" }, { type: "?ping" }, { type: "!ping", now: 5 }),
  text({ type: "?ack", n: 5 }),
  text(`[1,20.5,${UNIX_AT_START}]`, '[2,"open"]', { type: "?ack", src, ep, n: 2, k: 1, eids: ["t", "door"] }),
  text("[1,20.5,5]", "[3,null,-5]", { type: "?ack", src, ep, n: 4 }),
];

/** Far from all that nonsense may have said before: one just below would count as overtaken. */
function nonce(link: number): number {
  return 1_000_000 * link;
}

for (const seed of seedsToPlay(2)) {
  test(`the root takes any nonsense, and goes on (SEED=${seed})`, () => {
    const known = ["a", "b", "c", "p"];
    const bench = new RootBench(undefined, (id, token) => known.includes(id) && token === "t-" + id);
    let ep = bench.join(1, "a");
    let link = 1;
    const nonsense = new Nonsense(seed, UPWARDS("a", ep));
    for (let round = 0; round < 150; round++) {
      const before = bench.closes.length;
      const frame = nonsense.frame();
      bench.say(link, frame + "\n" + text({ type: "?ping" }));
      if (bench.closes.length === before)
        expect(
          bench.lines(link).some((line) => line.type === "!ping"),
          frame.slice(0, 300),
        ).toBe(true);
      if (nonsense.pick(3) === 0) bench.commit();
      if (nonsense.pick(10) === 0) bench.act(round, nonsense.one(known));
      bench.run(50);
      bench.drained(link);
      if (bench.closes.length > before || nonsense.pick(15) === 0) {
        bench.connect(++link, "a");
        if (nonsense.pick(2) === 0) ep = bench.rejoin(link, "a", { ep, nonce: nonce(link) });
      }
    }
    bench.settle();
    ep = bench.join(++link, "a", { nonce: nonce(link) });
    bench.say(link, group("a", ep, 1, { type: "good", value: 42 }));
    bench.settle();
    expect(bench.stored("a").at(-1)).toBe(`${ep}:1 good 42`);
    expect(
      bench.root
        .nodes()
        .map((row) => row.id)
        .filter((id) => !known.includes(id)),
    ).toEqual([]);
    expect(Object.keys(bench.root.counters).length).toBeLessThan(30);
    bench.run(100_000);
    expect(new Set(bench.outcomes.map((one) => one.call)).size).toBe(bench.outcomes.length);
    for (const id of ["a", "b", "c"]) {
      let last = { epoch: 0, n: 0 };
      for (const one of bench.events(id)) {
        expect(one.n).toBe(one.epoch === last.epoch ? last.n + 1 : 1);
        expect(one.epoch).toBeGreaterThanOrEqual(last.epoch);
        last = one;
      }
    }
    expect(({} as { type?: unknown }).type).toBeUndefined();
  });
}

/** What must stay bounded in a node. */
function checkBounds(bench: NodeBench): void {
  const inside = bench.core as unknown as {
    outbox: {
      bytes(): number;
      chunks: { lines: string; bytes: number; events: number }[];
      open: { lines: string };
      tail: { bytes: number }[];
    };
    branch: {
      relayBytes: number;
      relay: string[];
      children: { size: number };
      routes: { claims: unknown[]; links: { size: number } };
    };
    actions: { known: unknown[] };
    parent: { handedBytes: number };
  };
  const { chunks, open, tail } = inside.outbox;
  expect(inside.outbox.bytes()).toBeLessThanOrEqual(CHIP_LIMITS.outboxBytes);
  const texts = chunks.map((chunk) => chunk.lines).join("") + open.lines;
  expect(inside.outbox.bytes()).toBe(Buffer.byteLength(texts) + tail.reduce((sum, entry) => sum + entry.bytes, 0));
  expect(inside.branch.relayBytes).toBeLessThanOrEqual(2 * CHIP_LIMITS.relayBytes);
  expect(inside.branch.relayBytes).toBe(inside.branch.relay.join("").length);
  expect(inside.branch.children.size).toBeLessThanOrEqual(CHIP_LIMITS.childrenMax);
  expect(inside.branch.routes.claims.length).toBeLessThanOrEqual(CHIP_LIMITS.routesMax);
  expect(inside.branch.routes.links.size).toBeLessThanOrEqual(CHIP_LIMITS.routesMax);
  expect(inside.actions.known.length).toBeLessThanOrEqual(ACTS_REMEMBERED);
  expect(inside.parent.handedBytes).toBeLessThan(CHIP_LIMITS.pipeBytes + CHIP_LIMITS.relayBytes + 2 * FRAME_BYTES_MAX);
  expect(Object.keys(bench.core.counters).length).toBeLessThan(30);
}

for (const seed of seedsToPlay(2)) {
  test(`a branch takes any nonsense from its children, and passes what is good (SEED=${seed})`, () => {
    const bench = new NodeBench("b").join();
    bench.child(1, "c");
    bench.child(2, "d");
    const nonsense = new Nonsense(seed, UPWARDS("c", 3));
    let link = 10;
    for (let round = 0; round < 150; round++) {
      bench.up(1, nonsense.frame());
      if (nonsense.pick(4) === 0)
        bench.admit({ type: "?hello", id: nonsense.one(["c", "d", "e"]), nonce: nonsense.one([1, 7, "x"]) });
      if (nonsense.pick(2) === 0) bench.drained();
      bench.down({ type: "?ping" });
      bench.run(20);
      checkBounds(bench);
      if (bench.closes.some((close) => close.link === 1)) break;
      if (nonsense.pick(10) === 0) {
        bench.connect(++link);
        bench.up(link, nonsense.frame());
      }
      const good = group("d", 1, round + 1, { type: "good" });
      bench.drained();
      bench.texts(bench.parent);
      for (let i = 0; i < 50; i++) bench.drained();
      bench.up(2, nonsense.one(["{\n", '{"type":"?ping"}\n', ""]).replace("{\n", "") + good);
      for (let i = 0; i < 5; i++) bench.drained();
      expect(bench.texts(bench.parent).join("")).toContain(good);
    }
  });
}

for (const seed of seedsToPlay(2)) {
  test(`a node takes any nonsense from its parent, keeps its events, and joins again (SEED=${seed})`, () => {
    const bench = new NodeBench("b").join();
    bench.child(1, "c");
    const samples = [
      text({ type: "!ack", dst: "b", ep: 1, n: 1 }, { type: "!ack", dst: "c", ep: 1, n: 1 }),
      text({ type: "!hello", dst: "b", ep: 1, n: 1, now: UNIX_AT_START, nonce: 5 }),
      text({ type: "!hello", dst: "c", ep: 1, n: 1, now: UNIX_AT_START, nonce: 5 }),
      text({ type: "?act", dst: "b", id: "a1.1", eid: "lamp", value: true, ttl: 5000, ts: UNIX_AT_START }),
      text({ type: "?act", dst: "x", id: "a1.2", eid: "lamp", value: true, ttl: 5000, ts: UNIX_AT_START }),
      text(
        { type: "?set", dst: "b", eid: "lamp", value: 1, rev: 3 },
        { type: "!root", up: true },
        { type: "!root", up: false },
      ),
      text({ type: "?ping" }, { type: "!ping", now: UNIX_AT_START }, { type: "!bye", dst: "b", reason: "replaced" }),
    ];
    const nonsense = new Nonsense(seed, samples);
    let made = 0;
    for (let round = 0; round < 150; round++) {
      if (bench.core.outbox.room() > 100 && nonsense.pick(3) === 0 && bench.emit({ type: "reading", value: made + 1 }))
        made += 1;
      bench.do(bench.core.received(bench.parent as LinkId, nonsense.frame(), bench.at));
      bench.drained();
      bench.run(30);
      checkBounds(bench);
    }
    bench.closed(bench.parent);
    bench.others = [];
    bench.untilDial();
    bench.sent = [];
    const before = bench.core.backlog();
    bench.admit(bench.open(), 1_000_000);
    expect(bench.core.isJoined()).toBe(true);
    expect(bench.core.backlog()).toBe(before);
    for (let n = 0, tries = 0; bench.core.backlog() > 0; tries++) {
      if (tries > 300) throw new Error("does not get rid of its events");
      bench.drained();
      bench.run(2000);
      for (const line of bench.lines(bench.parent)) if (line.type === "?ack") n = line["n"] as number;
      bench.down({ type: "!ack", dst: "b", ep: 1_000_000, n });
    }
  });
}
