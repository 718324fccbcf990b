/** What processes of a simulated world have in common: lives, sockets, an alarm, and time that may be withheld. */
import type { LinkEffect } from "#shared/effect.ts";
import type { Instant, LinkId } from "#shared/units.ts";
import type { Wire, WireEnd, WireOwner } from "./wire.ts";
import type { World } from "./world.ts";

interface Socket {
  wire: Wire;
  end: WireEnd;
}

export abstract class Process implements WireOwner {
  /** The id in the tree … */
  readonly id: string;
  /** … and in the trace: another board with the same id has another name. */
  readonly name: string;
  life = 0;
  isUp = false;
  /** Nobody hears that it died: a dial finds no host at all. */
  isSilent = false;
  bootedAt = 0;
  /** Dies after so many more effects. */
  effectsLeft = Infinity;
  /** What is to happen when its `effectsLeft` have come. */
  onEffectsSpent: () => void = () => {};
  protected readonly world: World;
  protected readonly sockets = new Map<LinkId, Socket>();
  /** How quickly its clock runs: 1 is right. */
  protected readonly rate: number;
  private alarmAt = Infinity;
  private stalledUntil = 0;
  private held: (() => void)[] = [];

  constructor(world: World, id: string, name: string, driftPpm: number) {
    this.world = world;
    this.id = id;
    this.name = name;
    this.rate = 1 + driftPpm / 1_000_000;
  }

  /** Its own clock: milliseconds since it was switched on. */
  instant(): Instant {
    return Math.floor((this.world.now - this.bootedAt) * this.rate) as Instant;
  }

  attach(link: LinkId, wire: Wire, end: WireEnd): void {
    this.sockets.set(link, { wire, end });
  }

  /** All its links. */
  wires(): Wire[] {
    return [...this.sockets.values()].map((socket) => socket.wire);
  }

  /** Gets no time: everything that comes waits. */
  stall(millis: number): void {
    this.stalledUntil = Math.max(this.stalledUntil, this.world.now + millis);
    const life = this.life;
    this.world.later(millis, () => {
      if (life === this.life && this.world.now >= this.stalledUntil) this.catchUp();
    });
  }

  catchUp(): void {
    this.stalledUntil = 0;
    const held = this.held;
    this.held = [];
    const life = this.life;
    for (const input of held) if (life === this.life) this.input(input);
    if (this.isUp) this.setAlarm();
  }

  frameCame(link: LinkId, text: string): void {
    this.input(() => this.received(link, text));
  }

  socketEmpty(link: LinkId): void {
    this.input(() => this.drained(link));
  }

  linkEnded(link: LinkId): void {
    this.sockets.delete(link);
    this.input(() => this.ended(link));
  }

  /** Anything that happens to the process: now, or when it has time again. */
  input(happen: () => void): void {
    if (!this.isUp) return;
    if (this.world.now < this.stalledUntil) {
      this.held.push(happen);
      return;
    }
    happen();
    if (this.isUp) this.setAlarm();
  }

  protected begin(): void {
    this.life += 1;
    this.isUp = true;
    this.isSilent = false;
    this.bootedAt = this.world.now;
    this.effectsLeft = Infinity;
    this.stalledUntil = 0;
    this.alarmAt = Infinity;
  }

  protected end(): void {
    this.isUp = false;
    this.life += 1;
    this.sockets.clear();
    this.held = [];
  }

  /** Whether the process lives to perform one more effect. */
  protected mayPerform(): boolean {
    if (!this.isUp) return false;
    if (this.effectsLeft-- > 0) return true;
    this.effectsLeft = Infinity;
    this.onEffectsSpent();
    return this.isUp;
  }

  protected performOnLink(effect: LinkEffect): void {
    const socket = this.sockets.get(effect.link);
    if (socket === undefined) return;
    switch (effect.kind) {
      case "send":
        socket.wire.send(socket.end, effect.text);
        break;
      case "close":
        this.sockets.delete(effect.link);
        this.world.note("close", this.name, socket.wire.other(socket.end).owner.id, effect.reason);
        socket.wire.close(socket.end);
        break;
      case "pause":
        socket.wire.pause(socket.end);
        break;
      default:
        socket.wire.resume(socket.end);
    }
  }

  protected abstract received(link: LinkId, text: string): void;
  protected abstract drained(link: LinkId): void;
  protected abstract ended(link: LinkId): void;
  protected abstract wakeAt(): Instant | undefined;
  protected abstract tick(): void;

  /** One alarm. One that comes too early is left: to wake for nothing costs less than to take it back. */
  private setAlarm(): void {
    const wakeAt = this.wakeAt();
    if (wakeAt === undefined) return;
    let at = Math.max(this.world.now, this.bootedAt + Math.ceil(wakeAt / this.rate));
    // Rounding: a clock that runs too slow may still be a millisecond short.
    if (Math.floor((at - this.bootedAt) * this.rate) < wakeAt) at += 1;
    if (at >= this.alarmAt) return;
    this.alarmAt = at;
    const life = this.life;
    this.world.later(at - this.world.now, () => {
      if (life !== this.life || this.alarmAt !== at) return;
      this.alarmAt = Infinity;
      this.input(() => {
        const due = this.wakeAt();
        if (due !== undefined && due <= this.instant()) this.tick();
      });
    });
  }
}
