/**
 * VirtualNet is TCP in virtual time, between hosts that have names: bytes in order, with the latency and the width of the world's link; a reader that pauses slows the
 * writer. A connection ends in order, is cut and noticed early, late or never; a host that has lost its power says nothing any more, and one whose program is gone refuses.
 */
import type { Network, Stream, StreamListener } from "../../emulator/network.ts";
import type { LinkPlan } from "../plan.ts";
import { WINDOW_BYTES } from "../wire.ts";

/** The world, as far as a net needs it. */
export interface NetWorld {
  readonly now: number;
  readonly plan: { link: LinkPlan };
  later(millis: number, run: () => void): void;
}

type Accept = (stream: Stream) => StreamListener;

/** Until a connection stands, nobody listens at its far end. */
const NOBODY: StreamListener = {
  connected: () => {},
  data: () => {},
  drained: () => {},
  ended: () => {},
  failed: () => {},
  closed: () => {},
};

/** One end of a connection. */
class End implements Stream {
  listener: StreamListener;
  other!: End;
  readonly host: string;
  /** It was told that the connection is no more, or has ended it itself. */
  isGone = false;
  /** What it has written, and the other end has not read. */
  private unread = 0;
  private isFull = false;
  private isPaused = false;
  private hasFinished = false;
  /** What has arrived while it was paused; "end" for the other's last word. */
  private readonly arrived: (Buffer | "end")[] = [];
  private sentUntil = 0;
  private lastArrival = 0;
  private readonly connection: Connection;

  constructor(connection: Connection, host: string, listener: StreamListener) {
    this.connection = connection;
    this.host = host;
    this.listener = listener;
  }

  write(bytes: Buffer): boolean {
    if (this.isGone || this.hasFinished) return true;
    this.unread += bytes.length;
    this.send(Buffer.from(bytes));
    this.isFull = this.unread >= WINDOW_BYTES;
    return !this.isFull;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    if (this.arrived.length > 0) this.connection.world.later(0, () => this.readOn());
  }

  finish(): void {
    if (this.isGone || this.hasFinished) return;
    this.hasFinished = true;
    this.send("end");
    // It takes no more data, and waits for the other's last word.
    this.resume();
  }

  destroy(): void {
    if (this.isGone) return;
    this.finish();
    this.isGone = true;
    this.connection.world.later(0, () => this.listener.closed());
  }

  /** The connection has broken; a word about it, unless it is over for this end. */
  breaks(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.listener.failed("the connection was reset");
    this.listener.closed();
  }

  private send(what: Buffer | "end"): void {
    const { world } = this.connection;
    const { latencyMillis, bytesPerSecond } = world.plan.link;
    const bytes = what === "end" ? 0 : what.length;
    const start = Math.max(world.now, this.sentUntil);
    this.sentUntil = start + (bytesPerSecond === undefined ? 0 : Math.ceil((bytes * 1000) / bytesPerSecond));
    this.lastArrival = Math.max(this.sentUntil + latencyMillis, this.lastArrival);
    world.later(this.lastArrival - world.now, () => {
      if (!this.connection.isCut) this.other.arrive(what);
    });
  }

  private arrive(what: Buffer | "end"): void {
    if (this.isGone) return;
    this.arrived.push(what);
    this.readOn();
  }

  private readOn(): void {
    while (!this.isPaused && !this.isGone && this.arrived.length > 0) {
      const what = this.arrived.shift() as Buffer | "end";
      if (what === "end") {
        if (!this.hasFinished) this.listener.ended();
        // Both have said that it is the end.
        else this.destroy();
      } else {
        if (!this.hasFinished) this.listener.data(what);
        this.other.wasRead(what.length);
      }
    }
  }

  private wasRead(bytes: number): void {
    this.unread -= bytes;
    if (!this.isFull || this.unread >= WINDOW_BYTES || this.connection.isCut) return;
    this.isFull = false;
    this.connection.world.later(0, () => {
      if (!this.isGone) this.listener.drained();
    });
  }
}

class Connection {
  readonly world: NetWorld;
  readonly near: End;
  readonly far: End;
  /** Nothing passes any more. */
  isCut = false;

  constructor(world: NetWorld, from: string, to: string, listener: StreamListener) {
    this.world = world;
    this.near = new End(this, from, listener);
    this.far = new End(this, to, NOBODY);
    this.near.other = this.far;
    this.far.other = this.near;
  }

  /** An end on each host hears of it so much later; -1: never. */
  cut(host: string, itsNotice: number, othersNotice: number): void {
    this.isCut = true;
    for (const end of [this.near, this.far]) {
      const notice = end.host === host ? itsNotice : othersNotice;
      if (notice >= 0) this.world.later(notice, () => end.breaks());
    }
  }
}

export class VirtualNet {
  private readonly world: NetWorld;
  private readonly listeners = new Map<string, Accept>();
  /** Hosts whose power is off. */
  private readonly silent = new Set<string>();
  private readonly hosts = new Set<string>();
  private connections: Connection[] = [];

  constructor(world: NetWorld) {
    this.world = world;
  }

  /** What a program on that host has of the net. */
  host(name: string): Network {
    this.hosts.add(name);
    return {
      connect: (host, port, listener) => this.connect(name, host, port, listener),
      listen: (port, accept) => this.listen(name, port, accept),
    };
  }

  /** Its power is off: nobody hears of that. Its program has to be ended after this. */
  silence(host: string): void {
    this.silent.add(host);
    for (const connection of this.of(host)) connection.cut(host, -1, -1);
  }

  /** Its power is on again. */
  restore(host: string): void {
    this.silent.delete(host);
  }

  /** Everything between a host and another breaks; each hears of it so much later; -1: never. How many connections those were. */
  cut(host: string, other: string, itsNotice: number, othersNotice: number): number {
    const broken = this.of(host).filter(({ near, far }) => near.host === other || far.host === other);
    for (const connection of broken) connection.cut(host, itsNotice, othersNotice);
    return broken.length;
  }

  private of(host: string): Connection[] {
    this.connections = this.connections.filter(({ near, far, isCut }) => !isCut && !(near.isGone && far.isGone));
    return this.connections.filter(({ near, far }) => near.host === host || far.host === host);
  }

  private listen(host: string, port: number, accept: Accept): (() => void) | undefined {
    const place = `${host}:${port}`;
    if (this.listeners.has(place)) return undefined;
    this.listeners.set(place, accept);
    return () => {
      if (this.listeners.get(place) === accept) this.listeners.delete(place);
    };
  }

  private connect(from: string, to: string, port: number, listener: StreamListener): Stream | undefined {
    const place = `${to}:${port}`;
    const isThere = (): boolean => !this.silent.has(to) && this.listeners.has(place);
    if (!this.hosts.has(to) || (!isThere() && !this.silent.has(to))) return undefined;
    const connection = new Connection(this.world, from, to, listener);
    this.connections.push(connection);
    const { latencyMillis } = this.world.plan.link;
    this.world.later(latencyMillis, () => {
      // Nobody is there to say no: the dial stays open.
      if (connection.isCut || connection.near.isGone || this.silent.has(to)) return;
      const accept = this.listeners.get(place);
      if (accept !== undefined) connection.far.listener = accept(connection.far);
      this.world.later(latencyMillis, () => {
        if (connection.isCut || connection.near.isGone) return;
        if (accept === undefined) connection.near.breaks();
        else connection.near.listener.connected();
      });
    });
    return connection.near;
  }
}
