/** The board over a network and a clock that the tests play: what goes out, when, and what is closed. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeSocket, fakeSocket, network } from "./engine-globals.ts";
import { drain, Parent, taken } from "./fake-parent.ts";
import { longForm } from "../long-form.ts";
import { Board } from "#firmware/board.ts";
import { checkConfiguration, type Configuration } from "#firmware/configuration.ts";
import { withSockets } from "#firmware/socket-carrier.ts";
import { Entities } from "#firmware/entities.ts";
import { HttpIngress } from "#firmware/ports/http-ingress.ts";
import { encodeFrame, OPCODE_TEXT, WebSocketDecoder } from "#firmware/ports/websocket-codec.ts";
import { CHIP_LIMITS } from "#shared/limits.ts";

function configuration(more: object = {}): Configuration {
  return checkConfiguration({ id: "leaf", token: "t", parent: { host: "h", port: 1 }, ...more });
}

describe("board", () => {
  let entities: Entities;
  let said: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("getTime", () => Date.now() / 1000);
    network.dials.splice(0);
    said = [];
    entities = new Entities();
    entities.onStatus = (isJoined, reason) => said.push(`${isJoined} ${reason}`);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const start = (more: object = {}): Board => {
    const board = new Board(configuration(more), "test/1", entities);
    withSockets(board);
    entities.start(board);
    board.start();
    vi.advanceTimersByTime(0);
    return board;
  };

  test("joins, and sends a lone reading two seconds later, whatever alarm was set before", () => {
    const board = start();
    const parent = new Parent();
    parent.welcome();
    vi.advanceTimersByTime(0);
    expect(said).toEqual(["true joined"]);
    board.emit({ type: "!update", eid: "x", value: 1 });
    vi.advanceTimersByTime(CHIP_LIMITS.flushAfter - 1);
    expect(parent.lines()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(longForm(parent.lines(), []).map((line) => line["type"])).toEqual(["!update", "?ack"]);
  });

  test("closes its link when it is dismissed, and hears nothing more from it", () => {
    start();
    const parent = new Parent();
    parent.welcome();
    parent.say({ type: "!bye", dst: "leaf", reason: "replaced" });
    expect(parent.events()).toEqual([{ kind: "closed", code: 1000, reason: "dismissed" }]);
    expect(parent.socket.isEnded).toBe(true);
    vi.advanceTimersByTime(0);
    expect(said.at(-1)).toBe("false replaced");
    parent.say({ type: "?ping" });
    expect(parent.events()).toEqual([]);
  });

  test("says why a dial was refused, and dials again", () => {
    start();
    network.dials[0]?.connected();
    network.dials[0]?.socket.happen("data", "HTTP/1.1 503 No\r\n\r\n");
    vi.advanceTimersByTime(0);
    expect(said).toEqual(["false HTTP 503"]);
    expect(network.dials[0]?.socket.clsNow).toBe(true);
    vi.advanceTimersByTime(2000);
    expect(network.dials).toHaveLength(2);
  });

  test("gives up a dial that nobody answers, and dials again", () => {
    start();
    vi.advanceTimersByTime(10_000);
    expect(network.dials[0]?.socket.clsNow).toBe(true);
    vi.advanceTimersByTime(2000);
    expect(network.dials).toHaveLength(2);
  });

  test("an action whose handler throws is answered with the error, and one that nobody has with a sentence", () => {
    entities.entity("stuck", {
      onAct: () => {
        throw new Error("the relay is stuck");
      },
    });
    start({ limits: { flushBytes: 0 } });
    const parent = new Parent();
    parent.welcome();
    parent.say({ type: "?act", dst: "leaf", id: "1", eid: "stuck", value: 1, ttl: 5000, ts: 1_732_345_678_000 });
    parent.say({ type: "?act", dst: "leaf", id: "2", eid: "none", value: 1, ttl: 5000, ts: 1_732_345_678_000 });
    vi.advanceTimersByTime(1);
    const answers = parent.lines().filter((line) => line["type"] === "!act");
    expect(answers).toMatchObject([
      { id: "1", ok: false, error: "the relay is stuck" },
      { id: "2", ok: false, error: "no such action: none" },
    ]);
  });

  /** A child that has sent so much that its branch had to pause it: the parent's socket takes nothing. */
  const pausedChild = (parent: Parent): FakeSocket => {
    const child = connected("/node");
    const say = (lines: object[]): void => {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      child.happen("data", encodeFrame(OPCODE_TEXT, text, true));
      vi.advanceTimersByTime(1);
    };
    say([{ type: "?hello", v: 1, id: "kid", nonce: 5, fw: "x" }]);
    expect(parent.lines().find((line) => line["id"] === "kid")?.["via"]).toEqual(["leaf"]);
    parent.say({ type: "!hello", dst: "kid", nonce: 5, ep: 1, n: 0, now: 1_732_345_678_000 });
    expect(new WebSocketDecoder(false, 16384).feed(taken(child))).toHaveLength(1);
    for (let n = 1; n < 30 && child.sckt !== 0; n++) {
      say([
        { type: "!update", eid: "x", value: "y".repeat(100) },
        { type: "?ack", src: "kid", ep: 1, n },
      ]);
    }
    expect(child.sckt).toBe(0);
    return child;
  };

  test("stops reading from a child whose frames it cannot pass on, and reads again when it can", () => {
    start({ listen: 1, limits: { relayBytes: 100 } });
    const parent = new Parent();
    parent.welcome();
    const child = pausedChild(parent);
    drain(parent.socket);
    vi.advanceTimersByTime(1);
    expect(child.sckt).toBe(7);
  });

  test("leaves a child alone that it has paused for longer than silence is allowed", () => {
    start({ listen: 1, limits: { relayBytes: 100 } });
    const parent = new Parent();
    parent.welcome();
    const child = pausedChild(parent);
    // The parent speaks all the time, and takes nothing.
    for (let second = 0; second < 60; second++) {
      parent.say({ type: "?ping" });
      vi.advanceTimersByTime(1000);
    }
    expect(child.isEnded).toBe(false);
    drain(parent.socket);
    vi.advanceTimersByTime(1);
    expect(child.sckt).toBe(7);
  });
});

/** A socket that has asked the firmware's server for a WebSocket. */
function connected(path: string): FakeSocket {
  const socket = fakeSocket();
  network.accept(socket);
  const head = [
    `GET ${path} HTTP/1.1`,
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Authorization: Bearer t",
  ];
  socket.happen("data", `${head.join("\r\n")}\r\n\r\n`);
  expect(taken(socket)).toMatch(/^HTTP\/1.1 101 /);
  return socket;
}

describe("echo", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("holds the socket from one message until its echo has left, and then reads on", () => {
    vi.useFakeTimers();
    new HttpIngress("t", () => {}).listen(1);
    const socket = connected("/echo");
    const held: number[] = [];
    Object.defineProperty(socket, "sckt", {
      get: () => held.at(-1) ?? 7,
      set: (value: number) => {
        held.push(value);
      },
    });
    socket.happen("data", encodeFrame(OPCODE_TEXT, "a".repeat(3000), true));
    const echoed = new WebSocketDecoder(false, 16384).feed(taken(socket));
    expect(echoed).toEqual([{ kind: "text", text: "a".repeat(3000) }]);
    // Held, given back to write, held again once that is out, and given back to read.
    expect(held).toEqual([0, 7, 0, 7]);
  });
});
