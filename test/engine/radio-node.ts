/**
 * A program for the radio tests. As "echo" it sends back what it hears, and says what was for all. As "probe" it does what the contract asks, and says what
 * came of it: round trips of every byte, an absent node, everybody, another channel.
 */
import { monotonicClock } from "#firmware/ports/clock.ts";
import { RadioPort, sealBy, type TransmitOutcome } from "#firmware/ports/espnow.ts";
import { espNowOrUdp, udpSettings } from "#firmware/ports/espnow-udp.ts";
import { readJson } from "#firmware/ports/storage.ts";

const ROUNDS = 200;
const BODY_BYTES = 250;
const BACK_TRIES = 10;
const OTHER = "02:00:00:00:00:02";
const ABSENT = "02:00:00:00:00:09";
const BROADCAST = "ff:ff:ff:ff:ff:ff";

const clock = monotonicClock();
const settings = readJson("sapline.json") as { [name: string]: unknown };

/** Every byte there is, twice: made once, for it takes the engine a while. */
function everyByte(): string {
  const bytes: string[] = [];
  for (let i = 0; i < 512; i++) bytes.push(String.fromCharCode(i & 255));
  return bytes.join("");
}

const EVERY_BYTE = everyByte();

function bytesFrom(first: number, length: number): string {
  return EVERY_BYTE.substr(first & 255, length);
}

function hex(text: string): string {
  let digits = "";
  for (let i = 0; i < text.length; i++) digits += (256 + text.charCodeAt(i)).toString(16).substr(1);
  return digits;
}

function echo(radio: RadioPort): void {
  radio.onHeard = (mac, bytes, rssi, channel) => {
    if (bytes === "all") console.log("broadcast from " + mac + " " + rssi + " " + channel);
    else radio.transmit(mac, bytes, () => {});
  };
}

/** One step after the other; the last says "done". */
class Probe {
  private radio: RadioPort;
  private round: number;
  private wrong: number;
  private expected: string;
  private startedAt: number;

  constructor(radio: RadioPort) {
    this.radio = radio;
    this.round = 0;
    this.wrong = 0;
    this.expected = "";
    this.startedAt = clock();
    radio.onHeard = (mac, bytes) => {
      if (mac !== OTHER || bytes !== this.expected) this.wrong++;
      this.next();
    };
  }

  next(): void {
    if (this.round === ROUNDS) {
      const took = clock() - this.startedAt;
      console.log("rounds " + ROUNDS + " wrong " + this.wrong + " ms " + took);
      this.round++;
      this.absent();
      return;
    }
    if (this.round > ROUNDS) return;
    this.expected = bytesFrom(this.round, BODY_BYTES);
    this.round++;
    this.radio.transmit(OTHER, this.expected, (outcome) => this.sent(outcome));
  }

  private sent(outcome: TransmitOutcome): void {
    if (outcome !== "ok") console.log("round " + this.round + " " + outcome);
  }

  private absent(): void {
    this.radio.transmit(ABSENT, "x", (outcome) => {
      console.log("absent " + outcome);
      this.everybody();
    });
  }

  private everybody(): void {
    this.radio.transmit(BROADCAST, "all", (outcome) => {
      console.log("everybody " + outcome);
      this.elsewhere();
    });
  }

  private elsewhere(): void {
    this.radio.tune(11);
    this.radio.transmit(OTHER, "x", (outcome) => {
      console.log("elsewhere " + outcome + " " + this.radio.channel());
      this.radio.restart();
      this.radio.tune(6);
      this.back(BACK_TRIES);
    });
  }

  /** More than once: a loaded machine may take longer over an acknowledgement than the radio waits. */
  private back(tries: number): void {
    this.radio.transmit(OTHER, "x", (outcome) => {
      if (outcome === "fail" && tries > 1) this.back(tries - 1);
      else {
        console.log("back " + outcome);
        this.sealed();
      }
    });
  }

  private sealed(): void {
    const seal = sealBy(library, false);
    const nonce = bytesFrom(243, 13);
    const key = bytesFrom(250, 16);
    let opened = 0;
    let forged = 0;
    for (let length = 0; length < 230; length += 23) {
      const header = bytesFrom(120, length % 30);
      const plain = bytesFrom(length, length);
      const sealed = seal.seal(key, nonce, header, plain);
      console.log("sealed " + length + " " + hex(sealed));
      if (seal.open(key, nonce, header, sealed) === plain) opened++;
      if (seal.open(key, nonce, header + "x", sealed) === undefined) forged++;
      if (seal.open(key, nonce, header, sealed.substring(0, sealed.length - 1)) === undefined) forged++;
      if (seal.open(key, nonce, header, "x" + sealed) === undefined) forged++;
    }
    if (seal.open(key, nonce, "", "") === undefined) forged++;
    if (seal.open(key, nonce, "x", "1234567") === undefined) forged++;
    const datagram = bytesFrom(0, 230);
    const startedAt = clock();
    for (let i = 0; i < 50; i++) seal.seal(key, nonce, "twelve bytes", datagram);
    const took = (clock() - startedAt) * 20;
    console.log("mac " + hex(seal.mac(key, bytesFrom(0, 250))) + " " + hex(seal.mac(bytesFrom(0, 99), "")));
    console.log("opened " + opened + " refused " + forged + " us " + took);
    console.log("done");
  }
}

const standIn = settings["standIn"] as { [name: string]: unknown } | undefined;
const library = espNowOrUdp(standIn && udpSettings(standIn), () => Math.random());
const radio = new RadioPort(library, 6);
console.log("radio " + radio.mac + " " + radio.channel());
if (settings["role"] === "echo") echo(radio);
else setTimeout(() => new Probe(radio).next(), 100);
