/**
 * The simulated air against figures of real boards and against computations: for each row, what was measured elsewhere, what theory
 * says, and what the air does. Rows marked "fitted" gave the air one of its constants, so that they show how well one constant does for
 * several figures and prove nothing more; "own" are computed with the air's own formula, and show that it is used as meant. The rest
 * would fail if the air were wrong. Sources, as our fact sheet quotes them: QuickESPNow (frames a second), glenn20/upy-esp32-experiments
 * (failed sending), Espressif's developer portal (open field, open environment), PMC10909231 and eeworld 1292214 (latency); Bianchi 2000
 * (many senders), ns-3 (noise).
 */
import { afterAll, expect, test } from "vitest";
import type { AirOptions } from "#tools/sim/air/air.ts";
import { NEIGHBOURS } from "#tools/sim/air/disturbance.ts";
import { OPEN_FIELD } from "#tools/sim/air/landscape.ts";
import { ANSWER_MICROS, DIFS_MICROS, frameMicros, packetErrorRate, SLOT_MICROS } from "#tools/sim/air/phy.ts";
import { BROADCAST, Stage } from "./air-stage.ts";

interface Row {
  what: string;
  unit: string;
  model: number;
  measured?: number;
  computed?: number;
}

const rows: Row[] = [];

/** A row of the table, whose figures must agree within so large a share. */
function row(entry: Row, within: number): void {
  rows.push(entry);
  for (const other of [entry.measured, entry.computed]) {
    if (other === undefined) continue;
    expect(Math.abs(entry.model - other), `${entry.what}: ${entry.model} against ${other}`).toBeLessThanOrEqual(
      within * Math.max(Math.abs(other), 1e-9),
    );
  }
}

afterAll(() => {
  const text = (value: number | undefined): string =>
    value === undefined ? "" : value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3);
  const line = (cells: string[]): string =>
    `| ${(cells[0] ?? "").padEnd(58)} | ${cells
      .slice(1)
      .map((cell) => cell.padStart(9))
      .join(" | ")} |`;
  const table = rows.map((entry) =>
    line([`${entry.what}, ${entry.unit}`, text(entry.model), text(entry.measured), text(entry.computed)]),
  );
  console.log([line(["", "model", "measured", "computed"]), ...table].join("\n"));
});

/** Mean of a first back-off, in microseconds. */
const FIRST_BACKOFF = (31 / 2) * SLOT_MICROS;

/** From sending to sending, alone in the air, in microseconds; the mean of some seconds. */
function cycle(bytes: number, isBroadcast: boolean, options: Partial<AirOptions> = {}): number {
  const stage = new Stage(options);
  const [a, b] = stage.pair();
  a.saturate(isBroadcast ? BROADCAST : b, bytes, isBroadcast ? 4 : 1);
  stage.seconds(5);
  return 5e6 / a.outcomes.length;
}

test.each([
  [1, undefined],
  [12, 57],
  [35, 150],
  [75, 270],
  [125, 375],
  [250, 550],
])(
  "a program that waits for each callback sends %i bytes to one station as fast as real boards do",
  (bytes, measured) => {
    const micros = cycle(bytes, false);
    const computed = DIFS_MICROS + FIRST_BACKOFF + frameMicros(bytes) + ANSWER_MICROS;
    row(
      {
        what: `unicast ${bytes} B, the MAC alone`,
        unit: "us",
        model: cycle(bytes, false, { isBareMac: true }),
        computed,
      },
      0.01,
    );
    rows.push({ what: `unicast ${bytes} B, with host`, unit: "us", model: micros, computed });
    rows.push({ what: `unicast ${bytes} B`, unit: "frames/s", model: 1e6 / micros, computed: 1e6 / computed });
    if (measured === undefined) return;
    row({ what: `unicast ${bytes} B (fitted)`, unit: "kbit/s", model: (bytes * 8e3) / micros, measured }, 0.04);
    // What the host adds is the same for each length.
    expect(micros - computed).toBeGreaterThan(230);
    expect(micros - computed).toBeLessThan(430);
  },
);

test("the limit of one hop is that of the computation, 623 kbit/s, once driver and host are left out", () => {
  const model = (250 * 8e3) / cycle(250, false, { isBareMac: true });
  row({ what: "unicast 250 B, the MAC alone", unit: "kbit/s", model, computed: 623 }, 0.01);
});

test.each([
  [12, 75],
  [35, 190],
  [75, 340],
  [125, 440],
  [250, 640],
])("a program that queues broadcasts sends %i bytes as fast as real boards do", (bytes, measured) => {
  const micros = cycle(bytes, true);
  row({ what: `broadcast ${bytes} B (fitted)`, unit: "kbit/s", model: (bytes * 8e3) / micros, measured }, 0.05);
});

