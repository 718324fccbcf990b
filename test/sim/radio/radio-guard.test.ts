/** What Radio promises against strangers, and what it promises TreeNode: wrong keys, replays, forgeries, keys in texts; back-pressure, closing. */
import { expect, test } from "vitest";
import type { RadioEffect } from "#shared/radio/effect.ts";
import { type Beacon, beaconBody, readBeacon } from "#shared/radio/beacon.ts";
import {
  BEACON,
  headerBytes,
  emptyHeader,
  JOIN,
  JOIN_ACK,
  type Header,
  parseHeader,
  SOLICIT,
} from "#shared/radio/header.ts";
import { KeyRing } from "#shared/radio/join.ts";
import { PARCEL_BYTES_MAX } from "#shared/radio/limits.ts";
import { Radio } from "#shared/radio/radio.ts";
import { netOf, type Seal } from "#shared/radio/seal.ts";
import { PROBE } from "#shared/radio/tree-limits.ts";
import type { Instant, LinkId, NodeId } from "#shared/units.ts";
import { seeded, seedsToPlay } from "../../shared/world.ts";
import { Field, type FieldOptions, type Heard, KEY, macOf, type Station } from "../../shared/radio/field.ts";
import { NODE_SEAL } from "#host/radio-seal.ts";
import { chatter, expectCarries, GRID, LINE, plant, type Shape } from "../../shared/radio/shapes.ts";

/** Fields with the real cryptography: this is what it is for. */
const sealedField = (seed: number): Field => new Field(seed, NODE_SEAL);
const sealed = (seed: number, shape: Shape, share?: number, options?: FieldOptions): Field =>
  plant(seed, shape, share, options, NODE_SEAL);

/** Another key, whose datagrams look like ours until the cryptography. */
function similarKey(): string {
  for (let i = 0; ; i++) {
    const key = "not our key " + (1000 + i);
    if (netOf(NODE_SEAL, key) === netOf(NODE_SEAL, KEY)) return key;
  }
}

function typeOf(bytes: string): number {
  return (bytes.charCodeAt(0) >> 2) & 15;
}

/** What must not change: who is whose parent, which links are open, which frames came. */
function standing(field: Field): unknown {
  return [...field.stations.values()].map((one) => [
    one.mac,
    one.parent,
    one.upLink,
    one.isUp,
    [...one.children],
    one.got,
  ]);
}

function total(station: Station): number {
  return Object.values(station.radio.counters).reduce((sum, one) => sum + one, 0);
}

for (const [name, key] of [
  ["another key", "another key 0000"],
  ["another key of a like network", similarKey()],
] as const) {
  test(`a node with ${name} never joins, nobody joins it, and it is counted`, () => {
    const field = sealedField(1);
    field.link = () => 1;
    field.add(0, { isSource: true, channel: 6 });
    for (let n = 1; n < 4; n++) field.add(n);
    const stranger = field.add(4, { key });
    const pretender = field.add(5, { key, isSource: true, channel: 6 });
    field.run(10_000);
    chatter(field, 600_000, 10_000);
    expect(stranger.changes.length).toBe(1);
    expect(stranger.parent).toBe(pretender.mac);
    field.kill(pretender);
    field.run(60_000);
    expect(stranger.isUp).toBe(false);
    expect(field.at(0).children.length).toBe(3);
    for (let n = 1; n < 4; n++) expect(field.at(n).parent).toBe(macOf(0));
    expect(field.at(0).got.every((one) => !one.text.startsWith(stranger.mac))).toBe(true);
    expect(total(field.at(0))).toBeGreaterThan(0);
    expect(total(stranger)).toBeGreaterThan(0);
  });
}

/** A field that has lived for a while, and all that was heard in it. */
function lived(seed: number): { field: Field; log: Heard[] } {
  const field = sealed(seed, GRID, 0.9, { channel: 6 });
  field.log = [];
  field.until(() => field.everyoneIsUp(), 60_000);
  // Long enough for links of children that have gone elsewhere to end.
  chatter(field, 90_000, 5000);
  field.run(5000);
  const log = field.log;
  field.log = undefined;
  return { field, log };
}

