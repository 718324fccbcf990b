/** The radio's port over a library that tests play, and the stand-in over a socket that tests play: outcomes, limits, and what comes late. */
import "./engine-globals.ts";
import Module from "node:module";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { espNow, RadioPort } from "#firmware/ports/espnow.ts";
import {
  BODY_BYTES_MAX,
  espNowOrUdp,
  FAIL_AFTER,
  FLIGHT_MAX,
  udpEspNow,
  udpSettings,
} from "#firmware/ports/espnow-udp.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

type Done = (error: string | null) => void;

/** What the firmware's declarations say of the library, which are not for tests to see. */
interface Library {
  init(options: { channel: number }, heard: (...values: unknown[]) => void): void;
  deinit(): void;
  restart(): void;
  send(mac: string, bytes: string, done: Done): void;
}

describe("the radio's port", () => {
  let sends: { mac: string; bytes: string; done: Done }[];
  let calls: string[];
  let heard: (...values: unknown[]) => void;
  let channel: number;
  let isDown: boolean;
  let outcomes: string[];
  let port: RadioPort;

  beforeEach(() => {
    sends = [];
    calls = [];
    outcomes = [];
    channel = 0;
    isDown = false;
    const library = {
      init: (options: { channel: number }, listener: typeof heard) => {
        channel = options.channel;
        heard = listener;
      },
      mac: () => "02:00:00:00:00:01",
      getChannel: () => channel,
      setChannel: (wanted: number) => {
        calls.push(`channel ${wanted}`);
        channel = wanted;
        return true;
      },
      restart: () => {
        calls.push("restart");
        channel = 1;
        if (isDown) throw new Error("ESPNOW.restart: IF");
      },
      send: (mac: string, bytes: string, done: Done) => {
        if (isDown) throw new Error("ESPNOW.send: IF");
        sends.push({ mac, bytes, done });
      },
    };
    port = new RadioPort(library as never, 6);
  });

  const transmit = (): void => port.transmit("02:00:00:00:00:02", "hi", (outcome) => outcomes.push(outcome));
  const answer = (at: number, error: string | null): void => sends[at]?.done(error);

  test("knows its address, passes on what is heard, and says the own channel where the driver tells none", () => {
    const all: unknown[] = [];
    port.onHeard = (...values) => all.push(values);
    heard("bytes", "mac", -50, 7, true);
    heard("bytes", "mac", 0, 0, false);
    expect(port.mac).toBe("02:00:00:00:00:01");
    expect(all).toEqual([
      ["mac", "bytes", -50, 7],
      ["mac", "bytes", 0, 6],
    ]);
  });

  test("tells ok, fail and no memory apart, and says nothing of a send that the driver lost", () => {
    for (const error of [null, "FAIL", "NO_MEM", "LOST"]) {
      transmit();
      answer(sends.length - 1, error);
    }
    expect(outcomes).toEqual(["ok", "fail", "no memory"]);
  });

  test("says nothing of a send whose outcome comes after the next transmission, or after a restart", () => {
    transmit();
    transmit();
    answer(0, null);
    expect(outcomes).toEqual([]);
    answer(1, "FAIL");
    expect(outcomes).toEqual(["fail"]);
    transmit();
    port.restart();
    answer(2, null);
    expect(outcomes).toEqual(["fail"]);
  });

  test("a radio that refuses is no memory, in a turn of its own, unless something else was sent meanwhile", () => {
    isDown = true;
    transmit();
    expect(outcomes).toEqual([]);
    vi.runAllTimers();
    expect(outcomes).toEqual(["no memory"]);
    transmit();
    isDown = false;
    transmit();
    vi.runAllTimers();
    expect(outcomes).toEqual(["no memory"]);
  });

  test("a restart keeps the channel, and one that fails is not thrown at anybody", () => {
    port.tune(11);
    port.restart();
    isDown = true;
    port.restart();
    expect(calls).toEqual(["channel 11", "restart", "channel 11", "restart", "channel 11"]);
  });

  test("without a library it says how to get one", () => {
    expect(() => espNow()).toThrow(/^radio: no ESPNOW library: see docs\/espnow-build\.md/);
    expect(() => espNowOrUdp(undefined, Math.random)).toThrow(/no ESPNOW library/);
  });
});

