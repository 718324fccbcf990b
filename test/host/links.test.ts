import { once } from "node:events";
import { createServer, get } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { GroupRow } from "#shared/effect.ts";
import type { Instant, LinkId, NodeId } from "#shared/units.ts";
import { Alarm } from "#host/alarm.ts";
import { CONSUMER_BYTES_MAX, CONSUMERS_MAX, LiveEvents } from "#host/api/live-events.ts";
import { monotonicNow } from "#host/clock.ts";
import { UNSENT_BYTES_MAX, WebSocketLinks } from "#host/websocket-links.ts";
import { until } from "./built.ts";

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

const LINK = 1 as LinkId;
const nobody = { received: () => {}, closed: () => {}, drained: () => {} };

/** Two ends of one connection: the server's, and the client's. */
async function pair(): Promise<{ near: WebSocket; far: WebSocket }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const far = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [near] = (await once(server, "connection")) as [WebSocket];
  await once(far, "open");
  endings.push(() => {
    far.terminate();
    server.close();
  });
  return { near, far };
}

describe("links over WebSocket", () => {
  test("a peer that does not read is cut at the limit, and the core hears of it once", async () => {
    const { near, far } = await pair();
    far.pause();
    let closed = 0;
    const links = new WebSocketLinks({ ...nobody, closed: () => closed++ });
    links.attach(LINK, near);
    const text = "x".repeat(65_536);
    let sent = 0;
    while (links.size > 0 && sent < 10_000) {
      links.perform({ kind: "send", link: LINK, text });
      sent++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(near.bufferedAmount).toBeLessThan(UNSENT_BYTES_MAX + 2 * text.length);
    await until("the core is told", () => closed > 0);
    far.terminate();
    await until("it is gone", () => near.readyState === WebSocket.CLOSED);
    expect(closed).toBe(1);
  });

  test("drained is told once what was sent has left, and again after more", async () => {
    const { near } = await pair();
    let drained = 0;
    const links = new WebSocketLinks({ ...nobody, drained: () => drained++ });
    links.attach(LINK, near);
    links.perform({ kind: "send", link: LINK, text: "a\n" });
    await until("it has drained", () => drained === 1);
    links.perform({ kind: "send", link: LINK, text: "b\n" });
    await until("it has drained again", () => drained === 2);
  });

  test("a paused link is not read until it is resumed, and nothing of it is lost", async () => {
    const { near, far } = await pair();
    const received: string[] = [];
    const links = new WebSocketLinks({ ...nobody, received: (_, text) => received.push(text) });
    links.attach(LINK, near);
    links.perform({ kind: "pause", link: LINK });
    far.send("one");
    await new Promise<void>((resolve) => {
      far.send("two", () => resolve());
    });
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(received).toEqual([]);
    links.perform({ kind: "resume", link: LINK });
    await until("both are read", () => received.length === 2);
    expect(received).toEqual(["one", "two"]);
  });

  test("a link that the core closed says why to its peer, is not reported, and takes no late message", async () => {
    const { near, far } = await pair();
    const reports: unknown[] = [];
    const links = new WebSocketLinks({
      ...nobody,
      closed: (link) => reports.push(link),
      received: (_, text) => reports.push(text),
    });
    links.attach(LINK, near);
    far.send("late");
    links.perform({ kind: "close", link: LINK, code: 1008, reason: "ü".repeat(100) });
    const [code, reason] = (await once(far, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1008, "ü".repeat(61)]);
    await until("it is closed here", () => near.readyState === WebSocket.CLOSED);
    expect(reports).toEqual([]);
    links.perform({ kind: "send", link: LINK, text: "to nobody\n" });
  });

  test("a peer that answers no close is destroyed, so that its socket does not stay", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    endings.push(() => {
      socket.destroy();
      server.close();
    });
    const [near] = (await once(server, "connection")) as [WebSocket];
    const links = new WebSocketLinks(nobody);
    links.attach(LINK, near);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    endings.push(() => vi.useRealTimers());
    links.perform({ kind: "close", link: LINK, code: 1008, reason: "go" });
    vi.advanceTimersByTime(1999);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(near.readyState).toBe(WebSocket.CLOSING);
    vi.advanceTimersByTime(1);
    await once(near, "close");
  });
});

