/**
 * DonglePort is the dongle as this program sees it: there or not, and, while it is there, a radio. It opens the serial port, waits for the
 * dongle's hello, asks it now and then whether it lives, and begins anew when it does not, for ever and ever more slowly.
 *
 * It decides nothing about the radio. What is asked of a dongle that is not there has no effect: to shared/radio that is a lost callback.
 */
import {
  ASK,
  DONGLE_VERSION,
  dongleLine,
  DongleReader,
  FAULT,
  HEARD,
  HELLO,
  type LineCodec,
  macText,
  RESTART,
  SENT,
  TRANSMIT,
  TUNE,
} from "#shared/radio/dongle.ts";
import { type Mac, macBytes } from "#shared/radio/seal.ts";
import type { Outcome } from "#shared/radio/session.ts";
import { crc32Bytes } from "../log/checksum.ts";
import type { OpenSerial, SerialDevice } from "./serial-device.ts";

/** A port that has not said hello by then is no dongle, in milliseconds. Chosen: a board restarts in one to two seconds. */
export const HELLO_WITHIN_MILLIS = 3000;
/** Until then it is asked this often: what it was told while it restarted is lost. */
const ASK_EVERY_MILLIS = 400;
/** A dongle that says nothing else is asked this often whether it lives … */
const PULSE_EVERY_MILLIS = 2000;
/** … and is gone after this. Chosen: three questions. */
export const SILENCE_MILLIS = 7000;
/** First wait before the port is opened again; doubles up to the longest. Chosen: plugged in again, it is found before anybody looks. */
const AGAIN_AFTER_MILLIS = 500;
const AGAIN_AFTER_MAX_MILLIS = 10_000;

/** What a dongle says of itself. */
export interface DongleHello {
  mac: Mac;
  /** The version of its program. */
  version: string;
  /** Lines of ours that reached it damaged. */
  damaged: number;
}

export interface DongleListener {
  /** It is there: newly, or its program has started again. It listens on a channel of its own choice. */
  ready(hello: DongleHello): void;
  /** It is there no more, or not yet, and why. The same reason is said once. */
  away(reason: string): void;
  /** `rssi` in dBm; 0 if it is unknown. */
  heard(mac: Mac, bytes: string, rssi: number, channel: number): void;
  sent(outcome: Outcome): void;
}

export interface DongleOptions {
  path: string;
  baud: number;
  open: OpenSerial;
  listener: DongleListener;
}

export const PC_LINES: LineCodec = {
  toText: (bytes) => Buffer.from(bytes, "latin1").toString("base64"),
  toBytes: (text) => Buffer.from(text, "base64").toString("latin1"),
  sum: (bytes) => crc32Bytes(Buffer.from(bytes, "latin1")),
};

const OUTCOMES: { readonly [letter: string]: Outcome } = { o: "ok", f: "fail", n: "no memory" };

export class DonglePort {
  /** The last hello; undefined while it is away. */
  hello: DongleHello | undefined;
  private readonly options: DongleOptions;
  private reader = new DongleReader(PC_LINES);
  private device: SerialDevice | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Counts openings: what still comes of an older one is not listened to. */
  private round = 0;
  private againAfter = AGAIN_AFTER_MILLIS;
  /** By which a new start of its program is told. */
  private startOf = "";
  private openedAt = 0;
  private spokeAt = 0;
  private reason = "";
  private turn = 0;
  private isFlying = false;

  constructor(options: DongleOptions) {
    this.options = options;
  }

  /** What the serial line did to what it carries, since the port was opened; at the dongle since that started. */
  get counters(): { [name: string]: number } {
    const there = this.hello === undefined ? {} : { "dongle damaged there": this.hello.damaged };
    return { "dongle noise": this.reader.noise, "dongle damaged": this.reader.damaged, ...there };
  }

  start(): void {
    void this.open(++this.round);
  }

  stop(): void {
    this.round++;
    clearTimeout(this.timer);
    this.device?.close();
    this.device = undefined;
    this.hello = undefined;
  }

  transmit(mac: Mac, bytes: string): void {
    this.turn = (this.turn + 1) & 255;
    this.isFlying = true;
    this.say(TRANSMIT + String.fromCharCode(this.turn) + macBytes(mac) + bytes);
  }

