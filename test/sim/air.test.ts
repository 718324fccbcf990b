/** The simulated air does to frames what real air and real drivers do, each thing by itself. */
import { expect, test } from "vitest";
import { Air, RESTART_MICROS, TUNE_MICROS } from "#tools/sim/air/air.ts";
import { WorldClock } from "#tools/sim/air/clock.ts";
import { NEIGHBOURS } from "#tools/sim/air/disturbance.ts";
import { EXACT, OPEN_FIELD } from "#tools/sim/air/landscape.ts";
import { frameMicros, packetErrorRate } from "#tools/sim/air/phy.ts";
import { ATTEMPTS_MAX, FRAMES_MAX } from "#tools/sim/air/transmitter.ts";
import { planOf } from "#tools/sim/plan.ts";
import { World } from "#tools/sim/world.ts";
import { type Board, BROADCAST, Stage } from "./air-stage.ts";

const FOREVER = { from: 0, until: Infinity };

/** All that boards of a busy, lossy air heard and were told, as text. */
function story(seed: number): string {
  const stage = new Stage({ seed, landscape: OPEN_FIELD, extraLoss: 0.2, bursts: NEIGHBOURS, lostCallbackShare: 0.01 });
  for (let i = 0; i < 8; i++) stage.add(`n${i}`, 60 * i);
  for (const [i, board] of stage.boards.entries()) {
    board.saturate(i % 3 === 0 ? BROADCAST : (stage.boards[i - 1] as Board), 20 + i);
    let asked = 0;
    board.onHeard = ({ mac }) => {
      if (++asked % 10 === 0 && board.outcomes.length < 500) board.transmit(mac, "answer");
    };
  }
  stage.seconds(2);
  return JSON.stringify([stage.boards.map((board) => [board.heards, board.outcomes]), stage.air.stats()]);
}

test("the same seed gives the same course, and another seed another", () => {
  expect(story(1).length).toBeGreaterThan(10_000);
  expect(story(1) === story(1)).toBe(true);
  expect(story(1) === story(2)).toBe(false);
});

test("a broadcast is heard by all in range, weaker the further they are, and by nobody beyond", () => {
  const stage = new Stage();
  const sender = stage.add("sender", 0);
  const ears = [10, 100, 250, 500].map((x) => stage.add(`at ${x}`, x));
  sender.transmit(BROADCAST, "hello");
  stage.millis(10);
  expect(ears.map((ear) => ear.texts())).toEqual([["hello"], ["hello"], ["hello"], []]);
  const strengths = ears.slice(0, 3).map((ear) => ear.heards[0]?.rssi ?? 0);
  expect(strengths).toEqual([-53, -83, -95]);
  expect(ears[0]?.heards[0]).toMatchObject({ mac: sender.mac, channel: 1 });
  expect(sender.outcomes).toEqual(["ok"]);
});

test("a frame to one station is heard by it alone, once, and acknowledged", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  const c = stage.add("c", 5);
  a.transmit(b, "yours");
  stage.millis(10);
  expect([b.texts(), c.texts(), a.outcomes]).toEqual([["yours"], [], ["ok"]]);
  const { counts } = stage.air.stats();
  expect([counts.attempts, counts["mac acks"]]).toEqual([1, 1]);
});

test("a listener is never called from within a call to the air", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  let isInside = false;
  const outside = (): void => expect(isInside).toBe(false);
  a.onSent = b.onHeard = outside;
  isInside = true;
  for (let i = 0; i < 2 * FRAMES_MAX; i++) a.transmit(b, "x");
  isInside = false;
  stage.seconds(1);
  expect(a.outcomes.length).toBe(2 * FRAMES_MAX);
});

test("a frame to a station that is off is tried six times", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  stage.air.power("b", false);
  a.transmit(b, "x");
  stage.seconds(1);
  expect(a.outcomes).toEqual(["fail"]);
  expect(stage.air.stats().counts.attempts).toBe(ATTEMPTS_MAX);
});

test("what was delivered is told as failed when each acknowledgement is lost, and is heard only once", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  stage.air.jam({ ...FOREVER, loss: 1, ids: ["a"] });
  a.transmit(b, "x");
  stage.seconds(1);
  expect([a.outcomes, b.texts()]).toEqual([["fail"], ["x"]]);
  expect(stage.air.stats().counts.duplicates).toBe(ATTEMPTS_MAX - 1);
  // The program says it again: that is a new frame for the hardware, and a duplicate for the other program.
  a.transmit(b, "x");
  stage.seconds(1);
  expect(b.texts()).toEqual(["x", "x"]);
});