describe("the alarm", () => {
  test("wakes the core when it asked to be woken, asks it once a turn, and is silent when stopped", async () => {
    let asked = 0;
    let wakeAt: number | undefined = monotonicNow() + 30;
    const rings: number[] = [];
    const alarm: Alarm = new Alarm(
      () => {
        asked++;
        return wakeAt as Instant | undefined;
      },
      () => {
        rings.push(monotonicNow());
        wakeAt = rings.length < 2 ? monotonicNow() + 10 : undefined;
      },
    );
    for (let i = 0; i < 100; i++) alarm.touch();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(1);
    const dueAt = wakeAt;
    await until("it rang twice", () => rings.length === 2);
    // Node's timers may fire up to a millisecond early.
    expect(rings[0]).toBeGreaterThanOrEqual(dueAt - 1);
    wakeAt = monotonicNow() + 1;
    alarm.stop();
    alarm.touch();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rings).toHaveLength(2);
  });

  test("is brought forward when something sooner comes up", async () => {
    let wakeAt = monotonicNow() + 60_000;
    let rang = false;
    const alarm = new Alarm(
      () => wakeAt as Instant,
      () => {
        rang = true;
        wakeAt = monotonicNow() + 60_000;
      },
    );
    endings.push(() => alarm.stop());
    alarm.touch();
    await new Promise((resolve) => setImmediate(resolve));
    wakeAt = monotonicNow() + 5;
    alarm.touch();
    await until("it rang", () => rang, 1000);
  });
});

describe("live events", () => {
  const group = (text: string): GroupRow => ({
    node: "a" as NodeId,
    epoch: 1,
    first: 1,
    last: 1,
    received: 1,
    tsMin: 1,
    tsMax: 1,
    lines: JSON.stringify({ type: "!update", eid: "t", value: text }),
  });

  async function serve(live: LiveEvents): Promise<{ url: string; refusals: string[] }> {
    const refusals: string[] = [];
    const server = createServer((_request, response) => {
      try {
        live.add(response, { node: undefined, eid: undefined, type: undefined });
      } catch (error) {
        refusals.push((error as Error).message);
        response.writeHead(503).end();
      }
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    endings.push(() => {
      live.close();
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, refusals };
  }

  test("a consumer that does not read is cut at the limit, and others go on", async () => {
    const live = new LiveEvents();
    const { url } = await serve(live);
    let heard = 0;
    get(url, (response) => response.pause()).on("error", () => {});
    get(url, (response) => response.on("data", (chunk: Buffer) => (heard += chunk.length))).on("error", () => {});
    await until("both listen", () => live.size === 2);
    const text = "x".repeat(50_000);
    let published = 0;
    while (live.size === 2 && published < 2000) {
      live.publish([group(text)]);
      published++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(live.size).toBe(1);
    expect(published * text.length).toBeGreaterThan(CONSUMER_BYTES_MAX);
    const before = heard;
    live.publish([group(text)]);
    await until("the other hears", () => heard > before);
  });

  test("past the limit of consumers the next is refused, and a place that is free again is given away", async () => {
    const live = new LiveEvents();
    const { url, refusals } = await serve(live);
    const requests = Array.from({ length: CONSUMERS_MAX }, () =>
      get(url, (response) => response.resume()).on("error", () => {}),
    );
    await until("all listen", () => live.size === CONSUMERS_MAX);
    get(url, (response) => response.resume());
    await until("it is refused", () => refusals.length === 1);
    expect(refusals[0]).toContain("listen already");
    requests[0]?.destroy();
    await until("one has gone", () => live.size === CONSUMERS_MAX - 1);
    get(url, (response) => response.resume()).on("error", () => {});
    await until("all listen again", () => live.size === CONSUMERS_MAX);
  });

  test("a comment shows every 15 seconds that the connection lives", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    endings.push(() => vi.useRealTimers());
    const live = new LiveEvents();
    const { url } = await serve(live);
    let text = "";
    get(url, (response) => response.on("data", (chunk: Buffer) => (text += chunk.toString()))).on("error", () => {});
    await until("it listens", () => text.includes("as they are stored"));
    const before = text;
    vi.advanceTimersByTime(14_999);
    vi.advanceTimersByTime(1);
    await until("the comment comes", () => text === `${before}:\n\n`);
  });
});
