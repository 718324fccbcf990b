/**
 * RadioProcess is a board with a radio in a simulated world: TreeNode and Radio of `shared/` as they are, joined as a board joins them, and
 * a station in the air. It finds its parent by radio; or, being a gateway, by wire, and takes children by radio.
 *
 * What Radio says while effects of TreeNode are being performed waits until those are done: effects are in order.
 */
import type { LinkEffect, NodeEffect } from "#shared/effect.ts";
import type { RadioEffect } from "#shared/radio/effect.ts";
import { Radio } from "#shared/radio/radio.ts";
import type { Mac } from "#shared/radio/seal.ts";
import { RADIO_LINKS_FROM } from "#shared/radio/tree-limits.ts";
import { type Instant, type LinkId, type NodeId, sooner, unreachable } from "#shared/units.ts";
import type { Air } from "./air/air.ts";
import type { AirListener, Outcome } from "./air/station.ts";
import { NodeProcess } from "./node-process.ts";
import type { NodePlan, RadioPlan } from "./plan.ts";
import { fromBytes, toBytes } from "./text.ts";
import type { World } from "./world.ts";

/** Of every board in a world. */
const INSTALL_KEY = "sixteen bytes it";
const MICROS = 1000;

/** What Radio keeps inside, as far as it is looked at. */
interface RadioInside {
  transmitter: { sessions: { link: LinkId; peer: Mac }[] };
}

export class RadioProcess extends NodeProcess implements AirListener {
  radio!: Radio;
  readonly mac: Mac;
  /** It has a parent by wire. */
  readonly isGateway: boolean;
  /** The channel that Wi-Fi dictates, or 0. */
  private wifiChannel: number;
  /** In flash: the channel on which it last had a parent. */
  private lastChannel = 1;
  private readonly air: Air;
  /** What Radio says to TreeNode, and who is at work. */
  private readonly toCore: RadioEffect[] = [];
  private depth = 0;

  constructor(world: World, plan: NodePlan, name: string, air: Air, mac: Mac) {
    super(world, plan, name);
    const { x, y, channel, turnMicros, wedgesAfter } = plan.radio as RadioPlan;
    this.air = air;
    this.mac = mac;
    this.isGateway = plan.parent !== "air";
    this.wifiChannel = channel ?? 0;
    air.addStation(
      {
        id: name,
        x,
        y,
        mac,
        channel: channel ?? 1,
        ...(turnMicros === undefined ? {} : { turnMicros }),
        ...(wedgesAfter === undefined ? {} : { wedgesAfter }),
      },
      this,
    );
    air.power(name, false);
  }

  override boot(): void {
    const { isLeaf = false, isSleepy = false, childrenMax } = this.plan.radio as RadioPlan;
    this.air.power(this.name, true);
    this.radio = new Radio(
      {
        id: this.id as NodeId,
        mac: this.mac,
        installKey: INSTALL_KEY,
        mayParent: !isLeaf,
        isSource: this.isGateway,
        channel: this.wifiChannel,
        lastChannel: this.lastChannel,
        isSleepy,
        ...(childrenMax === undefined ? {} : { childrenMax }),
      },
      this.world.seal,
      this.world.chance.random,
    );
    super.boot();
  }

  override die(): void {
    this.air.power(this.name, false);
    this.toCore.length = 0;
    super.die();
  }

  override stall(millis: number): void {
    // What comes by radio waits in the driver, as far as there is room.
    this.air.stall(this.name, millis * MICROS);
    super.stall(millis);
  }

  override parentNow(): string {
    if (this.isGateway) return this.parent;
    const parent = this.radio.parent;
    return parent === undefined ? "" : this.world.nameOf(parent.mac);
  }

  /** The router has gone to another channel. */
  retune(channel: number): void {
    this.wifiChannel = channel;
    this.input(() => this.performRadio(this.radio.moved(channel, this.instant())));
  }

  // What the air says.

  heard(mac: Mac, bytes: string, rssi: number, channel: number): void {
    this.input(() => this.performRadio(this.radio.heard(mac, bytes, rssi, channel, this.instant())));
  }

  sent(outcome: Outcome): void {
    this.input(() => this.performRadio(this.radio.sent(outcome, this.instant())));
  }

