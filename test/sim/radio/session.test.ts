import { expect, test } from "vitest";
import { ACK, DATA, PULL, parseHeader } from "#shared/radio/header.ts";
import {
  ACK_AFTER,
  ACK_FAILS_MAX,
  COUNTER_MAX,
  DATAGRAM_COST_BYTES,
  PARCEL_BYTES_MAX,
  RECEIVE_BYTES_MAX,
  REPORTS_MAX,
  SEND_BYTES_MAX,
  SESSION_SILENCE,
  SESSION_TIMEOUT,
  WINDOW,
} from "#shared/radio/limits.ts";
import { Session } from "#shared/radio/session.ts";
import type { Instant, Random } from "#shared/units.ts";
import { seeded, seedsToPlay } from "../../shared/world.ts";
import { CALM, type End, frameOf, Pair, type Weather } from "../../shared/radio/pair.ts";
import { OPEN_SEAL } from "#tools/sim/seal.ts";

const [A, B] = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"];

interface Inside {
  head: { counter: number };
  cutter: { held: number; frames: string[] };
  joiner: { partial: string; isBroken: boolean };
  sender: { slots: unknown[]; reports: unknown[]; giveUpAt: Instant | undefined };
  receiver: { early: object };
}

function inside(session: Session): Inside {
  return session as unknown as Inside;
}

function session(own: string, peer: string): Session {
  return new Session(peer, own, "k".repeat(16), 7, OPEN_SEAL, () => 0, false);
}

function someFrames(howMany: number, random: Random): string[] {
  return Array.from({ length: howMany }, (_, i) => {
    const edge = [1, 2, 228, 229, 230, PARCEL_BYTES_MAX - 1, PARCEL_BYTES_MAX][Math.floor(random() * 14)];
    return frameOf(edge ?? 1 + Math.floor(random() ** 3 * PARCEL_BYTES_MAX), i, random);
  });
}

/** Sends on both ways at once, plays until all has come, and sees that it came as it should and left nothing behind. */
function exchange(pair: Pair, howMany: number, seed: number, limit = 300_000): void {
  const sent = [someFrames(howMany, pair.random), someFrames(howMany, pair.random)] as const;
  const ends = [pair.a, pair.b] as const;
  const before = [pair.a.got.length, pair.b.got.length] as const;
  ends.forEach((end, i) => (end.toSend = (sent[i] as string[]).slice()));
  const isDone = (): boolean => ends.every((end, i) => end.got.length >= (before[i] as number) + howMany);
  pair.run(pair.now + limit, isDone);
  ends.forEach((end, i) => {
    const got = end.got.slice(before[i]);
    expect(got.length, `SEED=${seed}`).toBe(howMany);
    expect(
      got.every((frame, k) => frame === (sent[1 - i] as string[])[k]),
      `in order and once, SEED=${seed}`,
    ).toBe(true);
  });
  pair.run(pair.now + 10_000);
  for (const end of ends) {
    const { cutter, sender, joiner, receiver } = inside(end.session);
    expect(end.got.length, `nothing comes later, SEED=${seed}`).toBe((before[ends.indexOf(end)] as number) + howMany);
    expect([cutter.held, sender.slots.length, joiner.partial, receiver.early], `SEED=${seed}`).toEqual([0, 0, "", {}]);
    expect(sender.giveUpAt, `SEED=${seed}`).toBe(undefined);
  }
}

function inWeather(name: string, weather: (random: Random) => Partial<Weather>, seeds: number, howMany: number): void {
  test(`delivers in order, once, and all, frames of 1 to 4096 bytes both ways at once: ${name}`, () => {
    for (const seed of seedsToPlay(seeds)) {
      const random = seeded(seed ^ 0x5eed);
      exchange(new Pair({ ...CALM, ...weather(random) }, seed), howMany, seed);
    }
  });
}

inWeather("in calm", () => ({}), 2, 60);
inWeather("through a MAC that loses half of its attempts", () => ({ attemptLoss: 0.5 }), 3, 40);
inWeather("through a MAC that says ok and a third is lost", () => ({ okButLost: 0.33 }), 4, 40);
inWeather(
  "through a MAC that says fail and all is delivered",
  () => ({ attemptLoss: 0.7, failButDelivered: 1 }),
  3,
  30,
);
inWeather("with callbacks that never come", () => ({ callbackLost: 0.05 }), 3, 30);
inWeather("with a radio that is often out of memory", () => ({ noMemory: 0.3 }), 3, 30);
inWeather("with every tenth datagram coming again within a second", () => ({ replayed: 0.1, okButLost: 0.1 }), 3, 40);
inWeather("at JavaScript that takes 20 ms", () => ({ turnAround: 20, okButLost: 0.1 }), 2, 30);
inWeather(
  "in any mix of all that",
  (random) => ({
    attemptLoss: random() * 0.6,
    okButLost: random() * 0.25,
    failButDelivered: random(),
    callbackLost: random() * 0.05,
    noMemory: random() * 0.2,
    replayed: random() * 0.2,
    turnAround: random() * 15,
    callbackTime: random() * 5,
  }),
  12,
  25,
);