test("a link that carries data and loses acknowledgements reports failures of what has arrived", () => {
  const shares = new Map([
    ["a b", 0.95],
    ["b a", 0.02],
  ]);
  const landscape = { ...EXACT, measured: (from: string, to: string) => shares.get(`${from} ${to}`) ?? 0 };
  const stage = new Stage({ landscape });
  const [a, b] = stage.pair();
  a.saturate(b, 50);
  stage.seconds(20);
  expect(a.count("fail")).toBeGreaterThan(100);
  expect(b.heards.length).toBeGreaterThan(0.99 * (a.outcomes.length - 1));
});

test("frames into a full ring are acknowledged and lost", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  stage.air.stall("b", 500_000);
  for (let i = 0; i < 30; i++) a.transmit(b, `${i}`);
  stage.seconds(1);
  expect(a.count("ok")).toBe(30);
  expect(b.texts()).toEqual(Array.from({ length: 16 }, (_, i) => `${i}`));
  expect(stage.air.stats().counts["ring full"]).toBe(14);
  a.transmit(b, "after");
  stage.millis(10);
  expect(b.texts().at(-1)).toBe("after");
});

test("while the whole chip is held up, five frames wait in the driver's buffers and the rest are acknowledged and lost", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  stage.air.stall("b", 500_000, true);
  for (let i = 0; i < 12; i++) a.transmit(b, `${i}`);
  stage.seconds(1);
  expect(a.count("ok")).toBe(12);
  expect(b.texts()).toEqual(["0", "1", "2", "3", "4"]);
  expect(stage.air.stats().counts["buffers full"]).toBe(7);
});

test("a station hears nothing while it sends", () => {
  const stage = new Stage({ senseDbm: 100, isBareMac: true });
  const [a, b] = stage.pair();
  const c = stage.add("c", 5, 5);
  stage.millis(10);
  a.transmit(BROADCAST, "a".repeat(200));
  stage.clock.run(500);
  b.transmit(BROADCAST, "b");
  stage.millis(10);
  expect(stage.air.stats().counts.overlaps).toBe(2);
  expect([b.heards.length, c.heards.length]).toEqual([0, 0]);
});

test("stations that notice each other take turns, and those that do not spoil each other's frames", () => {
  const play = (distance: number): number => {
    const stage = new Stage();
    const middle = stage.add("middle", 0);
    const sides = [stage.add("left", -distance), stage.add("right", distance)];
    for (let i = 0; i < 100; i++) {
      for (const side of sides) side.transmit(BROADCAST, "x".repeat(100));
      stage.millis(50);
    }
    return middle.heards.length;
  };
  // Told at the same moment, they now and then begin within the 15 us in which nobody notices.
  expect(play(70)).toBeGreaterThan(150);
  expect(play(120)).toBeLessThan(10);
});

test("who sends does not notice that another began meanwhile, and may begin again while that one still sends", () => {
  const stage = new Stage({ isBareMac: true });
  const [a, b] = stage.pair();
  stage.millis(10);
  a.transmit(BROADCAST, "short");
  a.transmit(BROADCAST, "again");
  b.transmit(BROADCAST, "x".repeat(250));
  stage.millis(10);
  expect([a.outcomes.length, b.outcomes.length]).toEqual([2, 1]);
  expect(stage.air.stats().counts.overlaps).toBe(3);
});

test("who hears a frame leaves room for its acknowledgement, even if that comes from somebody it does not hear", () => {
  const stage = new Stage({ isBareMac: true });
  const sender = stage.add("sender", 0);
  const target = stage.add("target", 100);
  const other = stage.add("other", -100);
  expect(stage.air.link("target", "other").dbm).toBeLessThan(-90);
  sender.saturate(target, 100);
  other.saturate(BROADCAST, 100);
  stage.seconds(10);
  const { counts } = stage.air.stats();
  expect(counts["mac acks"]).toBeGreaterThan(1000);
  expect(counts["mac acks lost"] / counts["mac acks"]).toBeLessThan(0.05);
});

