/**
 * ESP-NOW without a radio: what require("ESPNOW") offers, over UDP on this machine, so that a stock Espruino for Linux and the emulator take part in a
 * radio tree. It speaks the datagrams of firmware/native/espnow/espnow_linux.c, and hears processes that have that library.
 *
 * Node NN has the address 02:00:00:00:00:NN and the port base + NN. A datagram: "E", kind (0 data, 1 acknowledgement), channel, sequence, NN of the
 * sender, NN of the destination (255: all), then the body. It has no peers to manage and no keys of its own; what
 * the hop seals with is in seal.ts.
 */

import { espNow } from "./espnow.ts";
import { sealOf } from "./seal.ts";

/** Longest body, in bytes. Spec: ESP-NOW version 1. */
export const BODY_BYTES_MAX = 250;
/** Sends without an answer, past which there is no room. The same in espnow.h. */
export const FLIGHT_MAX = 8;
/** No acknowledgement by then is a failure, in milliseconds. Chosen, as in espnow_linux.c: above what a loaded PC takes. */
export const FAIL_AFTER = 60;
/** A wire has no noise: what receivers are told, in dBm. */
const RSSI = -42;
const HEAD_BYTES = 6;
const TO_ALL = 255;
const NODE_MAX = 254;
const LOOPBACK = "127.0.0.1";
const MAC_PREFIX = "02:00:00:00:00:";
const BROADCAST = "ff:ff:ff:ff:ff:ff";
/** To open the socket again, when somebody's empty datagram has closed it, in milliseconds. */
const REOPEN_AFTER = 10;

export interface UdpSettings {
  /** Node NN listens on port `base` + NN. */
  base: number;
  /** Which node this is: 1 to 254. */
  id: number;
  /** A broadcast goes to the nodes from 1 to this one. */
  nodes: number;
  /** How many of 100 datagrams are not sent, acknowledgements among them. */
  loss: number;
}

function numberFrom(raw: { [key: string]: unknown }, name: string, usual: number): number {
  const value = raw[name];
  return typeof value === "number" && value >= 0 ? Math.floor(value) : usual;
}

/** The settings as a file gives them: {"base": 43000, "id": 1, "nodes": 16, "loss": 0}, each with this as its usual value. */
export function udpSettings(raw: { [key: string]: unknown }): UdpSettings {
  return {
    base: numberFrom(raw, "base", 43000),
    id: numberFrom(raw, "id", 1),
    nodes: numberFrom(raw, "nodes", 16),
    loss: numberFrom(raw, "loss", 0),
  };
}

interface Flight {
  to: number;
  sequence: number;
  done: (error: string | null) => void;
  timer: number;
}

function macOf(id: number): string {
  return MAC_PREFIX + (id < 16 ? "0" : "") + id.toString(16);
}

/** The node that has this address; 0 if none has. */
function nodeOf(mac: string): number {
  if (mac === BROADCAST) return TO_ALL;
  const id = mac.substr(0, 15) === MAC_PREFIX ? parseInt(mac.substr(15), 16) : 0;
  return id <= NODE_MAX ? id : 0;
}

class UdpNode {
  private settings: UdpSettings;
  private chance: () => number;
  private tuned: number;
  private dictated: () => number;
  private heard: EspruinoHeard | undefined;
  private socket: EspruinoDatagramSocket | undefined;
  private flights: Flight[];
  private sequence: number;

  constructor(settings: UdpSettings, chance: () => number, dictated: () => number) {
    this.settings = settings;
    this.chance = chance;
    this.dictated = dictated;
    this.tuned = 1;
    this.heard = undefined;
    this.socket = undefined;
    this.flights = [];
    this.sequence = 0;
  }

  init(channel: number, heard: EspruinoHeard): void {
    this.heard = heard;
    if (this.socket !== undefined) return;
    if (channel > 0) this.tuned = channel;
    this.bind();
  }

  channel(): number {
    return this.dictated() || this.tuned;
  }

  tune(channel: number): boolean {
    if (this.dictated() > 0) return false;
    this.tuned = channel;
    return true;
  }

  deinit(): void {
    const socket = this.socket;
    this.socket = undefined;
    if (socket !== undefined) socket.close();
    for (const flight of this.flights) clearTimeout(flight.timer);
    this.flights = [];
  }

  restart(): void {
    const flights = this.flights;
    this.flights = [];
    for (const flight of flights) this.lose(flight);
  }