test("a sleeping node has one datagram under way, each asks for its ack, and all arrives", () => {
  const pair = new Pair({ ...CALM, okButLost: 0.1 }, 1, OPEN_SEAL, true);
  pair.isTaping = true;
  pair.a.toSend = someFrames(20, pair.random);
  const sent = pair.a.toSend.slice();
  let most = 0;
  pair.run(100_000, () => {
    most = Math.max(most, inside(pair.a.session).sender.slots.length);
    return pair.b.got.length === sent.length;
  });
  expect(pair.b.got).toEqual(sent);
  expect(most).toBe(1);
  const data = pair.tape.filter(({ from }) => from === pair.a).map(({ bytes }) => parseHeader(bytes));
  expect(data.every((header) => ((header?.marks ?? 0) & PULL) !== 0)).toBe(true);
});

test("a peer that reboots and joins again starts anew: nothing of the session before comes in, and all of the new one does", () => {
  for (const seed of seedsToPlay(3)) {
    const pair = new Pair({ ...CALM, okButLost: 0.2, replayed: 0.2 }, seed);
    for (let epoch = 8; epoch < 12; epoch++) {
      for (const end of [pair.a, pair.b]) end.toSend = someFrames(200, pair.random);
      pair.run(pair.now + 150 + pair.random() * 300);
      for (const end of [pair.a, pair.b]) end.toSend = [];
      const [a, b] = pair.sessions(String(epoch).padEnd(16, "k"), epoch);
      pair.a.adopt(a);
      pair.b.adopt(b);
      exchange(pair, 10, seed);
    }
    expect(pair.a.counters["radio other session"], `SEED=${seed}`).toBeGreaterThan(0);
  }
});

test("what arrives for one end of an old session does not disturb the new one, even at the same epoch", () => {
  const pair = new Pair(CALM, 1);
  pair.isTaping = true;
  exchange(pair, 5, 1);
  const [a, b] = pair.sessions("n".repeat(16), 7);
  pair.a.adopt(a);
  pair.b.adopt(b);
  for (const { from, bytes } of pair.tape) pair.arrive(pair.peerOf(from), bytes);
  exchange(pair, 5, 1);
  expect((pair.a.counters["radio forged"] ?? 0) + (pair.b.counters["radio forged"] ?? 0)).toBeGreaterThan(5);
});

test("never uses a counter twice, and so no nonce, whatever it has to send again", () => {
  const pair = new Pair({ ...CALM, attemptLoss: 0.5, okButLost: 0.2, callbackLost: 0.02, noMemory: 0.2 }, 3);
  pair.isTaping = true;
  exchange(pair, 40, 3);
  for (const end of [pair.a, pair.b]) {
    const counters = pair.tape.filter(({ from }) => from === end).map(({ bytes }) => parseHeader(bytes)?.counter);
    expect(counters.length).toBeGreaterThan(100);
    expect(new Set(counters).size).toBe(counters.length);
    expect(counters).toEqual(counters.slice().sort((a, b) => (a as number) - (b as number)));
  }
});

test("is over when its counters are used up, and says nothing more", () => {
  const one = session(A, B);
  inside(one).head.counter = COUNTER_MAX - 1;
  one.send("last");
  expect(one.isLost(1 as Instant)).toBe(false);
  const last = one.next(1 as Instant) as string;
  expect(parseHeader(last)?.counter).toBe(COUNTER_MAX);
  one.sent("fail", 2 as Instant);
  expect(one.isLost(2 as Instant)).toBe(true);
  expect(one.next(1000 as Instant)).toBe(undefined);
});

