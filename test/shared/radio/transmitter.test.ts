import { expect, test } from "vitest";
import { ACK, DATA, parseHeader } from "#shared/radio/header.ts";
import { CALLBACK_TIMEOUT, PACKET_TIME, POSTS_MAX, RESTART_TIMEOUT, TROUBLE_MAX } from "#shared/radio/limits.ts";
import { BROADCAST, type Mac } from "#shared/radio/seal.ts";
import { Session } from "#shared/radio/session.ts";
import { Transmitter } from "#shared/radio/transmitter.ts";
import type { Instant } from "#shared/units.ts";
import { seeded } from "../world.ts";
import { CALM, frameOf, Pair } from "./pair.ts";
import { OPEN_SEAL } from "#tools/sim/seal.ts";

const OWN = "02:00:00:00:00:01";
const PEERS = ["02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:04"];
const at = (now: number): Instant => now as Instant;

function session(peer: Mac): Session {
  return new Session(peer, OWN, "k".repeat(16), 7, OPEN_SEAL, () => 0, false);
}

function busy(): { transmitter: Transmitter; sessions: Session[] } {
  const transmitter = new Transmitter(() => 0);
  const sessions = PEERS.map(session);
  for (const one of sessions) one.send("x".repeat(4000));
  transmitter.sessions.push(...sessions);
  return { transmitter, sessions };
}

/** The peer has said something that wants an ack. */
function owesAck(to: Session, asks: boolean): void {
  const peer = new Session(OWN, to.peer, "k".repeat(16), 7, OPEN_SEAL, () => 0, asks);
  peer.send("hello");
  const bytes = peer.next(at(0)) as string;
  to.heard(parseHeader(bytes) as never, bytes, at(0));
}

test("gives the radio one datagram, and the next when it has answered", () => {
  const { transmitter } = busy();
  expect(transmitter.next(at(0))).not.toBe(undefined);
  expect(transmitter.next(at(1))).toBe(undefined);
  expect(transmitter.wakeAt()).toBe(CALLBACK_TIMEOUT);
  transmitter.sent("ok", at(5));
  expect(transmitter.next(at(5))).not.toBe(undefined);
});

test("serves posts first, then acks that are due, then data of each session in turn", () => {
  const { transmitter, sessions } = busy();
  owesAck(sessions[2] as Session, true);
  transmitter.post(BROADCAST, "beacon");
  const said = Array.from({ length: 5 }, () => {
    const { mac, bytes } = transmitter.next(at(1)) ?? { mac: "", bytes: "" };
    transmitter.sent("ok", at(1));
    return [mac, parseHeader(bytes)?.ack];
  });
  expect(said).toEqual([
    [BROADCAST, undefined],
    [PEERS[2], 1],
    [PEERS[1], 0],
    [PEERS[2], 1],
    [PEERS[0], 0],
  ]);
});

test("an ack alone goes before the data of others", () => {
  const { transmitter } = busy();
  const idle = session("02:00:00:00:00:09");
  transmitter.sessions.push(idle);
  owesAck(idle, true);
  const first = transmitter.next(at(0));
  expect([first?.mac, parseHeader(first?.bytes ?? "")?.form]).toEqual([idle.peer, ACK]);
});

test("after a send that failed the air is left alone for one to two packet times", () => {
  for (const chance of [0, 0.999]) {
    const transmitter = new Transmitter(() => chance);
    const one = session(PEERS[0] as Mac);
    one.send("x".repeat(1000));
    transmitter.sessions.push(one);
    transmitter.next(at(0));
    transmitter.sent("fail", at(40));
    const gap = PACKET_TIME * (1 + chance);
    expect(transmitter.next(at(40 + gap - 0.1))).toBe(undefined);
    expect(transmitter.wakeAt()).toBe(40 + gap);
    expect(transmitter.next(at(40 + gap))).not.toBe(undefined);
  }
});

test("a callback that never comes frees the radio after its time, and the data waits for its ack as if it had gone", () => {
  const { transmitter } = busy();
  transmitter.next(at(0));
  expect(transmitter.isWedged(at(CALLBACK_TIMEOUT - 1))).toBe(false);
  expect(transmitter.next(at(CALLBACK_TIMEOUT - 1))).toBe(undefined);
  expect(transmitter.isWedged(at(CALLBACK_TIMEOUT))).toBe(false);
  expect(transmitter.next(at(CALLBACK_TIMEOUT))).not.toBe(undefined);
  expect(transmitter.counters).toEqual({ "radio callback lost": 1 });
});

test("a callback that comes when nothing is with the radio is counted and does nothing", () => {
  const transmitter = new Transmitter(() => 0);
  transmitter.sent("ok", at(0));
  expect(transmitter.counters).toEqual({ "radio callback late": 1 });
  expect(transmitter.next(at(0))).toBe(undefined);
});

