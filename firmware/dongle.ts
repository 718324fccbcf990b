/**
 * A board as a PC's radio: what the PC says on the serial port goes on the air, what is heard there goes to the PC. It knows no keys, no tree
 * and no neighbours, needs no configuration, and keeps nothing. The messages are in shared/radio/dongle.ts.
 */
import {
  ASK,
  DONGLE_BAUD,
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
import { macBytes } from "#shared/radio/seal.ts";
import { espNow, RadioPort } from "./ports/espnow.ts";
import { SerialPort } from "./ports/serial.ts";

/** Replaced by the build with the package's version. */
declare const SAPLINE_VERSION: string;

/** Where it listens until the PC has said it. */
const FIRST_CHANNEL = 1;
/** Time for the last words, in milliseconds. Chosen. */
const RESTART_AFTER = 1000;

const codec: LineCodec = {
  toText: (bytes) => btoa(bytes),
  toBytes: (text) => atob(text),
  sum: (bytes) => E.CRC32(bytes),
};

class Dongle {
  private serial: SerialPort;
  private reader: DongleReader;
  private radio: RadioPort | undefined;
  /** Why there is no radio. */
  private fault: string;
  /** By which the PC tells another start of this program. */
  private start: string;

  constructor() {
    const start = E.hwRand() ^ Math.floor((getTime() * 1000) % 2147483648);
    this.start = String.fromCharCode((start >> 24) & 255, (start >> 16) & 255, (start >> 8) & 255, start & 255);
    this.reader = new DongleReader(codec);
    this.radio = undefined;
    this.fault = "";
    this.serial = new SerialPort(DONGLE_BAUD);
    this.serial.onData = (chunk) => {
      for (const message of this.reader.take(chunk)) this.obey(message);
    };
    this.serial.onReleased = () =>
      console.log("sapline: this is the console again; the radio is the PC's after a restart");
    try {
      this.radio = new RadioPort(espNow(), FIRST_CHANNEL);
      this.radio.onHeard = (mac, bytes, rssi, channel) =>
        this.say(HEARD + macBytes(mac) + String.fromCharCode((rssi + 256) & 255, channel) + bytes);
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
    }
    this.hello();
  }

  say(message: string): void {
    this.serial.write(dongleLine(codec, message));
  }

  private hello(): void {
    const radio = this.radio;
    if (radio === undefined) {
      this.say(FAULT + this.fault);
      return;
    }
    const damaged = this.reader.damaged;
    this.say(
      HELLO +
        String.fromCharCode(DONGLE_VERSION) +
        this.start +
        macBytes(radio.mac) +
        String.fromCharCode(radio.channel(), (damaged >> 8) & 255, damaged & 255) +
        SAPLINE_VERSION,
    );
  }

  private obey(message: string): void {
    const radio = this.radio;
    const what = message.charAt(0);
    if (what === ASK || radio === undefined) this.hello();
    else if (what === TRANSMIT) {
      const turn = message.charAt(1);
      radio.transmit(macText(message.substr(2, 6)), message.substr(8), (outcome) =>
        this.say(SENT + turn + outcome.charAt(0)),
      );
    } else if (what === TUNE) radio.tune(message.charCodeAt(1));
    else if (what === RESTART) radio.restart();
  }
}

function closeTelnet(): void {
  try {
    require("TelnetServer").setOptions({ mode: "off" });
  } catch {
    // This build has none.
  }
}

function restartOn(dongle: Dongle): void {
  const restart = (reason: string): void => {
    dongle.say(FAULT + reason + "; restarting");
    if (process.env.BOARD !== "LINUX") setTimeout(() => E.reboot(), RESTART_AFTER);
  };
  process.on("uncaughtException", (error) => restart(error instanceof Error ? error.message : String(error)));
  E.on("errorFlag", (flags) => {
    for (const flag of flags) if (flag === "MEMORY" || flag === "CALLBACK") restart(flag);
  });
}

closeTelnet();
restartOn(new Dongle());
