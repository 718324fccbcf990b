import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import "./engine-globals.ts";
import {
  encodeClose,
  encodeFrame,
  OPCODE_CLOSE,
  OPCODE_PING,
  OPCODE_TEXT,
  WebSocketDecoder,
  type WebSocketEvent,
} from "#firmware/ports/websocket-codec.ts";
import { SEED, seeded } from "./random.ts";

interface FrameOptions {
  fin: boolean;
  opcode: number;
  mask: boolean;
  rsv1: boolean;
  readOnly: boolean;
  generateMask?: (mask: Buffer) => void;
}
interface Receiver {
  on(event: string, listener: (...values: never[]) => void): void;
  write(chunk: Buffer): void;
}
/** The oracle: what the `ws` package writes and reads. */
const ws = createRequire(import.meta.url)("ws") as {
  Sender: { frame(data: Buffer, options: FrameOptions): Buffer[] };
  Receiver: new (options: object) => Receiver;
};

const MAX = 16384;

function oracleFrame(opcode: number, payload: string, isMasked: boolean, fin = true, key?: number[]): string {
  const options: FrameOptions = { fin, opcode, mask: isMasked, rsv1: false, readOnly: true };
  if (key !== undefined) options.generateMask = (mask) => key.forEach((byte, at) => (mask[at] = byte));
  return Buffer.concat(ws.Sender.frame(Buffer.from(payload, "latin1"), options)).toString("latin1");
}

function decode(bytes: string, isServer: boolean, cuts: (rest: number) => number): WebSocketEvent[] {
  const decoder = new WebSocketDecoder(isServer, MAX);
  const events: WebSocketEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Math.max(1, cuts(bytes.length - at));
    events.push(...decoder.feed(bytes.slice(at, at + length)));
    at += length;
  }
  return events;
}

function eachCut(bytes: string, isServer: boolean, check: (events: WebSocketEvent[], how: string) => void): void {
  const random = seeded(SEED);
  check(
    decode(bytes, isServer, (rest) => rest),
    "whole",
  );
  check(
    decode(bytes, isServer, () => 1),
    "byte by byte",
  );
  check(
    decode(bytes, isServer, () => 536),
    "as the engine cuts",
  );
  for (let i = 0; i < 3; i++)
    check(
      decode(bytes, isServer, () => 1 + Math.floor(random() * 40)),
      `random, SEED=${SEED}`,
    );
}

function text(length: number, random: () => number): string {
  let out = "";
  for (let i = 0; i < length; i++) out += String.fromCharCode(32 + Math.floor(random() * 90));
  return out;
}

