/** What the doctor finds: a line each, with what to do. */

export type Level = "ok" | "warning" | "fault";

export interface Finding {
  level: Level;
  /** What was looked at, in a word or two. */
  what: string;
  text: string;
  /** What to do; "" where nothing is to be done. */
  remedy: string;
}

export const ok = (what: string, text: string): Finding => ({ level: "ok", what, text, remedy: "" });
export const warning = (what: string, text: string, remedy: string): Finding => ({
  level: "warning",
  what,
  text,
  remedy,
});
export const fault = (what: string, text: string, remedy: string): Finding => ({ level: "fault", what, text, remedy });

/** A sentence of the form "what is wrong: what to do". */
export function faultOf(what: string, sentence: string): Finding {
  const at = sentence.indexOf(": ");
  return at < 0 ? fault(what, sentence, "") : fault(what, sentence.slice(0, at), sentence.slice(at + 2));
}

const COLORS: { readonly [level in Level]: string } = { ok: "32", warning: "33", fault: "31" };
const WHAT_CHARS = 14;

export function findingLines({ level, what, text, remedy }: Finding, isInColor: boolean): string {
  const name = level.padEnd(7);
  const head = isInColor ? `\u001b[${COLORS[level]}m${name}\u001b[0m` : name;
  const line = `${head}  ${what.padEnd(WHAT_CHARS)}  ${text}\n`;
  return remedy === "" ? line : `${line}${" ".repeat(7 + 2 + WHAT_CHARS + 2)}-> ${remedy}\n`;
}
