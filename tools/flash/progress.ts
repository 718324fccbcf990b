/** How far a transfer has come, on stderr: a bar that moves on a terminal, otherwise a plain line per file. */
import type { UploadProgress } from "#host/board/upload.ts";

const BAR_CHARS = 28;
/** A bar is drawn no more often than this, in milliseconds. Chosen. */
const DRAW_EVERY_MILLIS = 50;

export interface ProgressOut {
  isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export class Progress {
  private readonly out: ProgressOut;
  private readonly isBar: boolean;
  private readonly isInColor: boolean;
  private file = "";
  private drawnAt = -DRAW_EVERY_MILLIS;
  private startedAt = 0;
  private isLineOpen = false;

  constructor(out: ProgressOut, environment: { readonly [name: string]: string | undefined }) {
    this.out = out;
    this.isBar = out.isTTY === true && environment["TERM"] !== "dumb";
    this.isInColor = this.isBar && !environment["NO_COLOR"];
  }

  /** A line that stays. */
  say(line: string): void {
    this.endLine();
    this.out.write(`${line}\n`);
  }

  readonly tell = ({ file, done, total, kept }: UploadProgress): void => {
    const now = performance.now();
    if (file !== this.file || done === kept) {
      this.endLine();
      this.file = file;
      this.startedAt = now;
    }
    if (done === total) {
      this.endLine(true);
      this.out.write(`${this.summary(file, total, kept, now - this.startedAt)}\n`);
      this.file = "";
    } else if (this.isBar && now - this.drawnAt >= DRAW_EVERY_MILLIS) {
      this.drawnAt = now;
      this.isLineOpen = true;
      this.out.write(`\r${this.bar(done / total)} ${file} ${kilobytes(done)} of ${kilobytes(total)}\u001b[K`);
    } else if (!this.isBar && done === kept && kept > 0)
      this.out.write(`${file}: ${kept} of ${total} bytes are there already, going on\n`);
  };

  /** Leaves a bar that was not finished where it is. */
  endLine(isReplaced = false): void {
    if (!this.isLineOpen) return;
    this.isLineOpen = false;
    this.out.write(isReplaced ? "\r\u001b[K" : "\n");
  }

  private bar(share: number): string {
    const full = Math.floor(share * BAR_CHARS);
    const bar = `${"█".repeat(full)}${"░".repeat(BAR_CHARS - full)}`;
    return this.isInColor ? `\u001b[36m${bar}\u001b[0m` : bar;
  }

  private summary(file: string, total: number, kept: number, millis: number): string {
    if (kept === total) return `${file}: ${total} bytes, there already`;
    const again = kept === 0 ? "" : ` (${kept} were there already)`;
    return `${file}: ${total} bytes${again}, ${(millis / 1000).toFixed(1)} s`;
  }
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} kB`;
}
