/**
 * KeepingNode is a TreeNode that keeps its events across a power cut: what the root has not acknowledged in time is written to flash, and is sent after
 * a restart, each event exactly once. See link/shelf.ts, and docs/adr/0015-kept-events-get-a-new-epoch.md for epochs and numbers.
 *
 * Its edge tells it of all pages in flash by `restore`, then `restored`, before `start`; and performs `keep`, `recall` and `free`.
 */
import type { NodeEffect } from "./effect.ts";
import type { Limits } from "./limits.ts";
import { Flight } from "./link/flight.ts";
import { Shelf, type ShelfConfig } from "./link/shelf.ts";
import { type NodeConfig, TreeNode } from "./node.ts";
import type { Counters } from "./table.ts";
import type { TextCodec } from "./text.ts";
import { type Instant, type LinkId, type NodeId, type Random, sooner } from "./units.ts";
import type { Message } from "./wire/message.ts";

/**
 * A flight whose node may have lived before. It asks the root twice then: first without an epoch, so that the old one ends and nothing that is still on
 * its way in it can be stored any more; then for how much of it the root has, which is settled now.
 */
class KeptFlight extends Flight {
  /** The epoch of a former life has to be ended first. */
  isEnding: boolean;
  /** This life follows one that went to sleep in good order: no number was used that the shelf, or the root, does not know of. */
  isTrusted: boolean;
  private shelf: Shelf;

  constructor(id: NodeId, shelf: Shelf, limits: Limits, counters: Counters) {
    super(id, shelf, limits, counters);
    this.isEnding = false;
    this.isTrusted = false;
    this.shelf = shelf;
  }

  /** A former life may have sent what the shelf has of that epoch, and more. */
  restore(epoch: number, first: number, events: number, isTrusted: boolean): void {
    this.epoch = epoch;
    this.acked = events > 0 ? first - 1 : 0;
    this.sentTo = this.acked + events;
    this.isTrusted = isTrusted;
    this.isEnding = epoch !== 0 && !isTrusted;
  }

  override resume(epoch: number, n: number): boolean {
    if (this.isEnding) {
      this.isEnding = false;
      return false;
    }
    if (this.isTrusted) {
      this.isTrusted = false;
      if (epoch === this.epoch && this.sentTo === 0) {
        // The root knows where the sleeper was.
        this.acked = n;
        this.sentTo = n;
      } else if (n > this.sentTo) {
        // It was no good order.
        this.isEnding = true;
        return false;
      }
    }
    const offered = this.epoch;
    const known = Math.max(n, this.acked);
    if (!super.resume(epoch, n)) return false;
    this.shelf.joined(offered, known, epoch);
    return true;
  }
}

export class KeepingNode extends TreeNode {
  readonly shelf: Shelf;
  private kept: KeptFlight;

  constructor(config: NodeConfig, keeps: ShelfConfig, codec: TextCodec, random: Random) {
    super(config, codec, random);
    this.shelf = new Shelf(keeps, config.limits, this.outbox, codec);
    this.kept = new KeptFlight(config.id, this.shelf, config.limits, this.counters);
    this.flight = this.kept;
  }

  /** A page as a former life has left it, in their order: `used` of its `size` bytes are written. */
  restore(page: number, size: number, used: number, records: readonly string[]): void {
    this.shelf.restore(page, size, used, records);
  }

  /** That was all. `epoch`: what `orderlyEpoch` said before a sleep from which this life has just woken; 0 if it began in any other way. */
  restored(epoch: number): void {
    const scan = this.shelf.restored();
    const isTrusted = epoch !== 0 && (scan === undefined || scan.numbered === 0 || scan.epoch === epoch);
    if (scan !== undefined && !(isTrusted && scan.numbered === 0))
      this.kept.restore(scan.epoch, scan.first, scan.numbered, isTrusted);
    else if (isTrusted) this.kept.restore(epoch, 1, 0, true);
  }

  /** The epoch that a later life may go on in, if all is kept now and nothing happens between; 0 if there is none. */
  orderlyEpoch(): number {
    return this.shelf.isNumbered || this.kept.isTrusted ? this.kept.epoch : 0;
  }

  /** What `keep` asked for is in flash, all of it; or it is not. */
  hasKept(isOk: boolean): void {
    this.shelf.kept(isOk);
  }

  /** What is on the page that `recall` asked for. */
  recalled(records: readonly string[], now: Instant): readonly NodeEffect[] {
    this.shelf.recalled(records, this.unixAt);
    this.flight.hurry();
    return this.pumped(now);
  }

  /** All that is not acknowledged goes to flash: the power is about to be switched off. */
  keepNow(now: Instant): readonly NodeEffect[] {
    this.shelf.hurry();
    return this.tick(now);
  }

  /** The root has given this life an epoch. */
  hasJoined(): boolean {
    return this.shelf.isNumbered;
  }

  /** It has nothing that only memory has. */
  isKept(): boolean {
    return this.outbox.events() === 0;
  }

  override received(link: LinkId, text: string, now: Instant): readonly NodeEffect[] {
    return this.withShelf(super.received(link, text, now));
  }

  override tick(now: Instant): readonly NodeEffect[] {
    // First, for the shelf has to know what is under way: that stays in memory.
    const effects = super.tick(now);
    const unix = this.unix(now) === undefined ? undefined : this.unixAt;
    this.shelf.tick(this.kept, unix, now);
    return this.withShelf(effects);
  }

  override wakeAt(): Instant | undefined {
    return sooner(super.wakeAt(), this.shelf.wakeAt(this.isJoined()));
  }

  override backlog(): number {
    return this.shelf.events();
  }

  protected override keep(event: Message, now: Instant): string {
    const flight = this.kept;
    const sent = flight.sent;
    // Its own outbox does not know of chunks that are on the shelf.
    flight.sent = this.shelf.sentInBack(sent);
    const reason = super.keep(event, now);
    flight.sent = sent;
    return reason;
  }

  protected override greet(link: LinkId, now: Instant, out: NodeEffect[]): void {
    const flight = this.kept;
    const epoch = flight.epoch;
    if (flight.isEnding) flight.epoch = 0;
    super.greet(link, now, out);
    flight.epoch = epoch;
  }

  /** What is written is in flash before anything goes out; what is read goes out behind it. */
  private withShelf(effects: readonly NodeEffect[]): readonly NodeEffect[] {
    const shelf = this.shelf;
    const recall = shelf.ask(this.isJoined());
    if (shelf.effects.length === 0 && recall === undefined) return effects;
    const all = (shelf.effects as NodeEffect[]).concat(effects as NodeEffect[]);
    shelf.effects = [];
    if (recall !== undefined) all.push(recall);
    return all;
  }
}
