/** Issue 4, done-line 5: datagrams that were replayed, forged, cut or changed are counted, and change nothing. */
import { expect, test } from "vitest";
import { NODE_SEAL } from "#host/radio-seal.ts";
import { ACK, parseHeader } from "#shared/radio/header.ts";
import type { Seal } from "#shared/radio/seal.ts";
import type { Random } from "#shared/units.ts";
import { seedsToPlay } from "../../shared/world.ts";
import { CALM, type End, frameOf, Pair } from "../../shared/radio/pair.ts";
import { OPEN_SEAL } from "#tools/sim/seal.ts";

const ATTACKS = [
  "replayed",
  "replayed to its sender",
  "forged",
  "cut",
  "lengthened",
  "flipped",
  "other header",
] as const;

function attack(kind: (typeof ATTACKS)[number], pair: Pair, victim: End, random: Random): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const bytes = pick(pair.tape).bytes;
  const replace = (at: number, code: number): string =>
    bytes.slice(0, at) + String.fromCharCode(code) + bytes.slice(at + 1);
  switch (kind) {
    case "replayed":
      return pick(pair.tape.filter(({ from, bytes }) => from !== victim && pair.heard.has(bytes))).bytes;
    case "replayed to its sender":
      return pick(pair.tape.filter(({ from }) => from === victim)).bytes;
    case "forged":
      return bytes.slice(0, 12) + frameOf(Math.floor(random() * 239), random() * 1e6, random);
    case "cut":
      return bytes.slice(0, Math.floor(random() * bytes.length));
    case "lengthened":
      return bytes + frameOf(1 + Math.floor(random() * 20), 0, random);
    case "flipped": {
      const at = Math.floor(random() * bytes.length);
      return replace(at, bytes.charCodeAt(at) ^ (1 << Math.floor(random() * 8)));
    }
    default: {
      const at = Math.floor(random() * 12);
      return replace(at, (bytes.charCodeAt(at) + 1 + Math.floor(random() * 255)) & 255);
    }
  }
}

function sum(counters: { [name: string]: number }): number {
  return Object.values(counters).reduce((total, n) => total + n, 0);
}

function stateOf(end: End): string {
  const { counters: _, ...state } = end.session as unknown as { counters: object };
  return JSON.stringify(state);
}

/** In the middle of traffic time stands still, and the attacks of one round come. */
function fuzz(seal: Seal, seed: number, rounds: number, attacks: number): { [name: string]: number } {
  const pair = new Pair({ ...CALM, okButLost: 0.1 }, seed, seal);
  const { random } = pair;
  const heard: { [name: string]: number } = {};
  const sent = [0, 1].map(() =>
    Array.from({ length: rounds * 20 }, (_, i) => frameOf(1 + Math.floor(random() * 300), i, random)),
  );
  pair.a.toSend = (sent[0] as string[]).slice();
  pair.b.toSend = (sent[1] as string[]).slice();
  for (let round = 0; round < rounds; round++) {
    pair.tape.length = 0;
    pair.heard.clear();
    pair.isTaping = true;
    pair.run(pair.now + 50);
    pair.isTaping = false;
    if (pair.tape.length < 4) continue;
    for (const victim of [pair.a, pair.b]) {
      const before = stateOf(victim);
      const counted = { ...victim.counters };
      const others = pair.tape.filter(({ from, bytes }) => from !== victim && pair.heard.has(bytes));
      if (others.length === 0 || others.length === pair.tape.length) continue;
      for (let i = 0; i < attacks / 2; i++) {
        const kind = ATTACKS[i % ATTACKS.length] as (typeof ATTACKS)[number];
        pair.listen(victim, attack(kind, pair, victim, random));
        heard[kind] = (heard[kind] ?? 0) + 1;
      }
      expect(sum(victim.counters) - sum(counted), `each is counted, once, SEED=${seed}`).toBe(Math.ceil(attacks / 2));
      for (const name of ["radio duplicate", "radio parcel broken", "radio beyond window", "radio beyond credits"])
        expect(victim.counters[name] ?? 0, `no farther than the seal, SEED=${seed}`).toBe(counted[name] ?? 0);
      expect(stateOf(victim), `nothing has changed, SEED=${seed}`).toBe(before);
    }
  }
  pair.run(pair.now + 600_000, () => pair.b.got.length === rounds * 20 && pair.a.got.length === rounds * 20);
  expect(
    pair.b.got.every((frame, i) => frame === sent[0]?.[i]) && pair.a.got.every((frame, i) => frame === sent[1]?.[i]),
  ).toBe(true);
  expect([pair.a.got.length, pair.b.got.length]).toEqual([rounds * 20, rounds * 20]);
  return heard;
}

test("a million datagrams that are replayed, forged, cut or changed are counted and change nothing", {
  timeout: 60_000,
}, () => {
  for (const seed of seedsToPlay(1).slice(0, 1)) {
    const heard = fuzz(OPEN_SEAL, seed, 110, 10_000);
    expect(sum(heard), `SEED=${seed}`).toBeGreaterThan(1_000_000);
    for (const kind of ATTACKS) expect(heard[kind]).toBeGreaterThan(100_000);
  }
});

test("so are ten thousand with the real cipher", { timeout: 60_000 }, () => {
  for (const seed of seedsToPlay(1).slice(0, 1)) expect(sum(fuzz(NODE_SEAL, seed, 25, 700))).toBeGreaterThan(10_000);
});

test("a datagram that was held up is still taken, so long as it is not among the old", () => {
  const pair = new Pair({ ...CALM, okButLost: 1 }, 1);
  pair.isTaping = true;
  pair.a.toSend = ["first"];
  pair.run(5);
  pair.weather.okButLost = 0;
  pair.listen(pair.b, (pair.tape[0] as { bytes: string }).bytes);
  pair.settle(pair.b);
  expect(pair.b.got).toEqual(["first"]);
});

test("with another key nothing is opened, whatever it says", () => {
  const pair = new Pair(CALM, 1, NODE_SEAL);
  const [, stranger] = pair.sessions("another key 0123", 7);
  pair.b.adopt(stranger);
  pair.a.toSend = ["secret reading"];
  pair.isTaping = true;
  pair.run(3000);
  expect(pair.b.got).toEqual([]);
  expect(Object.keys(pair.b.counters)).toEqual(["radio forged"]);
  expect(pair.a.counters).toEqual({});
  expect(pair.tape.some(({ bytes }) => bytes.includes("secret"))).toBe(false);
  expect(pair.tape.every(({ bytes }) => (parseHeader(bytes)?.form ?? 99) <= ACK)).toBe(true);
});
