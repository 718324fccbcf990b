/**
 * ShortLines reads the short lines of one group at the root: `[alias,value,time]` is the `!update` of the entity that has that alias, and
 * is stored as that, so that whoever reads the log needs nothing else to understand a line.
 *
 * The time is in milliseconds since the short line before it in the group, and since 1970 in the first one; left out, it is the same. Until
 * one of them says a time, they have none. A line that is none of this is no event, and the next one goes on from the one before it.
 */
import { type Message, parseJson } from "../wire/message.ts";
import { updateHead } from "../wire/short-line.ts";

/** An entity that a node has given an alias, and its long line up to the value. */
export interface Alias {
  eid: string;
  head: string;
}

export function aliasesOf(eids: readonly string[]): Alias[] {
  return eids.map((eid) => ({ eid, head: updateHead(JSON.stringify(eid)) }));
}

const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const COMMA = 44;
const BRACKET_END = 93;
/** Digits of an alias, and of a time that is surely exact. */
const ALIAS_DIGITS_MAX = 4;
const TIME_DIGITS_MAX = 15;

export class ShortLines {
  /** The long form of the line that was read last. */
  long: string;
  private aliases: readonly Alias[];
  /** The time of the one before; undefined while none has said one. */
  private at: number | undefined;
  /** What ends a long line of that time. */
  private end: string;

  constructor(aliases: readonly Alias[]) {
    this.long = "";
    this.aliases = aliases;
    this.at = undefined;
    this.end = "}";
  }

  /** What the line of a text from `start` up to `end` says, or undefined. Never throws. */
  read(text: string, start: number, end: number): Message | undefined {
    // The usual ones, whose value is a number without an exponent, letter by letter: a third quicker than a regular expression (measured).
    const aliasEnd = digitsEnd(text, start + 1, ALIAS_DIGITS_MAX);
    const valueFrom = aliasEnd + 1;
    let valueEnd = digitsEnd(text, text.charCodeAt(valueFrom) === MINUS ? valueFrom + 1 : valueFrom, end);
    if (valueEnd > 0 && text.charCodeAt(valueEnd) === DOT) {
      const fractionFrom = valueEnd + 1;
      // A fraction may begin with zeros.
      while (isDigit(text.charCodeAt(++valueEnd)));
      if (valueEnd === fractionFrom) valueEnd = 0;
    }
    if (aliasEnd === 0 || valueEnd === 0 || text.charCodeAt(aliasEnd) !== COMMA)
      return this.readUnusual(text, start, end);
    let timeEnd = valueEnd;
    if (text.charCodeAt(valueEnd) === COMMA) {
      const timeFrom = valueEnd + 1;
      timeEnd = digitsEnd(text, text.charCodeAt(timeFrom) === MINUS ? timeFrom + 1 : timeFrom, TIME_DIGITS_MAX);
    }
    if (text.charCodeAt(timeEnd) !== BRACKET_END || timeEnd + 1 !== end) return this.readUnusual(text, start, end);
    const value = text.substring(valueFrom, valueEnd);
    const time = timeEnd === valueEnd ? undefined : text.substring(valueEnd + 1, timeEnd);
    return this.event(+text.substring(start + 1, aliasEnd), value, +value, time);
  }

  /** The value is text, say; or there is white space. Its own text is kept: of a number, JSON.parse might lose a digit. */
  private readUnusual(text: string, start: number, end: number): Message | undefined {
    const line = text.substring(start, end);
    const parts = parseJson(line);
    if (!Array.isArray(parts) || parts.length < 2 || parts.length > 3) return undefined;
    const [alias, value, time] = parts as unknown[];
    const isTimed = parts.length === 3;
    if (!Number.isSafeInteger(alias) || (isTimed && !Number.isSafeInteger(time))) return undefined;
    const own = line.substring(line.indexOf(",") + 1, line.lastIndexOf(isTimed ? "," : "]"));
    return this.event(alias as number, own, value, isTimed ? String(time) : undefined);
  }

  private event(alias: number, text: string, value: unknown, time: string | undefined): Message | undefined {
    const known = this.aliases[alias - 1];
    if (known === undefined) return undefined;
    if (time !== undefined) {
      this.at = (this.at ?? 0) + +time;
      this.end = ',"ts":' + digits(this.at) + "}";
    }
    this.long = known.head + text + this.end;
    const event: Message = { type: "!update", eid: known.eid, value };
    if (this.at !== undefined) event["ts"] = this.at;
    return event;
  }
}

const MILLION = 1000000;

/** A number as text. Those of today are beyond what V8 writes quickly, and so are written in halves: half of the time (measured). */
function digits(at: number): string {
  const high = Math.floor(at / MILLION);
  return high >= 1 && high < 10 * MILLION ? high + String(MILLION + (at - high * MILLION)).substr(1) : String(at);
}

function isDigit(code: number): boolean {
  return code >= ZERO && code < ZERO + 10;
}

/** Where a whole number of JSON ends that starts there, without its sign; 0 if there is none, or one of more than `most` digits. */
function digitsEnd(text: string, from: number, most: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  const digits = at - from;
  return digits === 0 || digits > most || (digits > 1 && text.charCodeAt(from) === ZERO) ? 0 : at;
}