test("a frame to nobody is told to have failed after the time that real boards take", () => {
  const fails = (bytes: number): number => {
    const stage = new Stage();
    stage.add("a", 0).saturate("02:00:00:00:99:99", bytes);
    stage.seconds(30);
    return 30e3 / (stage.boards[0]?.count("fail") ?? 0);
  };
  row({ what: "failed sending of 7 B", unit: "ms", model: fails(7), computed: 26.0 }, 0.03);
  // What was measured is by how much a failed one takes longer than a good one.
  const more = fails(7) - cycle(7, false) / 1000;
  row({ what: "failed sending of 7 B, beyond a good one", unit: "ms", model: more, measured: 26.1 }, 0.08);
  row({ what: "failed sending of 60 B", unit: "ms", model: fails(60), computed: 28.5 }, 0.03);
  row({ what: "failed sending of 250 B", unit: "ms", model: fails(250), computed: 37.6 }, 0.03);
});

test.each([
  [0.3, 4.9, 0.25],
  [0.5, 7.6, 0.06],
  [0.6, undefined, 0.06],
  [0.7, 13.8, 0.06],
  [0.9, 27, 0.06],
])(
  "what is lost after the MAC's six attempts is the sixth power of %f, and costs the time it should",
  (loss, millis, within) => {
    const stage = new Stage({ isBareMac: true });
    const [a, b] = stage.pair();
    // At the receiver alone: acknowledgements pass.
    stage.air.jam({ from: 0, until: Infinity, loss, ids: ["b"] });
    a.saturate(b, 250);
    stage.seconds(loss < 0.5 ? 400 : 120);
    const sent = a.outcomes.length;
    row(
      {
        what: `frames lost after the MAC, ${loss * 100} % of attempts lost`,
        unit: "%",
        model: (100 * a.count("fail")) / sent,
        computed: 100 * loss ** 6,
      },
      within,
    );
    expect(b.heards.length).toBe(a.count("ok"));
    const model = stage.clock.now / 1000 / sent;
    row(
      {
        what: `unicast 250 B, ${loss * 100} % of attempts lost`,
        unit: "ms",
        model,
        ...(millis === undefined ? {} : { computed: millis }),
      },
      0.03,
    );
  },
);

test("bursts as of neighbours' Wi-Fi bring one hop down to what was measured in an open environment", () => {
  const stage = new Stage({ bursts: NEIGHBOURS });
  const [a, b] = stage.pair();
  a.saturate(b, 250);
  stage.seconds(60);
  row(
    { what: "unicast 250 B in bursts (fitted)", unit: "kbit/s", model: (a.count("ok") * 2) / 60, measured: 214 },
    0.1,
  );
});

test("a broadcast's callback takes as long as was measured, and one hop from program to program is within the spread of it", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  const times: number[] = [];
  const callbacks: number[] = [];
  for (let i = 0; i < 500; i++) {
    const began = stage.clock.now;
    b.onHeard = ({ at }) => void times.push((at - began) / 1000);
    a.onSent = () => void callbacks.push((stage.clock.now - began) / 1000);
    a.transmit(BROADCAST, "x".repeat(60));
    stage.millis(20);
  }
  expect(times.length).toBe(500);
  row({ what: "60 B broadcast to its callback, best", unit: "ms", model: Math.min(...callbacks), measured: 1.3 }, 0.15);
  const mean = times.reduce((x, y) => x + y) / times.length;
  rows.push({ what: "60 B from program to program, no JavaScript", unit: "ms", model: mean, measured: 2.01 });
  // 2.01 with a deviation of 0.82, frames of unknown length; another series had 3.19 and 0.66, which the air does not reach.
  expect(Math.abs(mean - 2.01)).toBeLessThan(0.82);
});

test.each([
  [0, 422],
  [5, 131],
  [10, 78],
  [20, 43],
])(
  "with %i ms of JavaScript at each side, sending and waiting for the program's answer is as slow as computed",
  (millis, computed) => {
    const stage = new Stage();
    const [a, b] = stage.pair({ turnMicros: millis * 1000, callbackMicros: 0 });
    b.onHeard = () => b.transmit(a, "a".repeat(12));
    a.onHeard = () => a.transmit(b, "d".repeat(238));
    a.transmit(b, "d".repeat(238));
    stage.seconds(20);
    const model = (b.heards.length * 238 * 8) / 20e3;
    // The computation has no driver and host; here they work partly while the MAC acknowledges.
    row(
      { what: `238 B and the program's answer, ${millis} ms of JavaScript each`, unit: "kbit/s", model, computed },
      0.18,
    );
  },
);

