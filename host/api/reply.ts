/** Answers and bodies of the HTTP API: always JSON, always bounded. */
import type { IncomingMessage, ServerResponse } from "node:http";

/** Longest body of a request, in bytes. Chosen: the longest line on the wire, and room for JSON around it. */
export const BODY_BYTES_MAX = 16_384;

/** A request that is refused: what to do about it is in the message. */
export class ApiTrouble extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(text);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
  });
  response.end(text);
}

/** The body as parsed JSON. Throws `ApiTrouble`. */
export async function readJson(request: IncomingMessage, bytesMax = BODY_BYTES_MAX): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new ApiTrouble(413, `the body is longer than ${bytesMax} bytes: send less`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new ApiTrouble(400, 'the body is not JSON: send an object, such as {"eid":"lamp","value":true}');
  }
}
