/** Pages are the pieces of flash that kept events are on, oldest first. It knows what is on them by count alone. */
import { KEPT_PAGE_BYTES } from "./kept-limits.ts";

export interface Page {
  page: number;
  size: number;
  used: number;
  records: number;
  /** How many events there were, from the first one ever on, up to the end of this page. */
  end: number;
  /** How many names it tells. */
  names: number;
}

export class Pages {
  all: Page[];
  private bytes: number;
  private next: number;

  constructor() {
    this.all = [];
    this.bytes = 0;
    this.next = 1;
  }

  last(): Page | undefined {
    return this.all[this.all.length - 1];
  }

  add(page: Page): void {
    this.all.push(page);
    this.bytes += page.size;
    this.next = page.page + 1;
  }

  /** The first `howMany` are given back. */
  drop(howMany: number): void {
    for (const page of this.all.splice(0, howMany)) this.bytes -= page.size;
  }

  /** The last page, if that much fits on it, else a new one, which is yet to be added; undefined if that would be more than `bytesMax` in all. */
  pageFor(bytes: number, bytesMax: number): Page | undefined {
    const last = this.last();
    if (last !== undefined && last.used + bytes <= last.size) return last;
    const size = Math.max(KEPT_PAGE_BYTES, bytes);
    if (this.bytes + size > bytesMax) return undefined;
    return { page: this.next, size, used: 0, records: 0, end: 0, names: 0 };
  }
}
