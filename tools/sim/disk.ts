/**
 * Disk is the root's log in a simulated world: transactions are written, then synced, then durable. What a crash leaves is what
 * was synced; a write under way is lost, torn (and thrown away when the log is opened again), or was just through.
 *
 * It keeps the projections, as the tables of the real log do. The log itself is for whoever watches commits (`onDurable`).
 */
import type { DesiredRow, EpochRow, NodeRow, RootImage, Transaction, ValueRow } from "#shared/effect.ts";

export class Disk {
  /** How long a commit takes, in milliseconds. */
  commitMillis: number;
  isFull = false;
  /** The next so many syncs answer EIO. */
  errorsLeft = 0;
  /** Commits that became durable; write under way when the root died: lost, torn, or durable without a word. */
  readonly counts = { commits: 0, lost: 0, torn: 0, silent: 0, errors: 0 };
  private readonly onDurable: (transaction: Transaction) => void;
  private underWay: Transaction | undefined;
  private readonly epochs = new Map<string, EpochRow>();
  private readonly values = new Map<string, ValueRow>();
  private readonly desired = new Map<string, DesiredRow>();
  private readonly nodes = new Map<string, NodeRow>();

  constructor(commitMillis: number, onDurable: (transaction: Transaction) => void) {
    this.commitMillis = commitMillis;
    this.onDurable = onDurable;
  }

  write(transaction: Transaction): void {
    if (this.underWay !== undefined) throw new Error("two commits at once");
    this.underWay = transaction;
  }

  /** The sync is over: true if the transaction is durable now, false if the disk refused it. */
  sync(): boolean {
    const transaction = this.underWay as Transaction;
    this.underWay = undefined;
    if (this.isFull || this.errorsLeft > 0) {
      if (!this.isFull) this.errorsLeft -= 1;
      this.counts.errors += 1;
      return false;
    }
    this.keep(transaction);
    return true;
  }

  /** The root died. `fate`, from 0 to 1, decides what became of a write under way. */
  crash(fate: number): void {
    const transaction = this.underWay;
    this.underWay = undefined;
    if (transaction === undefined) return;
    if (fate < 0.4) this.counts.lost += 1;
    else if (fate < 0.7) this.counts.torn += 1;
    else {
      this.counts.silent += 1;
      this.keep(transaction);
    }
  }

  /** What a root that starts now finds. Copies: a core may change its rows. */
  image(): RootImage {
    return {
      epochs: [...this.epochs.values()].map((row) => ({ ...row })),
      values: [...this.values.values()].map((row) => ({ ...row })),
      desired: [...this.desired.values()].map((row) => ({ ...row })),
      nodes: [...this.nodes.values()].map((row) => ({ ...row })),
    };
  }

  private keep(transaction: Transaction): void {
    this.counts.commits += 1;
    for (const row of transaction.epochs) this.epochs.set(`${row.node} ${row.epoch}`, row);
    for (const row of transaction.values) this.values.set(`${row.node} ${row.eid}`, row);
    for (const row of transaction.desired) this.desired.set(`${row.node} ${row.eid}`, row);
    for (const row of transaction.nodes) this.nodes.set(row.id, row);
    this.onDurable(transaction);
  }
}