describe("the stand-in's sends", () => {
  let sent: { bytes: string; port: number }[];
  let receive: (bytes: string, from: { address: string; port: number }) => void;
  let outcomes: (string | null)[];
  let heard: unknown[][];
  let library: Library;
  const loader = Module as unknown as {
    _load: (name: string, parent: { filename?: string } | undefined, isMain: boolean) => unknown;
  };
  const nodeLoad = loader._load;

  beforeEach(() => {
    sent = [];
    outcomes = [];
    heard = [];
    const socket = {
      bind: (_port: number, bound: () => void) => bound(),
      on: (event: string, listener: never) => {
        if (event === "message") receive = listener;
      },
      send: (bytes: string, port: number) => sent.push({ bytes, port }),
      close: () => {},
    };
    loader._load = (name, parent, isMain) => {
      const isFirmware = (parent?.filename ?? "").includes("/firmware/");
      return isFirmware && name === "dgram"
        ? { createSocket: () => socket }
        : nodeLoad.call(loader, name, parent, isMain);
    };
    library = udpEspNow(udpSettings({ base: 1000, id: 1, nodes: 3 }), Math.random, () => 0) as Library;
  });

  afterEach(() => {
    loader._load = nodeLoad;
  });

  const start = (): void => library.init({ channel: 6 }, (...values) => heard.push(values));
  const send = (to: number, bytes = "hi"): void =>
    library.send(`02:00:00:00:00:${to.toString(16).padStart(2, "0")}`, bytes, (error) => outcomes.push(error));
  const from = (id: number, kind: number, sequence: number, body = ""): void =>
    receive(`E${String.fromCharCode(kind, 6, sequence, id, 1)}${body}`, { address: "127.0.0.1", port: 1000 + id });

  test("fail after FAIL_AFTER without an acknowledgement, and not a millisecond sooner", () => {
    start();
    send(2);
    vi.advanceTimersByTime(FAIL_AFTER - 1);
    expect(outcomes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(outcomes).toEqual(["FAIL"]);
    from(2, 1, 1);
    expect(outcomes).toEqual(["FAIL"]);
  });

  test("are acknowledged by the node they went to, and by no other", () => {
    start();
    send(2);
    from(3, 1, 1);
    from(2, 1, 2);
    expect(outcomes).toEqual([]);
    from(2, 1, 1);
    vi.runAllTimers();
    expect(outcomes).toEqual([null]);
  });

  test("are FLIGHT_MAX at a time: one more has no memory, and room again when one has landed", () => {
    start();
    for (let i = 0; i <= FLIGHT_MAX; i++) send(2);
    vi.advanceTimersByTime(0);
    expect(outcomes).toEqual(["NO_MEM"]);
    expect(sent.length).toBe(FLIGHT_MAX);
    from(2, 1, 1);
    send(2);
    expect(sent.length).toBe(FLIGHT_MAX + 1);
  });

  test("are lost, each once, at a restart", () => {
    start();
    send(2);
    send(3);
    library.restart();
    vi.runAllTimers();
    expect(outcomes).toEqual(["LOST", "LOST"]);
  });

  test("go to all nodes but the own one, or to none for an address that is none of ours", () => {
    start();
    library.send("ff:ff:ff:ff:ff:ff", "hi", (error) => outcomes.push(error));
    expect(sent.map((datagram) => datagram.port)).toEqual([1002, 1003]);
    library.send("aa:bb:cc:dd:ee:02", "hi", (error) => outcomes.push(error));
    send(255);
    expect(sent.length).toBe(2);
    vi.runAllTimers();
    expect(outcomes).toEqual([null, "FAIL", "FAIL"]);
  });

  test("throw while it is off, and for nothing or more than BODY_BYTES_MAX", () => {
    expect(() => send(2)).toThrow("NOT_INIT");
    start();
    expect(() => send(2, "")).toThrow("ARG");
    expect(() => send(2, "x".repeat(BODY_BYTES_MAX + 1))).toThrow("ARG");
    send(2, "x".repeat(BODY_BYTES_MAX));
    library.deinit();
    vi.runAllTimers();
    expect(outcomes).toEqual([]);
    expect(() => send(2)).toThrow("NOT_INIT");
  });

  test("are not heard by oneself, nor is a body that is too long by anybody", () => {
    start();
    from(1, 0, 1, "own");
    from(2, 0, 1, "x".repeat(BODY_BYTES_MAX + 1));
    from(2, 0, 2, "x".repeat(BODY_BYTES_MAX));
    expect(heard).toEqual([["x".repeat(BODY_BYTES_MAX), "02:00:00:00:00:02", -42, 6, false]]);
    // Both were acknowledged all the same, as the hardware does.
    expect(sent.map((datagram) => datagram.bytes.charCodeAt(1))).toEqual([1, 1]);
  });
});
