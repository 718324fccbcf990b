import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LINGER_AFTER, QUEUE_BYTES_MAX, SocketPort, WRITE_BYTES_MAX } from "#firmware/ports/socket.ts";
import { type FakeSocket, fakeSocket } from "./engine-globals.ts";

describe("socket port", () => {
  let raw: FakeSocket;
  let port: SocketPort;
  let events: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    raw = fakeSocket();
    port = new SocketPort(raw as never);
    events = [];
    port.onData = (chunk) => events.push(`data ${chunk}`);
    port.onDrained = () => events.push("drained");
    port.onClosed = () => events.push("closed");
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test("writes at most WRITE_BYTES_MAX at once, the next piece on drain, in order, and says drained once at the end", () => {
    const text = "a".repeat(WRITE_BYTES_MAX) + "b".repeat(WRITE_BYTES_MAX) + "c";
    port.write(text);
    port.write("d");
    expect(raw.written).toEqual(["a".repeat(WRITE_BYTES_MAX)]);
    for (let i = 0; i < 3; i++) raw.happen("drain");
    expect(events).toEqual([]);
    raw.happen("drain");
    expect(raw.written.join("")).toBe(`${text}d`);
    expect(events).toEqual(["drained"]);
  });

  test("a drain without a write of ours, as at connecting, says nothing", () => {
    raw.happen("drain");
    expect(events).toEqual([]);
  });

  test("holds QUEUE_BYTES_MAX for a peer that does not read, and cuts it one byte later", () => {
    port.write("x".repeat(QUEUE_BYTES_MAX));
    expect(raw.clsNow).toBeUndefined();
    port.write("x");
    expect(raw.clsNow).toBe(true);
    raw.happen("close");
    expect(events).toEqual(["closed"]);
  });

  test("counts as unsent only what has not left: a peer that reads is never cut", () => {
    for (let i = 0; i < 100; i++) {
      port.write("x".repeat(1000));
      raw.happen("drain");
    }
    expect(raw.clsNow).toBeUndefined();
  });

  test("pauses by holding the engine's handle, gives it back for a write, and takes it again", () => {
    port.pause();
    expect(raw.sckt).toBe(0);
    port.write("x");
    expect(raw.sckt).toBe(7);
    raw.happen("drain");
    expect(raw.sckt).toBe(0);
    port.resume();
    expect(raw.sckt).toBe(7);
  });

  test("pausing in the middle of a write waits for its end", () => {
    port.write("x");
    port.pause();
    expect(raw.sckt).toBe(7);
    raw.happen("drain");
    expect(raw.sckt).toBe(0);
  });

  test("ends after what is unsent, and reports nothing that still comes in", () => {
    port.write("x");
    port.end();
    expect(raw.isEnded).toBe(false);
    raw.happen("data", "late");
    raw.happen("drain");
    expect(raw.isEnded).toBe(true);
    raw.happen("close");
    raw.happen("close");
    expect(events).toEqual(["closed"]);
  });

  test("cuts a peer that has not read the last words after LINGER_AFTER, and not a millisecond sooner", () => {
    port.write("x");
    port.end();
    vi.advanceTimersByTime(LINGER_AFTER - 1);
    expect(raw.clsNow).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(raw.clsNow).toBe(true);
  });

  test("gives the handle back before it closes: the engine could not close it otherwise", () => {
    port.pause();
    port.cut();
    expect(raw.sckt).toBe(7);
    expect(raw.isEnded).toBe(true);
  });

  test("survives writes to a socket that the engine has closed already", () => {
    raw.isEnded = true;
    port.write("x");
    port.write("y");
    raw.happen("close");
    port.write("z");
    port.end();
    port.cut();
    expect(events).toEqual(["closed"]);
  });
});
