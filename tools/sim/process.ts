/** What processes of a simulated world have in common: lives, sockets, an alarm, and time that may be withheld. */
import type { LinkEffect } from "#shared/effect.ts";
import type { Instant, LinkId } from "#shared/units.ts";
import type { Happening } from "./queue.ts";
import { Sockets } from "./sockets.ts";
import type { Wire, WireEnd, WireOwner } from "./wire.ts";
import type { World } from "./world.ts";

// Whole numbers, where Infinity would do: a field that holds them takes no object of its own, and there are many processes.
export const UNLIMITED = -1;
const NEVER = 0x7fffffff;

const nothing = (): void => {};

/** It is put into the queue for the moment of its alarm. */
export abstract class Process implements WireOwner, Happening {
  /** The id in the tree … */
  readonly id: string;
  /** … and in the trace: another board with the same id has another name. */
  readonly name: string;
  life = 0;
  isUp = false;
  /** Nobody hears that it died: a dial finds no host at all. */
  isSilent = false;
  bootedAt = 0;
  /** Dies after so many more effects; UNLIMITED of them if it is not to die so. */
  effectsLeft = UNLIMITED;
  /** What is to happen when its `effectsLeft` have come. */
  onEffectsSpent = nothing;
  protected readonly world: World;
  protected readonly sockets = new Sockets();
  /** How quickly its clock runs: 1 is right. */
  protected readonly rate: number;
  private alarmAt = NEVER;
  private links = 0;
  private stalledUntil = 0;
  private held: (() => void)[] | undefined = undefined;

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

  attach(end: WireEnd): void {
    this.sockets.add(end);
  }

  /** The number of a link that a child opens. */
  nextLink(): LinkId {
    this.links += 1;
    return this.links as LinkId;
  }

  /** All its links. */
  wires(): Wire[] {
    return this.sockets.all().map((end) => end.wire);
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
    const held = this.held ?? [];
    this.held = undefined;
    const life = this.life;
    for (const input of held) if (life === this.life) this.input(input);
    if (this.isUp) this.setAlarm();
  }

  frameCame(link: LinkId, text: string): void {
    // The usual case first, without a closure: most of what happens in a world is frames and sockets that run empty.
    if (!this.isUp) return;
    if (this.world.now < this.stalledUntil) return this.hold(() => this.received(link, text));
    this.received(link, text);
    if (this.isUp) this.setAlarm();
  }

  socketEmpty(link: LinkId): void {
    if (!this.isUp) return;
    if (this.world.now < this.stalledUntil) return this.hold(() => this.drained(link));
    this.drained(link);
    if (this.isUp) this.setAlarm();
  }

  linkEnded(link: LinkId): void {
    this.sockets.remove(link);
    this.input(() => this.ended(link));
  }

  /** Anything that happens to the process: now, or when it has time again. */
  input(happen: () => void): void {
    if (!this.isUp) return;
    if (this.world.now < this.stalledUntil) return this.hold(happen);
    happen();
    if (this.isUp) this.setAlarm();
  }

  private hold(happen: () => void): void {
    (this.held ??= []).push(happen);
  }

  protected begin(): void {
    this.life += 1;
    this.isUp = true;
    this.isSilent = false;
    this.bootedAt = this.world.now;
    this.effectsLeft = UNLIMITED;
    this.stalledUntil = 0;
    this.alarmAt = NEVER;
  }

  protected end(): void {
    this.isUp = false;
    this.life += 1;
    this.sockets.clear();
    this.held = undefined;
  }

  /** Whether the process lives to perform one more effect. */
  protected mayPerform(): boolean {
    if (!this.isUp) return false;
    if (this.effectsLeft === UNLIMITED) return true;
    if (this.effectsLeft > 0) {
      this.effectsLeft -= 1;
      return true;
    }
    this.effectsLeft = UNLIMITED;
    this.onEffectsSpent();
    return this.isUp;
  }

  protected performOnLink(effect: LinkEffect): void {
    const end = this.sockets.get(effect.link);
    if (end === undefined) return;
    switch (effect.kind) {
      case "send":
        end.wire.send(end, effect.text);
        break;
      case "close":
        this.sockets.remove(effect.link);
        this.world.note("close", this.name, end.other.owner.id, effect.reason);
        end.wire.close(end);
        break;
      case "pause":
        end.wire.pause(end);
        break;
      default:
        end.wire.resume(end);
    }
  }

  protected abstract received(link: LinkId, text: string): void;
  protected abstract drained(link: LinkId): void;
  protected abstract ended(link: LinkId): void;
  protected abstract wakeAt(): Instant | undefined;
  protected abstract tick(): void;

  /** One alarm. One that comes too early is left: to wake for nothing costs less than to take it back. */
  protected setAlarm(): void {
    const wakeAt = this.wakeAt();
    if (wakeAt === undefined) return;
    let at = Math.max(this.world.now, this.bootedAt + Math.ceil(wakeAt / this.rate));
    // Rounding: a clock that runs too slow may still be a millisecond short.
    if (Math.floor((at - this.bootedAt) * this.rate) < wakeAt) at += 1;
    if (at >= this.alarmAt) return;
    this.alarmAt = at;
    this.world.at(at, this);
  }

  /** The alarm. One that was put off, or is of an earlier life, finds another time set. */
  happen(): void {
    if (this.alarmAt !== this.world.now) return;
    this.alarmAt = NEVER;
    if (!this.isUp) return;
    if (this.world.now < this.stalledUntil) return this.hold(() => this.tickIfDue());
    this.tickIfDue();
    if (this.isUp) this.setAlarm();
  }

  private tickIfDue(): void {
    const due = this.wakeAt();
    if (due !== undefined && due <= this.instant()) this.tick();
  }
}