test("other channels are silent, and the one beside is heard now and then: a sending may succeed there", () => {
  const stage = new Stage();
  const a = stage.add("a", 0, 0, { channel: 6 });
  const ears = [6, 7, 8, 11].map((channel) => stage.add(`on ${channel}`, 10, channel, { channel }));
  for (let i = 0; i < 1000; i++) {
    a.transmit(BROADCAST, "x");
    stage.millis(10);
  }
  const [same, beside, ...others] = ears.map((ear) => ear.heards.length);
  expect(same).toBe(1000);
  expect(beside).toBeGreaterThan(150);
  expect(beside).toBeLessThan(250);
  expect(others).toEqual([0, 0]);
  expect(ears[1]?.heards[0]?.channel).toBe(7);
  expect(stage.air.stats().counts.ghosts).toBe(beside);
  a.outcomes.length = 0;
  for (let i = 0; i < 200; i++) {
    a.transmit(ears[1] as Board, "x");
    stage.millis(50);
  }
  expect(a.count("ok")).toBeGreaterThan(10);
  expect(a.count("fail")).toBeGreaterThan(10);
});

test("a station that tunes hears the new channel a millisecond later, and not the frame that was in the air", () => {
  const stage = new Stage({ isBareMac: true });
  const [a, b] = stage.pair();
  stage.millis(10);
  a.transmit(BROADCAST, "x".repeat(250));
  stage.millis(1);
  stage.air.tune("b", 6);
  stage.air.tune("b", 1);
  stage.millis(9);
  expect(b.heards.length).toBe(0);
  stage.air.tune("b", 6);
  stage.clock.run(TUNE_MICROS);
  a.transmit(BROADCAST, "unheard");
  stage.millis(10);
  stage.air.tune("a", 6);
  a.transmit(BROADCAST, "heard");
  stage.millis(10);
  expect(b.texts()).toEqual(["heard"]);
  expect(b.heards[0]?.channel).toBe(6);
});

test("a driver whose queue is full says that it has no memory, of just those frames", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  for (let i = 0; i < FRAMES_MAX + 3; i++) a.transmit(b, `${i}`);
  stage.seconds(1);
  expect([a.count("no memory"), a.count("ok"), b.heards.length]).toEqual([3, FRAMES_MAX, FRAMES_MAX]);
});

test("a wedged driver has no memory for ever, until it is restarted; then it counts anew", () => {
  const stage = new Stage();
  const [a, b] = stage.pair({ wedgesAfter: 10 });
  const send = (times: number): void => {
    for (let i = 0; i < times; i++) {
      a.transmit(b, "x");
      stage.millis(20);
    }
  };
  send(50);
  expect([a.count("ok"), a.count("no memory")]).toEqual([10, 40]);
  stage.seconds(3600);
  send(1);
  expect(a.count("no memory")).toBe(41);
  stage.air.restart("a");
  stage.seconds(1);
  expect(a.restarts).toBe(1);
  send(11);
  expect([a.count("ok"), a.count("no memory")]).toEqual([20, 42]);
  stage.air.wedge("b");
  b.transmit(a, "x");
  stage.millis(20);
  expect(b.outcomes).toEqual(["no memory"]);
});

test("while a radio restarts it is deaf, tells nothing of what it was given, and sends only afterwards", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  a.transmit(b, "lost");
  stage.air.restart("a");
  a.transmit(b, "later");
  const began = stage.clock.now;
  stage.millis(20);
  b.transmit(a, "unheard");
  stage.seconds(1);
  expect([a.outcomes, a.texts(), a.restarts]).toEqual([["ok"], [], 1]);
  expect(b.outcomes).toEqual(["fail"]);
  expect(b.texts()).toEqual(["later"]);
  expect((b.heards[0]?.at ?? 0) - began).toBeGreaterThan(RESTART_MICROS);
});

test("of so large a share of sendings nobody says what came of them, though they arrive", () => {
  const stage = new Stage({ lostCallbackShare: 0.1 });
  const [a, b] = stage.pair();
  for (let i = 0; i < 2000; i++) {
    a.transmit(b, "x");
    stage.millis(5);
  }
  expect(b.heards.length).toBe(2000);
  expect(a.outcomes.length).toBeGreaterThan(1740);
  expect(a.outcomes.length).toBeLessThan(1860);
  expect(stage.air.stats().counts["callbacks lost"]).toBe(2000 - a.outcomes.length);
});

