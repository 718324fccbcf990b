/**
 * Upgrades of HTTP requests to WebSockets, and their refusal before anything has changed. Used by the root's server and by the
 * ingress of a PC node, which offer the same `/`, `/ping` and `/echo`.
 */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { bearerToken, cookieValue } from "./api/access.ts";
import { sendJson, sendText } from "./api/reply.ts";
import { closeSocket, MESSAGE_BYTES_MAX, UNSENT_BYTES_MAX } from "./websocket-links.ts";

/** What is wrong with a request for a WebSocket, and what to do about it. */
export interface Refusal {
  status: number;
  message: string;
}

export const NO_TOKEN: Refusal = {
  status: 401,
  message:
    'send the node\'s token, as the cookie "leaf-token=TOKEN" or as "Authorization: Bearer TOKEN"; "sapline token add ID" makes one',
};
export const WRONG_TOKEN: Refusal = {
  status: 401,
  message: 'this token is unknown here or was revoked: make another by "sapline token add ID"',
};
export const OTHER_SITE: Refusal = {
  status: 403,
  message: "this comes from another site's page, with a cookie that is not its own: send Authorization: Bearer TOKEN",
};
export const TOO_MANY: Refusal = {
  status: 503,
  message: "all connections are taken: try again later, or raise connectionsMax",
};

export function newWebSocketServer(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
  });
}

/** The token of the cookie `leaf-token` or of `Authorization: Bearer`; undefined if there is neither, or nothing in it. */
export function connectionToken(request: IncomingMessage): string | undefined {
  const bearer = bearerToken(request);
  if (bearer !== undefined) return bearer;
  return cookieValue(request, "leaf-token");
}

export function refuseUpgrade(socket: Duplex, { status, message }: Refusal): void {
  const body = `${JSON.stringify({ error: message })}\n`;
  const challenge = status === 401 ? "WWW-Authenticate: Bearer\r\n" : "";
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${challenge}Content-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), 1000);
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
}

/** `/echo`: every message comes back as it was. A client that does not read its echoes is cut. */
export function echo(socket: WebSocket): void {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    socket.send(data as Buffer, { binary: isBinary });
    if (socket.bufferedAmount > UNSENT_BYTES_MAX + MESSAGE_BYTES_MAX)
      closeSocket(socket, 1008, "read what you are sent");
  });
}

/** The pages that every node with an HTTP ingress has. Returns whether it was one of them. */
export function servePage(request: IncomingMessage, response: ServerResponse, pathname: string): boolean {
  switch (pathname) {
    case "/":
      sendText(response, 200, "Hello leaf!");
      return true;
    case "/ping":
      sendText(response, 200, "pong");
      return true;
    case "/node":
    case "/echo":
      response.setHeader("upgrade", "websocket");
      sendJson(response, 426, {
        error: `${pathname} is a WebSocket: connect to ws://${request.headers.host ?? "HOST"}${pathname}`,
      });
      return true;
    default:
      return false;
  }
}

/** The request's URL, or undefined if it makes none. */
export function requestUrl(request: IncomingMessage): URL | undefined {
  try {
    return new URL(request.url ?? "/", "http://root");
  } catch {
    return undefined;
  }
}
