import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DonglePort, HELLO_WITHIN_MILLIS, PC_LINES, SILENCE_MILLIS } from "#host/radio/dongle-port.ts";
import { groupName, openSerial, type OpenSerial, type SerialListener } from "#host/radio/serial-device.ts";
import { Trouble } from "#host/trouble.ts";
import { DONGLE_VERSION, dongleLine, DongleReader } from "#shared/radio/dongle.ts";
import { macBytes } from "#shared/radio/seal.ts";

const MAC = "02:00:00:00:00:07";

/** The board's side of a cable, by hand. */
class Board {
  readonly asked: string[] = [];
  opens = 0;
  listener: SerialListener | undefined;
  /** Why the port cannot be opened, "" if it can. */
  obstacle = "";
  /** Whether it answers questions. */
  isAlive = true;
  start = "strt";
  private readonly reader = new DongleReader(PC_LINES);

  readonly open: OpenSerial = async (_path, _baud, listener) => {
    this.opens++;
    if (this.obstacle !== "") throw new Trouble(this.obstacle);
    this.listener = listener;
    return {
      write: (text) => {
        for (const message of this.reader.take(text)) {
          this.asked.push(message);
          if (message === "?" && this.isAlive) this.say(this.hello());
        }
      },
      close: () => {
        if (this.listener === listener) this.listener = undefined;
      },
    };
  };

  hello(version = DONGLE_VERSION): string {
    return `!${String.fromCharCode(version)}${this.start}${macBytes(MAC)}\x01\x01\x02 1.2.3`;
  }

  say(message: string): void {
    this.listener?.data(dongleLine(PC_LINES, message));
  }
}

let board: Board;
let port: DonglePort;
let news: string[];

beforeEach(() => {
  vi.useFakeTimers();
  board = new Board();
  news = [];
  port = new DonglePort({
    path: "/dev/x",
    baud: 1,
    open: board.open,
    listener: {
      ready: (hello) => news.push(`ready ${hello.mac} ${hello.version.trim()} ${hello.damaged}`),
      away: (reason) => news.push(`away ${reason}`),
      heard: (mac, bytes, rssi, channel) => news.push(`heard ${mac} ${bytes} ${rssi} ${channel}`),
      sent: (outcome) => news.push(`sent ${outcome}`),
    },
  });
});