describe("decoder", () => {
  test.each([0, 1, 2, 3, 4, 5, 125, 126, 127, 535, 536, 537, 16383, 16384])(
    "reads a text of %i bytes, masked with any key or not, however it is cut",
    (length) => {
      const random = seeded(SEED + length);
      const message = text(length, random);
      const key = [0, 1, 2, 3].map(() => Math.floor(random() * 256));
      for (const isServer of [true, false]) {
        for (const mask of isServer ? [key, [0, 0, 0, 0], [0, 0, 0, 255]] : [undefined]) {
          eachCut(oracleFrame(OPCODE_TEXT, message, isServer, true, mask), isServer, (events, how) =>
            expect(events, how).toEqual([{ kind: "text", text: message }]),
          );
        }
      }
    },
  );

  test("gives the same events for random streams of messages, fragments and pings, however they are cut", () => {
    for (let round = 0; round < 20; round++) {
      const random = seeded(SEED + round);
      const isServer = random() < 0.5;
      const expected: WebSocketEvent[] = [];
      let bytes = "";
      for (let i = 0; i < 6; i++) {
        const fragments = random() < 0.5 ? 1 : 1 + Math.floor(random() * 5);
        let whole = "";
        for (let f = 0; f < fragments; f++) {
          const part = text(Math.floor(random() * 400), random);
          whole += part;
          bytes += oracleFrame(f === 0 ? 1 : 0, part, isServer, f === fragments - 1);
          if (random() < 0.3) {
            const payload = text(Math.floor(random() * 126), random);
            bytes += oracleFrame(OPCODE_PING, payload, isServer);
            // A ping between fragments comes out before the message that it interrupts.
            if (f < fragments - 1) expected.push({ kind: "ping", payload });
            else {
              expected.push({ kind: "text", text: whole }, { kind: "ping", payload });
              whole = "\0";
            }
          }
        }
        if (whole !== "\0") expected.push({ kind: "text", text: whole });
      }
      eachCut(bytes, isServer, (events, how) =>
        expect(events, `${how}, round ${round}, SEED=${SEED}`).toEqual(expected),
      );
    }
  });

  test("agrees with the ws package about damaged streams: same messages, same fault, never an exception", async () => {
    let faults = 0;
    for (let round = 0; round < 150; round++) {
      const random = seeded(SEED + round);
      const isServer = random() < 0.5;
      let bytes = "";
      for (let i = 0; i < 4; i++) {
        const opcode = random() < 0.2 ? Math.floor(random() * 16) : random() < 0.2 ? 9 : 1;
        bytes += oracleFrame(opcode, text(Math.floor(random() * 200), random), isServer, random() < 0.9);
      }
      const damaged = bytes.split("");
      for (let i = 0; i < 3; i++) {
        damaged[Math.floor(random() * Math.min(damaged.length, 300))] = String.fromCharCode(Math.floor(random() * 256));
      }
      bytes = damaged.join("").slice(0, Math.floor(random() * damaged.length) + 1);
      const theirs = await oracleEvents(bytes, isServer);
      // Ours looks at the length when the mask is there, too.
      const whole = theirs.at(-1) === "fault 1009" ? bytes + "\0\0\0\0" : bytes;
      eachCut(whole, isServer, (events, how) => {
        const ours = events.map(summary);
        const isRefusedBinary = ours.includes("fault 1003");
        const compared = isRefusedBinary ? ours.slice(0, -1) : ours;
        expect(
          isRefusedBinary ? theirs.slice(0, compared.length) : theirs,
          `${how}, round ${round}, SEED=${SEED}`,
        ).toEqual(compared);
        if (ours.at(-1)?.startsWith("fault")) faults++;
      });
    }
    expect(faults).toBeGreaterThan(50);
  });

  test("survives pure garbage, and says the same whether it comes whole or byte by byte", () => {
    for (let round = 0; round < 500; round++) {
      const random = seeded(SEED + round);
      let bytes = "";
      for (let i = 0; i < 64; i++) bytes += String.fromCharCode(Math.floor(random() * 256));
      const isServer = round % 2 === 0;
      const whole = decode(bytes, isServer, (rest) => rest);
      expect(
        decode(bytes, isServer, () => 1),
        `SEED=${SEED} round ${round}`,
      ).toEqual(whole);
    }
  });

  const close = (code: number): WebSocketEvent["kind"] | undefined =>
    decode(oracleFrame(OPCODE_CLOSE, encodeClose(code, "why"), false), false, (rest) => rest)[0]?.kind;

  test("reports a close with its code and reason, and nothing after it", () => {
    const bytes =
      oracleFrame(OPCODE_CLOSE, encodeClose(1000, "done"), false) + oracleFrame(OPCODE_TEXT, "too late", false);
    eachCut(bytes, false, (events) => expect(events).toEqual([{ kind: "closed", code: 1000, reason: "done" }]));
    expect(decode(oracleFrame(OPCODE_CLOSE, "", false), false, () => 1)).toEqual([
      { kind: "closed", code: 1005, reason: "" },
    ]);
  });

  test.each([999, 1004, 1005 + 1, 1015, 1016, 2999, 5000])("refuses the close code %i", (code) => {
    expect(close(code)).toBe("fault");
  });

  test.each([1000, 1001, 1011, 1012, 3000, 4999])("takes the close code %i", (code) => {
    expect(close(code)).toBe("closed");
  });

  const faultCode = (bytes: string, isServer: boolean): unknown => {
    let code: unknown;
    eachCut(bytes, isServer, (events) => {
      const last = events.at(-1);
      code = last?.kind === "fault" ? last.code : last;
    });
    return code;
  };

  test("closes with 1002 for an unmasked frame from a client, and a masked one from a server", () => {
    expect(faultCode(oracleFrame(OPCODE_TEXT, "x", false), true)).toBe(1002);
    expect(faultCode(oracleFrame(OPCODE_TEXT, "x", true), false)).toBe(1002);
  });

  test("closes with 1002 for reserved bits, unknown opcodes, long or cut control frames, and fragments out of order", () => {
    for (const bits of ["\xc1", "\xa1", "\x91"]) expect(faultCode(`${bits}\x01x`, false)).toBe(1002);
    expect(faultCode("\x83\x01x", false)).toBe(1002);
    expect(faultCode("\x8b\x00", false)).toBe(1002);
    expect(faultCode(`\x89\x7e\x00\x7e${"x".repeat(126)}`, false)).toBe(1002);
    expect(faultCode("\x09\x01x", false)).toBe(1002);
    expect(faultCode("\x80\x01x", false)).toBe(1002);
    expect(faultCode("\x01\x01x\x81\x01y", false)).toBe(1002);
  });

  test("closes with 1003 for a binary message", () => {
    expect(faultCode(oracleFrame(2, "x", false), false)).toBe(1003);
  });

  test("takes a message of the longest length, and closes with 1009 one byte later, before the payload has come", () => {
    expect(decode(oracleFrame(1, "x".repeat(MAX), false), false, (rest) => rest)).toHaveLength(1);
    expect(faultCode("\x81\x7e\x40\x01", false)).toBe(1009);
    expect(faultCode("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", false)).toBe(1009);
    expect(faultCode(oracleFrame(1, "x".repeat(MAX), false, false) + "\x80\x01x", false)).toBe(1009);
  });

  test("takes no memory for empty fragments: ten thousand of them are as one", () => {
    const decoder = new WebSocketDecoder(false, MAX);
    decoder.feed("\x01\x01a");
    for (let i = 0; i < 10_000; i++) decoder.feed("\x00\x00");
    expect(JSON.stringify(decoder).length).toBeLessThan(600);
    expect(decoder.feed("\x80\x01b")).toEqual([{ kind: "text", text: "ab" }]);
  });
});