test("everything that was ever said, said again to the same node, changes nothing", () => {
  for (const seed of seedsToPlay(2)) {
    const { field, log } = lived(seed);
    const before = structuredClone(standing(field));
    for (const heard of log) {
      field.inject(field.stations.get(heard.to) as Station, heard.from, heard.bytes);
      field.run(2);
    }
    expect(standing(field)).toEqual(before);
    field.run(20_000);
    expect(standing(field)).toEqual(before);
    expectCarries(field, field.at(0), 3);
  }
});

test("said again to a node that has rebooted and hears nobody else, it gives no link and no frame", () => {
  for (const seed of seedsToPlay(2)) {
    const { field, log } = lived(seed);
    field.link = () => 0;
    for (const victim of [field.at(0), field.at(4)]) {
      field.kill(victim);
      field.run(2000);
      field.boot(victim);
      victim.got = [];
      victim.changes = [];
      let asked = 0;
      for (const heard of log.filter((one) => one.to === victim.mac)) {
        field.inject(victim, heard.from, heard.bytes);
        field.run(20);
        asked += victim.transmits.splice(0).filter((one) => typeOf(one.bytes) === JOIN).length;
      }
      // It believed the first beacons, and found out.
      if (victim !== field.at(0)) expect(asked).toBeGreaterThan(0);
      field.run(20_000);
      expect(victim.changes).toEqual([]);
      expect(victim.children).toEqual([]);
      expect(victim.got).toEqual([]);
    }
  }
});

test("cut, prolonged, bit-flipped and invented datagrams, or in another's name, are counted and change nothing", () => {
  const { field, log } = lived(3);
  const random = seeded(33);
  const before = structuredClone(standing(field));
  const kinds = new Set<number>();
  const victims = [field.at(0), field.at(4), field.at(8)];
  for (let i = 0; i < 12_000; i++) {
    const to = victims[i % 3] as Station;
    const heard = log[Math.floor(random() * log.length)] as Heard;
    let bytes = heard.bytes;
    let from = heard.from;
    const at = Math.floor(random() * bytes.length);
    switch (Math.floor(random() * 5)) {
      case 0:
        bytes = bytes.substring(0, at);
        break;
      case 1:
        bytes += String.fromCharCode(random() * 256);
        break;
      case 2:
        bytes =
          bytes.substring(0, at) +
          String.fromCharCode(bytes.charCodeAt(at) ^ (1 << Math.floor(random() * 8))) +
          bytes.substring(at + 1);
        break;
      case 3:
        bytes = bytes.substring(0, 2);
        while (bytes.length < at) bytes += String.fromCharCode(random() * 256);
        break;
      default:
        from = macOf(100 + Math.floor(random() * 50));
    }
    const kind = typeOf(bytes);
    const counted = total(to);
    kinds.add(kind);
    field.inject(to, from, bytes);
    // A probe says nothing, whoever sent it.
    if (kind !== PROBE) expect(total(to), `${JSON.stringify(bytes)} from ${from}`).toBeGreaterThan(counted);
    if (i % 50 === 0) field.run(1);
  }
  for (const kind of [BEACON, SOLICIT, JOIN, JOIN_ACK]) expect(kinds.has(kind)).toBe(true);
  expect(standing(field)).toEqual(before);
  expectCarries(field, field.at(0), 3);
});

test("who has the key can still not make it throw by a malformed body", () => {
  const field = sealed(4, LINE);
  field.until(() => field.everyoneIsUp(), 20_000);
  field.run(5000);
  const ring = new KeyRing(KEY, NODE_SEAL);
  const random = seeded(5);
  const own = "\x02\0\0\0\0\x01";
  const from = "\x02\0\0\0\0\x09";
  const to = field.at(1);
  const before = structuredClone(standing(field));
  for (let i = 0; i < 5000; i++) {
    const type = [BEACON, SOLICIT, JOIN, JOIN_ACK][i % 4] as number;
    const header = emptyHeader(type, ring.net, 0);
    header.counter = i + 1;
    let text = headerBytes(header);
    for (let n = random() * 60; n > 0; n--) text += String.fromCharCode(random() * 256);
    field.inject(to, macOf(9), type <= SOLICIT ? ring.shout(from, text) : ring.sign(from + own, text));
  }
  field.run(1000);
  expect(standing(field)).toEqual(before);
});