  restarted(): void {
    this.input(() => this.performRadio(this.radio.restarted(this.instant())));
  }

  protected override wakeAt(): Instant | undefined {
    return sooner(super.wakeAt(), this.radio.wakeAt());
  }

  protected override tick(): void {
    const now = this.instant();
    const [coreAt, radioAt] = [super.wakeAt(), this.radio.wakeAt()];
    if (radioAt !== undefined && radioAt <= now) this.performRadio(this.radio.tick(now));
    if (this.isUp && coreAt !== undefined && coreAt <= now) super.tick();
  }

  protected override start(): void {
    this.performRadio(this.radio.start(this.instant()));
    this.performRadio(this.radio.setJoined(false, this.instant()));
    super.start();
  }

  protected override dial(link: LinkId): void {
    if (this.isGateway) return super.dial(link);
    this.world.checks.dialled(this.name, this.world.now);
    this.world.note("dial", this.name, this.parentNow(), "");
    this.performRadio(this.radio.dial(link, this.instant()));
  }

  protected override statusIs(isJoined: boolean): void {
    if (this.isGateway) this.performRadio(this.radio.setRootward(isJoined ? 0 : undefined, this.instant()));
    this.performRadio(this.radio.setJoined(isJoined, this.instant()));
  }

  protected override performOnLink(effect: LinkEffect): void {
    if (!this.isByRadio(effect.link)) return super.performOnLink(effect);
    const { radio } = this;
    const now = this.instant();
    switch (effect.kind) {
      case "send":
        this.performRadio(radio.send(effect.link, toBytes(effect.text), now));
        break;
      case "close":
        this.world.note("close", this.name, this.peerOf(effect.link), effect.reason);
        this.performRadio(radio.close(effect.link, now));
        break;
      case "pause":
        this.performRadio(radio.pause(effect.link, now));
        break;
      case "resume":
        this.performRadio(radio.resume(effect.link, now));
        break;
      default:
        unreachable(effect);
    }
  }

  protected override perform(effects: readonly NodeEffect[]): void {
    this.depth += 1;
    super.perform(effects);
    this.depth -= 1;
    this.handOver();
  }

  private performRadio(effects: readonly RadioEffect[]): void {
    for (const effect of effects) {
      if (!this.mayPerform()) return;
      switch (effect.kind) {
        case "transmit":
          this.air.transmit(this.name, effect.mac, effect.bytes);
          break;
        case "tune":
          this.air.tune(this.name, effect.channel);
          break;
        case "restart":
          this.air.restart(this.name);
          break;
        default:
          this.toCore.push(effect);
      }
    }
    this.handOver();
  }

  /** Tells TreeNode what Radio has said, in order, unless it is at work: then when that is done. */
  private handOver(): void {
    if (this.depth > 0) return;
    for (let effect = this.toCore.shift(); effect !== undefined && this.isUp; effect = this.toCore.shift()) {
      const { link } = effect as { link: LinkId };
      const now = this.instant();
      this.depth += 1;
      switch (effect.kind) {
        case "opened":
          this.nowOpen(link);
          this.perform(this.core.opened(link, now));
          break;
        case "closed":
          this.perform(this.core.closed(link, now));
          break;
        case "drained":
          this.perform(this.core.drained(link, now));
          break;
        case "received":
          this.frameIsHere(link, fromBytes(effect.bytes));
          break;
        default:
      }
      this.depth -= 1;
    }
  }

  private frameIsHere(link: LinkId, text: string): void {
    this.world.frameArrived(this.world.nameOf(this.peerOf(link)), this.id, text, this.world.now);
    this.perform(this.core.received(link, text, this.instant()));
  }

  private nowOpen(link: LinkId): void {
    this.world.note("open", this.name, this.world.nameOf(this.peerOf(link)), "");
    if (link < 0) this.lastChannel = this.radio.channels.channel;
  }

  private isByRadio(link: LinkId): boolean {
    return link < 0 ? !this.isGateway : link >= RADIO_LINKS_FROM;
  }

  private peerOf(link: LinkId): Mac {
    return this.inRadio().transmitter.sessions.find((one) => one.link === link)?.peer ?? "";
  }

  private inRadio(): RadioInside {
    return this.radio as unknown as RadioInside;
  }
}