describe("encoder", () => {
  test.each([0, 1, 125, 126, 127, 255, 256, 16384, 65535])(
    "writes %i bytes so that the ws package reads them, for both roles",
    async (length) => {
      const message = text(length, seeded(SEED));
      for (const isMasked of [true, false]) {
        expect(await oracleEvents(encodeFrame(OPCODE_TEXT, message, isMasked), isMasked, 200_000)).toEqual([
          `text ${message}`,
        ]);
      }
    },
  );

  test("cuts the reason of a close to what a control frame holds", () => {
    expect(encodeClose(1008, "x".repeat(500))).toHaveLength(125);
    expect(encodeClose(1005, "ignored")).toBe("");
  });
});

function summary(event: WebSocketEvent): string {
  switch (event.kind) {
    case "text":
      return `text ${event.text}`;
    case "ping":
      return `ping ${event.payload}`;
    case "closed":
      return `closed ${event.code}`;
    default:
      return `fault ${event.code}`;
  }
}

/** What the ws package makes of the bytes. */
async function oracleEvents(bytes: string, isServer: boolean, maxPayload = MAX): Promise<string[]> {
  const events: string[] = [];
  const receiver = new ws.Receiver({ isServer, maxPayload, skipUTF8Validation: true, allowSynchronousEvents: true });
  receiver.on("message", (data: Buffer, isBinary: boolean) =>
    events.push(`${isBinary ? "binary" : "text"} ${data.toString("latin1")}`),
  );
  receiver.on("ping", (data: Buffer) => events.push(`ping ${data.toString("latin1")}`));
  receiver.on("conclude", (code: number) => events.push(`closed ${code}`));
  receiver.on("error", (error: Error & Record<symbol, number>) => {
    const status = Object.getOwnPropertySymbols(error).find((symbol) => symbol.description === "status-code");
    events.push(`fault ${status === undefined ? "?" : error[status]}`);
  });
  receiver.write(Buffer.from(bytes, "latin1"));
  await new Promise((resolve) => setImmediate(resolve));
  return events;
}
