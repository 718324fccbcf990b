/**
 * The engine's texts are bytes, and its source is read byte by byte. So each text of a program that is not plain ASCII ("°C") becomes the bytes of
 * its UTF-8, written as `\xNN`: what the root, the console and everybody else take for the same text again.
 *
 * Only texts and names of properties can be had so. In a regular expression or a variable's name it is a fault.
 */
import type { AnyNode } from "acorn";
import type { Edit } from "./edit.ts";
import { parseScript } from "./script.ts";
import { walk } from "./tree-walk.ts";

const BEYOND_ASCII = /[^\0-\x7f]/;

/** How a byte stands in a text that `quote` ends. */
function written(byte: number, quote: string): string {
  const character = String.fromCharCode(byte);
  if (character === "\n" && quote === "`") return character;
  // The engine takes `\${` for `${`.
  if (byte > 0x7e || byte < 0x20 || (character === "$" && quote === "`"))
    return `\\x${byte.toString(16).padStart(2, "0")}`;
  return character === quote || character === "\\" ? `\\${character}` : character;
}

function inBytes(text: string, quote: string): string {
  return [...Buffer.from(text, "utf8")].map((byte) => written(byte, quote)).join("");
}

function quoted(text: string): string {
  return `"${inBytes(text, '"')}"`;
}

/** The changes that make a script's texts bytes. What is not ASCII elsewhere stays. */
export function utf8Edits(script: string): Edit[] {
  const edits: Edit[] = [];
  const program: AnyNode = parseScript(script);
  walk(program, (node, parent) => {
    const { start, end } = node;
    if (node.type === "Literal" && typeof node.value === "string" && BEYOND_ASCII.test(node.value))
      edits.push({ start, end, text: quoted(node.value) });
    else if (node.type === "TemplateElement" && BEYOND_ASCII.test(node.value.cooked ?? ""))
      edits.push({ start, end, text: inBytes(node.value.cooked ?? "", "`") });
    else if (node.type === "Identifier" && BEYOND_ASCII.test(node.name)) {
      if (parent?.type === "Property" && parent.key === node && !parent.shorthand && !parent.computed)
        edits.push({ start, end, text: quoted(node.name) });
      if (parent?.type === "MemberExpression" && parent.property === node && !parent.computed)
        edits.push({ start: parent.object.end, end, text: `[${quoted(node.name)}]` });
    }
    return true;
  });
  return edits;
}

/** Where in a text, before the edits, a place of it after them was. */
export function placeBefore(edits: readonly Edit[], offset: number): number {
  let shift = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    if (start + shift >= offset) break;
    if (start + shift + text.length > offset) return start;
    shift += text.length - (end - start);
  }
  return offset - shift;
}