test("is lost when data waits and nothing is acknowledged for the timeout, and not a moment sooner", () => {
  const one = session(A, B);
  expect(one.isLost(1_000_000 as Instant)).toBe(false);
  one.send("data");
  one.next(1000 as Instant);
  const end = 1000 + SESSION_TIMEOUT;
  for (let now = 1000; now < end; now += 10) {
    one.sent("ok", now as Instant);
    expect(one.isLost(now as Instant)).toBe(false);
    expect(one.wakeAt()).toBeLessThanOrEqual(end);
    one.next(now as Instant);
  }
  expect(one.isLost((end - 1) as Instant)).toBe(false);
  expect(one.isLost(end as Instant)).toBe(true);
});

test("is lost when the peer is silent for long, though nothing waits", () => {
  const [one, other] = [session(A, B), session(B, A)];
  other.send("hello");
  const bytes = other.next(5 as Instant) as string;
  one.heard(parseHeader(bytes) as never, bytes, 5 as Instant);
  one.takeInbox();
  expect(one.isLost((5 + SESSION_SILENCE - 1) as Instant)).toBe(false);
  expect(one.isLost((5 + SESSION_SILENCE) as Instant)).toBe(true);
});

test("holds back an ack that nobody waits for, and lets data take it along", () => {
  const [one, other] = [session(A, B), session(B, A)];
  expect(ACK_AFTER).toBe(10);
  const tell = (to: Session, bytes: string | undefined, now: number): void =>
    to.heard(parseHeader(bytes as string) as never, bytes as string, now as Instant);
  other.send("hello");
  tell(one, other.next(0 as Instant), 0);
  expect(one.isAckDue(9 as Instant)).toBe(false);
  expect(one.next(9 as Instant)).toBe(undefined);
  expect(one.wakeAt()).toBe(10);
  one.send("answer");
  const answer = one.next(9 as Instant);
  expect(parseHeader(answer as string)).toMatchObject({ form: DATA, ack: 1 });
  one.sent("ok", 10 as Instant);
  expect(one.isAckDue(100 as Instant)).toBe(false);
  tell(other, answer, 10);
  expect(other.takeInbox()).toEqual(["answer"]);
  expect(inside(other).sender.slots.length).toBe(0);
  const ack = other.next(20 as Instant);
  expect(parseHeader(ack as string)).toMatchObject({
    form: ACK,
    ack: 1,
    credits: Math.floor(RECEIVE_BYTES_MAX / DATAGRAM_COST_BYTES),
  });
  expect(ack?.length).toBe(20);
});

test("waits for nothing more when the ack was quicker than the radio's callback", () => {
  const [one, other] = [session(A, B), session(B, A)];
  one.send("hello");
  const bytes = one.next(0 as Instant) as string;
  other.heard(parseHeader(bytes) as never, bytes, 3 as Instant);
  const ack = other.next(20 as Instant) as string;
  one.heard(parseHeader(ack) as never, ack, 21 as Instant);
  one.sent("ok", 22 as Instant);
  expect(one.wakeAt()).toBe(21 + SESSION_SILENCE);
  expect(one.next(5000 as Instant)).toBe(undefined);
});

test("tries an ack that the radio could not deliver three times more, and then waits to be asked", () => {
  const [one, other] = [session(A, B), session(B, A)];
  other.send("hello");
  const bytes = other.next(0 as Instant) as string;
  one.heard(parseHeader(bytes) as never, bytes, 0 as Instant);
  let tries = 0;
  for (let now = 0; now < 1000; now++) {
    if (one.next(now as Instant) === undefined) continue;
    tries += 1;
    one.sent("fail", now as Instant);
  }
  expect(tries).toBe(1 + ACK_FAILS_MAX);
  expect(one.isAckDue(1000 as Instant)).toBe(false);
});

test("asks for an ack when it has to wait for one, and gets it at once", () => {
  const [one, other] = [session(A, B), session(B, A)];
  one.send("x".repeat(PARCEL_BYTES_MAX));
  const flags: number[] = [];
  for (let i = 0; i < WINDOW; i++) {
    const bytes = one.next(0 as Instant) as string;
    one.sent("ok", 0 as Instant);
    flags.push(parseHeader(bytes)?.marks ?? 0);
    other.heard(parseHeader(bytes) as never, bytes, 0 as Instant);
    expect(other.isAckDue(0 as Instant)).toBe(i > 1);
  }
  expect(flags).toEqual([0, 0, PULL, 0, 0, PULL, 0, PULL]);
  expect(one.next(0 as Instant)).toBe(undefined);
});

