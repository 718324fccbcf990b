/**
 * A text whose pieces are moved about, and which knows where each of its letters has come from: for the source map of what comes out.
 */
import { type SourceMapPayload, SourceMap } from "node:module";

/** What is new, or a piece of the text as it stands. */
export type Part = string | { readonly start: number; readonly end: number };

export interface MovedEdit {
  start: number;
  end: number;
  parts: readonly Part[];
}

/** A piece of the text, with changes in it. */
export function edited(start: number, end: number, edits: readonly MovedEdit[]): Part[] {
  const parts: Part[] = [];
  let from = start;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.start < from || edit.end > end) continue;
    parts.push({ start: from, end: edit.start }, ...edit.parts);
    from = edit.end;
  }
  parts.push({ start: from, end });
  return parts;
}

export class MovedText {
  text: string;
  /** For each letter, where it stood in the beginning. What is new is where the letter before it was. */
  private origins: Int32Array;

  constructor(text: string) {
    this.text = text;
    this.origins = Int32Array.from({ length: text.length }, (_, at) => at);
  }

  edit(edits: readonly MovedEdit[]): void {
    const parts = edited(0, this.text.length, edits);
    const pieces = parts.map((part) => (typeof part === "string" ? part : this.text.slice(part.start, part.end)));
    const text = pieces.join("");
    const origins = new Int32Array(text.length);
    let at = 0;
    for (const [which, part] of parts.entries()) {
      const length = (pieces[which] as string).length;
      if (typeof part === "string") origins.fill(at > 0 ? (origins[at - 1] as number) : 0, at, at + length);
      else origins.set(this.origins.subarray(part.start, part.end), at);
      at += length;
    }
    this.text = text;
    this.origins = origins;
  }

  /** The text's map, as the comment that goes behind it: to whatever the map of the text in the beginning leads to. */
  map(before: string, payload: SourceMapPayload): string {
    const places = new SourceMap(payload);
    const starts = [0];
    for (let at = before.indexOf("\n"); at >= 0; at = before.indexOf("\n", at + 1)) starts.push(at + 1);
    let line = 0;
    const last = { source: 0, line: 0, column: 0 };
    const lines = [""];
    let column = 0;
    let lastColumn = 0;
    for (let at = 0; at < this.text.length; at++, column++) {
      const origin = this.origins[at] as number;
      if (
        at === 0 ||
        column === 0 ||
        origin !== (this.origins[at - 1] as number) + 1 ||
        /\W/.test(before[origin] ?? "")
      ) {
        while (line + 1 < starts.length && (starts[line + 1] as number) <= origin) line += 1;
        while ((starts[line] as number) > origin) line -= 1;
        const place = places.findEntry(line, origin - (starts[line] as number));
        if ("originalSource" in place) {
          const source = payload.sources.indexOf(place.originalSource);
          const next = { source: Math.max(0, source), line: place.originalLine, column: place.originalColumn };
          const own = lines.at(-1) as string;
          lines[lines.length - 1] =
            own +
            (own === "" ? "" : ",") +
            digits(column - lastColumn) +
            digits(next.source - last.source) +
            digits(next.line - last.line) +
            digits(next.column - last.column);
          lastColumn = column;
          Object.assign(last, next);
        }
      }
      if (this.text[at] === "\n") {
        lines.push("");
        column = -1;
        lastColumn = 0;
      }
    }
    const map = { ...payload, mappings: lines.join(";") };
    const data = Buffer.from(JSON.stringify(map)).toString("base64");
    return `\n//# sourceMappingURL=data:application/json;base64,${data}\n`;
  }
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A number as source maps write it: sign last, five bits at a time, lowest first. */
function digits(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const more = rest >> 5;
    text += BASE64[(rest & 31) | (more > 0 ? 32 : 0)];
    rest = more;
  } while (rest > 0);
  return text;
}
