/** Changes to a text by position, so that all the rest of it, and its number of lines, stay as they are. */

export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** The text with all edits done, which do not overlap. */
export function apply(text: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let from = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(from, edit.start), edit.text);
    from = edit.end;
  }
  return pieces.join("") + text.slice(from);
}

/** As many line ends as the piece has that is taken out. */
export function linesOf(text: string): string {
  return "\n".repeat(text.split("\n").length - 1);
}
