import { describe, expect, test } from "vitest";
import { tableCrc32 } from "#host/log/checksum.ts";
import { PC_LINES } from "#host/radio/dongle-port.ts";
import { DONGLE_LINE_MAX, dongleLine, DongleReader, macText } from "#shared/radio/dongle.ts";
import { DATAGRAM_BYTES_MAX } from "#shared/radio/limits.ts";
import { macBytes } from "#shared/radio/seal.ts";
import { seeded } from "../world.ts";

const SEED = Number(process.env["SEED"] ?? 1);

function dice(seed: number): (below: number) => number {
  const random = seeded(seed);
  return (below) => Math.floor(below * random());
}

function bytesOf(roll: (below: number) => number, length: number): string {
  return String.fromCharCode(...Array.from({ length }, () => roll(256)));
}

/** The slow and obvious reader of all that ever came. */
function obviously(text: string): string[] {
  return text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      const starts = [...line.matchAll(/~/g)].map((match) => match.index).slice(0, 3);
      for (const at of starts) {
        const bytes = Buffer.from(line.slice(at + 1), "base64");
        const message = bytes.subarray(0, -4);
        if (bytes.length > 4 && tableCrc32(message, 0) === bytes.readUInt32BE(message.length))
          return [message.toString("latin1")];
      }
      return [];
    });
}

function readAll(text: string, cut: () => number): { messages: string[]; reader: DongleReader } {
  const reader = new DongleReader(PC_LINES);
  const messages: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = cut();
    messages.push(...reader.take(text.slice(at, at + length)));
    at += length;
  }
  return { messages, reader };
}

/** What a serial port carries besides: a console's banner and prompt, a driver's log, a restart's garbage. */
const BANNER =
  "\r\n ____                 _ \r\n|  __|___ ___ ___ _ _|_|___ ___ \r\n 2v29.277 (c) 2026 G.Williams\r\n\r\n>\x1b[J-> null\n";

