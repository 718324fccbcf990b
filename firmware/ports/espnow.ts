/**
 * The radio: ESP-NOW, by our own library in C or by what stands in for it. It carries datagrams and decides nothing: keys, custody and the choice of a parent
 * are the hop's (shared/radio).
 *
 * Callbacks are never called from inside one of its methods.
 */

import type { Seal } from "#shared/radio/seal.ts";

/** What became of a transmission, as far as the other's radio tells. */
export type TransmitOutcome = "ok" | "fail" | "no memory";

/** The library in C. Throws, with a sentence, where the build has none. */
export function espNow(): EspruinoEspNow {
  try {
    return require("ESPNOW");
  } catch {
    throw new Error("radio: no ESPNOW library: see docs/espnow-build.md");
  }
}

/** What guards datagrams; `isOpen`: nothing does. Throws, with a sentence, where the build has no ciphers. */
export function sealBy(library: EspruinoEspNow, isOpen: boolean): Seal {
  library["setOpen"](isOpen);
  return { seal: library["seal"], open: library["open"], mac: library["hmac"] };
}

export class RadioPort {
  /** "aa:bb:cc:dd:ee:ff" */
  readonly mac: string;
  /** A datagram came; `rssi` in dBm, 0 if unknown. */
  onHeard: (mac: string, bytes: string, rssi: number, channel: number) => void;
  private library: EspruinoEspNow;
  /** Which transmission is the last: only its outcome counts. */
  private turn: number;

  /** `channel`: 1 to 14; 0 for the one that Wi-Fi is on. Throws if the radio cannot be had. */
  constructor(library: EspruinoEspNow, channel: number) {
    this.onHeard = () => {};
    this.turn = 0;
    this.library = library;
    const options: { [name: string]: number } = {};
    options["channel"] = channel;
    library["init"](options as { channel: number }, (bytes, mac, rssi, heardOn) =>
      // Where the driver does not say on which channel it heard this, it was the one that we listen on.
      this.onHeard(mac, bytes, rssi, heardOn > 0 ? heardOn : this.channel()),
    );
    this.mac = library["mac"]();
  }

  /**
   * Sends one datagram of at most 250 bytes. Exactly one outcome, or none: that of a callback that the driver has lost, or that came after the
   * next transmission. A radio that is off or refuses is "no memory": what helps against both is a restart.
   */
  transmit(mac: string, bytes: string, done: (outcome: TransmitOutcome) => void): void {
    const turn = ++this.turn;
    try {
      this.library["send"](mac, bytes, (error) => {
        if (turn !== this.turn || error === "LOST") return;
        done(error === null ? "ok" : error === "NO_MEM" ? "no memory" : "fail");
      });
    } catch {
      setTimeout(() => {
        if (turn === this.turn) done("no memory");
      }, 0);
    }
  }

  /** The channel that is listened on; 0 if the radio is down. */
  channel(): number {
    return this.library["getChannel"]();
  }

  /** Without effect while Wi-Fi is associated: its access point has chosen. */
  tune(channel: number): void {
    this.library["setChannel"](channel);
  }

  /** Takes the radio down and up again; an association of Wi-Fi goes with it. */
  restart(): void {
    const channel = this.channel();
    this.turn++;
    try {
      this.library["restart"]();
    } catch {
      // It did not come up: the next transmission is answered "no memory", and then this is tried again.
    }
    if (channel > 0) this.tune(channel);
  }
}