/** Share of broadcasts of 250 bytes (how long those of the measurement were is not said; shorter ones get further: 66 % of 100 bytes at
 * 300 m) that arrive over so many metres of open field: 400 pairs of boards, each with its own luck. */
function fieldDelivery(metres: number): number {
  const pairs = 400;
  const frames = 25;
  let heard = 0;
  for (let seed = 1; seed <= pairs; seed++) {
    const stage = new Stage({ landscape: OPEN_FIELD, seed });
    const a = stage.add("a", 0);
    const b = stage.add("b", metres);
    for (let i = 0; i < frames; i++) a.transmit(BROADCAST, "x".repeat(250));
    stage.millis(200);
    heard += b.heards.length;
  }
  return (100 * heard) / (pairs * frames);
}

test("over an open field nearly all arrives to 150 m and about 60 % at 300 m, as measured at 1 Mbit/s", () => {
  row(
    { what: "open field (fitted), 125 m", unit: "% heard", model: fieldDelivery(125), measured: 100, computed: 100 },
    0.02,
  );
  row(
    { what: "open field (fitted), 150 m", unit: "% heard", model: fieldDelivery(150), measured: 100, computed: 99 },
    0.03,
  );
  row({ what: "open field (fitted), 200 m", unit: "% heard", model: fieldDelivery(200), computed: 92 }, 0.05);
  row({ what: "open field (fitted), 250 m", unit: "% heard", model: fieldDelivery(250), computed: 75 }, 0.1);
  row(
    { what: "open field (fitted), 300 m", unit: "% heard", model: fieldDelivery(300), measured: 60, computed: 54 },
    0.16,
  );
  rows.push({ what: "open field (fitted), 450 m", unit: "% heard", model: fieldDelivery(450) });
});

/** Two senders and a receiver that hears both as well; `isHidden`: on its two sides, where they do not notice each other. */
function threesome(isHidden: boolean): Stage {
  const stage = new Stage({ isBareMac: true });
  stage.add("middle", 0);
  stage.add("left", -120);
  if (isHidden) stage.add("right", 120);
  else stage.add("right", -119, 15);
  return stage;
}

/** Share of broadcasts of 200 bytes that are lost when each of the two fills such a share of the air, at random times. */
function collisionLoss(share: number, isHidden: boolean): number {
  const stage = threesome(isHidden);
  const [middle, ...senders] = stage.boards;
  const mean = frameMicros(200) / share;
  for (const sender of senders) {
    const next = (): void => {
      sender.transmit(BROADCAST, "x".repeat(200));
      stage.clock.at(stage.clock.now + Math.ceil(-mean * Math.log(1 - stage.air.random())), next);
    };
    next();
  }
  stage.seconds(300);
  const sent = senders.reduce((sum, sender) => sum + sender.outcomes.length, 0);
  return (100 * (sent - (middle?.heards.length ?? 0))) / sent;
}

test("two senders that do not hear each other lose what theory says, and those that do hardly anything", () => {
  for (const share of [0.05, 0.1, 0.2]) {
    const hidden = collisionLoss(share, true);
    const visible = collisionLoss(share, false);
    // Theory lets a sender's own frames overlap; here they come one after the other, and meet a little more of the other's.
    row(
      {
        what: `hidden pair, each ${share * 100} % of the air`,
        unit: "% lost",
        model: hidden,
        computed: 100 * (1 - Math.exp(-2 * share)),
      },
      0.12,
    );
    rows.push({ what: `visible pair, each ${share * 100} % of the air`, unit: "% lost", model: visible });
    expect(visible).toBeLessThan(hidden / 5);
  }
});

test("two saturated senders that do not hear each other ruin each other, MAC retries or not; those that do share", () => {
  const play = (isHidden: boolean): { perAttempt: number; failed: number; kbits: number } => {
    const stage = threesome(isHidden);
    const [middle, left, right] = stage.boards;
    if (middle === undefined || left === undefined || right === undefined) throw new Error("three boards");
    left.saturate(middle, 250);
    right.saturate(middle, 250);
    stage.seconds(20);
    const { counts } = stage.air.stats();
    const sent = left.outcomes.length + right.outcomes.length;
    const failed = left.count("fail") + right.count("fail");
    return {
      perAttempt: 100 - (100 * counts["mac acks"]) / counts.attempts,
      failed: (100 * failed) / sent,
      kbits: middle.heards.length / 10,
    };
  };
  const hidden = play(true);
  const visible = play(false);
  for (const [name, { perAttempt, failed, kbits }] of Object.entries({ visible, hidden })) {
    rows.push({ what: `saturated ${name} pair, attempts`, unit: "% lost", model: perAttempt });
    rows.push({ what: `saturated ${name} pair, frames after the MAC`, unit: "% lost", model: failed });
    rows.push({ what: `saturated ${name} pair, together`, unit: "kbit/s", model: kbits });
  }
  expect(hidden.perAttempt).toBeGreaterThan(5 * visible.perAttempt);
  expect(hidden.failed).toBeGreaterThan(1);
  expect(visible.failed).toBeLessThan(0.1);
  expect(hidden.kbits).toBeLessThan(0.8 * visible.kbits);
});

