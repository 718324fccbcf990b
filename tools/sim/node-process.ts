/** NodeProcess is a board in a simulated world: `shared/node.ts` as it is, and an application that says and does things. */
import { type NodeEffect, NOTHING } from "#shared/effect.ts";
import { CHIP_LIMITS, type Limits, PC_LIMITS } from "#shared/limits.ts";
import { KeepingNode } from "#shared/keeping-node.ts";
import type { ShelfEffect } from "#shared/link/shelf.ts";
import { type NodeConfig, TreeNode } from "#shared/node.ts";
import { after, type Instant, type LinkId, type Millis, type NodeId } from "#shared/units.ts";
import type { Message } from "#shared/wire/message.ts";
import { Application } from "./application.ts";
import type { Life, NodeInside } from "./checks.ts";
import { Flash } from "./flash.ts";
import type { NodePlan } from "./plan.ts";
import { mark } from "./mark.ts";
import { Process } from "./process.ts";
import type { World } from "./world.ts";
import { TEXT } from "./text.ts";

export class NodeProcess extends Process {
  readonly plan: NodePlan;
  readonly limits: Limits;
  /** The id of its parent by wire, which may change, or "air". */
  parent: string;
  core: TreeNode;
  speaker: Life;
  readonly application: Application;
  /** What outlives its lives, if it keeps events. */
  readonly flash = new Flash();
  /** The dial under way, or 0. */
  dialling: LinkId;
  /** The fullest that its buffers were, in bytes: own events, those of children, and what is handed to the parent's socket. */
  outboxMost = 0;
  relayMost = 0;
  socketMost = 0;
  /** When its next turn is, where it has them; and that it is in one. */
  private turnAt: Instant | undefined;
  private isInTurn = false;

  constructor(world: World, plan: NodePlan, name: string) {
    super(world, plan.id, name, plan.driftPpm ?? 0);
    // Set at each boot. Fields that the constructor does not know of would lie apart from the others.
    this.core = undefined as unknown as TreeNode;
    this.speaker = undefined as unknown as Life;
    this.plan = plan;
    this.limits = limitsOf(plan);
    this.parent = plan.parent;
    this.dialling = 0 as LinkId;
    this.application = new Application(world, this);
  }

  boot(): void {
    this.begin();
    this.speaker = this.world.checks.born(this.id);
    const config: NodeConfig = {
      id: this.id as NodeId,
      token: `t-${this.id}`,
      fw: "sim/1",
      limits: this.limits,
      isByRadio: this.parent === "air",
      isPatient: this.plan.turnMillis !== undefined,
    };
    const { keeps } = this.plan;
    if (keeps === undefined) this.core = new TreeNode(config, TEXT, this.world.chance.random);
    else {
      const core = new KeepingNode(config, keeps, TEXT, this.world.chance.random);
      this.flash.restore(core);
      this.core = core;
    }
    this.turnAt = undefined;
    this.isInTurn = false;
    this.world.note("boot", this.name, "", "");
    this.world.checks.forgiveDial(this.name);
    this.input(() => this.start());
    this.application.start();
  }

  /** Who its parent is now: a name, or "" if it has none. */
  parentNow(): string {
    return this.parent;
  }

  /** Power off: what was in memory is gone. */
  die(): void {
    this.speaker.isOver = true;
    // A twin is never switched on again.
    if (this.plan.keeps !== undefined && this.name === this.id)
      this.speaker.kept = this.speaker.accepted - this.core.outbox.events();
    this.dialling = 0 as LinkId;
    this.end();
  }

  opened(link: LinkId): void {
    this.input(() => this.perform(this.core.opened(link, this.instant())));
  }

  refused(link: LinkId, status: number): void {
    this.input(() => this.perform(this.core.refused(link, status, this.instant())));
  }

  /** Hands an event to the core. Whether it was taken. */
  emit(event: Message): boolean {
    let isTaken = false;
    this.input(() => (isTaken = this.say(event)));
    return isTaken;
  }

  private say(event: Message): boolean {
    const life = this.speaker;
    const value = event["value"];
    mark(event, life.accepted + 1, life.number, this.core.unix(this.instant()));
    const { accepted, effects } = this.core.emit(event, this.instant());
    if (accepted) {
      life.accepted += 1;
      if (event.type === "!update") (life.values ??= new Map()).set(event["eid"] as string, value);
    }
    this.perform(effects);
    return accepted;
  }

