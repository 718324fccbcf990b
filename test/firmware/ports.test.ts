import { afterEach, describe, expect, test, vi } from "vitest";
import { checkConfiguration } from "#firmware/configuration.ts";
import { monotonicClock } from "#firmware/ports/clock.ts";
import {
  acceptKey,
  bearerToken,
  HEAD_BYTES_MAX,
  header,
  HeadReader,
  type HttpHead,
} from "#firmware/ports/http-head.ts";
import { LineReader, READ_BYTES, readJson, writeJson } from "#firmware/ports/storage.ts";
import { bytesText } from "#firmware/ports/text.ts";
import { storageUse, storedFiles } from "./engine-globals.ts";
import { SEED, seeded } from "./random.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("head of a request", () => {
  const read = (bytes: string, cut: number): HttpHead | "long" | undefined => {
    const reader = new HeadReader();
    for (let at = 0; at < bytes.length; at += cut) {
      const head = reader.feed(bytes.slice(at, at + cut));
      if (head !== undefined && head !== "long") return { ...head, rest: head.rest + bytes.slice(at + cut) };
      if (head !== undefined) return head;
    }
    return undefined;
  };

  test.each([1, 2, 3, 5, 1000])("is the same however it is cut: %i bytes at a time", (cut) => {
    const head = read("GET /x HTTP/1.1\r\nHost: a\r\nUPGRADE:  WebSocket \r\n\r\n\x81\x05rest", cut) as HttpHead;
    expect(head.start).toEqual(["GET", "/x", "HTTP/1.1"]);
    expect(header(head, "upgrade")).toBe("WebSocket");
    expect(header(head, "absent")).toBe("");
    expect(head.rest).toBe("\x81\x05rest");
  });

  test("is whole at HEAD_BYTES_MAX, and too long one byte later, whether it ends or not", () => {
    const head = (length: number): string => `GET / HTTP/1.1\r\nx: ${"y".repeat(length - 19)}`;
    expect(read(`${head(HEAD_BYTES_MAX)}\r\n\r\n`, 536)).not.toBe("long");
    expect(read(`${head(HEAD_BYTES_MAX + 1)}\r\n\r\n`, 536)).toBe("long");
    expect(read(head(HEAD_BYTES_MAX * 2), 536)).toBe("long");
  });

  test("an empty request is no request", () => {
    expect((read("\r\n\r\n", 4) as HttpHead).start.length).not.toBe(3);
  });

  test("the token comes from the header first, then from the cookie", () => {
    const token = (lines: string[]): string => bearerToken({ start: [], lines, rest: "" });
    expect(token(["authorization: bearer abc "])).toBe("abc");
    expect(token(["Cookie: a=1; leaf-token=x=y; b=2"])).toBe("x=y");
    expect(token(["Cookie: leaf-token=cookie", "Authorization: Bearer header"])).toBe("header");
    expect(token(["Authorization: Basic abc", "Cookie: xleaf-token=no"])).toBe("");
    expect(token([])).toBe("");
  });

  test("the key is answered as RFC 6455 has it", () => {
    expect(acceptKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });
});