  send(mac: string, bytes: string, done: (error: string | null) => void): void {
    if (this.socket === undefined) throw new Error("ESPNOW.send: NOT_INIT");
    if (bytes.length < 1 || bytes.length > BODY_BYTES_MAX) throw new Error("ESPNOW.send: ARG");
    const to = nodeOf(mac);
    if (this.flights.length >= FLIGHT_MAX) {
      setTimeout(() => done("NO_MEM"), 0);
      return;
    }
    this.sequence = (this.sequence + 1) & 255;
    const flight = { to: to, sequence: this.sequence, done: done, timer: 0 };
    flight.timer = setTimeout(() => this.land(flight, to === TO_ALL ? null : "FAIL"), to === TO_ALL ? 0 : FAIL_AFTER);
    this.flights.push(flight);
    const datagram = this.head(0, this.sequence, to) + bytes;
    if (to !== TO_ALL) this.put(to, datagram);
    else for (let id = 1; id <= this.settings.nodes; id++) if (id !== this.settings.id) this.put(id, datagram);
  }

  /** (Its timer finds that it is gone.) */
  private lose(flight: Flight): void {
    setTimeout(() => flight.done("LOST"), 0);
  }

  private head(kind: number, sequence: number, to: number): string {
    return "E" + String.fromCharCode(kind, this.channel(), sequence, this.settings.id, to);
  }

  private put(id: number, datagram: string): void {
    if (this.socket === undefined || id < 1) return;
    if (this.settings.loss > 0 && this.chance() * 100 < this.settings.loss) return;
    this.socket["send"](datagram, this.settings.base + id, LOOPBACK);
  }

  private land(flight: Flight, error: string | null): void {
    const at = this.flights.indexOf(flight);
    if (at < 0) return;
    this.flights.splice(at, 1);
    flight.done(error);
  }

  private bind(): void {
    const socket = require("dgram").createSocket("udp4");
    this.socket = socket;
    socket["bind"](this.settings.base + this.settings.id, () => {
      socket.on("message", (datagram, from) => this.take(datagram, from["address"], from["port"]));
      socket.on("close", () => {
        if (this.socket === socket) setTimeout(() => this.bindAgain(socket), REOPEN_AFTER);
      });
    });
  }

  private bindAgain(closed: EspruinoDatagramSocket): void {
    if (this.socket === closed) this.bind();
  }

  private take(datagram: string, address: string, port: number): void {
    const from = datagram.charCodeAt(4);
    const to = datagram.charCodeAt(5);
    const kind = datagram.charCodeAt(1);
    const own = this.settings.id;
    // Another channel is another world; who says to be another, or is not of this machine, is no node of ours.
    if (datagram.length < HEAD_BYTES || datagram[0] !== "E" || datagram.charCodeAt(2) !== this.channel()) return;
    if (from === own || port !== this.settings.base + from || address !== LOOPBACK) return;
    if (this.socket === undefined || (to !== own && to !== TO_ALL)) return;
    if (kind === 1) {
      this.acknowledged(from, datagram.charCodeAt(3));
      return;
    }
    if (kind !== 0 || datagram.length === HEAD_BYTES) return;
    // As the hardware does: whatever becomes of the datagram further on.
    if (to === own) this.put(from, this.head(1, datagram.charCodeAt(3), from));
    if (datagram.length > HEAD_BYTES + BODY_BYTES_MAX || this.heard === undefined) return;
    this.heard(datagram.substr(HEAD_BYTES), macOf(from), RSSI, this.channel(), to === TO_ALL);
  }

  private acknowledged(from: number, sequence: number): void {
    for (const flight of this.flights) {
      if (flight.to !== from || flight.sequence !== sequence) continue;
      clearTimeout(flight.timer);
      this.land(flight, null);
      return;
    }
  }
}

/** What require("ESPNOW") would give. Math.random will do for `chance`; `dictated` is the channel of Wi-Fi's network, or 0. */
export function udpEspNow(settings: UdpSettings, chance: () => number, dictated: () => number): EspruinoEspNow {
  const node = new UdpNode(settings, chance, dictated);
  // Its names are the library's, in C, so they are in quotes here.
  const library: { [name: string]: unknown } = {};
  library["init"] = (options: { [name: string]: number }, heard: EspruinoHeard) =>
    node.init(options["channel"] as number, heard);
  library["deinit"] = () => node.deinit();
  library["restart"] = () => node.restart();
  library["mac"] = () => macOf(settings.id);
  library["setChannel"] = (channel: number) => node.tune(channel);
  library["getChannel"] = () => node.channel();
  library["send"] = (mac: string, bytes: string, done: (error: string | null) => void) => node.send(mac, bytes, done);
  library["setOpen"] = (isOpen: boolean) => {
    const seal = sealOf(isOpen);
    library["seal"] = seal.seal;
    library["open"] = seal.open;
    library["hmac"] = seal.mac;
  };
  return library as unknown as EspruinoEspNow;
}

/** The library in C, or the stand-in where the configuration asks for that: then it is meant, even where the library is there. */
export function espNowOrUdp(standIn: UdpSettings | undefined, chance: () => number): EspruinoEspNow {
  return standIn === undefined ? espNow() : udpEspNow(standIn, chance, () => 0);
}
