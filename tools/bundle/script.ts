/** A bundle's text as acorn's tree. */
import { parse, type Program } from "acorn";

/** Passes that find nothing to change hand on the text as it is, so the last tree is kept. Nobody changes one. */
let last: { text: string; program: Program } | undefined;

/** Throws acorn's error for what is no script. */
export function parseScript(text: string): Program {
  if (last?.text !== text) last = { text, program: parse(text, { ecmaVersion: 2024, sourceType: "script" }) };
  return last.program;
}
