/**
 * RadioLinks offers the root's children by radio as links, as WebSocketLinks does for those by WebSocket. The tree logic of the hop
 * (shared/radio) runs here, as the source of all ways up; a dongle on a serial port carries its datagrams.
 *
 * Guarantee: each link that is opened ends in exactly one `closed`, unless the core closed it itself. A dongle that restarts or is unplugged for
 * seconds costs no link and no event; one that stays away costs the links. It decides nothing about the protocol.
 */
import { randomBytes } from "node:crypto";
import type { LinkEffect } from "#shared/effect.ts";
import type { RadioEffect } from "#shared/radio/effect.ts";
import { Radio } from "#shared/radio/radio.ts";
import type { Mac } from "#shared/radio/seal.ts";
import type { Instant, LinkId, NodeId } from "#shared/units.ts";
import { unreachable } from "#shared/units.ts";
import { Alarm } from "../alarm.ts";
import { monotonicNow } from "../clock.ts";
import { NODE_SEAL } from "../radio-seal.ts";
import type { LinkListener } from "../websocket-links.ts";
import { type DongleHello, DonglePort } from "./dongle-port.ts";
import { openSerial, type OpenSerial } from "./serial-device.ts";

/** Most children by radio. Chosen: whoever hears the root well hangs on it, for each hop more costs the air of a datagram. The driver on the dongle
 * knows twenty neighbours at a time, and makes room for others as they are needed. */
export const CHILDREN_MAX = 48;
/** What was said last on a link that the core closes gets this long to arrive, in milliseconds: a `!bye` above all. Chosen: some tries on a poor air. */
const CLOSE_WITHIN_MILLIS = 1000;

export interface RadioOptions {
  /** The dongle's device. */
  port: string;
  baud: number;
  /** 1 to 13. */
  channel: number;
  /** 16 bytes. */
  installKey: string;
  open?: OpenSerial | undefined;
}

export interface RadioListener extends LinkListener {
  /** A node is our child by radio. Who it is, it says itself. */
  opened(link: LinkId): void;
  /** A link's number, never used before. */
  newLink(): LinkId;
  /** One line for the person in charge. */
  log(line: string): void;
}

/** How the radio does, for /healthz. */
export interface RadioHealth {
  port: string;
  /** What is wrong, "" if nothing. */
  trouble: string;
  /** The dongle's address and its program's version; null until it was there once. */
  mac: string | null;
  version: string | null;
  channel: number;
  children: number;
  /** Drops and refusals of the hop and of the serial line, by reason. */
  counters: { [name: string]: number };
}

interface Child {
  link: LinkId;
  /** The same link's number at the radio. */
  radioLink: LinkId;
  /** When something was sent last; that it has left does not say that it has arrived. */
  sentAt: Instant;
}

export class RadioLinks {
  private readonly options: RadioOptions;
  private readonly listener: RadioListener;
  private readonly port: DonglePort;
  private readonly alarm: Alarm;
  private radio: Radio | undefined;
  private mac: Mac | undefined;
  private version: string | undefined;
  private trouble = "the dongle has not said hello yet";
  /** Both by the core's number and by the radio's. */
  private readonly byLink = new Map<LinkId, Child>();
  private readonly byRadioLink = new Map<LinkId, Child>();
  /** Closed by the core, with something still to arrive. */
  private readonly closing = new Map<LinkId, NodeJS.Timeout>();
  private effects: RadioEffect[] = [];
  private isPerforming = false;

  constructor(options: RadioOptions, listener: RadioListener) {
    this.options = options;
    this.listener = listener;
    this.alarm = new Alarm(
      () => this.radio?.wakeAt(),
      () => this.input((radio, now) => radio.tick(now)),
    );
    this.port = new DonglePort({
      path: options.port,
      baud: options.baud,
      open: options.open ?? openSerial,
      listener: {
        ready: (hello) => this.ready(hello),
        away: (reason) => {
          this.trouble = reason;
          listener.log(`radio: ${reason}; trying again`);
        },
        heard: (mac, bytes, rssi, channel) => this.input((radio, now) => radio.heard(mac, bytes, rssi, channel, now)),
        sent: (outcome) => this.input((radio, now) => radio.sent(outcome, now)),
      },
    });
  }

  start(): void {
    this.port.start();
  }

  stop(): void {
    this.alarm.stop();
    this.port.stop();
    for (const timer of this.closing.values()) clearTimeout(timer);
    this.closing.clear();
  }

