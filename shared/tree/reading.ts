/**
 * Reads the usual `!update` line without JSON.parse: a number with its time, as most lines are. Made for the root, which reads every line
 * that its tree says, and spent half its time in JSON.parse.
 *
 * Guarantee: what comes out says what JSON.parse says of it, in the members that the root reads (`type`, `eid`, `value`, `ts`, `rev`);
 * others are left out. Whatever is not surely just so is not accepted, so that a line accepted is always good JSON. Takes time in
 * proportion to the line, whatever is in it.
 */
import type { Message } from "../wire/message.ts";

const NUMBER = "-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?";
/** Without escapes, so that no member's name can be written in two ways. */
const CHARACTERS = '[^"\\\\\\x00-\\x1f]*';
const TEXT = '"' + CHARACTERS + '"';
/** A member that says nothing to the root, and stands for none of those that do: of two of one name JSON.parse takes the later. */
const OTHER = ',(?!"(?:type|eid|value|ts|rev)")' + TEXT + ":(?:" + NUMBER + "|" + TEXT + "|true|false|null)";
const HEAD = '\\{"type":"!update","eid":"(' + CHARACTERS + ')","value":(' + NUMBER + ")";
const TIME = '(?:,"ts":(' + NUMBER + "))?";
const LINE = new RegExp(HEAD + TIME + "(?:" + OTHER + ")*\\}", "y");

/** The `!update` in the line of the frame from `start` up to `end`, or undefined: then it takes JSON.parse to tell what it is. */
export function parseReading(frame: string, start: number, end: number): Message | undefined {
  LINE.lastIndex = start;
  const found = LINE.exec(frame);
  if (found === null || LINE.lastIndex !== end) return undefined;
  const event: Message = { type: "!update", eid: found[1], value: +(found[2] as string) };
  if (found[3] !== undefined) event["ts"] = +found[3];
  return event;
}
