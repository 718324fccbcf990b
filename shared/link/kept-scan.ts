/**
 * KeptScan reads the records that a former life has left, in order, and knows what of them is still to be sent: how many events, from which record on,
 * and which numbers those have that may have been sent. It holds no lines.
 */
import { bodyOf, headOf } from "./kept-record.ts";

export class KeptScan {
  /** Events from the first record of interest on: at first those that the root has, then those with a number in `epoch`, then those without. */
  gone: number;
  numbered: number;
  loose: number;
  /** The epoch of the numbers, 0 if there are none; the number of the first of `numbered`. */
  epoch: number;
  first: number;
  /** Where the first record of interest is. */
  page: number;
  record: number;
  /** All names that have an alias, as JSON. */
  names: string;
  private firstLoose: number;

  constructor() {
    this.gone = 0;
    this.numbered = 0;
    this.loose = 0;
    this.epoch = 0;
    this.first = 1;
    this.page = 0;
    this.record = 0;
    this.names = "[]";
    this.firstLoose = 1;
  }

  /** How many events have been read, those that the root has included. */
  events(): number {
    return this.gone + this.numbered + this.loose;
  }

  read(page: number, at: number, record: string): void {
    const head = headOf(record);
    switch (head[0]) {
      case "n":
        this.names = bodyOf(record);
        break;
      case "c":
        this.gone = 0;
        this.numbered = 0;
        this.loose = 0;
        break;
      case "r":
        this.renumber(Number(head[1]), Number(head[2]), Number(head[3]), Number(head[4]));
        break;
      default:
        if (this.events() === 0) {
          this.page = page;
          this.record = at;
        }
        this.add(Number(head[1]), Number(head[2]), Number(head[3]));
    }
  }

  private add(epoch: number, first: number, events: number): void {
    const follows = this.numbered === 0 || (epoch === this.epoch && first === this.first + this.numbered);
    if (epoch !== 0 && this.loose === 0 && follows) {
      if (this.numbered === 0) this.first = first;
      this.numbered += events;
      this.epoch = epoch;
      return;
    }
    // One that does not follow on stands behind something that the flash has lost: sent once more it is at worst stored twice.
    if (this.loose === 0) this.firstLoose = epoch === 0 ? first : 1;
    this.loose += events;
  }

  private renumber(epoch: number, n: number, next: number, unnumbered: number): void {
    if (epoch === this.epoch && this.numbered > 0) {
      const known = Math.min(this.numbered, Math.max(0, n - this.first + 1));
      this.gone += known;
      this.numbered -= known;
      this.first += known - n;
    }
    if (this.numbered === 0) this.first = unnumbered + this.firstLoose - 1;
    this.numbered += this.loose;
    this.loose = 0;
    this.epoch = next;
  }
}
