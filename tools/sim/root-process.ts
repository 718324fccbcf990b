/** RootProcess is the PC in a simulated world: `shared/root.ts` as it is, a log on a disk, and a wall clock that people may set. */
import type { ActOutcome, RootEffect, Transaction } from "#shared/effect.ts";
import { Root } from "#shared/root.ts";
import type { Instant, LinkId, Millis, NodeId, UnixMillis } from "#shared/units.ts";
import { Answers } from "./answers.ts";
import type { Disk } from "./disk.ts";
import { Process } from "./process.ts";
import { TEXT } from "./text.ts";
import type { World } from "./world.ts";

const UNIX_AT_START = 1_700_000_000_000;

export class RootProcess extends Process {
  core!: Root;
  private answers!: Answers;
  /** Milliseconds by which its wall clock was set. */
  clockOffset = 0;
  readonly disk: Disk;

  constructor(world: World, disk: Disk) {
    super(world, "root", "root", 0);
    this.disk = disk;
  }

  unix(): UnixMillis {
    return (UNIX_AT_START + this.world.now + this.clockOffset) as UnixMillis;
  }

  boot(): void {
    const image = this.disk.image();
    this.world.checks.compare(image);
    this.begin();
    this.core = new Root({ id: "root" as NodeId }, image, TEXT, (id, token) => this.world.accepts(id, token));
    this.answers = new Answers(this.core);
    this.world.note("boot", this.name, "", "");
    this.input(() => this.perform(this.core.start(this.instant(), this.unix())));
  }

  /** The process dies; `fate` decides what the disk makes of a write under way. */
  die(fate: number): void {
    this.disk.crash(fate);
    this.end();
  }

  opened(link: LinkId, id: string): void {
    this.input(() => this.perform(this.core.opened(link, id as NodeId, this.instant(), this.unix())));
  }

  act(call: number, dst: string, ttlMillis: number): void {
    this.input(() => {
      this.world.actIsSent(call);
      this.perform(this.core.act(call, dst, "lamp", call, ttlMillis as Millis, this.instant(), this.unix()));
    });
  }

  set(dst: string, eid: string, value: unknown): void {
    this.input(() => {
      const { rev, error, effects } = this.core.set(dst, eid, value, this.instant(), this.unix());
      this.world.note("set", this.name, dst, error === "" ? `${eid} to ${JSON.stringify(value)}, rev ${rev}` : error);
      this.perform(effects);
    });
  }

  revoked(id: string): void {
    this.input(() => this.perform(this.core.revoked(id as NodeId, this.instant(), this.unix())));
  }

  protected received(link: LinkId, text: string): void {
    const before = this.answers.count();
    this.perform(this.core.received(link, text, this.instant(), this.unix()));
    if (this.isUp && this.world.isThorough) this.answers.received(link, text, before);
  }

  protected drained(link: LinkId): void {
    this.perform(this.core.drained(link, this.instant(), this.unix()));
  }

  protected ended(link: LinkId): void {
    this.perform(this.core.closed(link, this.instant(), this.unix()));
  }

  protected wakeAt(): Instant | undefined {
    return this.core.wakeAt();
  }

  protected tick(): void {
    this.perform(this.core.tick(this.instant(), this.unix()));
  }

  private perform(effects: readonly RootEffect[]): void {
    for (const effect of effects) {
      if (!this.mayPerform()) return;
      if (effect.kind === "store") this.store(effect.transaction);
      else if (effect.kind === "outcome") this.outcome(effect.call, effect.outcome);
      else {
        if (effect.kind === "send" && this.world.isThorough) this.answers.sent(effect.text);
        this.performOnLink(effect);
      }
    }
  }

  /** The worker writes and syncs. If the disk refuses, the process ends, as the host does: nothing more is acknowledged. */
  private store(transaction: Transaction): void {
    this.disk.write(transaction);
    const life = this.life;
    this.world.later(this.disk.commitMillis, () => {
      if (life !== this.life) return;
      if (!this.disk.sync()) {
        this.world.note("crash", this.name, "", "the disk refused a commit");
        return this.world.rootFailed();
      }
      this.world.committed(transaction);
      this.input(() => {
        this.perform(this.core.stored(this.instant(), this.unix()));
        if (this.isUp && this.world.isThorough) this.answers.committed(transaction);
      });
    });
  }

  private outcome(call: number, outcome: ActOutcome): void {
    this.world.outcome(call, outcome);
  }
}