describe("text", () => {
  /** The engine's own JSON.stringify: bytes above 126 as escapes. */
  const nodeStringify = JSON.stringify;
  const engineJson = {
    stringify: (value: unknown): string =>
      nodeStringify(value).replace(
        /[\x7f-\xff]/g,
        (c) => `\\u00${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
      ),
  };
  const stringify = (value: unknown): string => {
    vi.stubGlobal("JSON", { ...engineJson });
    const text = bytesText.stringify(value);
    vi.unstubAllGlobals();
    return text;
  };
  const bytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

  test.each(["é中😀", "plain", "", "\\u00E9", "\\é", "\\\\é\\", 'tab\tquote"é\x7f\u0001é', "ÿ\\u00ffÿ", "\\u00é"])(
    "gives the UTF-8 that Node would: %j",
    (text) => {
      const line = stringify({ v: bytes(text) });
      expect(JSON.parse(Buffer.from(line, "latin1").toString("utf8"))).toEqual({ v: text });
      expect(bytesText.byteLength(line)).toBe(Buffer.from(line, "latin1").length);
    },
  );

  test("random texts of backslashes, u, 0 and umlauts come back", () => {
    const random = seeded(SEED);
    for (let i = 0; i < 5000; i++) {
      let text = "";
      while (random() < 0.9) text += ["\\", "u", "0", "E", "9", "é", "u00E9"][Math.floor(random() * 7)];
      const line = Buffer.from(stringify(bytes(text)), "latin1").toString("utf8");
      expect(JSON.parse(line), `SEED=${SEED}`).toBe(text);
    }
  });
});

describe("clock", () => {
  test("starts at 0, counts milliseconds, and never goes back when somebody sets the time back", () => {
    let time = 1_700_000_000;
    vi.stubGlobal("getTime", () => time);
    const now = monotonicClock();
    expect(now()).toBe(0);
    time += 1.5;
    expect(now()).toBe(1500);
    time -= 1000;
    expect(now()).toBe(1500);
    time += 0.25;
    expect(now()).toBe(1750);
  });
});

describe("storage", () => {
  test.each([
    ["", []],
    ["one", ["one"]],
    ["one\n", ["one"]],
    ["one\n\ntwo\n", ["one", "", "two"]],
    ["a\nb", ["a", "b"]],
  ])("gives the lines of %j", (text, lines) => {
    storedFiles["file"] = text;
    expect(linesOf("file")).toEqual(lines);
  });

  function linesOf(name: string, most = 100): string[] {
    const reader = new LineReader(name, most);
    const lines: string[] = [];
    for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line);
    return lines;
  }

  test("a long file is read in pieces of READ_BYTES, whatever its lines are", () => {
    const random = seeded(SEED);
    const lines = Array.from({ length: 500 }, () => "x".repeat(Math.floor(random() * 90)));
    storedFiles["long"] = lines.map((line) => `${line}\n`).join("");
    storageUse.longestRead = 0;
    expect(linesOf("long"), `SEED=${SEED}`).toEqual(lines);
    expect(storageUse.longestRead).toBe(READ_BYTES);
  });

  test("a line that is too long is skipped and counted, and the next one comes", () => {
    storedFiles["file"] = `${"x".repeat(5000)}\nafter\n${"y".repeat(3000)}`;
    const reader = new LineReader("file", 100);
    expect(reader.next()).toBe("after");
    expect(reader.next()).toBeUndefined();
    expect(reader.skipped).toBe(2);
  });

  test("an absent file has no lines, no JSON; a broken one has no JSON; a written one comes back", () => {
    expect(linesOf("nowhere")).toEqual([]);
    expect(readJson("nowhere")).toBeUndefined();
    storedFiles["broken"] = "{";
    expect(readJson("broken")).toBeUndefined();
    writeJson("state", { a: [1] });
    expect(readJson("state")).toEqual({ a: [1] });
  });
});

describe("configuration", () => {
  const good = { id: "kitchen", token: "t", parent: { host: "10.0.0.1", port: 8080 } };

  test("needs an id and a parent; the rest has usual values", () => {
    const outcome = checkConfiguration({
      id: "kitchen",
      parent: { host: "10.0.0.1", port: 8080 },
      replay: { every: 1 },
    });
    const usual = { id: "kitchen", token: "", parent: { path: "/node" }, listen: undefined, wifi: undefined };
    expect(outcome).toMatchObject(usual);
  });

  test.each<[object | string | undefined | null, RegExp]>([
    [undefined, /write it first: see docs.board\.md/],
    [null, /write it first: see docs.board\.md/],
    ["text", /write it first: see docs.board\.md/],
    [{ ...good, id: "" }, /sapline.json: id: see/],
    [{ ...good, id: "x".repeat(29) }, /: id: see/],
    [{ ...good, id: 5 }, /: id: see/],
    [{ ...good, token: 5 }, /: token: see/],
    [{ ...good, parent: undefined }, /: parent: see/],
    [{ ...good, parent: { port: 1 } }, /: host: see/],
    [{ ...good, parent: { host: "a", port: 0 } }, /: port: see/],
    [{ ...good, parent: { host: "a", port: 65536 } }, /: port: see/],
    [{ ...good, parent: { host: "a", port: 1.5 } }, /: port: see/],
    [{ ...good, parent: { host: "a", port: 1, path: "node" } }, /: path: see/],
    [{ ...good, listen: "80" }, /: listen: see/],
    [{ ...good, wifi: { password: "x" } }, /: ssid: see/],
    [{ ...good, wifi: { ssid: "x", powersave: 1 } }, /: powersave: see/],
    [{ ...good, limits: 5 }, /: limits: see/],
  ])("says what is wrong with %j", (raw, sentence) => {
    expect(() => checkConfiguration(raw)).toThrow(sentence);
  });

  test("takes the longest id, the first and the last port, and limits by name", () => {
    const outcome = checkConfiguration({
      ...good,
      id: "x".repeat(28),
      listen: 65535,
      parent: { host: "h", port: 1 },
      limits: { outboxBytes: 1234, unknown: 5 },
    });
    expect(outcome).toMatchObject({ limits: { outboxBytes: 1234, flushBytes: 448 } });
  });
});