  tune(channel: number): void {
    this.say(TUNE + String.fromCharCode(channel));
  }

  restart(): void {
    this.say(RESTART);
  }

  private say(message: string): void {
    this.device?.write(dongleLine(PC_LINES, message));
  }

  private async open(round: number): Promise<void> {
    const { path, baud, open } = this.options;
    const isCurrent = (): boolean => round === this.round;
    this.reader = new DongleReader(PC_LINES);
    try {
      const device = await open(path, baud, {
        data: (chunk) => {
          if (isCurrent()) this.take(chunk);
        },
        closed: (reason) => {
          if (isCurrent()) this.lose(reason);
        },
      });
      if (!isCurrent()) return device.close();
      this.device = device;
    } catch (error) {
      if (isCurrent()) this.lose((error as Error).message);
      return;
    }
    this.openedAt = performance.now();
    this.ask();
  }

  /** Asks, again and again, and gives up one that does not answer. */
  private ask(): void {
    const now = performance.now();
    if (this.hello === undefined && now - this.openedAt >= HELLO_WITHIN_MILLIS) return this.lose(this.noDongle());
    if (this.hello !== undefined && now - this.spokeAt >= SILENCE_MILLIS)
      return this.lose(`the dongle on ${this.options.path} has fallen silent: unplug it and plug it in again`);
    this.say(ASK);
    this.timer = setTimeout(() => this.ask(), this.hello === undefined ? ASK_EVERY_MILLIS : PULSE_EVERY_MILLIS);
  }

  private noDongle(): string {
    const { path } = this.options;
    const isTalking = this.reader.noise + this.reader.damaged > 0;
    return `what is on ${path} ${isTalking ? "talks, but" : "is silent: it"} is no dongle: put dist/firmware/dongle.js on the board (docs/dongle.md), and press its reset`;
  }

  private lose(reason: string): void {
    const wasThere = this.hello !== undefined;
    this.stop();
    if (wasThere) this.againAfter = AGAIN_AFTER_MILLIS;
    if (wasThere || reason !== this.reason) this.options.listener.away(reason);
    this.reason = reason;
    const round = this.round;
    this.timer = setTimeout(() => {
      if (round === this.round) this.start();
    }, this.againAfter);
    this.againAfter = Math.min(2 * this.againAfter, AGAIN_AFTER_MAX_MILLIS);
  }

  private take(chunk: string): void {
    for (const message of this.reader.take(chunk)) {
      this.spokeAt = performance.now();
      this.heed(message);
      if (this.device === undefined) return;
    }
  }

  private heed(message: string): void {
    const { listener } = this.options;
    switch (message.charAt(0)) {
      case HELLO:
        return this.greet(message);
      case FAULT:
        return this.lose(`the dongle on ${this.options.path} says: ${printable(message.slice(1))}`);
      case HEARD:
        if (this.hello === undefined || message.length < 10) return;
        return listener.heard(
          macText(message.slice(1, 7)),
          message.slice(9),
          message.charCodeAt(7) === 0 ? 0 : message.charCodeAt(7) - 256,
          message.charCodeAt(8),
        );
      case SENT: {
        const outcome = OUTCOMES[message.charAt(2)];
        if (!this.isFlying || message.charCodeAt(1) !== this.turn || outcome === undefined) return;
        this.isFlying = false;
        return listener.sent(outcome);
      }
      default:
        // Of a later version: nothing that we asked for.
        return;
    }
  }

  private greet(message: string): void {
    const version = message.charCodeAt(1);
    if (version !== DONGLE_VERSION || message.length < 15)
      return this.lose(
        `the dongle on ${this.options.path} speaks version ${version}, this program ${DONGLE_VERSION}: put this program's dist/firmware/dongle.js on it`,
      );
    const start = message.slice(2, 6);
    const hello = {
      mac: macText(message.slice(6, 12)),
      version: printable(message.slice(15)),
      damaged: message.charCodeAt(13) * 256 + message.charCodeAt(14),
    };
    const isNew = this.hello === undefined || start !== this.startOf;
    this.hello = hello;
    this.startOf = start;
    this.reason = "";
    this.againAfter = AGAIN_AFTER_MILLIS;
    if (isNew) this.options.listener.ready(hello);
  }
}

/** What a board says, for a log of one line. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
}
