import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { ACT_TTL } from "#shared/limits.ts";
import { Arrivals, ARRIVALS_MAX, type Arrival } from "#host/arrivals.ts";
import { Bridge } from "#host/bridge.ts";
import { parentUrl } from "#host/node-edge.ts";
import { LogReader } from "#host/log/reader.ts";
import { logFile } from "#host/log/schema.ts";
import { RootHost } from "#host/root-host.ts";
import { TokenFile } from "#host/tokens.ts";
import { temporaryDirectory, until, workerFile } from "./built.ts";

let directory: { path: string; remove(): void };
let host: RootHost;
let port = 0;
const tokenOf = new Map<string, string>();
const open: Bridge[] = [];

async function startRoot(): Promise<void> {
  host = await RootHost.start({
    host: "127.0.0.1",
    port,
    directory: directory.path,
    connectionsMax: 50,
    workerFile: await workerFile(),
    onFailed: (message) => expect.unreachable(message),
    log: () => {},
  });
  port = Number(new URL(host.url).port);
}

beforeAll(async () => {
  directory = temporaryDirectory();
  const tokens = new TokenFile(directory.path);
  for (const id of ["writer", "survivor", "actor", "idle", "full", "quick", "closer"])
    tokenOf.set(id, tokens.add(id, false));
  await startRoot();
});
afterEach(() => {
  for (const bridge of open.splice(0)) bridge.close();
});
afterAll(async () => {
  await host.stop();
  directory.remove();
});

function newBridge(id: string, options: object = {}): Bridge {
  const bridge = new Bridge({ url: host.url, id, token: tokenOf.get(id) ?? "wrong", ...options });
  open.push(bridge);
  return bridge;
}

function storedValues(node: string): unknown[] {
  const reader = new LogReader(logFile(directory.path));
  const values = [...reader.events({ node })].map(({ value }) => value);
  reader.close();
  return values;
}

