/**
 * The HTTP ingress of a PC node: its children connect to `/node`; `/`, `/ping` and `/echo` are as everywhere.
 * It does not check children's tokens, the root does that from their `?hello`; `/echo` wants this node's own.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { sendJson } from "./api/reply.ts";
import { Trouble } from "./trouble.ts";
import {
  connectionToken,
  echo,
  newWebSocketServer,
  NO_TOKEN,
  refuseUpgrade,
  requestUrl,
  servePage,
  TOO_MANY,
  WRONG_TOKEN,
} from "./upgrade.ts";
import { closeSocket } from "./websocket-links.ts";

export interface IngressOptions {
  host: string;
  port: number;
  /** WebSockets at once. */
  connectionsMax: number;
  /** The node's own, for `/echo`. */
  token: string;
  child(socket: WebSocket): void;
}

export interface Ingress {
  /** Where children connect. */
  url: string;
  close(): void;
}

/** Rejects with `Trouble` if the address cannot be listened on. */
export async function openIngress({ host, port, connectionsMax, token, child }: IngressOptions): Promise<Ingress> {
  const webSockets = newWebSocketServer();
  const sockets = new Set<WebSocket>();
  const http = createServer((request, response) => {
    const pathname = requestUrl(request)?.pathname ?? "";
    if (!servePage(request, response, pathname))
      sendJson(response, 404, { error: "this is a node: the API is at its root" });
  });
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => {});
    const pathname = requestUrl(request)?.pathname;
    if (pathname === "/echo") {
      const offered = connectionToken(request);
      if (offered === undefined) return refuseUpgrade(socket, NO_TOKEN);
      if (!isSame(offered, token)) return refuseUpgrade(socket, WRONG_TOKEN);
    } else if (pathname !== "/node")
      return refuseUpgrade(socket, { status: 404, message: "children connect to /node" });
    if (sockets.size >= connectionsMax) return refuseUpgrade(socket, TOO_MANY);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.add(webSocket);
      webSocket.on("close", () => sockets.delete(webSocket));
      if (pathname === "/node") child(webSocket);
      else echo(webSocket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.on("error", (error) =>
      reject(new Trouble(`cannot listen on ${host} port ${port}: ${error.message}; choose another --listen`)),
    );
    http.listen(port, host, resolve);
  });
  const bound = http.address() as AddressInfo;
  return {
    url: `ws://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}/node`,
    close: () => {
      http.close();
      for (const socket of sockets) closeSocket(socket, 1001, "this node is stopping: dial again in a while");
      http.closeAllConnections();
    },
  };
}

function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
