/** The dongle's program on an emulated chip: what it says on its serial port, to whom, and when it is silent. */
import { createSocket, type Socket } from "node:dgram";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PC_LINES } from "#host/radio/dongle-port.ts";
import { dongleLine, DongleReader } from "#shared/radio/dongle.ts";
import { macBytes } from "#shared/radio/seal.ts";
import { freeBase } from "../engine/radio-contract.ts";
import { EmulatedDongle } from "./emulated-dongle.ts";

const BROADCAST = "\xff\xff\xff\xff\xff\xff";
const OTHER = macBytes("02:00:00:00:00:02");

let base: number;
let dongle: EmulatedDongle;
let other: Socket;
let heard: Buffer[];
let raw: string;
let said: string[];

/** Node 2 of the stand-in, by hand. */
async function listen(): Promise<void> {
  other = createSocket("udp4");
  heard = [];
  other.on("message", (bytes) => heard.push(bytes));
  await new Promise<void>((resolve) => other.bind(base + 2, "127.0.0.1", resolve));
}

function datagram(channel: number, to: number, body: string): Buffer {
  return Buffer.from(`E\0${String.fromCharCode(channel, 9, 2, to)}${body}`, "latin1");
}

async function plug(): Promise<(message: string) => void> {
  const reader = new DongleReader(PC_LINES);
  const device = await dongle.open("", 0, {
    data: (chunk) => {
      raw += chunk;
      said.push(...reader.take(chunk));
    },
    closed: () => {},
  });
  return (message) => device.write(dongleLine(PC_LINES, message));
}

async function says(pattern: RegExp): Promise<string> {
  const until = Date.now() + 5000;
  for (;;) {
    const found = said.find((message) => pattern.test(message));
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`it did not say ${pattern}: ${JSON.stringify(said)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

beforeEach(async () => {
  base = await freeBase(2);
  raw = "";
  said = [];
  dongle = await EmulatedDongle.start({ base, id: 1, nodes: 2 });
  await listen();
  // What it said at its start, nobody has heard.
  await new Promise((resolve) => setImmediate(resolve));
});

afterEach(() => {
  other.close();
  dongle.stop();
});

test("it says hello when it starts and when it is asked, and another one after each start", async () => {
  const say = await plug();
  dongle.restart();
  const first = await says(/^!/);
  expect(first.slice(0, 2) + first.slice(6)).toBe(`!\x01${macBytes("02:00:00:00:00:01")}\x01\0\x000.0.0`);
  said.length = 0;
  say("?");
  expect(await says(/^!/)).toBe(first);
  said.length = 0;
  dongle.restart();
  expect((await says(/^!/)).slice(2, 6)).not.toBe(first.slice(2, 6));
});

test("it transmits what it is told to and says what became of it, and passes what it hears on its channel", async () => {
  const say = await plug();
  say(`t\x05${BROADCAST}to all\n~\0`);
  expect(await says(/^s/)).toBe("s\x05o");
  await expect.poll(() => heard.map((bytes) => bytes.subarray(6).toString("latin1"))).toEqual(["to all\n~\0"]);
  say(`t\xff${OTHER}nobody acknowledges`);
  expect(await says(/^s\xff/)).toBe("s\xfff");
  say("c\x06");
  say("?");
  expect((await says(/^!/)).charCodeAt(12)).toBe(6);
  other.send(datagram(1, 1, "on another channel"), base + 1, "127.0.0.1");
  other.send(datagram(6, 1, "every byte: \0\x03\n~\xff"), base + 1, "127.0.0.1");
  expect(await says(/^h/)).toBe(`h${OTHER}\xd6\x06every byte: \0\x03\n~\xff`);
});

test("damaged lines are counted and change nothing; the console's words are no line of ours", async () => {
  const say = await plug();
  dongle.restart();
  await says(/^!/);
  expect(raw).toContain("2v29");
  for (let i = 0; i < 300; i++) dongle.type(`~damaged ${i}\n`);
  dongle.type("t half a line without its end");
  said.length = 0;
  say("?");
  const hello = await says(/^!/);
  expect(hello.charCodeAt(13) * 256 + hello.charCodeAt(14)).toBe(300);
  expect(heard).toEqual([]);
});

test("a radio that is started again, and a message of a later version, leave it as it was", async () => {
  const say = await plug();
  say("c\x06");
  say("r");
  say("zwhatever");
  say("");
  say(`t\x01${BROADCAST}still here`);
  expect(await says(/^s/)).toBe("s\x01o");
  await expect.poll(() => heard.map((bytes) => [bytes[2], bytes.subarray(6).toString()])).toEqual([[6, "still here"]]);
});

test("three times Ctrl-C, however they come, give the console back, and the port is left alone until the next start", async () => {
  const say = await plug();
  dongle.type("\x03");
  dongle.type("\x03x\x03\x03");
  say("?");
  await says(/^!/);
  dongle.type("\x03\x03");
  dongle.type("\x03");
  await expect.poll(() => raw).toContain("this is the console again");
  said.length = 0;
  say("?");
  other.send(datagram(1, 1, "not for the console"), base + 1, "127.0.0.1");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(said).toEqual([]);
  dongle.restart();
  await says(/^!/);
});
