/** The root's links by radio over a dongle and one child that are played here, in virtual time: the child's hop is shared/radio, the air is a list. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { monotonicNow } from "#host/clock.ts";
import { PC_LINES } from "#host/radio/dongle-port.ts";
import { RadioLinks } from "#host/radio/radio-links.ts";
import type { OpenSerial, SerialListener } from "#host/radio/serial-device.ts";
import { NODE_SEAL } from "#host/radio-seal.ts";
import { dongleLine, DongleReader, macText } from "#shared/radio/dongle.ts";
import type { RadioEffect } from "#shared/radio/effect.ts";
import { Radio } from "#shared/radio/radio.ts";
import { BROADCAST, type Mac, macBytes } from "#shared/radio/seal.ts";
import type { LinkId, NodeId } from "#shared/units.ts";
import { seeded } from "../shared/world.ts";

const KEY = "sixteen bytes ok";
const CHILD = "02:00:00:00:00:02";
const CHANNEL = 6;
const UP = -1 as LinkId;
/** What a datagram takes, in milliseconds. */
const ON_AIR = 3;

let links: RadioLinks;
let listener: SerialListener | undefined;
let mac: Mac;
let isPlugged: boolean;
/** Whether the child hears what the dongle sends. */
let isClear: boolean;
let channel: number;
let child: Radio;
/** What the child was handed, and what the core was. */
let below: string[];
let above: string[];
let made: number;

const open: OpenSerial = async (_path, _baud, taker) => {
  if (!isPlugged) throw new Error("no dongle");
  listener = taker;
  const reader = new DongleReader(PC_LINES);
  return { write: (text) => reader.take(text).forEach(obey), close: () => (listener = undefined) };
};

function say(message: string): void {
  listener?.data(dongleLine(PC_LINES, message));
}

function hello(): void {
  say(`!\x01${mac.slice(-2)}st${macBytes(mac)}${String.fromCharCode(channel)}\0\x00test`);
}

function obey(message: string): void {
  if (message[0] === "?") hello();
  if (message[0] === "c") channel = message.charCodeAt(1);
  if (message[0] !== "t") return;
  const to = macText(message.slice(2, 8));
  const arrives = isClear && channel === CHANNEL && (to === BROADCAST || to === CHILD);
  setTimeout(() => {
    say(`s${message[1]}${arrives ? "o" : "f"}`);
    if (arrives) childDoes(child.heard(mac, message.slice(8), -50, CHANNEL, monotonicNow()));
  }, ON_AIR);
}

function childDoes(effects: readonly RadioEffect[]): void {
  for (const effect of effects) {
    if (effect.kind === "transmit") {
      setTimeout(() => {
        const isHeard =
          channel === CHANNEL && (effect.mac === BROADCAST || effect.mac === mac) && listener !== undefined;
        if (isHeard) say(`h${macBytes(CHILD)}\xce${String.fromCharCode(channel)}${effect.bytes}`);
        childDoes(child.sent(isHeard ? "ok" : "fail", monotonicNow()));
      }, ON_AIR);
    } else if (effect.kind === "received") below.push(effect.bytes);
    else if (effect.kind === "opened" || effect.kind === "closed") below.push(effect.kind);
  }
}

async function pass(millis: number): Promise<void> {
  for (let at = 0; at < millis; at += 5) {
    await vi.advanceTimersByTimeAsync(5);
    const wakeAt = child.wakeAt();
    if (wakeAt !== undefined && wakeAt <= monotonicNow()) childDoes(child.tick(monotonicNow()));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  listener = undefined;
  mac = "02:00:00:00:00:01";
  isPlugged = true;
  isClear = true;
  channel = 1;
  below = [];
  above = [];
  made = 100;
  links = new RadioLinks(
    { port: "dongle", baud: 1, channel: CHANNEL, installKey: KEY, open },
    {
      newLink: () => ++made as LinkId,
      opened: (link) => above.push(`opened ${link}`),
      closed: (link) => above.push(`closed ${link}`),
      received: (link, text) => above.push(`${link}: ${text}`),
      drained: (link) => above.push(`drained ${link}`),
      log: () => {},
    },
  );
  child = new Radio(
    {
      id: "child" as NodeId,
      mac: CHILD,
      installKey: KEY,
      mayParent: false,
      isSource: false,
      channel: CHANNEL,
      isSleepy: false,
    },
    NODE_SEAL,
    seeded(7),
  );
});