test("a send that failed goes again after one to two packet times; each failure more doubles that", () => {
  for (const chance of [0, 0.999]) {
    const one = new Session(B, A, "k".repeat(16), 7, OPEN_SEAL, () => chance, false);
    one.send("data");
    one.next(0 as Instant);
    const waits = [1, 2, 3].map(() => {
      one.sent("fail", 0 as Instant);
      const at = one.wakeAt() as number;
      expect(one.next((at - 0.01) as Instant)).toBe(undefined);
      expect(one.next(at as Instant)).not.toBe(undefined);
      return Math.round(at * 10) / 10;
    });
    expect(waits).toEqual(chance === 0 ? [3.2, 6.4, 12.8] : [6.4, 12.8, 25.6]);
    expect(one.takeReports()).toEqual([{ acked: false }, { acked: false }, { acked: false }]);
  }
});

test("frames that nobody takes stop the sender within bounds, and it goes on when they are taken", () => {
  for (const okButLost of [0, 0.3]) {
    const pair = new Pair({ ...CALM, okButLost }, 5);
    const sent = Array.from({ length: 100 }, (_, i) => frameOf(1000, i, pair.random));
    pair.a.toSend = sent.slice();
    pair.b.isPaused = true;
    pair.run(60_000);
    const held = pair.b.session.arrived.length;
    expect(held).toBeGreaterThan(3);
    expect(held).toBeLessThan(8);
    expect(pair.a.session.isDrained()).toBe(false);
    const { transmissions } = pair.a;
    pair.run(120_000);
    // It only asks, six times a second at the most.
    expect(pair.a.transmissions - transmissions).toBeLessThan(400);
    expect(pair.b.session.arrived.length).toBe(held);
    expect(pair.b.counters["radio beyond credits"]).toBe(undefined);
    pair.b.isPaused = false;
    pair.settle(pair.b);
    pair.run(pair.now + 60_000, () => pair.b.got.length === sent.length);
    expect(pair.b.got).toEqual(sent);
  }
});

test("says at once that there is room again", () => {
  const pair = new Pair(CALM, 5);
  pair.a.toSend = Array.from({ length: 30 }, (_, i) => frameOf(1000, i, pair.random));
  pair.b.isPaused = true;
  pair.run(4000);
  expect(pair.b.session.wakeAt()).toBeGreaterThan(4000);
  pair.b.isPaused = false;
  pair.settle(pair.b);
  const held = pair.b.got.length;
  pair.run(4020);
  expect(pair.b.got.length).toBeGreaterThan(held);
});

test("an ack that was held up does not count against a newer one", () => {
  const [one, other] = [session(A, B), session(B, A)];
  const tell = (bytes: string | undefined): void =>
    one.heard(parseHeader(bytes as string) as never, bytes as string, 0 as Instant);
  const joiner = inside(other).joiner as unknown as { free: number };
  const { free } = joiner;
  const ack = (room: number): string | undefined => {
    joiner.free = room;
    (other as unknown as { ackAt: number }).ackAt = 0;
    return other.next(0 as Instant);
  };
  const [old, newer] = [ack(0), ack(free)];
  one.send("frame");
  tell(newer);
  tell(old);
  expect(one.counters).toEqual({});
  expect(one.next(1 as Instant)).not.toBe(undefined);
});

test("goes on although the word that there is room again was lost", () => {
  const pair = new Pair(CALM, 6);
  pair.a.toSend = Array.from({ length: 30 }, (_, i) => frameOf(1000, i, pair.random));
  pair.b.isPaused = true;
  pair.run(1000);
  pair.weather.okButLost = 1;
  pair.b.isPaused = false;
  pair.settle(pair.b);
  pair.run(1500);
  pair.weather.okButLost = 0;
  pair.run(10_000);
  expect(pair.b.got.length).toBe(30);
});

test("sends again what was lost while acks of its own go out all the time", () => {
  const pair = new Pair(CALM, 9);
  pair.b.toSend = Array.from({ length: 1000 }, (_, i) => frameOf(200, i, pair.random));
  pair.run(100);
  pair.a.toSend = ["a command"];
  pair.weather.okButLost = 1;
  const { transmissions } = pair.a;
  pair.run(200, () => pair.a.transmissions > transmissions && inside(pair.a.session).sender.slots.length > 0);
  pair.run(pair.now + 3);
  pair.weather.okButLost = 0;
  const lostAt = pair.now;
  pair.run(2000, () => pair.b.got.length > 0);
  expect(pair.b.got).toEqual(["a command"]);
  expect(pair.now - lostAt).toBeGreaterThan(5);
  expect(pair.now - lostAt).toBeLessThan(200);
});