/** Goodput of so many saturated senders together, in kbit/s, by Bianchi's chain: 32 to 1024 slots, six attempts. */
function bianchi(senders: number, bytes: number): number {
  const backoffs = [31, 63, 127, 255, 511, 1023].map((slots) => slots / 2);
  let tau = 0.05;
  for (let i = 0; i < 1000; i++) {
    const collides = 1 - (1 - tau) ** (senders - 1);
    let attempts = 0;
    let slots = 0;
    backoffs.forEach((mean, stage) => {
      attempts += collides ** stage;
      slots += collides ** stage * (mean + 1);
    });
    tau = 0.5 * tau + 0.5 * (attempts / slots);
  }
  const some = 1 - (1 - tau) ** senders;
  const one = senders * tau * (1 - tau) ** (senders - 1);
  const busy = frameMicros(bytes) + ANSWER_MICROS + DIFS_MICROS;
  return (one * bytes * 8e3) / ((1 - some) * SLOT_MICROS + some * busy);
}

test("many saturated senders that hear each other share the air as computed, and the sum falls slowly", () => {
  const sums: number[] = [];
  for (const senders of [1, 2, 5, 10, 20, 50]) {
    const sumOf = (isBareMac: boolean): number => {
      const stage = new Stage({ isBareMac });
      const sink = stage.add("sink", 0);
      for (let i = 0; i < senders; i++) {
        const angle = (2 * Math.PI * i) / senders;
        // All alike at the sink: nobody captures.
        stage.add(`n${i}`, 20 * Math.cos(angle), 20 * Math.sin(angle)).saturate(sink, 250);
      }
      stage.seconds(20);
      const shares = stage.boards.slice(1).map((board) => board.count("ok"));
      expect(Math.min(...shares), `the least of ${senders}`).toBeGreaterThan(Math.max(...shares) * 0.3);
      return (sink.heards.length * 2) / 20;
    };
    const model = sumOf(true);
    sums.push(model);
    row(
      { what: `${senders} saturated senders, the MAC alone`, unit: "kbit/s", model, computed: bianchi(senders, 250) },
      0.05,
    );
    rows.push({ what: `${senders} saturated senders, with host`, unit: "kbit/s", model: sumOf(false) });
  }
  expect(Math.min(...sums)).toBeGreaterThan(0.65 * Math.max(...sums));
  expect(sums.at(-1)).toBeLessThan(sums[1] ?? 0);
});

test("of two frames at a time the much stronger one survives, the sooner the earlier it began", () => {
  /** Share of the stronger one's frames that are heard, being so much stronger at the receiver, and beginning first or second. */
  const survives = (db: number, isFirst: boolean): number => {
    const stage = new Stage({ isBareMac: true, senseDbm: 100 });
    const ear = stage.add("ear", 0);
    const strong = stage.add("strong", 20);
    const weak = stage.add("weak", 0, 20 * 10 ** (db / 30));
    let heard = 0;
    ear.onHeard = ({ mac }) => void (heard += mac === strong.mac ? 1 : 0);
    for (let i = 0; i < 2000; i++) {
      (isFirst ? strong : weak).transmit(BROADCAST, "x".repeat(100));
      stage.millis(0.4);
      (isFirst ? weak : strong).transmit(BROADCAST, "x".repeat(100));
      stage.millis(20);
    }
    return heard / 20;
  };
  /** Near the edge a share is wide, and far from it narrow: points count, not shares of the share. */
  const points = 5;
  const expected = (db: number, neededDb: number): number => 100 * (1 - packetErrorRate(db - neededDb - 4.7, 143 * 8));
  for (const [neededDb, name] of [
    [4, "first"],
    [10, "second"],
  ] as const) {
    for (const more of [-4, -1, 0, 1, 4]) {
      const db = neededDb + more;
      const model = survives(db, name === "first");
      const computed = expected(db, neededDb);
      rows.push({ what: `capture (own), ${db} dB stronger, began ${name}`, unit: "% heard", model, computed });
      expect(Math.abs(model - computed)).toBeLessThan(points);
    }
  }
});