  health(): RadioHealth {
    return {
      port: this.options.port,
      trouble: this.trouble,
      mac: this.mac ?? null,
      version: this.version ?? null,
      channel: this.options.channel,
      children: this.byLink.size,
      counters: { ...this.radio?.counters, ...this.port.counters },
    };
  }

  /** Whether this link is one of ours. */
  has(link: LinkId): boolean {
    return this.byLink.has(link);
  }

  perform(effect: LinkEffect): void {
    const child = this.byLink.get(effect.link);
    if (child === undefined) return;
    const { radioLink } = child;
    switch (effect.kind) {
      case "send": {
        child.sentAt = monotonicNow();
        const bytes = Buffer.from(effect.text).toString("latin1");
        return this.input((radio, now) => radio.send(radioLink, bytes, now));
      }
      case "close":
        this.forget(child);
        this.closeAfter(radioLink, child.sentAt + CLOSE_WITHIN_MILLIS - monotonicNow());
        return;
      case "pause":
        return this.input((radio, now) => radio.pause(radioLink, now));
      case "resume":
        return this.input((radio, now) => radio.resume(radioLink, now));
      default:
        unreachable(effect);
    }
  }

  /** The dongle is there: newly plugged in, or started again. Whatever it knew it has forgotten, and what we know holds. */
  private ready(hello: DongleHello): void {
    const { port, channel, installKey } = this.options;
    this.trouble = "";
    this.version = hello.version;
    this.listener.log(`radio: dongle ${hello.mac} on ${port}, channel ${channel}, program ${hello.version}`);
    if (this.radio !== undefined && this.mac === hello.mac) {
      return this.input((radio, now) => radio.restarted(now));
    }
    // Another board has another address: to the nodes it is another parent.
    for (const child of this.byLink.values()) this.closed(child);
    for (const radioLink of this.closing.keys()) this.settled(radioLink);
    this.effects = [];
    this.mac = hello.mac;
    this.radio = new Radio(
      {
        id: "root" as NodeId,
        mac: hello.mac,
        installKey,
        mayParent: true,
        isSource: true,
        channel,
        isSleepy: false,
        childrenMax: CHILDREN_MAX,
      },
      NODE_SEAL,
      // Keys are made of it.
      () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    );
    this.input((radio, now) => radio.start(now));
    this.input((radio, now) => radio.setRootward(0, now));
  }

  /** One input of the radio, and what it leads to. The core's answers come in between; all is done in the order in which it was asked for. */
  private input(give: (radio: Radio, now: Instant) => readonly RadioEffect[]): void {
    if (this.radio === undefined) return;
    this.effects.push(...give(this.radio, monotonicNow()));
    this.alarm.touch();
    if (this.isPerforming) return;
    this.isPerforming = true;
    for (let effect = this.effects.shift(); effect !== undefined; effect = this.effects.shift()) this.fulfil(effect);
    this.isPerforming = false;
  }

  private fulfil(effect: RadioEffect): void {
    switch (effect.kind) {
      case "transmit":
        return this.port.transmit(effect.mac, effect.bytes);
      case "tune":
        return this.port.tune(effect.channel);
      case "restart":
        this.port.restart();
        return this.input((radio, now) => radio.restarted(now));
      case "opened": {
        const child = { link: this.listener.newLink(), radioLink: effect.link, sentAt: -Infinity as Instant };
        this.byLink.set(child.link, child);
        this.byRadioLink.set(child.radioLink, child);
        return this.listener.opened(child.link);
      }
      case "closed": {
        this.settled(effect.link);
        const child = this.byRadioLink.get(effect.link);
        return child === undefined ? undefined : this.closed(child);
      }
      case "received": {
        const child = this.byRadioLink.get(effect.link);
        if (child !== undefined) this.listener.received(child.link, Buffer.from(effect.bytes, "latin1").toString());
        return;
      }
      case "drained": {
        const child = this.byRadioLink.get(effect.link);
        return child === undefined ? undefined : this.listener.drained(child.link);
      }
      default:
        unreachable(effect);
    }
  }

  private closeAfter(radioLink: LinkId, millis: number): void {
    const close = (): void => {
      this.settled(radioLink);
      this.input((radio, now) => radio.close(radioLink, now));
    };
    if (millis > 0) this.closing.set(radioLink, setTimeout(close, millis));
    else close();
  }

  private settled(radioLink: LinkId): void {
    clearTimeout(this.closing.get(radioLink));
    this.closing.delete(radioLink);
  }

  private closed(child: Child): void {
    this.forget(child);
    this.listener.closed(child.link);
  }

  private forget(child: Child): void {
    this.byLink.delete(child.link);
    this.byRadioLink.delete(child.radioLink);
  }
}