  answer(id: string, value: unknown): void {
    this.input(() => this.perform(this.core.answer(id, true, value, this.instant())));
  }

  inside(): NodeInside {
    return this.core as unknown as NodeInside;
  }

  protected received(link: LinkId, text: string): void {
    this.perform(this.core.received(link, text, this.instant()));
  }

  protected drained(link: LinkId): void {
    const effects = this.core.drained(link, this.instant());
    // Mostly nothing waited for it; and what is watched only became less.
    if (effects.length > 0 || this.plan.turnMillis !== undefined) this.perform(effects);
  }

  protected ended(link: LinkId): void {
    this.perform(this.core.closed(link, this.instant()));
  }

  protected wakeAt(): Instant | undefined {
    if (this.turnAt !== undefined) return this.turnAt;
    const at = this.core.wakeAt();
    const { turnMillis } = this.plan;
    return turnMillis === undefined || at === undefined ? at : after(at, turnMillis as Millis);
  }

  protected tick(): void {
    const now = this.instant();
    this.turnAt = undefined;
    this.isInTurn = true;
    this.perform(this.core.tick(now));
    this.isInTurn = false;
    const { turnMillis } = this.plan;
    const next = turnMillis === undefined ? undefined : this.core.wakeAt();
    if (next !== undefined && next <= now) this.turnAt = after(now, turnMillis as Millis);
  }

  protected start(): void {
    this.perform(this.core.start(this.instant()));
  }

  protected dial(link: LinkId): void {
    this.world.dial(this, link);
  }

  /** The way to the root has opened or closed. */
  protected statusIs(_isJoined: boolean): void {}

  protected perform(effects: readonly NodeEffect[]): void {
    if (this.plan.turnMillis !== undefined && this.turnAt === undefined && !this.isInTurn)
      this.turnAt = after(this.instant(), this.plan.turnMillis as Millis);
    // The core has changed nothing that is watched.
    if (effects === NOTHING) return;
    for (const effect of effects) {
      if (!this.mayPerform()) return;
      switch (effect.kind) {
        case "dial":
          this.dial(effect.link);
          break;
        case "act":
          this.world.actRuns(this, effect.id, effect.value);
          this.application.act(effect.id, effect.value);
          break;
        case "set":
          this.world.note("set", this.name, "", `${effect.eid} to ${JSON.stringify(effect.value)}`);
          this.application.set(effect.eid, effect.value, effect.rev);
          break;
        case "status":
          this.world.note("status", this.name, "", effect.isJoined ? "joined" : `away: ${effect.reason}`);
          this.statusIs(effect.isJoined);
          break;
        case "deliver":
          break;
        case "keep":
        case "recall":
        case "free":
          this.performOnFlash(effect);
          break;
        default:
          if (effect.kind === "close" && effect.link === this.dialling) this.dialling = 0 as LinkId;
          this.performOnLink(effect);
      }
    }
    if (this.isUp) this.watch();
  }

  private performOnFlash(effect: ShelfEffect): void {
    const core = this.core as KeepingNode;
    switch (effect.kind) {
      case "keep":
        core.hasKept(this.flash.keep(effect.page, effect.size, effect.records));
        break;
      case "recall":
        this.perform(core.recalled(this.flash.read(effect.page), this.instant()));
        break;
      default:
        this.flash.free(effect.page);
    }
  }

  private watch(): void {
    const inside = this.inside();
    // Until it has joined, a node that keeps its events knows the epoch of its former life.
    if (!(this.core instanceof KeepingNode) || this.core.hasJoined())
      this.world.checks.node(this.speaker, inside, this.limits);
    const outbox = inside.outbox.bytes();
    if (outbox > this.outboxMost) this.outboxMost = outbox;
    if (inside.branch.relayBytes > this.relayMost) this.relayMost = inside.branch.relayBytes;
    if (inside.parent.handedBytes > this.socketMost) this.socketMost = inside.parent.handedBytes;
  }
}

function limitsOf(plan: NodePlan): Limits {
  if (plan.limits === undefined || plan.limits === "chip") return CHIP_LIMITS;
  return plan.limits === "pc" ? PC_LIMITS : plan.limits;
}
