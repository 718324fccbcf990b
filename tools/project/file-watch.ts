/**
 * Tells of files that were saved. It watches their folders, for many editors put a new file in the old one's place; changes that come together are
 * told together, and one call of `onChange` is over before the next begins.
 */
import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";

/** Changes within this time are one. Chosen: an editor writes in several steps. */
const TOGETHER_MILLIS = 80;

export class FileWatch {
  onChange: (files: readonly string[]) => Promise<void> = async () => {};
  private readonly folders = new Map<string, FSWatcher>();
  private changed = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isBusy = false;

  /** Adds files. Those of a folder that is watched cost nothing. */
  watch(files: readonly string[]): void {
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      if (this.folders.has(folder)) continue;
      try {
        const watcher = watch(folder, (_, name) => {
          if (name !== null) this.note(join(folder, name));
        });
        watcher.on("error", () => this.folders.delete(folder));
        this.folders.set(folder, watcher);
      } catch {
        // A folder that is not there yet, or of a file that is missing: told by whoever reads it.
      }
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    for (const watcher of this.folders.values()) watcher.close();
    this.folders.clear();
    this.onChange = async () => {};
  }

  private note(file: string): void {
    this.changed.add(file);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.tell(), TOGETHER_MILLIS);
  }

  private async tell(): Promise<void> {
    if (this.isBusy || this.changed.size === 0) return;
    const files = [...this.changed];
    this.changed = new Set();
    this.isBusy = true;
    await this.onChange(files).finally(() => {
      this.isBusy = false;
    });
    await this.tell();
  }
}
