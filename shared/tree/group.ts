/**
 * Reads a frame at the root: lines into messages, and the events between two `?ack`s into a group ready to be stored.
 */
import { LINE_BYTES_MAX } from "../limits.ts";
import { asMessage, isControlType, type Message, parseMessage } from "../wire/message.ts";

/** Event lines in their order, and what each says; undefined where a line is no event. */
export interface Group {
  lines: string[];
  events: (Message | undefined)[];
}

export function emptyGroup(): Group {
  return { lines: [], events: [] };
}

/** What takes the place of a line that cannot be stored, so that numbers have no holes. */
export function gapFor(line: string): string {
  return '{"type":"!gap","n":1,"reason":"' + (line.length > LINE_BYTES_MAX ? "long" : "malformed") + '"}';
}

/**
 * The message of each line. One parse of all lines as an array is the fast way, where it is sure to say the same; elsewhere
 * each line is parsed by itself, so that one bad line costs only itself.
 */
export function parseLines(lines: string[]): (Message | undefined)[] {
  const together = parseTogether(lines);
  if (together !== undefined) return together;
  return lines.map((line) => (line.length > LINE_BYTES_MAX ? undefined : parseMessage(line)));
}

/**
 * Two broken lines can make up two good values: `{"type":"a","x":[1` and `{"type":"b"}]},{"type":"b"}`. They must not reach the
 * log. So each line has to start with `{"type":` and to hold no other `"type"`, nor an escape that could spell one: as each of
 * the values needs one, each value is one line.
 */
function parseTogether(lines: string[]): Message[] | undefined {
  let values: unknown;
  try {
    values = JSON.parse("[" + lines.join(",") + "]");
  } catch {
    return undefined;
  }
  const messages = values as unknown[];
  if (messages.length !== lines.length) return undefined;
  for (let i = 0; i < messages.length; i++) {
    const line = lines[i] as string;
    if (asMessage(messages[i]) === undefined || line.length > LINE_BYTES_MAX) return undefined;
    if (line.lastIndexOf('{"type":', 0) !== 0) return undefined;
    if (line.indexOf('"type"', 2) >= 0 || line.indexOf("\\u") >= 0) return undefined;
  }
  return messages as Message[];
}

/** Whether an application may have said it: control lines have no place in a group. */
export function isEvent(message: Message | undefined): message is Message {
  return message !== undefined && !isControlType(message.type);
}
