/** What a board prints, as lines: without prompts and what moves the cursor, and a line that does not end is given up after a while. */

/** A line that has not ended is told after this silence, in milliseconds. Chosen: shorter than people wait, longer than a pause between two bytes. */
const UNENDED_AFTER_MILLIS = 300;
/** A longer line is cut, in characters. Chosen. */
const LINE_CHARS_MAX = 2000;
/** Escape and backspace are characters 27 and 8. */
const [ESCAPE, BACK] = [String.fromCharCode(27), String.fromCharCode(8)];
const CURSOR = new RegExp(`${ESCAPE}\\[[0-9;]*[A-Za-z]|${ESCAPE}.?|${BACK}`, "g");
/** Espruino's, alone or in front of what a program prints. */
const PROMPT = /^(>|\[[JK])+/;

export class PrintedLines {
  private readonly tell: (line: string) => void;
  private rest = "";
  private timer: NodeJS.Timeout | undefined;

  constructor(tell: (line: string) => void) {
    this.tell = tell;
  }

  /** `text` has one character for each byte; lines are told in UTF-8. */
  take(text: string): void {
    clearTimeout(this.timer);
    const parts = (this.rest + text).split("\n");
    this.rest = parts.pop() as string;
    for (const part of parts) this.line(part);
    if (this.rest.length > LINE_CHARS_MAX) this.end();
    if (this.rest !== "") this.timer = setTimeout(() => this.end(), UNENDED_AFTER_MILLIS);
  }

  /** Tells what is left. */
  end(): void {
    clearTimeout(this.timer);
    const rest = this.rest;
    this.rest = "";
    this.line(rest);
  }

  private line(raw: string): void {
    const bytes = raw.replace(CURSOR, "").replaceAll("\r", "").replace(PROMPT, "");
    if (bytes.trim() === "") return;
    this.tell(printable(Buffer.from(bytes, "latin1").toString("utf8")).slice(0, LINE_CHARS_MAX));
  }
}

/** Nothing that a board prints moves the cursor of whoever reads it. */
function printable(text: string): string {
  return [...text]
    .map((one) => ((one < " " && one !== "\t") || (one >= "\u007f" && one < "\u00a0") ? "·" : one))
    .join("");
}