afterEach(() => {
  port.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

async function pass(millis: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(millis);
}

async function ready(): Promise<void> {
  port.start();
  await pass(0);
  expect(news).toEqual([`ready ${MAC} 1.2.3 258`]);
  news.length = 0;
}

describe("a dongle's port", () => {
  test("asks until the board has started, says once that it is there, and asks on whether it lives", async () => {
    board.isAlive = false;
    port.start();
    await pass(1500);
    expect(news).toEqual([]);
    board.isAlive = true;
    await pass(1000);
    expect(news).toEqual([`ready ${MAC} 1.2.3 258`]);
    await pass(60_000);
    expect(news.length).toBe(1);
    expect(board.asked.filter((message) => message === "?").length).toBeLessThan(50);
  });

  test("passes what is heard, and the outcome of the last transmission alone, once", async () => {
    await ready();
    board.say(`h${macBytes("02:00:00:00:00:09")}\xd6\x06bytes`);
    board.say(`h${macBytes("02:00:00:00:00:09")}\x00\x06more`);
    board.say("hshort");
    port.transmit("02:00:00:00:00:09", "datagram");
    const first = board.asked.at(-1) as string;
    expect(first).toBe(`t\x01${macBytes("02:00:00:00:00:09")}datagram`);
    port.transmit("02:00:00:00:00:09", "again");
    board.say("s\x01o");
    board.say("s\x02f");
    board.say("s\x02o");
    board.say("s\x03o");
    port.transmit("02:00:00:00:00:09", "third");
    board.say("s\x03?");
    board.say("s\x03n");
    expect(news).toEqual([
      "heard 02:00:00:00:00:09 bytes -42 6",
      "heard 02:00:00:00:00:09 more 0 6",
      "sent fail",
      "sent no memory",
    ]);
  });

  test("says that it is there anew when the board's program has started again", async () => {
    await ready();
    board.say(board.hello());
    expect(news).toEqual([]);
    board.start = "else";
    board.say(board.hello());
    expect(news).toEqual([`ready ${MAC} 1.2.3 258`]);
  });

  test("one that says no hello is no dongle: it is told how to make it one, once, and tried again ever more slowly", async () => {
    board.isAlive = false;
    port.start();
    await pass(HELLO_WITHIN_MILLIS + 500);
    expect(news).toEqual([expect.stringMatching(/^away what is on \/dev\/x is silent.*no dongle.*dongle\.js.*docs/)]);
    await pass(120_000);
    expect(news.length).toBe(1);
    expect(board.opens).toBeGreaterThan(8);
    expect(board.opens).toBeLessThan(20);
    for (let waits = 0; board.listener === undefined && waits < 30; waits++) await pass(500);
    board.listener?.data("login: \r\n");
    await pass(HELLO_WITHIN_MILLIS + 20_000);
    expect(news.some((line) => line.includes("talks, but is no dongle"))).toBe(true);
    board.isAlive = true;
    await pass(20_000);
    expect(news.at(-1)).toMatch(/^ready/);
  });

  test("one that falls silent, or whose cable is pulled, is away until it is there again", async () => {
    await ready();
    board.isAlive = false;
    await pass(SILENCE_MILLIS + 2500);
    expect(news).toEqual([expect.stringMatching(/^away .*fallen silent/)]);
    board.isAlive = true;
    await pass(20_000);
    expect(news.at(-1)).toMatch(/^ready/);
    board.obstacle = "there is no /dev/x";
    board.listener?.closed("/dev/x is gone");
    await pass(30_000);
    board.obstacle = "";
    await pass(20_000);
    expect(news.slice(2)).toEqual(["away /dev/x is gone", "away there is no /dev/x", expect.stringMatching(/^ready/)]);
  });

  test("what is asked of a dongle that is away has no effect, and what it still says is not heard", async () => {
    await ready();
    const old = board.listener as SerialListener;
    board.obstacle = "gone";
    old.closed("gone");
    port.transmit(MAC, "x");
    port.tune(6);
    port.restart();
    old.data(dongleLine(PC_LINES, `h${macBytes(MAC)}\xd6\x06bytes`));
    old.closed("again");
    expect(news).toEqual(["away gone"]);
  });

  test("one without a radio says why, and one of another version says what to do", async () => {
    board.isAlive = false;
    port.start();
    await pass(0);
    board.say("eradio: this Espruino has no ESPNOW library\n\x1b");
    expect(news).toEqual(["away the dongle on /dev/x says: radio: this Espruino has no ESPNOW library??"]);
    await pass(1000);
    board.say(board.hello(9));
    expect(news.at(-1)).toMatch(/speaks version 9, this program 1: put this program's dist\/firmware\/dongle.js on it/);
  });
});

describe("opening a serial port", () => {
  const listener: SerialListener = { data: () => {}, closed: () => {} };
  const refusal = async (path: string): Promise<string> =>
    openSerial(path, 115_200, listener).then(
      () => "opened",
      (error: unknown) => {
        expect(error).toBeInstanceOf(Trouble);
        return (error as Trouble).message;
      },
    );

  test("one that is not there, and one that is none, are refused with a sentence that says what to do", async () => {
    vi.useRealTimers();
    const folder = mkdtempSync(join(tmpdir(), "serial-"));
    writeFileSync(join(folder, "file"), "");
    expect(await refusal(join(folder, "none"))).toMatch(/^there is no .*: plug the dongle in/);
    expect(await refusal(join(folder, "file"))).toMatch(/is no serial port: name the dongle's device/);
    rmSync(folder, { recursive: true });
    vi.useFakeTimers();
  });

  test("a group is told by its name", () => {
    expect(groupName(0)).toBe("root");
    expect(groupName(987_654)).toBe("987654");
  });
});
