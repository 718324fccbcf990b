/**
 * Reads lines at the root: each into a message, and the events between two `?ack`s into a group ready to be stored.
 */
import { LINE_BYTES_MAX } from "../limits.ts";
import type { TextCodec } from "../text.ts";
import { isControlType, type Message, parseMessage } from "../wire/message.ts";
import { parseGroupEnd, parseReading } from "./reading.ts";

/** Event lines in their order, and what each says; undefined where a line is no event. */
export class Group {
  events: (Message | undefined)[];
  /** All of them are events, and no short lines. */
  isClean: boolean;
  private frame: string;
  /** The lines of earlier runs. */
  private before: string;
  /** Where the run of neighbours that is being gathered starts and ends in the frame. */
  private start: number;
  private end: number;

  constructor(frame: string) {
    this.events = [];
    this.isClean = true;
    this.frame = frame;
    this.before = "";
    this.start = 0;
    this.end = 0;
  }

  /** Adds the line of the frame from `start` up to `end`, where its newline is. */
  add(start: number, end: number, event: Message | undefined): void {
    if (this.events.length === 0) this.start = start;
    else if (start !== this.end + 1) {
      this.before = this.text() + "\n";
      this.start = start;
    }
    this.end = end;
    if (!isEvent(event)) this.isClean = false;
    this.events.push(event);
  }

  /** The lines, joined by "\n": cut out of the frame at once where they are neighbours, as they nearly always are. */
  text(): string {
    return this.before + this.frame.substring(this.start, this.end);
  }

  /** Only the lines that are events. */
  good(): Group {
    const lines = this.text().split("\n");
    return groupOf(
      lines.filter((_, i) => isEvent(this.events[i])),
      this.events.filter(isEvent),
    );
  }
}

/** A group of lines that are no frame. */
export function groupOf(lines: string[], events: Message[]): Group {
  const group = new Group(lines.join("\n"));
  let start = 0;
  for (let i = 0; i < lines.length; i++) {
    const end = start + (lines[i] as string).length;
    group.add(start, end, events[i]);
    start = end + 1;
  }
  return group;
}

/** What takes the place of a line that cannot be stored. */
export function gapFor(isTooLong: boolean): string {
  return '{"type":"!gap","n":1,"reason":"' + (isTooLong ? "long" : "malformed") + '"}';
}

/** Most bytes that one character of a string takes in UTF-8. */
const CHARACTER_BYTES_MAX = 3;

/** Whether the line of a text from `start` up to `end` is longer than a line may be. */
export function isLong(text: string, start: number, end: number, codec: TextCodec): boolean {
  if ((end - start) * CHARACTER_BYTES_MAX <= LINE_BYTES_MAX) return false;
  return codec.byteLength(text.substring(start, end)) > LINE_BYTES_MAX;
}

const BRACKET = 91;
const QUESTION_MARK = 63;
/** Where a type's first letter is. */
const TYPE_AT = '{"type":"'.length;

/**
 * The message in a line of a frame, or undefined (also of a short line, which says nothing by itself); of a usual one, only the members that the root reads. Each line is parsed by
 * itself: to parse all of them as one array is no quicker once it is made sure that two broken lines do not make up one good value
 * (measured).
 */
export function parseLine(frame: string, start: number, end: number, codec: TextCodec): Message | undefined {
  if (frame.charCodeAt(start) === BRACKET) return undefined;
  if ((end - start) * CHARACTER_BYTES_MAX <= LINE_BYTES_MAX) {
    const isQuestion = frame.charCodeAt(start + TYPE_AT) === QUESTION_MARK;
    const usual = isQuestion ? parseGroupEnd(frame, start, end) : parseReading(frame, start, end);
    if (usual !== undefined) return usual;
  }
  return isLong(frame, start, end, codec) ? undefined : parseMessage(frame.substring(start, end));
}

/** Whether an application may have said it: control lines have no place in a group. */
export function isEvent(message: Message | undefined): message is Message {
  // The usual one first: the look at the list costs more than the rest of this file.
  return message !== undefined && (message.type === "!update" || !isControlType(message.type));
}