describe("a bridge", () => {
  test("has everything on the root's disk, in order, when flush resolves", async () => {
    const bridge = newBridge("writer");
    for (let i = 0; i < 500; i++) expect(bridge.emit({ type: "reading", value: i })).toBe(true);
    await bridge.flush();
    expect(storedValues("writer")).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(bridge.backlog).toBe(0);
    await bridge.flush();
  });

  test("loses and repeats nothing while the root is stopped and started under it", async () => {
    const bridge = newBridge("survivor");
    let emitted = 0;
    const emitSome = (): void => {
      for (let i = 0; i < 200; i++) bridge.emit({ type: "reading", value: emitted++ });
    };
    emitSome();
    await until("it is joined", () => bridge.isJoined);
    for (let round = 0; round < 3; round++) {
      emitSome();
      await host.stop();
      emitSome();
      expect(bridge.backlog).toBeGreaterThan(0);
      await startRoot();
    }
    await bridge.flush();
    expect(storedValues("survivor")).toEqual(Array.from({ length: emitted }, (_, i) => i));
  });

  test("sends after maxDelay without being told to flush", async () => {
    const bridge = newBridge("quick", { maxDelay: 20 });
    await until("it is joined", () => bridge.isJoined);
    const startedAt = performance.now();
    bridge.emit({ type: "reading", value: 1 });
    await until("it is acknowledged", () => bridge.backlog === 0);
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  test("refuses visibly when the outbox is full, and has room again when the root has taken what there was", async () => {
    const bridge = newBridge("full", { outboxBytes: 8192 });
    const event = { type: "reading", value: "x".repeat(500) };
    let taken = 0;
    while (bridge.emit(event)) taken++;
    expect(taken).toBeGreaterThan(5);
    expect(bridge.counters["event refused"]).toBe(1);
    for (let i = 0; i < 50; i++) {
      await bridge.room();
      expect(bridge.emit(event)).toBe(true);
    }
    await bridge.flush();
    expect(storedValues("full")).toHaveLength(taken + 50);
  });

  test("throws a sentence for events and options that can never be", () => {
    const bridge = newBridge("idle");
    expect(() => bridge.emit({ type: "" })).toThrow("cannot be an event's type");
    expect(() => bridge.emit({ type: "?ack" })).toThrow("cannot be an event's type");
    expect(() => bridge.emit({ type: "x", text: "x".repeat(4096) })).toThrow("longer than 4096 bytes");
    for (const options of [
      { id: "a b" },
      { maxDelay: 60_001 },
      { sizeThreshold: 0 },
      { outboxBytes: 100 },
      { url: "nowhere" },
      { url: "ftp://x" },
    ])
      expect(
        () => new Bridge({ url: host.url, id: "idle", token: "t", ...options }),
        JSON.stringify(options),
      ).toThrow();
  });

  test("iterates over actions and wishes, and its answer reaches the caller", async () => {
    const bridge = newBridge("actor");
    const seen: Arrival[] = [];
    const loop = (async () => {
      for await (const arrival of bridge) {
        seen.push(arrival);
        if (arrival.kind === "act")
          bridge.answer(arrival, arrival.eid === "lamp", arrival.eid === "lamp" ? arrival.value : "no such entity");
      }
    })();
    await until("it is joined", () => bridge.isJoined);
    expect(await host.act("actor", "lamp", "on", 2000)).toEqual({ ok: true, value: "on" });
    expect(await host.act("actor", "door", "open", 2000)).toEqual({ ok: false, error: "no such entity" });
    await host.set("actor", "target", 21);
    await until("the wish is seen", () => seen.some(({ kind }) => kind === "set"));
    expect(seen.at(-1)).toEqual({ kind: "set", eid: "target", value: 21, rev: expect.any(Number) });
    bridge.close();
    await loop;
  });

  test("that is not iterated over says that it takes no actions, without a wait", async () => {
    const bridge = newBridge("idle");
    await until("it is joined", () => bridge.isJoined);
    expect(await host.act("idle", "lamp", true, 5000)).toEqual({ ok: false, error: "this program takes no actions" });
  });

  test("closed before its events are acknowledged rejects whoever waits, and takes no more", async () => {
    const bridge = newBridge("closer", { url: "http://127.0.0.1:9" });
    bridge.emit({ type: "reading" });
    const flushed = bridge.flush();
    bridge.close();
    await expect(flushed).rejects.toThrow("1 events not acknowledged");
    await expect(bridge.room()).rejects.toThrow("closed");
    expect(() => bridge.emit({ type: "reading" })).toThrow("closed");
  });

  test("tells a wrong token from a lost connection, and does not spin on it", async () => {
    let requests = 0;
    const statuses: string[] = [];
    const server = createServer().on("upgrade", (_request, socket) => {
      requests++;
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    newBridge("closer", {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      onStatus: (_: boolean, reason: string) => statuses.push(reason),
    });
    await until("it is refused", () => statuses.length > 0);
    expect([statuses[0], requests]).toEqual([expect.stringContaining("token"), 1]);
    open.pop()?.close();
    server.close();
  });

  test("closes with 1003 on a message that is not text, and dials again", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const codes: number[] = [];
    let connections = 0;
    server.on("connection", (socket) => {
      connections++;
      socket.on("close", (code) => codes.push(code));
      socket.send(Buffer.from([1]));
    });
    newBridge("closer", { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    await until("it comes again", () => connections > 1);
    expect(codes[0]).toBe(1003);
    open.pop()?.close();
    server.close();
  });
});

test("a parent's address may leave out what is usual", () => {
  expect(parentUrl("http://127.0.0.1:4000")).toBe("ws://127.0.0.1:4000/node");
  expect(parentUrl("https://root.example/")).toBe("wss://root.example/node");
  expect(parentUrl("ws://h:1/other")).toBe("ws://h:1/other");
});

describe("what came down and waits", () => {
  const act = (id: string): Arrival => ({ kind: "act", id, eid: "lamp", value: true });
  const set = (eid: string, value: number): Arrival => ({ kind: "set", eid, value, rev: value });

  test("keeps the newest wish of an entity, in the place of the one before", async () => {
    const arrivals = new Arrivals(() => 0);
    for (const arrival of [set("a", 1), set("b", 2), set("a", 3)]) arrivals.put(arrival);
    expect([(await arrivals.take()).value, (await arrivals.take()).value]).toEqual([set("a", 3), set("b", 2)]);
  });

  test("drops an action that has waited out its life, and not one a millisecond younger", async () => {
    let now = 0;
    const arrivals = new Arrivals(() => now);
    arrivals.put(act("late"));
    now = 1;
    arrivals.put(act("in time"));
    now = ACT_TTL;
    expect((await arrivals.take()).value).toEqual(act("in time"));
  });

  test("refuses what does not fit, and takes again when there is room", async () => {
    const arrivals = new Arrivals(() => 0);
    for (let i = 0; i < ARRIVALS_MAX; i++) expect(arrivals.put(act(String(i)))).toBe(true);
    expect(arrivals.put(act("more"))).toBe(false);
    await arrivals.take();
    expect(arrivals.put(act("more"))).toBe(true);
  });

  test("gives what is there before it ends, then ends for all who wait", async () => {
    const arrivals = new Arrivals(() => 0);
    arrivals.put(act("1"));
    arrivals.end();
    expect((await arrivals.take()).value).toEqual(act("1"));
    expect((await arrivals.take()).done).toBe(true);
    const waiting = new Arrivals(() => 0);
    const both = [waiting.take(), waiting.take()];
    waiting.end();
    expect((await Promise.all(both)).map(({ done }) => done)).toEqual([true, true]);
  });
});
