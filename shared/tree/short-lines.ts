/**
 * ShortLines reads the short lines of one group at the root: `[alias,value,time]` is the `!update` of the entity that has that alias, and
 * is stored as that, so that whoever reads the log needs nothing else to understand a line.
 *
 * The time is in milliseconds since the short line before it in the group, and since 1970 in the first one; left out, it is the same. Until
 * one of them says a time, they have none. A line that is none of this is no event, and the next one goes on from the one before it.
 */
import { type Message, parseJson } from "../wire/message.ts";
import { updateHead } from "../wire/short-line.ts";
import { NUMBER } from "./reading.ts";

/** An entity that a node has given an alias, and its long line up to the value. */
export interface Alias {
  eid: string;
  head: string;
}

export function aliasesOf(eids: readonly string[]): Alias[] {
  return eids.map((eid) => ({ eid, head: updateHead(JSON.stringify(eid)) }));
}

/** The usual ones, whose value is a number. Fifteen digits are below 2^53. */
const USUAL = new RegExp("^\\[([1-9]\\d{0,3}),(" + NUMBER + ")(?:,(-?(?:0|[1-9]\\d{0,14})))?\\]$");

export class ShortLines {
  /** The long form of the line that was read last. */
  long: string;
  private aliases: readonly Alias[];
  /** The time of the one before; undefined while none has said one. */
  private at: number | undefined;

  constructor(aliases: readonly Alias[]) {
    this.long = "";
    this.aliases = aliases;
    this.at = undefined;
  }

  /** What a line says, or undefined. Never throws. */
  read(line: string): Message | undefined {
    const found = USUAL.exec(line);
    if (found === null) return this.readUnusual(line);
    const value = found[2] as string;
    return this.event(
      +(found[1] as string),
      value,
      +value,
      found[3] === undefined ? 0 : +found[3],
      found[3] !== undefined,
    );
  }

  /** The value is text, say; or there is white space. Its own text is kept: of a number, JSON.parse might lose a digit. */
  private readUnusual(line: string): Message | undefined {
    const parts = parseJson(line);
    if (!Array.isArray(parts) || parts.length < 2 || parts.length > 3) return undefined;
    const [alias, value, time = 0] = parts as unknown[];
    if (!Number.isSafeInteger(alias) || !Number.isSafeInteger(time)) return undefined;
    const hasTime = parts.length === 3;
    const text = line.substring(line.indexOf(",") + 1, line.lastIndexOf(hasTime ? "," : "]"));
    return this.event(alias as number, text, value, time as number, hasTime);
  }

  private event(alias: number, text: string, value: unknown, time: number, hasTime: boolean): Message | undefined {
    const known = this.aliases[alias - 1];
    if (known === undefined) return undefined;
    if (hasTime) this.at = (this.at ?? 0) + time;
    const event: Message = { type: "!update", eid: known.eid, value };
    this.long = known.head + text;
    if (this.at === undefined) this.long += "}";
    else {
      event["ts"] = this.at;
      this.long += ',"ts":' + this.at + "}";
    }
    return event;
  }
}