test("power that fails in the middle of a frame spoils it, and before its acknowledgement spoils that", () => {
  const stage = new Stage({ isBareMac: true });
  const [a, b] = stage.pair();
  stage.millis(10);
  a.transmit(b, "x".repeat(250));
  stage.millis(1);
  stage.air.power("a", false);
  stage.seconds(1);
  expect([a.outcomes, b.heards.length]).toEqual([[], 0]);
  stage.air.power("a", true);
  stage.millis(10);
  a.transmit(b, "y".repeat(250));
  stage.clock.run(frameMicros(250) + 100);
  stage.air.power("b", false);
  stage.seconds(1);
  expect(stage.air.stats().counts["mac acks lost"]).toBe(1);
  expect(a.outcomes).toEqual(["fail"]);
});

test("power that fails takes with it all that the board held", () => {
  const stage = new Stage({ isBareMac: true });
  const [a, b] = stage.pair({ turnMicros: 50_000 });
  for (let i = 0; i < 20; i++) a.transmit(b, `${i}`);
  b.transmit(a, "held by a's program");
  stage.millis(10);
  stage.air.power("a", false);
  a.transmit(b, "nobody is there");
  const { heard } = stage.air.stats().counts;
  stage.seconds(5);
  expect([a.outcomes, a.texts(), heard]).toEqual([[], [], 0]);
  expect(b.heards.length).toBeLessThan(15);
  expect(b.texts()).not.toContain("nobody is there");
  stage.air.power("a", true);
  a.transmit(b, "back");
  b.transmit(a, "back");
  stage.seconds(1);
  expect([a.texts(), b.texts().at(-1), a.outcomes]).toEqual([["back"], "back", ["ok"]]);
});

test("a board that is stalled in the middle of its work ends it afterwards", () => {
  const stage = new Stage();
  const [a, b] = stage.pair({ turnMicros: 20_000 });
  a.transmit(b, "x");
  stage.millis(10);
  stage.air.stall("b", 500_000);
  stage.seconds(1);
  expect(b.heards.map((heard) => heard.at)).toEqual([510_000]);
});

test("a board's JavaScript takes up one frame after the other, each for as long as it needs", () => {
  const stage = new Stage();
  const [a, b] = stage.pair({ turnMicros: 10_000 });
  for (let i = 0; i < 5; i++) a.transmit(b, `${i}`);
  stage.seconds(1);
  const times = b.heards.map((heard) => heard.at);
  expect(times.length).toBe(5);
  expect(times[0]).toBeGreaterThan(10_000);
  for (let i = 1; i < 5; i++) expect((times[i] as number) - (times[i - 1] as number)).toBe(10_000);
});

test("a jammer spoils what it reaches, in its time and on its channels, and nothing else", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  const c = stage.add("c", 0, 10);
  stage.air.jam({ from: 100_000, until: 200_000, loss: 1, ids: ["b"] });
  stage.air.jam({ from: 300_000, until: 400_000, loss: 1, channels: [6] });
  for (let i = 0; i < 50; i++) {
    a.transmit(BROADCAST, `${i}`);
    stage.millis(10);
  }
  expect(c.heards.length).toBe(50);
  expect(b.texts().map(Number)).toEqual(Array.from({ length: 50 }, (_, i) => i).filter((i) => i < 10 || i >= 20));
});

test("bursts are as long and as bad as planned, and each station has its own", () => {
  const stage = new Stage({ bursts: { goodMillis: 300, badMillis: 100, badLoss: 1 } });
  const [a, b] = stage.pair();
  const c = stage.add("c", 0, 10);
  const lost: boolean[][] = [[], []];
  for (let i = 0; i < 20_000; i++) {
    a.transmit(BROADCAST, "x");
    stage.millis(10);
    for (const [which, ear] of [b, c].entries()) lost[which]?.push(ear.heards.length === 0);
    b.heards.length = c.heards.length = 0;
  }
  for (const ear of lost) {
    const bad = ear.filter(Boolean).length;
    const bursts = ear.filter((isLost, i) => isLost && !ear[i - 1]).length;
    expect(bad / 20_000).toBeCloseTo(0.25, 1);
    // A look in 10 ms misses short ones: what is seen is 100 ms / (1 - loss of a good look) or so.
    expect((bad / bursts) * 10).toBeGreaterThan(90);
    expect((bad / bursts) * 10).toBeLessThan(120);
  }
  const both = (lost[0] ?? []).filter((isLost, i) => isLost && lost[1]?.[i]).length;
  expect(both / 20_000).toBeLessThan(0.09);
});