describe(`lines to and from a dongle (SEED=${SEED})`, () => {
  test("a message is printable text on a line of its own, and the longest fits", () => {
    const roll = dice(SEED);
    const longest = `h${bytesOf(roll, 8 + DATAGRAM_BYTES_MAX)}`;
    const line = dongleLine(PC_LINES, longest);
    expect(line).toMatch(/^\n~[A-Za-z0-9+/=]+\n$/);
    expect(line.length).toBeLessThan(DONGLE_LINE_MAX);
    expect(new DongleReader(PC_LINES).take(line)).toEqual([longest]);
  });

  test("100000 messages come out whole, in order and once, however they are cut, and noise between them is counted", () => {
    const roll = dice(SEED);
    const sent: string[] = [];
    let noise = 0;
    let text = "";
    for (let i = 0; i < 100_000; i++) {
      const message = String.fromCharCode(33 + roll(90)) + bytesOf(roll, i % 50 === 0 ? roll(259) : roll(12));
      sent.push(message);
      text += dongleLine(PC_LINES, message);
      if (roll(20) === 0) {
        text += "I (312) wifi: mode : sta\r\n";
        noise += 1;
      }
      // An unfinished line, which the next message must not be lost to.
      if (roll(20) === 0) {
        text += "> \x1b[J half a line";
        noise += 1;
      }
    }
    const { messages, reader } = readAll(`${text}\n`, () => 1 + roll(200));
    expect(messages.length).toBe(sent.length);
    expect(messages.every((message, at) => message === sent[at])).toBe(true);
    expect([reader.noise, reader.damaged]).toEqual([noise, 0]);
  });

  test("whatever is damaged, cut out or put in, nothing comes out that was not put in, and what is left whole does", () => {
    const roll = dice(SEED + 1);
    let wrong = 0;
    let lost = 0;
    for (let round = 0; round < 2000; round++) {
      const sent = Array.from({ length: 6 }, () => `t${bytesOf(roll, 1 + roll(40))}`);
      const lines = sent.map((message) => dongleLine(PC_LINES, message));
      // One of the six is hurt: a byte changed, cut out, put in; its head or its tail missing; a restart in the middle.
      const hurt = 1 + roll(4);
      const line = lines[hurt] as string;
      const at = 1 + roll(line.length - 2);
      lines[hurt] = [
        () => line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ (1 << roll(8))) + line.slice(at + 1),
        () => line.slice(0, at) + line.slice(at + 1),
        () => line.slice(0, at) + bytesOf(roll, 1 + roll(9)) + line.slice(at),
        () => line.slice(0, at),
        () => line.slice(at),
        () => line.slice(0, at) + BANNER,
      ][roll(6)]?.() as string;
      const text = lines.join("");
      const { messages } = readAll(text, () => 1 + roll(30));
      const whole = sent.filter((_, i) => i !== hurt);
      if (messages.some((message) => !sent.includes(message))) wrong++;
      if (!whole.every((message) => messages.includes(message))) lost++;
      expect(messages, `round ${round}`).toEqual(obviously(text));
    }
    expect({ wrong, lost }).toEqual({ wrong: 0, lost: 0 });
  });

  test("behind a newline that was lost, and behind two, the message is read all the same; what is no message is not tried for ever", () => {
    const lines = ["?", "c\x06", "r"].map((message) => dongleLine(PC_LINES, message).trim());
    for (const many of [1, 2, 3]) {
      const reader = new DongleReader(PC_LINES);
      const text = `${lines
        .slice(0, many - 1)
        .map((line) => line.slice(0, -3))
        .join("")}${lines[many - 1]}\n`;
      expect(reader.take(text)).toEqual([["?", "c\x06", "r"][many - 1]]);
    }
    let tries = 0;
    const reader = new DongleReader({ ...PC_LINES, toBytes: (text) => (tries++, PC_LINES.toBytes(text)) });
    expect(reader.take(`${"~".repeat(DONGLE_LINE_MAX)}\n`)).toEqual([]);
    expect([tries, reader.damaged]).toEqual([3, 1]);
  });

  test("a stream of garbage is counted and kept no longer than a line; the first message behind it is read", () => {
    const roll = dice(SEED + 2);
    const reader = new DongleReader(PC_LINES);
    const kept = (): number => (reader as unknown as { rest: string }).rest.length;
    for (let i = 0; i < 2000; i++) {
      expect(reader.take(bytesOf(roll, roll(400)).replaceAll("\n", " "))).toEqual([]);
      expect(kept()).toBeLessThanOrEqual(DONGLE_LINE_MAX);
    }
    expect(reader.take(dongleLine(PC_LINES, "?"))).toEqual(["?"]);
    for (let i = 0; i < 2000; i++) expect(reader.take(bytesOf(roll, roll(400)))).toEqual([]);
    expect(reader.take(dongleLine(PC_LINES, "!x"))).toEqual(["!x"]);
    expect(Math.min(reader.noise, reader.damaged)).toBeGreaterThan(0);
  });

  test("cut byte by byte, and at every place in two, it is read as if it came at once", () => {
    const text = BANNER + dongleLine(PC_LINES, "c\x06") + dongleLine(PC_LINES, "t\0~\n\xff") + BANNER;
    expect(readAll(text, () => 1).messages).toEqual(["c\x06", "t\0~\n\xff"]);
    for (let at = 0; at <= text.length; at++) {
      const reader = new DongleReader(PC_LINES);
      expect([...reader.take(text.slice(0, at)), ...reader.take(text.slice(at))]).toEqual(["c\x06", "t\0~\n\xff"]);
    }
  });

  test("an address survives the way there and back", () => {
    for (const mac of ["02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", "a0:b1:0c:0d:e0:f9"])
      expect(macText(macBytes(mac))).toBe(mac);
  });
});