afterEach(() => {
  links.stop();
  vi.clearAllTimers();
  vi.useRealTimers();
});

/** The child is there, and has said its first word. */
async function joined(): Promise<void> {
  links.start();
  childDoes(child.start(monotonicNow()));
  childDoes(child.dial(UP, monotonicNow()));
  await pass(2000);
  expect(below).toEqual(["opened"]);
  childDoes(child.send(UP, "first", monotonicNow()));
  await pass(200);
  expect(above).toEqual(["opened 101", "101: first"]);
  above = [];
  below = [];
}

test("a child by radio is a link with a number of the host's own; text goes up and down as UTF-8, and `drained` follows", async () => {
  await joined();
  expect(links.has(101 as LinkId)).toBe(true);
  links.perform({ kind: "send", link: 101 as LinkId, text: "Grüße\n" });
  childDoes(child.send(UP, Buffer.from("Wärme 21 °C").toString("latin1"), monotonicNow()));
  await pass(300);
  expect(below).toEqual([Buffer.from("Grüße\n").toString("latin1")]);
  expect(above.sort()).toEqual(["101: Wärme 21 °C", "drained 101"]);
  expect(links.health()).toMatchObject({ trouble: "", mac, version: "test", channel: CHANNEL, children: 1 });
});

test("what was said just before the core closes the link arrives, although the air is poor; then the link is gone on both sides", async () => {
  await joined();
  isClear = false;
  links.perform({ kind: "send", link: 101 as LinkId, text: "bye" });
  links.perform({ kind: "close", link: 101 as LinkId, code: 1008, reason: "revoked" });
  expect(links.has(101 as LinkId)).toBe(false);
  await pass(100);
  isClear = true;
  await pass(400);
  expect(below).toEqual(["bye"]);
  await pass(20_000);
  expect(above.filter((news) => news.includes("101"))).toEqual([]);
});

test("a link that the core closes without a word is closed at once", async () => {
  await joined();
  links.perform({ kind: "close", link: 101 as LinkId, code: 1001, reason: "silent" });
  childDoes(child.send(UP, "anybody there", monotonicNow()));
  await pass(10_000);
  expect(above.filter((news) => news.startsWith("101") || news === "closed 101")).toEqual([]);
  expect(links.health().counters["radio other session"]).toBeGreaterThan(0);
});

test("a dongle that is away for two seconds costs no link; what was said meanwhile arrives, once", async () => {
  await joined();
  isPlugged = false;
  const pulled = listener;
  listener = undefined;
  pulled?.closed("pulled");
  channel = 1;
  links.perform({ kind: "send", link: 101 as LinkId, text: "down" });
  await pass(1000);
  isPlugged = true;
  await pass(2500);
  expect(links.health().trouble).toBe("");
  expect(below).toEqual(["down"]);
  expect(above).toEqual(["drained 101"]);
});

test("one that stays away costs the links, and one with another address does at once", async () => {
  await joined();
  mac = "02:00:00:00:00:09";
  hello();
  expect(above).toEqual(["closed 101"]);
  await pass(5000);
  childDoes(child.dial(UP, monotonicNow()));
  await pass(1000);
  childDoes(child.send(UP, "found you", monotonicNow()));
  await pass(500);
  expect(above.slice(1)).toEqual(["opened 102", "102: found you"]);
  isPlugged = false;
  const pulled = listener;
  listener = undefined;
  pulled?.closed("pulled");
  await pass(90_000);
  expect(above.at(-1)).toBe("closed 102");
  expect(links.health()).toMatchObject({ trouble: "no dongle", children: 0 });
});

test("a link that is paused hands nothing up until it is resumed", async () => {
  await joined();
  links.perform({ kind: "pause", link: 101 as LinkId });
  childDoes(child.send(UP, "held", monotonicNow()));
  await pass(500);
  expect(above).toEqual([]);
  links.perform({ kind: "resume", link: 101 as LinkId });
  await pass(100);
  expect(above).toEqual(["101: held"]);
});
