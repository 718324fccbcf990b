/**
 * The head of an HTTP request or answer, gathered from chunks up to a limit and taken apart as far as the handshakes need it.
 * Not a general HTTP parser: no bodies, no folded headers, names compared without case.
 */

/** Longest head, in bytes. Chosen: a browser's cookies fit, and it is less than a tenth of the chip's memory. */
export const HEAD_BYTES_MAX = 4096;

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export interface HttpHead {
  /** The first line, split at spaces. */
  start: string[];
  lines: string[];
  /** What came behind the empty line. */
  rest: string;
}

/** Gathers chunks until the head is whole. */
export class HeadReader {
  private seen: string;

  constructor() {
    this.seen = "";
  }

  /** The head once it is whole, "long" past the limit, undefined while more has to come. */
  feed(chunk: string): HttpHead | "long" | undefined {
    // The end may lie across two chunks: look again at the last three bytes.
    const from = this.seen.length > 3 ? this.seen.length - 3 : 0;
    this.seen += chunk;
    let end = this.seen.indexOf("\r\n\r\n", from);
    // The engine's indexOf also finds a text whose beginning is the end of what it looks in.
    if (end + 4 > this.seen.length) end = -1;
    if (end > HEAD_BYTES_MAX || (end < 0 && this.seen.length > HEAD_BYTES_MAX)) {
      this.seen = "";
      return "long";
    }
    if (end < 0) return undefined;
    const lines = this.seen.substring(0, end).split("\r\n");
    const rest = this.seen.substring(end + 4);
    this.seen = "";
    // The engine splits a text that is shorter than the separator into nothing at all.
    const start = lines.shift();
    return { start: start === undefined ? [] : start.split(" "), lines: lines, rest: rest };
  }
}

/** A header's value, "" if it is absent. `name` is in lower case. */
export function header(head: HttpHead, name: string): string {
  for (const line of head.lines) {
    if (line[name.length] === ":" && line.substr(0, name.length).toLowerCase() === name) {
      return line.substr(name.length + 1).trim();
    }
  }
  return "";
}

/** The value of `Authorization: Bearer`, or else of the cookie `leaf-token`; "" if there is neither. */
export function bearerToken(head: HttpHead): string {
  const authorization = header(head, "authorization");
  if (authorization.substr(0, 7).toLowerCase() === "bearer ") return authorization.substr(7).trim();
  for (const part of header(head, "cookie").split(";")) {
    const cookie = part.trim();
    if (cookie.substr(0, 11) === "leaf-token=") return cookie.substr(11);
  }
  return "";
}

/** What a WebSocket server answers to the client's key. */
export function acceptKey(key: string): string {
  return btoa(E.toString(require("crypto").SHA1(key + GUID)) as string);
}
