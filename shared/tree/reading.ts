/**
 * Reads the two usual lines without JSON.parse: the `!update` of a number with its time, and the `?ack` that ends a group. Made for the
 * root, which reads every line that its tree says, and spent half its time in JSON.parse.
 *
 * A regular expression tells that it is one, and where its numbers start; they are read digit by digit. To cut them out, and to have the
 * engine make numbers of the pieces, took as long as all else (measured).
 *
 * Guarantee: what comes out says what JSON.parse says of it, in the members that the root reads (`type`, `eid`, `value`, `ts`, `rev`; of
 * an `?ack` all); others are left out. Whatever is not surely just so is not accepted, so that a line accepted is always good JSON. Takes
 * time in proportion to the line, whatever is in it.
 */
import type { Message } from "../wire/message.ts";

const NUMBER = "-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?";
/** Without escapes, so that no member's name can be written in two ways. */
const CHARACTERS = '[^"\\\\\\x00-\\x1f]*';
const TEXT = '"' + CHARACTERS + '"';
/** A member that says nothing to the root, and stands for none of those that do: of two of one name JSON.parse takes the later. */
const OTHER = ',(?!"(?:type|eid|value|ts|rev)")' + TEXT + ":(?:" + NUMBER + "|" + TEXT + "|true|false|null)";
const BEFORE_EID = '{"type":"!update","eid":"';
const BEFORE_VALUE = '","value":';
const BEFORE_TIME = ',"ts":';
const NAMED = "\\" + BEFORE_EID + "(" + CHARACTERS + ")" + BEFORE_VALUE + NUMBER;
const UPDATE = new RegExp(NAMED + "(?:" + BEFORE_TIME + NUMBER + ")?(?:" + OTHER + ")*\\}", "y");

const BEFORE_SRC = '{"type":"?ack","src":"';
const BEFORE_EPOCH = '","ep":';
const BEFORE_N = ',"n":';
const GROUP_END = new RegExp(
  '\\{"type":"\\?ack","src":"(' + CHARACTERS + ")" + BEFORE_EPOCH + NUMBER + BEFORE_N + NUMBER + "\\}",
  "y",
);

const QUOTE = 34;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const CAPITAL_E = 69;
const SMALL_E = 101;
const LETTER_S = 115;
const LETTER_T = 116;

/** Digits of a whole number that is surely exact, and the powers of ten that are. */
const DIGITS_MAX = 15;
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/** Reads numbers of JSON that are known to be there. */
class Digits {
  /** Of the one that was read last. */
  number: number;
  end: number;

  constructor() {
    this.number = 0;
    this.end = 0;
  }

  read(text: string, from: number): void {
    const isMinus = text.charCodeAt(from) === MINUS;
    const wholeFrom = isMinus ? from + 1 : from;
    let at = wholeFrom;
    let number = 0;
    let digit = text.charCodeAt(at) - ZERO;
    while (digit >= 0 && digit <= 9) {
      number = number * 10 + digit;
      digit = text.charCodeAt(++at) - ZERO;
    }
    let digits = at - wholeFrom;
    if (digit === DOT - ZERO) {
      const fractionFrom = at + 1;
      digit = text.charCodeAt(++at) - ZERO;
      while (digit >= 0 && digit <= 9) {
        number = number * 10 + digit;
        digit = text.charCodeAt(++at) - ZERO;
      }
      digits += at - fractionFrom;
      // Number and power are exact up to so many digits, and so their quotient is the nearest number there is: what JSON.parse says.
      number /= POWERS[at - fractionFrom] as number;
    }
    const isPlain = digits <= DIGITS_MAX && digit !== CAPITAL_E - ZERO && digit !== SMALL_E - ZERO;
    this.end = isPlain ? at : numberEnd(text, at);
    this.number = isPlain ? (isMinus ? -number : number) : +text.substring(from, this.end);
  }
}

/** Where the number ends of which there may be an exponent left. */
function numberEnd(text: string, from: number): number {
  let at = from;
  while ("0123456789+-eE".indexOf(text.charAt(at)) >= 0) at += 1;
  return at;
}

const digits = new Digits();

/** The `!update` in the line of the frame from `start` up to `end`, or undefined: then it takes JSON.parse to tell what it is. */
export function parseReading(frame: string, start: number, end: number): Message | undefined {
  UPDATE.lastIndex = start;
  const found = UPDATE.exec(frame);
  if (found === null || UPDATE.lastIndex !== end) return undefined;
  const eid = found[1] as string;
  digits.read(frame, start + BEFORE_EID.length + eid.length + BEFORE_VALUE.length);
  const value = digits.number;
  const at = digits.end;
  // It is the time if it says `ts"`: no other member may have that name.
  const isTimed =
    frame.charCodeAt(at + 2) === LETTER_T &&
    frame.charCodeAt(at + 3) === LETTER_S &&
    frame.charCodeAt(at + 4) === QUOTE;
  if (!isTimed) return { type: "!update", eid, value };
  digits.read(frame, at + BEFORE_TIME.length);
  return { type: "!update", eid, value, ts: digits.number };
}

/** The `?ack` in that line, or undefined: then, too, it takes JSON.parse. */
export function parseGroupEnd(frame: string, start: number, end: number): Message | undefined {
  GROUP_END.lastIndex = start;
  const found = GROUP_END.exec(frame);
  if (found === null || GROUP_END.lastIndex !== end) return undefined;
  const src = found[1] as string;
  digits.read(frame, start + BEFORE_SRC.length + src.length + BEFORE_EPOCH.length);
  const ep = digits.number;
  digits.read(frame, digits.end + BEFORE_N.length);
  return { type: "?ack", src, ep, n: digits.number };
}