test("no key is in anything that leaves it: effects, counters", () => {
  const keys = new Set<string>();
  const spy: Seal = {
    seal: (key, nonce, header, plain) => NODE_SEAL.seal((keys.add(key), key), nonce, header, plain),
    open: (key, nonce, header, sealed) => NODE_SEAL.open((keys.add(key), key), nonce, header, sealed),
    mac: (key, text) => NODE_SEAL.mac((keys.add(key), key), text),
  };
  const out: string[] = [];
  const random = seeded(1);
  const make = (n: number) =>
    new Radio(
      {
        id: ("n" + n) as NodeId,
        mac: macOf(n),
        installKey: KEY,
        mayParent: true,
        isSource: n === 0,
        channel: 6,
        isSleepy: false,
      },
      spy,
      random,
    );
  const radios = [make(0), make(1)];
  let now = 0;
  const perform = (n: number, effects: readonly RadioEffect[]): void => {
    const [self, other] = [radios[n] as Radio, radios[1 - n] as Radio];
    for (const effect of effects) {
      out.push(effect.kind === "transmit" || effect.kind === "received" ? effect.bytes : JSON.stringify(effect));
      if (effect.kind !== "transmit") continue;
      perform(1 - n, other.heard(macOf(n), effect.bytes, 0, 6, now as Instant));
      perform(n, self.sent("ok", now as Instant));
    }
  };
  perform(0, (radios[0] as Radio).start(0 as Instant));
  perform(0, (radios[0] as Radio).setRootward(0, 0 as Instant));
  perform(1, (radios[1] as Radio).start(0 as Instant));
  perform(1, (radios[1] as Radio).dial(-1 as LinkId, 0 as Instant));
  for (; now < 5000; now += 10) for (const n of [0, 1]) perform(n, (radios[n] as Radio).tick(now as Instant));
  perform(1, (radios[1] as Radio).send(-1 as LinkId, "reading", now as Instant));
  expect(out).toContain("reading");
  // The install key, those of joining and of the group, and the session's.
  expect(keys.size).toBeGreaterThanOrEqual(4);
  const all = out.join("\n") + JSON.stringify(radios.map((one) => one.counters));
  for (const key of keys) {
    expect(all.includes(key)).toBe(false);
    expect(all.includes(key.substring(0, 8))).toBe(false);
  }
});

test("a node leaves a parent whose way up has come to lead over the node itself, as soon as it hears of it", () => {
  const field = sealed(13, LINE);
  field.until(() => field.everyoneIsUp(), 20_000);
  field.run(5000);
  const child = field.at(2);
  const last = field
    .at(1)
    .transmits.filter((one) => one.bytes.charCodeAt(0) === (64 | (BEACON << 2)))
    .at(-1);
  const said = (last as { bytes: string }).bytes;
  const body = readBeacon(said.substring(12, said.length - 8)) as Beacon;
  const header = emptyHeader(BEACON, said.charCodeAt(1), 0);
  header.counter = (parseHeader(said) as Header).counter + 1;
  header.cost = 24;
  const text = headerBytes(header) + beaconBody({ ...body, path: "\0\0\x07\0\0\x02" });
  field.inject(child, macOf(1), new KeyRing(KEY, NODE_SEAL).shout("\x02\0\0\0\0\x01", text));
  expect(child.isUp).toBe(false);
  field.until(() => field.everyoneIsUp(), 10_000);
});

test("two that would each be the other's child refuse", () => {
  const field = sealedField(14);
  field.link = () => 1;
  const source = field.add(0, { isSource: true, channel: 6 });
  for (let n = 1; n < 3; n++) field.add(n);
  field.until(() => field.everyoneIsUp(), 20_000);
  field.run(5000);
  field.kill(source);
  for (let i = 0; i < 600; i++) {
    chatter(field, 50, 50);
    expect(field.isInLoop(field.at(1))).toBe(false);
  }
  expect(field.at(1).isUp || field.at(2).isUp).toBe(false);
});