test("restarts the radio after the third callback in a row that never came, and sends nothing until that is done", () => {
  const { transmitter } = busy();
  let now = 0;
  for (let lost = 1; lost <= 3; lost++) {
    expect(transmitter.next(at(now))).not.toBe(undefined);
    now += CALLBACK_TIMEOUT;
    expect(transmitter.isWedged(at(now))).toBe(lost === 3);
  }
  expect(transmitter.next(at(now + 1))).toBe(undefined);
  expect(transmitter.isWedged(at(now + 1))).toBe(false);
  transmitter.restarted(at(now + 500));
  expect(transmitter.next(at(now + 500))).not.toBe(undefined);
  transmitter.sent("ok", at(now + 505));
  expect(transmitter.isWedged(at(now + 505))).toBe(false);
});

test("two lost callbacks, an answer, and two more are no reason to restart", () => {
  const { transmitter } = busy();
  for (let now = 0, i = 0; i < 9; i++, now += 1000) {
    transmitter.next(at(now));
    if (i % 3 === 2) transmitter.sent("ok", at(now));
    expect(transmitter.isWedged(at(now + CALLBACK_TIMEOUT))).toBe(false);
  }
});

test("backs off, ever longer, from a radio without memory, and restarts it after the eighth time in a row", () => {
  const { transmitter } = busy();
  const times: number[] = [];
  for (let now = 0; times.length < TROUBLE_MAX; now++) {
    expect(transmitter.isWedged(at(now))).toBe(false);
    if (transmitter.next(at(now)) === undefined) continue;
    times.push(now);
    transmitter.sent("no memory", at(now));
  }
  const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
  expect(gaps).toEqual([4, 8, 16, 32, 64, 128, 256]);
  expect(transmitter.isWedged(at(times.at(-1) as number))).toBe(true);
});

test("uses the radio again if nobody says that it has been restarted, and restarts it again if that was in vain", () => {
  const { transmitter } = busy();
  const outOfMemory = (from: number): void => {
    for (let i = 0; i < TROUBLE_MAX; i++) {
      expect(transmitter.next(at(from + i * 1000))).not.toBe(undefined);
      transmitter.sent("no memory", at(from + i * 1000));
    }
  };
  outOfMemory(0);
  expect(transmitter.isWedged(at(7000))).toBe(true);
  expect(transmitter.wakeAt()).toBe(7000 + RESTART_TIMEOUT);
  expect(transmitter.next(at(7000 + RESTART_TIMEOUT - 1))).toBe(undefined);
  outOfMemory(7000 + RESTART_TIMEOUT);
  expect(transmitter.isWedged(at(20_000))).toBe(true);
  expect(transmitter.counters["radio restarted"]).toBe(2);
});

test("a datagram that found no memory goes again, with all that it held", () => {
  const transmitter = new Transmitter(() => 0);
  const one = session(PEERS[0] as Mac);
  one.send("hello");
  transmitter.sessions.push(one);
  transmitter.next(at(0));
  transmitter.sent("no memory", at(0));
  const again = transmitter.next(at(100));
  expect(parseHeader(again?.bytes ?? "")).toMatchObject({ form: DATA, seq: 0, counter: 2 });
  expect(one.takeReports()).toEqual([]);
});

test("takes eight posts and refuses the ninth", () => {
  const transmitter = new Transmitter(() => 0);
  for (let i = 0; i < POSTS_MAX; i++) expect(transmitter.post(BROADCAST, "post" + i)).toBe(true);
  expect(transmitter.post(BROADCAST, "more")).toBe(false);
  expect(transmitter.counters).toEqual({ "radio post refused": 1 });
  expect(transmitter.next(at(0))?.bytes).toBe("post0");
  expect(transmitter.post(BROADCAST, "more")).toBe(true);
});

test("a session that is removed while its datagram is with the radio hears no more of it", () => {
  const { transmitter, sessions } = busy();
  const first = transmitter.next(at(0));
  const owner = sessions.find(({ peer }) => peer === first?.mac) as Session;
  transmitter.remove(owner);
  owner.sent = () => expect.unreachable();
  transmitter.sent("ok", at(1));
  for (let i = 0; i < 20; i++) {
    expect(transmitter.next(at(2))?.mac).not.toBe(owner.peer);
    transmitter.sent("ok", at(2));
  }
});

test("a neighbour that is gone is tried ever more rarely: it does not have the air", () => {
  const pair = new Pair({ ...CALM, attemptLoss: 1 }, 1);
  pair.a.toSend = [frameOf(200, 1, seeded(1))];
  pair.run(4900);
  expect(pair.airTime).toBeLessThan(0.15 * 4900);
  expect(pair.a.transmissions).toBeGreaterThan(8);
});

test("a wedged radio is restarted, and everything still arrives", () => {
  const pair = new Pair({ ...CALM, noMemory: 1 }, 2);
  pair.a.toSend = [frameOf(2000, 1, seeded(2))];
  pair.run(1000);
  expect(pair.a.restarts).toBe(1);
  pair.weather.noMemory = 0;
  pair.weather.callbackLost = 1;
  pair.run(2000);
  pair.weather.callbackLost = 0;
  pair.run(3000);
  expect(pair.a.restarts).toBeGreaterThan(1);
  expect(pair.b.got.length).toBe(1);
});