test("refuses a frame when full instead of dropping one, and says when there is room", () => {
  const one = session(A, B);
  let taken = 0;
  while (one.send("x".repeat(1000))) taken += 1;
  expect(taken).toBe(Math.floor(SEND_BYTES_MAX / 1016));
  expect(one.isDrained()).toBe(false);
  expect(session(A, B).isDrained()).toBe(true);
  expect(session(A, B).send("x".repeat(PARCEL_BYTES_MAX + 1))).toBe(false);
});

test("keeps no more reports than the limit while nobody takes them, and those are true", () => {
  const pair = new Pair({ ...CALM, okButLost: 0.3 }, 7);
  let most = 0;
  const take = pair.a.session.takeReports.bind(pair.a.session);
  pair.a.session.takeReports = () => [];
  pair.a.toSend = someFrames(40, pair.random);
  pair.run(60_000, () => {
    most = Math.max(most, inside(pair.a.session).sender.reports.length);
    return pair.b.got.length === 40;
  });
  expect(most).toBe(REPORTS_MAX);
  expect(take().length).toBe(REPORTS_MAX);
  const told = new Pair({ ...CALM, okButLost: 0.3 }, 7);
  told.a.toSend = Array.from({ length: 400 }, (_, i) => frameOf(230, i, told.random));
  told.run(60_000);
  expect(told.b.got.length).toBe(400);
  const { acked, lost } = told.a.reports;
  expect(acked).toBe(Math.ceil((400 * 232) / 230));
  // Of those that it thinks lost a few had come, and their acks were lost.
  expect(lost / (acked + lost)).toBeGreaterThan(0.25);
  expect(lost / (acked + lost)).toBeLessThan(0.42);
});

test("what is not of this session, not authentic or not new is counted by what it is", () => {
  const [one, other] = [session(A, B), session(B, A)];
  other.send("hello");
  const bytes = other.next(0 as Instant) as string;
  const hear = (datagram: string): void => one.heard(parseHeader(datagram) as never, datagram, 0 as Instant);
  hear(bytes.slice(0, 10) + String.fromCharCode(8) + bytes.slice(11));
  hear(bytes.slice(0, -1) + "?");
  hear(String.fromCharCode(bytes.charCodeAt(0) | (2 << 2)) + bytes.slice(1));
  expect(one.heardAt).toBe(undefined);
  hear(bytes);
  hear(bytes);
  expect(one.counters).toEqual({
    "radio other session": 1,
    "radio forged": 1,
    "radio malformed": 1,
    "radio replayed": 1,
  });
  expect(one.takeInbox()).toEqual(["hello"]);
});

test("an authentic peer that talks nonsense is counted and changes no more than it may", () => {
  const random = seeded(8);
  const [one, other] = [session(A, B), session(B, A)];
  const head = inside(other).head as unknown as { [field: string]: number };
  const end: Pick<End, "counters"> = { counters: {} };
  one.counters = end.counters;
  const byte = (): number => Math.floor(random() * 256);
  let broken = 0;
  for (let i = 0; i < 10_000; i++) {
    one.send("x".repeat(byte() + 1));
    if (one.next(i as Instant) !== undefined) one.sent("ok", i as Instant);
    const real = inside(other) as unknown as { receiver: { expected: number; sack: number } };
    real.receiver.expected = byte();
    real.receiver.sack = byte();
    (other as unknown as { flying: undefined }).flying = undefined;
    const slot = {
      payload: "\x04nons",
      frag: byte() & 15,
      seq: byte(),
      sends: 0,
      counter: 0,
      isHeld: false,
      isMissing: true,
    };
    Object.assign(inside(other).sender, { slots: [slot], missing: 1 });
    const bytes = other.next(i as Instant) as string;
    one.heard(parseHeader(bytes) as never, bytes, i as Instant);
    // What breaks the rules ends a session: begin another one's end.
    if (inside(one).joiner.isBroken) {
      expect(one.isLost(i as Instant)).toBe(true);
      broken += 1;
      inside(one).joiner.isBroken = false;
    }
    if (byte() === 0) one.takeInbox();
    const { cutter, sender, receiver } = inside(one);
    expect(cutter.held <= SEND_BYTES_MAX && sender.slots.length <= WINDOW).toBe(true);
    expect(Object.keys(receiver.early).length <= 8 && sender.reports.length <= REPORTS_MAX).toBe(true);
  }
  expect(head["counter"]).toBe(10_000);
  expect(end.counters["radio malformed"]).toBeGreaterThan(1000);
  expect(broken).toBeGreaterThan(20);
  expect(end.counters["radio beyond window"]).toBeGreaterThan(1000);
});