test("a paused child's frames wait at the child, and all come when it is resumed", () => {
  const field = sealed(5, LINE, 0.9);
  field.until(() => field.everyoneIsUp(), 60_000);
  field.run(5000);
  const root = field.at(0);
  const child = field.at(1);
  const link = root.children[0] as LinkId;
  root.got = [];
  field.perform(root, root.radio.pause(link, field.now as Instant));
  for (let i = 0; i < 60; i++) field.sendUp(child, " " + i + "x".repeat(180));
  field.run(2000);
  expect(root.got.length).toBe(0);
  const drains = child.drains;
  field.perform(root, root.radio.resume(link, field.now as Instant));
  field.run(5000);
  const came = root.got.filter((one) => one.text.startsWith(child.mac)).map((one) => one.text.substring(17));
  expect(came.map((text) => parseInt(text, 10))).toEqual(Array.from({ length: 60 }, (_, i) => i));
  expect(child.drains).toBeGreaterThan(drains);
});

test("a link that TreeNode closes is told no more; dialled again, it opens again", () => {
  const field = sealed(6, LINE);
  field.until(() => field.everyoneIsUp(), 20_000);
  field.run(5000);
  const one = field.at(2);
  const link = one.upLink;
  field.closeUp(one);
  field.run(300);
  expect(one.isUp).toBe(false);
  field.dial(one);
  expect(one.upLink).not.toBe(link);
  field.until(() => field.everyoneIsUp(), 10_000);
  expectCarries(field, field.at(0), 3);
});

test("a child that its parent's TreeNode dismisses finds out, and comes back", () => {
  const field = sealed(7, LINE);
  field.until(() => field.everyoneIsUp(), 20_000);
  field.run(5000);
  const root = field.at(0);
  const link = root.children[0] as number;
  field.closeChild(root, link);
  chatter(field, 15_000, 500);
  expect(root.children.length).toBe(1);
  expect(root.children[0]).not.toBe(link);
  expect(field.everyoneIsUp()).toBe(true);
});

test("a dial long after a parent was found opens at once, and carries", () => {
  const field = sealedField(8);
  field.link = () => 1;
  field.add(0, { isSource: true, channel: 6 });
  const late = field.add(1, { dialAfter: 9000 });
  field.run(8990);
  expect(late.isUp).toBe(false);
  field.run(20);
  expect(late.isUp).toBe(true);
  expectCarries(field, field.at(0), 3);
});

test("a source never dials by radio: its dial fails at once", () => {
  const field = sealedField(9);
  const source = field.add(0, { isSource: true, channel: 6 });
  expect(source.radio.dial(-1 as LinkId, field.now as Instant)).toContainEqual({ kind: "closed", link: -1 });
});

test("a frame that no hop can carry is dropped and counted, and the link lives", () => {
  const field = sealed(10, LINE);
  field.until(() => field.everyoneIsUp(), 20_000);
  const one = field.at(1);
  field.sendUp(one, "x".repeat(PARCEL_BYTES_MAX));
  expect(one.radio.counters["radio frame too long"]).toBe(1);
  expectCarries(field, field.at(0), 3);
});

test("a node that may not be a parent says nothing while it has one, and takes nobody", () => {
  const field = sealed(11, LINE, 1, { mayParent: false });
  field.run(120_000);
  expect(field.at(1).isUp).toBe(true);
  for (let n = 2; n < 5; n++) expect(field.at(n).isUp).toBe(false);
  const kinds = field
    .at(1)
    .transmits.slice(-20)
    .map((one) => typeOf(one.bytes));
  field.run(60_000);
  expect(kinds).not.toContain(BEACON);
  expect(field.at(1).children).toEqual([]);
});

test("the same seed gives the same story, datagram by datagram", () => {
  const story = () => {
    const { log } = lived(12);
    return log.map((one) => `${one.at} ${one.from} ${one.to} ${one.bytes}`);
  };
  const first = story();
  expect(first.length).toBeGreaterThan(100);
  expect(story()).toEqual(first);
});