test("the air that is used is summed by kind, acknowledgements of the MAC apart", () => {
  const stage = new Stage({ kindOf: (bytes) => (bytes[0] === "b" ? "beacon" : "data") });
  const [a, b] = stage.pair();
  for (let i = 0; i < 10; i++) {
    a.transmit(BROADCAST, "b".repeat(40));
    a.transmit(b, "d".repeat(100));
    stage.millis(100);
  }
  const { shares, airMicros } = stage.air.stats();
  expect(airMicros).toEqual({ beacon: 10 * frameMicros(40), data: 10 * frameMicros(100), "mac ack": 10 * 304 });
  expect(shares["beacon"]).toBeCloseTo((10 * frameMicros(40)) / 1e6, 6);
});

test("a board that is moved is heard where it is", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  stage.air.move("b", 5000, 0);
  a.transmit(b, "x");
  stage.seconds(1);
  stage.air.move("b", 20, 0);
  a.transmit(b, "x");
  stage.seconds(1);
  expect(a.outcomes).toEqual(["fail", "ok"]);
});

test("boards differ in power and noise, so that some links are better one way, and how they differ depends on their names alone", () => {
  const landscape = OPEN_FIELD;
  const few = new Stage({ landscape });
  few.add("a", 0);
  few.add("b", 200);
  const many = new Stage({ landscape });
  for (const id of ["z", "b", "y", "a"]) many.add(id, id === "b" ? 200 : id === "a" ? 0 : 50);
  expect(many.air.link("a", "b")).toEqual(few.air.link("a", "b"));
  expect(few.air.link("a", "b").dbm).not.toBeCloseTo(few.air.link("b", "a").dbm, 1);
});

test("a path is as good one way as the other where boards are alike", () => {
  const stage = new Stage({ landscape: { ...OPEN_FIELD, boardDb: 0 } });
  stage.pair();
  const { air } = stage;
  expect(air.link("a", "b")).toEqual(air.link("b", "a"));
  expect(air.link("a", "b").dbm).not.toBeCloseTo(-53.05, 1);
});

test("noise spoils long frames sooner than short ones, within 3 dB all or nothing", () => {
  expect(packetErrorRate(-2, 2344)).toBeLessThan(0.01);
  expect(packetErrorRate(-5.5, 2344)).toBeGreaterThan(0.85);
  expect(packetErrorRate(-4.5, 112)).toBeLessThan(packetErrorRate(-4.5, 2344) / 5);
});

test("an air in a world's time goes as it does alone", () => {
  const alone = new Stage({ extraLoss: 0.3 });
  const world = new World(planOf({ nodes: [] }));
  const clock = new WorldClock(world);
  const air = new Air({ seed: 1, landscape: EXACT, lostCallbackShare: 0, extraLoss: 0.3 }, clock);
  const [a, b] = alone.pair();
  a.saturate(b, 100);
  const times: number[] = [];
  const frame = "x".repeat(100);
  air.addStation(
    { id: "a", x: 0, y: 0, mac: a.mac, channel: 1 },
    { heard: () => undefined, sent: () => air.transmit("a", b.mac, frame) },
  );
  air.addStation(
    { id: "b", x: 10, y: 0, mac: b.mac, channel: 1 },
    { heard: () => void times.push(clock.now), sent: () => undefined },
  );
  air.transmit("a", b.mac, frame);
  alone.seconds(2);
  world.run(2000);
  expect(times.length).toBeGreaterThan(300);
  expect(times).toEqual(b.heards.map((heard) => heard.at));
});

test("what cannot be sent, and who cannot be added, is said at once", () => {
  const stage = new Stage();
  const [a, b] = stage.pair();
  expect(() => a.transmit(b, "x".repeat(251))).toThrow("a sends 251 bytes: 250 fit");
  expect(() => stage.add("a", 0)).toThrow("two stations are called a");
  expect(() => stage.add("c", 0, 0, { mac: a.mac })).toThrow(`two stations have the address ${a.mac}`);
  expect(() => stage.air.tune("nobody", 1)).toThrow("no station nobody");
});
