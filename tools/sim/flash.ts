/** Flash is what a simulated board keeps across its lives: pages of records. Of several records that are written at once a power cut may leave the first ones. */
import type { KeepingNode } from "#shared/keeping-node.ts";
import { KEPT_RECORD_BYTES } from "#shared/link/kept-limits.ts";

interface Page {
  size: number;
  used: number;
  records: string[];
}

export class Flash {
  /** Times that something was written, and bytes. */
  writes = 0;
  bytes = 0;
  private readonly pages = new Map<number, Page>();

  restore(node: KeepingNode): void {
    for (const [number, page] of [...this.pages].toSorted(([a], [b]) => a - b))
      node.restore(number, page.size, page.used, page.records);
    node.restored(0);
  }

  keep(number: number, size: number, records: readonly string[]): boolean {
    const page = this.pages.get(number) ?? { size, used: 0, records: [] };
    this.pages.set(number, page);
    for (const record of records) page.used += Buffer.byteLength(record) + KEPT_RECORD_BYTES;
    if (page.used > page.size) throw new Error(`page ${number} takes ${page.size} bytes, and was given ${page.used}`);
    page.records.push(...records);
    this.writes += 1;
    this.bytes += records.join("").length;
    return true;
  }

  read(number: number): string[] {
    return [...(this.pages.get(number)?.records ?? [])];
  }

  free(number: number): void {
    this.pages.delete(number);
  }
}
