/** The form of short lines, `[alias,value,ms]`, each without its newline if nothing else is said: docs/wire.md, section 17. */
import type { TextCodec } from "../text.ts";

/** Ends a short line with the time of the one before it, newline included. */
export const SAME_TIME = "]\n";
/** What the first time of a group adds to a short line, its end included: `,1732345678123]` and a newline. */
export const SHORT_END_BYTES = 16;

/** The long line of an `!update` up to its value. `name`: the entity's id as JSON. */
export function updateHead(name: string): string {
  return '{"type":"!update","eid":' + name + ',"value":';
}

/** Lines of a group without the first `gone`, the last one being empty. The first short one has to say the time by itself then. */
export function withoutFirst(lines: string[], gone: number, codec: TextCodec): string {
  let at = 0;
  for (let i = 0; i < lines.length - 1; i++) {
    // Or an event, which has neither of what is asked here.
    const short = JSON.parse(lines[i] as string) as unknown[];
    at += (short[2] as number) || 0;
    if (i < gone || !Array.isArray(short)) continue;
    short[2] = at;
    lines[i] = codec.stringify(short);
    break;
  }
  return lines.slice(gone).join("\n");
}
